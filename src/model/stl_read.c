/*
 * STL, binary and text. Neither has indices. The normals are not looked at: what counts is the order of the
 * corners.
 */
#include "scan.h"
#include "soup.h"

#include <string.h>

enum { HEADER_BYTES = 84, RECORD_BYTES = 50, CORNER_BYTES = 36, PLAUSIBLE_COUNT = 1 << 27 };

/* The size of a binary file with as many triangles as this one declares. */
static uint64_t declared_bytes(const uint8_t *bytes, uint32_t *count)
{
    memcpy(count, bytes + HEADER_BYTES - 4, 4);
    return HEADER_BYTES + (uint64_t)*count * RECORD_BYTES;
}

static bool is_text(const uint8_t *bytes, size_t len)
{
    struct scan s = {(const char *)bytes, (const char *)bytes + len};
    return scan_is(scan_word(&s), "solid");
}

/* Binary STL has no magic: a count that fits the size is one, and "solid" in its header does not make it
 * text. With a count that is at least plausible it is taken for a damaged one. */
bool stl_sniff(const uint8_t *bytes, size_t len)
{
    uint32_t count;
    if (is_text(bytes, len))
        return true;
    return len >= HEADER_BYTES &&
           (declared_bytes(bytes, &count) == len || (count && count <= PLAUSIBLE_COUNT));
}

static bool read_binary(const uint8_t *bytes, uint32_t count, struct soup *s)
{
    if (count > s->max_triangles)
        return soup_fail(s, "too large to check: %u triangles", count);
    if (!soup_reserve_vertices(s, (size_t)count * 3))
        return false;
    const uint8_t *from = bytes + HEADER_BYTES + sizeof(struct vec3); /* behind the normal */
    for (uint32_t i = 0; i < count; i++, from += RECORD_BYTES)
        memcpy(s->position + (size_t)i * 3, from, CORNER_BYTES);
    s->vertices = (size_t)count * 3;
    s->triangles = count;
    return true;
}

/* "facet normal x y z outer loop vertex x y z (three times) endloop endfacet" */
static bool read_facet(struct scan *text, struct soup *s)
{
    static const char *const before[] = {"outer", "loop"}, *const after[] = {"endloop", "endfacet"};
    double n[3];
    if (!scan_is(scan_word(text), "normal") || !scan_number(text, &n[0]) || !scan_number(text, &n[1]) ||
        !scan_number(text, &n[2]))
        return soup_fail(s, "facet %zu has no normal", s->triangles + 1);
    bool ok = true;
    for (int i = 0; i < 2; i++)
        ok = ok && scan_is(scan_word(text), before[i]);
    for (int i = 0; i < 3 && ok; i++) {
        double p[3];
        ok = scan_is(scan_word(text), "vertex") && scan_number(text, &p[0]) && scan_number(text, &p[1]) &&
             scan_number(text, &p[2]);
        if (ok && !soup_add_vertex(s, (struct vec3){(float)p[0], (float)p[1], (float)p[2]}))
            return false;
    }
    for (int i = 0; i < 2; i++)
        ok = ok && scan_is(scan_word(text), after[i]);
    s->triangles += ok;
    return ok || soup_fail(s, "facet %zu is not three vertices in a loop", s->triangles + 1);
}

static bool read_text(const uint8_t *bytes, size_t len, struct soup *s)
{
    struct scan text = {(const char *)bytes, (const char *)bytes + len}, name;
    scan_line(&text, &name);
    for (;;) {
        struct scan_word word = scan_word(&text);
        if (scan_is(word, "endsolid"))
            return true;
        if (!scan_is(word, "facet"))
            return soup_fail(s, word.len ? "not a facet, behind facet %zu" : "the text ends behind facet %zu",
                             s->triangles);
        if (!read_facet(&text, s))
            return false;
    }
}

bool stl_read(const uint8_t *bytes, size_t len, struct soup *s)
{
    uint32_t count = 0;
    uint64_t wanted = len >= HEADER_BYTES ? declared_bytes(bytes, &count) : 0;
    if (wanted == len)
        return read_binary(bytes, count, s);
    if (is_text(bytes, len))
        return read_text(bytes, len, s);
    return soup_fail(s, "%u triangles take %llu bytes, the file has %zu", count, (unsigned long long)wanted,
                     len);
}
