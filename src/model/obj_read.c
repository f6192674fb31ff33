/*
 * Wavefront OBJ: vertices and faces; polygons are cut into fans. Materials, groups, normals and texture
 * coordinates do not matter here and are passed over.
 */
#include "scan.h"
#include "soup.h"

#include <string.h>

enum { MAX_VERTICES = INT32_MAX, SNIFF_LINES = 200 };

bool obj_sniff(const uint8_t *bytes, size_t len)
{
    static const char *const words[] = {"v", "vt", "vn", "vp", "f", "o", "g", "s", "l", "mtllib", "usemtl"};
    struct scan text = {(const char *)bytes, (const char *)bytes + len}, line;
    for (int i = 0; i < SNIFF_LINES && scan_line(&text, &line); i++) {
        struct scan_word word = scan_word(&line);
        if (!word.len || word.text[0] == '#')
            continue;
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            if (scan_is(word, words[k]))
                return true;
        }
        return false;
    }
    return false;
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

bool obj_read(const uint8_t *bytes, size_t len, struct soup *s)
{
    struct scan text = {(const char *)bytes, (const char *)bytes + len}, line;
    if (memchr(bytes, '\0', len))
        return soup_fail(s, "a text file must not hold NUL bytes");
    for (size_t number = 1; scan_line(&text, &line); number++) {
        struct scan_word word = scan_word(&line);
        if (scan_is(word, "v") && !read_vertex(&line, s, number))
            return false;
        if (scan_is(word, "f") && !read_face(&line, s, number))
            return false;
    }
    return soup_indices_ok(s);
}
