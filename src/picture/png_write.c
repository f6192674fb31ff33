/*
 * Our own encoder above zlib, because png_template needs to know where deflate blocks and IDAT chunks end.
 * PNG: ISO/IEC 15948; the filters are chosen by the least sum of absolute differences (its section 12.8).
 */
#include "png_write.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    CHUNK_OVERHEAD = 12, /* length, type, CRC */
    STORED_HEADER = 5,   /* of a deflate block that is not compressed */
    STORED_MAX = 65535,
    ADLER_BYTES = 4,
    TAIL_HEAD = 8 + STORED_HEADER, /* before the filter byte */
    FILTERS = 5,
    MAX_SIDE = 1 << 20,
};

static const size_t max_file_bytes = (size_t)1 << 30;

/* Of one picture on its way out: packed rows, of which only this one and the one above are kept. */
struct encoder {
    const struct picture *picture;
    int channels;
    size_t row_bytes;
    uint8_t *above; /* unfiltered; zeros over the first row */
    uint8_t *row;
    uint8_t *filtered[FILTERS]; /* each with its filter byte in front */
    uint8_t *memory;
    z_stream z;
    struct buf *out;
};

static void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static uint32_t chunk_crc(const uint8_t *type_and_data, size_t len)
{
    return (uint32_t)crc32(crc32(0, NULL, 0), type_and_data, (uInt)len);
}

static void add_chunk(struct buf *out, const char type[4], const void *data, size_t len)
{
    uint8_t *to = (uint8_t *)buf_reserve(out, len + CHUNK_OVERHEAD);
    if (!to)
        return;
    put_u32(to, (uint32_t)len);
    memcpy(to + 4, type, 4);
    if (len)
        memcpy(to + 8, data, len);
    put_u32(to + 8 + len, chunk_crc(to + 4, len + 4));
    buf_commit(out, len + CHUNK_OVERHEAD);
}

static void add_start(struct buf *out, const struct picture *p)
{
    uint8_t header[13] = {[8] = 8, [9] = p->has_alpha ? 6 : 2};
    put_u32(header, (uint32_t)p->width);
    put_u32(header + 4, (uint32_t)p->height);
    buf_add(out, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(out, "IHDR", header, sizeof header);
}

static bool encoder_init(struct encoder *e, const struct picture *p, int level, struct buf *out)
{
    *e = (struct encoder){.picture = p, .channels = p->has_alpha ? 4 : 3, .out = out};
    if (p->width < 1 || p->height < 1 || p->width > MAX_SIDE || p->height > MAX_SIDE)
        return false;
    e->row_bytes = (size_t)p->width * (size_t)e->channels;
    e->memory = calloc(FILTERS + 2, e->row_bytes + 1);
    if (!e->memory)
        return false;
    e->above = e->memory;
    e->row = e->above + e->row_bytes;
    for (int i = 0; i < FILTERS; i++)
        e->filtered[i] = e->row + e->row_bytes + (size_t)i * (e->row_bytes + 1);
    if (deflateInit2(&e->z, level, Z_DEFLATED, 15, 9, level ? Z_FILTERED : Z_DEFAULT_STRATEGY) == Z_OK)
        return true;
    free(e->memory);
    return false;
}

static void encoder_finish(struct encoder *e)
{
    deflateEnd(&e->z);
    free(e->memory);
}

static void pack_row(const struct encoder *e, int y, uint8_t *to)
{
    const uint8_t *from = e->picture->rgba + (size_t)y * (size_t)e->picture->width * 4;
    if (e->channels == 4) {
        memcpy(to, from, e->row_bytes);
        return;
    }
    for (int x = 0; x < e->picture->width; x++, from += 4, to += 3)
        memcpy(to, from, 3);
}

static uint8_t paeth(int left, int above, int corner)
{
    int p = left + above - corner;
    int to_left = abs(p - left), to_above = abs(p - above), to_corner = abs(p - corner);
    if (to_left <= to_above && to_left <= to_corner)
        return (uint8_t)left;
    return (uint8_t)(to_above <= to_corner ? above : corner);
}

static void filter_row(struct encoder *e)
{
    size_t step = (size_t)e->channels;
    for (int f = 0; f < FILTERS; f++)
        e->filtered[f][0] = (uint8_t)f;
    for (size_t i = 0; i < e->row_bytes; i++) {
        int here = e->row[i], above = e->above[i];
        int left = i < step ? 0 : e->row[i - step], corner = i < step ? 0 : e->above[i - step];
        e->filtered[0][1 + i] = (uint8_t)here;
        e->filtered[1][1 + i] = (uint8_t)(here - left);
        e->filtered[2][1 + i] = (uint8_t)(here - above);
        e->filtered[3][1 + i] = (uint8_t)(here - (left + above) / 2);
        e->filtered[4][1 + i] = (uint8_t)(here - paeth(left, above, corner));
    }
}

static uint8_t *best_filter(const struct encoder *e)
{
    uint64_t least = UINT64_MAX;
    uint8_t *best = NULL;
    for (int f = 0; f < FILTERS; f++) {
        uint64_t sum = 0;
        for (size_t i = 1; i <= e->row_bytes; i++)
            sum += (uint64_t)abs((int8_t)e->filtered[f][i]);
        if (sum < least) {
            least = sum;
            best = e->filtered[f];
        }
    }
    return best;
}

/* Gives deflate's output to IDAT chunks of up to 32 KiB. */
static bool compress_bytes(struct encoder *e, uint8_t *bytes, size_t len, int flush)
{
    uint8_t space[32768];
    e->z.next_in = bytes;
    e->z.avail_in = (uInt)len;
    do {
        e->z.next_out = space;
        e->z.avail_out = sizeof space;
        if (deflate(&e->z, flush) == Z_STREAM_ERROR)
            return false;
        size_t made = sizeof space - e->z.avail_out;
        if (made)
            add_chunk(e->out, "IDAT", space, made);
    } while (!e->z.avail_out);
    return !e->out->failed;
}

/* The first `rows` rows. */
static bool compress_rows(struct encoder *e, int rows, int last_flush)
{
    for (int y = 0; y < rows; y++) {
        pack_row(e, y, e->row);
        filter_row(e);
        if (!compress_bytes(e, best_filter(e), e->row_bytes + 1, Z_NO_FLUSH))
            return false;
        uint8_t *swap = e->above;
        e->above = e->row;
        e->row = swap;
    }
    return compress_bytes(e, NULL, 0, last_flush);
}

bool png_write(const struct picture *p, int level, struct buf *out)
{
    struct encoder e;
    if (!encoder_init(&e, p, level, out))
        return false;
    add_start(out, p);
    bool ok = compress_rows(&e, p->height, Z_FINISH);
    add_chunk(out, "IEND", NULL, 0);
    encoder_finish(&e);
    return ok && !out->failed;
}

/* The last row as a stored block, its checksums still to be filled in. Its block ends the zlib stream. */
static void build_tail(struct png_template *t, const struct encoder *e)
{
    size_t stored = e->row_bytes + 1, data = STORED_HEADER + stored + ADLER_BYTES;
    uint8_t *to = (uint8_t *)buf_reserve(&t->tail, data + CHUNK_OVERHEAD);
    if (!to)
        return;
    memset(to, 0, data + CHUNK_OVERHEAD);
    put_u32(to, (uint32_t)data);
    memcpy(to + 4, "IDAT", 4);
    to[8] = 1; /* final, not compressed; then the length and its complement, low byte first */
    to[9] = (uint8_t)stored;
    to[10] = (uint8_t)(stored >> 8);
    to[11] = (uint8_t)~to[9];
    to[12] = (uint8_t)~to[10];
    pack_row(e, e->picture->height - 1, to + TAIL_HEAD + 1);
    buf_commit(&t->tail, data + CHUNK_OVERHEAD);
    add_chunk(&t->tail, "IEND", NULL, 0);
}

bool png_template_init(struct png_template *t, const struct picture *p, int level)
{
    *t = (struct png_template){.row_at = TAIL_HEAD};
    buf_init(&t->head, max_file_bytes);
    buf_init(&t->tail, STORED_MAX + 100);
    struct encoder e;
    if (!encoder_init(&e, p, level, &t->head))
        return false;
    bool ok = e.row_bytes + 1 <= STORED_MAX;
    if (ok) {
        add_start(&t->head, p);
        /* The flush ends at a byte boundary, where a stored block may follow. */
        ok = compress_rows(&e, p->height - 1, Z_SYNC_FLUSH);
        build_tail(t, &e);
        t->head_adler = (uint32_t)e.z.adler;
        t->row_bytes = (int)e.row_bytes;
        t->channels = e.channels;
        t->tail_bytes = t->tail.len;
    }
    encoder_finish(&e);
    ok = ok && !t->head.failed && !t->tail.failed;
    if (!ok)
        png_template_finish(t);
    return ok;
}

void png_template_finish(struct png_template *t)
{
    buf_finish(&t->head);
    buf_finish(&t->tail);
    t->tail_bytes = 0;
}

void png_template_tail(const struct png_template *t, uint64_t nonce, unsigned char *out)
{
    memcpy(out, t->tail.bytes, t->tail_bytes);
    uint8_t *row = out + t->row_at, *pixels = row + 1;
    int bits = t->row_bytes / t->channels * 3;
    for (int i = 0; i < bits && i < 64; i++) {
        uint8_t *colour = pixels + i / 3 * t->channels + i % 3;
        *colour = (uint8_t)((*colour & ~1) | (int)(nonce >> i & 1));
    }
    size_t stored = (size_t)t->row_bytes + 1;
    uLong adler = adler32(adler32(0, NULL, 0), row, (uInt)stored);
    put_u32(row + stored, (uint32_t)adler32_combine(t->head_adler, adler, (z_off_t)stored));
    size_t chunk = 4 + STORED_HEADER + stored + ADLER_BYTES; /* what the CRC covers: type and data */
    put_u32(out + 4 + chunk, chunk_crc(out + 4, chunk));
}
