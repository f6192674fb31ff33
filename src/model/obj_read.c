/*
 * Wavefront OBJ: vertices and faces; polygons are cut into fans. Materials, groups, normals and texture
 * coordinates do not matter here and are passed over.
 */
#include "lines.h"
#include "reader.h"

#include <string.h>

enum { MAX_VERTICES = INT32_MAX, SNIFF_LINES = 200 };

struct obj {
    struct reader reader;
    struct lines lines;
    size_t number; /* of the line */
    bool has_nul;
};

/* The first line that says something has to begin with a word of OBJ. */
static enum claim sniff_line(struct scan_word word, size_t number)
{
    static const char *const words[] = {"v", "vt", "vn", "vp", "f", "o", "g", "s", "l", "mtllib", "usemtl"};
    if (!word.len || word.text[0] == '#')
        return number < SNIFF_LINES ? CLAIM_OPEN : CLAIM_NO;
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        if (scan_is(word, words[k]))
            return CLAIM_YES;
    }
    return CLAIM_NO;
}

static bool read_vertex(struct scan *line, struct soup *s, size_t number)
{
    double p[3];
    for (int i = 0; i < 3; i++) {
        if (!scan_number(line, &p[i]))
            return soup_fail(s, "line %zu: a vertex needs three numbers", number);
    }
    if (s->vertices >= MAX_VERTICES)
        return soup_fail(s, "too large to check");
    return soup_add_vertex(s, (struct vec3){(float)p[0], (float)p[1], (float)p[2]});
}

/* "7", "7/1", "7//3", "7/1/3", and negative ones, which count back from the last vertex so far. */
static bool read_corner(struct scan_word word, struct soup *s, size_t number, uint32_t *ret)
{
    struct scan digits = {word.text, word.text + word.len};
    int64_t index;
    if (!scan_integer(&digits, &index) || (digits.at < digits.end && *digits.at != '/'))
        return soup_fail(s, "line %zu: a face's corner is no number", number);
    int64_t place = index < 0 ? (int64_t)s->vertices + index : index - 1;
    /* A positive one may name a vertex that comes later; soup_indices_ok() looks at those. */
    if (place < 0 || place >= MAX_VERTICES)
        return soup_fail(s, "line %zu: a face names vertex %lld of %zu", number, (long long)index,
                         s->vertices);
    *ret = (uint32_t)place;
    return true;
}

static bool read_face(struct scan *line, struct soup *s, size_t number)
{
    uint32_t first = 0, last = 0, here = 0;
    int corners = 0;
    for (;; corners++) {
        struct scan_word word = scan_word(line);
        if (!word.len)
            break;
        if (!read_corner(word, s, number, &here))
            return false;
        if (corners >= 2 && !soup_add_triangle(s, first, last, here))
            return false;
        if (!corners)
            first = here;
        last = here;
    }
    return corners >= 3 || soup_fail(s, "line %zu: a face needs three corners", number);
}

static void read_line(struct obj *o, struct scan *line)
{
    struct soup *s = &o->reader.soup;
    struct scan_word word = scan_word(line);
    bool is_vertex = scan_is(word, "v"), is_face = scan_is(word, "f");
    o->number++;
    if (o->reader.claim == CLAIM_OPEN)
        o->reader.claim = sniff_line(word, o->number);
    if (s->why[0])
        return;
    if (o->lines.too_long && (is_vertex || is_face || !word.len))
        soup_fail(s, "line %zu is longer than 64 KiB", o->number);
    else if (is_vertex)
        read_vertex(line, s, o->number);
    else if (is_face)
        read_face(line, s, o->number);
}

static bool wants_lines(const struct obj *o)
{
    return o->reader.claim == CLAIM_OPEN || (o->reader.claim == CLAIM_YES && !o->reader.soup.why[0]);
}

static void feed(struct reader *r, const char *bytes, size_t len)
{
    struct obj *o = (struct obj *)r;
    struct scan line;
    o->has_nul = o->has_nul || memchr(bytes, '\0', len);
    if (o->has_nul && r->claim == CLAIM_YES)
        soup_fail(&r->soup, "a text file must not hold NUL bytes");
    lines_feed(&o->lines, bytes, len);
    while (wants_lines(o) && lines_next(&o->lines, &line))
        read_line(o, &line);
}

/* A NUL anywhere is what is wrong with a text, whatever else is. */
static void end(struct reader *r)
{
    struct obj *o = (struct obj *)r;
    struct scan line;
    if (lines_last(&o->lines, &line))
        read_line(o, &line);
    if (r->claim == CLAIM_OPEN)
        r->claim = CLAIM_NO;
    if (o->has_nul)
        soup_overrule(&r->soup, "a text file must not hold NUL bytes");
    else if (o->lines.no_memory)
        soup_fail(&r->soup, "no memory to check it");
    else if (!r->soup.why[0])
        soup_indices_ok(&r->soup);
}

static void finish(struct reader *r)
{
    lines_finish(&((struct obj *)r)->lines);
}

const struct reader_kind obj_reader = {MODEL_OBJ, sizeof(struct obj), feed, end, finish};
