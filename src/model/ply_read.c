/*
 * PLY 1.0: text and binary little-endian. The element "vertex" gives x, y and z, the element "face" a list of
 * indices ("vertex_indices" or "vertex_index"), cut into fans; everything else is passed over as its header
 * describes it.
 */
#include "scan.h"
#include "soup.h"

#include <string.h>

enum { MAX_ELEMENTS = 16, MAX_PROPERTIES = 64, MAX_HEADER_LINES = 1000 };

enum number_type { INT8, UINT8, INT16, UINT16, INT32, UINT32, FLOAT32, FLOAT64, NUMBER_TYPES };

static const struct {
    const char *name, *other_name;
    size_t bytes;
} number_types[NUMBER_TYPES] = {
    [INT8] = {"char", "int8", 1},        [UINT8] = {"uchar", "uint8", 1},
    [INT16] = {"short", "int16", 2},     [UINT16] = {"ushort", "uint16", 2},
    [INT32] = {"int", "int32", 4},       [UINT32] = {"uint", "uint32", 4},
    [FLOAT32] = {"float", "float32", 4}, [FLOAT64] = {"double", "float64", 8},
};

enum role { ROLE_NONE, ROLE_X, ROLE_Y, ROLE_Z, ROLE_CORNERS };

struct property {
    bool is_list;
    enum number_type count_type; /* of a list */
    enum number_type type;
    enum role role;
};

struct element {
    bool is_vertex, is_face;
    uint64_t count;
    int property_count;
    struct property properties[MAX_PROPERTIES];
};

struct reading {
    struct scan data;
    bool is_text;
    int element_count;
    struct element elements[MAX_ELEMENTS];
    struct soup *soup;
};

bool ply_sniff(const uint8_t *bytes, size_t len)
{
    return len >= 4 && !memcmp(bytes, "ply", 3) && (bytes[3] == '\n' || bytes[3] == '\r');
}

static bool find_type(struct scan_word word, enum number_type *ret)
{
    for (int i = 0; i < NUMBER_TYPES; i++) {
        if (scan_is(word, number_types[i].name) || scan_is(word, number_types[i].other_name)) {
            *ret = (enum number_type)i;
            return true;
        }
    }
    return false;
}

static enum role find_role(const struct element *e, struct scan_word name, bool is_list)
{
    if (e->is_face && is_list && (scan_is(name, "vertex_indices") || scan_is(name, "vertex_index")))
        return ROLE_CORNERS;
    if (!e->is_vertex || is_list || name.len != 1 || name.text[0] < 'x' || name.text[0] > 'z')
        return ROLE_NONE;
    return (enum role)(ROLE_X + (name.text[0] - 'x'));
}

static bool read_property(struct scan *line, struct reading *r)
{
    if (!r->element_count)
        return soup_fail(r->soup, "PLY: a property without an element");
    struct element *e = &r->elements[r->element_count - 1];
    if (e->property_count == MAX_PROPERTIES)
        return soup_fail(r->soup, "PLY: an element with more than %d properties", MAX_PROPERTIES);
    struct property *p = &e->properties[e->property_count++];
    struct scan_word word = scan_word(line);
    p->is_list = scan_is(word, "list");
    if (p->is_list) {
        if (!find_type(scan_word(line), &p->count_type) || p->count_type >= FLOAT32)
            return soup_fail(r->soup, "PLY: a list with an unknown type of count");
        word = scan_word(line);
    }
    if (!find_type(word, &p->type))
        return soup_fail(r->soup, "PLY: a property of an unknown type");
    p->role = find_role(e, scan_word(line), p->is_list);
    if (p->role == ROLE_CORNERS && p->type >= FLOAT32)
        return soup_fail(r->soup, "PLY: indices that are not integers");
    return true;
}

static bool read_element(struct scan *line, struct reading *r)
{
    if (r->element_count == MAX_ELEMENTS)
        return soup_fail(r->soup, "PLY: more than %d elements", MAX_ELEMENTS);
    struct element *e = &r->elements[r->element_count++];
    struct scan_word name = scan_word(line), number = scan_word(line);
    struct scan digits = {number.text, number.text + number.len};
    int64_t count;
    if (!scan_integer(&digits, &count) || digits.at != digits.end || count < 0)
        return soup_fail(r->soup, "PLY: an element without a count");
    *e = (struct element){.is_vertex = scan_is(name, "vertex"), .is_face = scan_is(name, "face")};
    e->count = (uint64_t)count;
    return true;
}

static bool read_format(struct scan *line, struct reading *r)
{
    struct scan_word word = scan_word(line);
    r->is_text = scan_is(word, "ascii");
    return r->is_text || scan_is(word, "binary_little_endian") ||
           soup_fail(r->soup, "PLY: neither text nor binary little-endian");
}

static bool read_header(struct reading *r)
{
    struct scan line;
    bool has_format = false;
    scan_line(&r->data, &line); /* the magic */
    for (int i = 0; i < MAX_HEADER_LINES && scan_line(&r->data, &line); i++) {
        struct scan_word word = scan_word(&line);
        bool ok = true;
        if (scan_is(word, "end_header"))
            return has_format || soup_fail(r->soup, "PLY: no format in the header");
        if (scan_is(word, "format"))
            ok = has_format = read_format(&line, r);
        else if (scan_is(word, "element"))
            ok = read_element(&line, r);
        else if (scan_is(word, "property"))
            ok = read_property(&line, r);
        else if (!scan_is(word, "comment") && !scan_is(word, "obj_info"))
            ok = soup_fail(r->soup, "PLY: an unknown word in the header");
        if (!ok)
            return false;
    }
    return soup_fail(r->soup, "PLY: the header does not end");
}

/* The fewest bytes that a row can take; in text a digit and a blank for each number. */
static uint64_t least_row_bytes(const struct reading *r, const struct element *e)
{
    uint64_t sum = 0;
    for (int i = 0; i < e->property_count; i++) {
        const struct property *p = &e->properties[i];
        sum += r->is_text ? 2 : number_types[p->is_list ? p->count_type : p->type].bytes;
    }
    return sum;
}

static bool counts_fit(struct reading *r)
{
    uint64_t left = (uint64_t)(r->data.end - r->data.at) + 1; /* the last blank of a text may be missing */
    for (int i = 0; i < r->element_count; i++) {
        const struct element *e = &r->elements[i];
        uint64_t least = least_row_bytes(r, e);
        if (e->count && (!least || e->count > left / least))
            return soup_fail(r->soup, "PLY: more elements are declared than the file can hold");
        left -= e->count * least;
    }
    return true;
}

static double binary_number(enum number_type type, const char *from)
{
    union {
        int8_t i8;
        uint8_t u8;
        int16_t i16;
        uint16_t u16;
        int32_t i32;
        uint32_t u32;
        float f32;
        double f64;
    } v;
    memcpy(&v, from, number_types[type].bytes);
    switch (type) {
    case INT8:
        return v.i8;
    case UINT8:
        return v.u8;
    case INT16:
        return v.i16;
    case UINT16:
        return v.u16;
    case INT32:
        return v.i32;
    case UINT32:
        return v.u32;
    case FLOAT32:
        return (double)v.f32;
    default:
        return v.f64;
    }
}

static bool next_number(struct reading *r, enum number_type type, double *ret)
{
    if (r->is_text)
        return scan_number(&r->data, ret) ||
               soup_fail(r->soup, "PLY: the text ends early, or holds no number");
    size_t bytes = number_types[type].bytes;
    if ((size_t)(r->data.end - r->data.at) < bytes)
        return soup_fail(r->soup, "PLY: the file ends early");
    *ret = binary_number(type, r->data.at);
    r->data.at += bytes;
    return true;
}

static bool next_index(struct reading *r, enum number_type type, uint32_t *ret)
{
    double value;
    if (!next_number(r, type, &value))
        return false;
    if (!(value >= 0 && value < 4294967295.0) || value != (double)(uint32_t)value)
        return soup_fail(r->soup, "PLY: a face with an index that is none");
    *ret = (uint32_t)value;
    return true;
}

static bool read_list(struct reading *r, const struct property *p)
{
    double count = 0, skipped;
    uint32_t first = 0, last = 0, here = 0;
    if (!next_number(r, p->count_type, &count))
        return false;
    if (!(count >= 0 && count <= (double)(r->data.end - r->data.at)))
        return soup_fail(r->soup, "PLY: a list is longer than the file");
    if (p->role == ROLE_CORNERS && count < 3)
        return soup_fail(r->soup, "PLY: a face needs three corners");
    for (uint64_t i = 0, n = (uint64_t)count; i < n; i++) {
        if (p->role != ROLE_CORNERS) {
            if (!next_number(r, p->type, &skipped))
                return false;
            continue;
        }
        if (!next_index(r, p->type, &here) || (i >= 2 && !soup_add_triangle(r->soup, first, last, here)))
            return false;
        if (!i)
            first = here;
        last = here;
    }
    return true;
}

/* One row; a vertex's x, y and z go to `point`. */
static bool read_row(struct reading *r, const struct element *e, double point[3])
{
    for (int i = 0; i < e->property_count; i++) {
        const struct property *p = &e->properties[i];
        double value;
        if (p->is_list) {
            if (!read_list(r, p))
                return false;
            continue;
        }
        if (!next_number(r, p->type, &value))
            return false;
        if (p->role != ROLE_NONE)
            point[p->role - ROLE_X] = value;
    }
    return true;
}

static bool has_roles(const struct element *e)
{
    unsigned seen = 0;
    for (int i = 0; i < e->property_count; i++)
        seen |= 1u << e->properties[i].role;
    return !e->is_vertex || (seen & 0xe) == 0xe;
}

static bool read_rows(struct reading *r, const struct element *e)
{
    if (!has_roles(e))
        return soup_fail(r->soup, "PLY: vertices without x, y and z");
    for (uint64_t i = 0; i < e->count; i++) {
        double p[3] = {0};
        if (!read_row(r, e, p))
            return false;
        if (e->is_vertex && !soup_add_vertex(r->soup, (struct vec3){(float)p[0], (float)p[1], (float)p[2]}))
            return false;
    }
    return true;
}

bool ply_read(const uint8_t *bytes, size_t len, struct soup *s)
{
    struct reading r = {.data = {(const char *)bytes, (const char *)bytes + len}, .soup = s};
    if (!read_header(&r) || !counts_fit(&r))
        return false;
    for (int i = 0; i < r.element_count; i++) {
        if (!read_rows(&r, &r.elements[i]))
            return false;
    }
    struct scan_word rest =
        r.is_text ? scan_word(&r.data) : (struct scan_word){NULL, (size_t)(r.data.end - r.data.at)};
    if (rest.len)
        return soup_fail(s, "PLY: bytes behind the last element");
    return soup_indices_ok(s);
}
