#include "test.h"
#include "png_write.h"
#include "sample_files.h"

#include <stdlib.h>
#include <zlib.h>

static struct picture decoded(const void *bytes, size_t len)
{
    char error[PICTURE_ERROR_TEXT];
    struct picture p = {0};
    if (!picture_decode(bytes, len, &picture_default_limits, &p, error))
        fail_msg("%s", error);
    return p;
}

static const struct {
    int width, height;
} sizes[] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {21, 3}, {22, 3}, {64, 40}, {513, 7}};

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    static const int levels[] = {0, 1, 6, 9};
    for (int i = 0; i < COUNT(sizes) * COUNT(levels) * 2; i++) {
        int size = i / 2 % COUNT(sizes), width = sizes[size].width, height = sizes[size].height;
        struct picture p = sample_picture(width, height);
        p.has_alpha = i % 2;
        struct buf file;
        buf_init(&file, 1 << 20);
        assert_true(png_write(&p, levels[i / 2 / COUNT(sizes)], &file));
        struct picture again = decoded(file.bytes, file.len);
        assert_int_equal(again.width, width);
        assert_int_equal(again.height, height);
        assert_int_equal(again.has_alpha, p.has_alpha);
        for (int k = 3; k < width * height * 4 && !p.has_alpha; k += 4)
            p.rgba[k] = 255;
        assert_memory_equal(again.rgba, p.rgba, (size_t)width * (size_t)height * 4);
        picture_finish(&again);
        picture_finish(&p);
        buf_finish(&file);
    }
}

static void test_says_when_the_buffer_is_full(void **state)
{
    (void)state;
    struct picture p = sample_picture(64, 64);
    for (size_t max = 0; max < 600; max += 50) {
        struct buf file;
        buf_init(&file, max);
        assert_false(png_write(&p, 6, &file));
        buf_finish(&file);
    }
    picture_finish(&p);
}

static void whole_copy(const struct png_template *t, uint64_t nonce, struct buf *out)
{
    buf_add(out, t->head.bytes, t->head.len);
    char *to = buf_reserve(out, t->tail_bytes);
    png_template_tail(t, nonce, (unsigned char *)to);
    buf_commit(out, t->tail_bytes);
}

static uint32_t get_u32(const char *from)
{
    const unsigned char *b = (const unsigned char *)from;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* All IDAT chunks together are one zlib stream, which ends exactly where they end and whose checksum is
 * right. */
static void assert_strict_zlib(const struct buf *file, size_t expected_len)
{
    struct buf stream;
    buf_init(&stream, 1 << 24);
    for (size_t at = 8; at < file->len; at += get_u32(file->bytes + at) + 12) {
        if (!memcmp(file->bytes + at + 4, "IDAT", 4))
            buf_add(&stream, file->bytes + at + 8, get_u32(file->bytes + at));
    }
    unsigned char *out = malloc(expected_len);
    z_stream z = {.next_in = (Bytef *)stream.bytes,
                  .avail_in = (uInt)stream.len,
                  .next_out = out,
                  .avail_out = (uInt)expected_len};
    assert_int_equal(inflateInit(&z), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.avail_in, 0);
    assert_int_equal(z.avail_out, 0);
    inflateEnd(&z);
    free(out);
    buf_finish(&stream);
}

/* The nonce as the pixels show it. */
static uint64_t nonce_of(const struct picture *p)
{
    const uint8_t *row = p->rgba + (size_t)(p->height - 1) * (size_t)p->width * 4;
    uint64_t nonce = 0;
    for (int i = 0; i < p->width * 3 && i < 64; i++)
        nonce |= (uint64_t)(row[i / 3 * 4 + i % 3] & 1) << i;
    return nonce;
}

static void test_copies_differ_in_the_nonce_alone(void **state)
{
    (void)state;
    static const uint64_t nonces[] = {0, 1, 2, 0x8000000000000000u, 0xffffffffffffffffu, 0x123456789abcdef0u};
    for (int i = 0; i < COUNT(sizes) * 2; i++) {
        int width = sizes[i / 2].width, height = sizes[i / 2].height, bits = width * 3;
        struct picture p = sample_picture(width, height);
        p.has_alpha = i % 2;
        for (int k = 3; k < width * height * 4 && !p.has_alpha; k += 4)
            p.rgba[k] = 255;
        struct png_template t;
        assert_true(png_template_init(&t, &p, 6));
        for (int n = 0; n < COUNT(nonces); n++) {
            struct buf file;
            buf_init(&file, 1 << 20);
            whole_copy(&t, nonces[n], &file);
            assert_strict_zlib(&file, ((size_t)width * (p.has_alpha ? 4 : 3) + 1) * (size_t)height);
            struct picture copy = decoded(file.bytes, file.len);
            assert_int_equal(copy.width, width);
            assert_int_equal(copy.height, height);
            uint64_t visible = bits < 64 ? nonces[n] & ((1ull << bits) - 1) : nonces[n];
            assert_true(nonce_of(&copy) == visible);
            for (int k = 0; k < width * height * 4; k++)
                assert_in_range(copy.rgba[k] ^ p.rgba[k], 0, k / 4 >= width * (height - 1) && k % 4 < 3);
            picture_finish(&copy);
            buf_finish(&file);
        }
        png_template_finish(&t);
        picture_finish(&p);
    }
}

static void test_a_row_too_long_for_one_block_is_refused(void **state)
{
    (void)state;
    struct picture p = sample_picture(16384, 1);
    struct png_template t;
    assert_false(png_template_init(&t, &p, 1));
    p.has_alpha = false;
    assert_true(png_template_init(&t, &p, 1));
    png_template_finish(&t);
    picture_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_says_when_the_buffer_is_full),
        cmocka_unit_test(test_copies_differ_in_the_nonce_alone),
        cmocka_unit_test(test_a_row_too_long_for_one_block_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
