/*
 * STL, binary and text. Neither has indices. The normals are not looked at: what counts is the order of the
 * corners.
 *
 * Binary STL has no magic: a count that fits the file's size is one, and "solid" in its header does not make
 * it text. With a count that is at least plausible it is taken for a damaged one. So a file that begins with
 * "solid" and has a plausible count is read as both, until its size is known; a text's count is not
 * plausible.
 */
#include "reader.h"
#include "words.h"

#include <string.h>

enum {
    HEADER_BYTES = 84,
    NORMAL_BYTES = 12,
    CORNER_BYTES = 36,
    RECORD_BYTES = 50,
    PLAUSIBLE_COUNT = 1 << 27
};

/* A facet word for word; without a text: a number. */
static const struct scan_word facet_words[] = {
    {"facet", 5},  {"normal", 6}, {NULL, 0}, {NULL, 0}, {NULL, 0},     {"outer", 5},   {"loop", 4},
    {"vertex", 6}, {NULL, 0},     {NULL, 0}, {NULL, 0}, {"vertex", 6}, {NULL, 0},      {NULL, 0},
    {NULL, 0},     {"vertex", 6}, {NULL, 0}, {NULL, 0}, {NULL, 0},     {"endloop", 7}, {"endfacet", 8},
};
enum { FACET_WORDS = sizeof facet_words / sizeof facet_words[0], AFTER_NORMAL = 5 };

struct stl {
    struct reader reader; /* its soup: of the binary reading, and in the end the one that counts */
    char header[HEADER_BYTES];
    size_t header_len;
    uint32_t count; /* as the header says */
    size_t records; /* read so far */
    char record[RECORD_BYTES];
    size_t record_len; /* of one that was cut */

    enum claim is_text;
    struct words first;
    struct soup text;
    struct words words;
    bool named; /* the first line, which is the solid's name, is over */
    bool ended; /* "endsolid" was read; what comes behind it does not matter */
    int place;  /* among the facet's words */
    double number[3];
    int numbers;
};

/* ---- binary ---- */

static bool is_plausible(const struct stl *f)
{
    return f->header_len == HEADER_BYTES && f->count <= PLAUSIBLE_COUNT;
}

/* The size of a binary file with as many triangles as this one declares. */
static uint64_t declared_bytes(const struct stl *f)
{
    return HEADER_BYTES + (uint64_t)f->count * RECORD_BYTES;
}

static void take_records(struct stl *f, const char *from, size_t count)
{
    struct soup *s = &f->reader.soup;
    if (s->why[0] || !soup_reserve_vertices(s, count * 3))
        return;
    from += NORMAL_BYTES;
    for (size_t i = 0; i < count; i++, from += RECORD_BYTES)
        memcpy(s->position + s->vertices + i * 3, from, CORNER_BYTES);
    s->vertices += count * 3;
    s->triangles += count;
    f->records += count;
}

/* Completes what was cut, from the next bytes; returns how many it took. */
static size_t fill(char *cut, size_t *cut_len, size_t wanted, const char *bytes, size_t len)
{
    size_t missing = wanted - *cut_len, n = len < missing ? len : missing;
    memcpy(cut + *cut_len, bytes, n);
    *cut_len += n;
    return n;
}

static void feed_records(struct stl *f, const char *bytes, size_t len)
{
    if (f->record_len) {
        size_t n = fill(f->record, &f->record_len, RECORD_BYTES, bytes, len);
        bytes += n;
        len -= n;
        if (f->record_len < RECORD_BYTES)
            return;
        f->record_len = 0;
        take_records(f, f->record, 1);
    }
    size_t whole = len / RECORD_BYTES, left = f->count - f->records;
    if (whole > left)
        whole = left;
    if (whole)
        take_records(f, bytes, whole);
    if (whole < left)
        fill(f->record, &f->record_len, RECORD_BYTES, bytes + whole * RECORD_BYTES,
             len - whole * RECORD_BYTES);
}

static void feed_binary(struct stl *f, const char *bytes, size_t len)
{
    struct soup *s = &f->reader.soup;
    uint64_t total = f->reader.total + len;
    if (f->header_len < HEADER_BYTES) {
        size_t n = fill(f->header, &f->header_len, HEADER_BYTES, bytes, len);
        bytes += n;
        len -= n;
        memcpy(&f->count, f->header + HEADER_BYTES - sizeof f->count, sizeof f->count);
    }
    if (!is_plausible(f) || s->why[0])
        return;
    if (f->count > s->max_triangles)
        soup_fail(s, "too large to check: %u triangles", f->count);
    else if (total > declared_bytes(f)) /* it is text, or damaged */
        soup_fail(s, "more bytes than %u triangles take", f->count);
    else if (len)
        feed_records(f, bytes, len);
}

/* ---- text ---- */

static bool is_wanted(struct stl *f, struct scan_word word)
{
    const struct scan_word *wanted = &facet_words[f->place];
    if (!wanted->text)
        return scan_word_number(word, &f->number[f->numbers++]);
    f->numbers = 0;
    return word.len == wanted->len && !memcmp(word.text, wanted->text, word.len);
}

static bool take_facet_word(struct stl *f, struct scan_word word)
{
    struct soup *s = &f->text;
    const double *p = f->number;
    if (!is_wanted(f, word))
        return soup_fail(s,
                         f->place < AFTER_NORMAL ? "facet %zu has no normal"
                                                 : "facet %zu is not three vertices in a loop",
                         s->triangles + 1);
    if (f->numbers == 3 && f->place > AFTER_NORMAL &&
        !soup_add_vertex(s, (struct vec3){(float)p[0], (float)p[1], (float)p[2]}))
        return false;
    f->place = f->place + 1 < FACET_WORDS ? f->place + 1 : 0;
    s->triangles += !f->place;
    return true;
}

static bool take_word(struct stl *f, struct scan_word word)
{
    struct soup *s = &f->text;
    if (f->place)
        return take_facet_word(f, word);
    f->ended = scan_is(word, "endsolid");
    if (f->ended)
        return true;
    if (!scan_is(word, "facet"))
        return soup_fail(s, word.len ? "not a facet, behind facet %zu" : "the text ends behind facet %zu",
                         s->triangles);
    return take_facet_word(f, word);
}

static void feed_text(struct stl *f, const char *bytes, size_t len)
{
    struct scan_word word;
    f->text.max_triangles = f->reader.soup.max_triangles;
    if (!f->named) {
        const char *end = memchr(bytes, '\n', len);
        if (!end)
            return;
        f->named = true;
        len -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    words_feed(&f->words, bytes, len);
    while (!f->ended && !f->text.why[0] && words_next(&f->words, &word))
        take_word(f, word);
}

/* The text ends where a word was wanted: an empty one is never what was. */
static void end_text(struct stl *f)
{
    struct scan_word word = words_last(&f->words);
    if (word.len && !f->ended && !f->text.why[0])
        take_word(f, word);
    if (!f->ended && !f->text.why[0])
        take_word(f, (struct scan_word){"", 0});
}

/* ---- which of the two ---- */

/* The first word is "solid"; one that is not whole may still become it. */
static void sniff_text(struct stl *f, const char *bytes, size_t len)
{
    static const char solid[] = "solid";
    struct scan_word word;
    words_feed(&f->first, bytes, len);
    if (words_next(&f->first, &word))
        f->is_text = scan_is(word, solid) ? CLAIM_YES : CLAIM_NO;
    else if (f->first.cut_len >= sizeof solid || memcmp(f->first.cut, solid, f->first.cut_len))
        f->is_text = CLAIM_NO;
}

static enum claim find_claim(const struct stl *f, uint64_t total)
{
    if (f->is_text != CLAIM_NO || f->header_len < HEADER_BYTES)
        return f->is_text == CLAIM_YES ? CLAIM_YES : CLAIM_OPEN;
    if (f->count)
        return is_plausible(f) ? CLAIM_YES : CLAIM_NO;
    return total > HEADER_BYTES ? CLAIM_NO : CLAIM_OPEN;
}

static void feed(struct reader *r, const char *bytes, size_t len)
{
    struct stl *f = (struct stl *)r;
    if (f->is_text == CLAIM_OPEN)
        sniff_text(f, bytes, len);
    if (f->is_text != CLAIM_NO)
        feed_text(f, bytes, len);
    feed_binary(f, bytes, len);
    r->claim = find_claim(f, r->total + len);
}

/* The text's soup is the one that counts. */
static void choose_text(struct stl *f)
{
    soup_finish(&f->reader.soup);
    f->reader.soup = f->text;
    f->text = (struct soup){0};
}

static void end(struct reader *r)
{
    struct stl *f = (struct stl *)r;
    struct scan_word last = words_last(&f->first);
    if (f->is_text == CLAIM_OPEN)
        f->is_text = scan_is(last, "solid") ? CLAIM_YES : CLAIM_NO;
    bool fits = is_plausible(f) && declared_bytes(f) == r->total;
    r->claim = fits || f->is_text == CLAIM_YES || (is_plausible(f) && f->count) ? CLAIM_YES : CLAIM_NO;
    if (fits || r->claim == CLAIM_NO)
        return;
    if (f->is_text == CLAIM_YES) {
        end_text(f);
        choose_text(f);
        return;
    }
    soup_overrule(&r->soup, "%u triangles take %llu bytes, the file has %llu", f->count,
                  (unsigned long long)declared_bytes(f), (unsigned long long)r->total);
}

static void finish(struct reader *r)
{
    soup_finish(&((struct stl *)r)->text);
}

const struct reader_kind stl_reader = {MODEL_STL, sizeof(struct stl), feed, end, finish};
