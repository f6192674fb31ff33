/*
 * PLY 1.0: text and binary little-endian. The element "vertex" gives x, y and z, the element "face" a list of
 * indices ("vertex_indices" or "vertex_index"), cut into fans; everything else is passed over as its header
 * describes it.
 *
 * The header says which number comes next, to the end of the file: the numbers come one by one, out of words
 * or bytes, and walk from property to property, from row to row.
 */
#include "lines.h"
#include "reader.h"
#include "words.h"

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

struct ply {
    struct reader reader;
    struct lines header;
    int header_lines;
    bool has_format;
    bool is_text;
    bool in_data;     /* the header is over */
    uint64_t data_at; /* where, in the file */
    int element_count;
    struct element elements[MAX_ELEMENTS];

    struct words words;
    char cut[8]; /* a binary number that a piece cut */
    size_t cut_len;

    /* the number that comes next: */
    int element;
    uint64_t row;
    int property;
    enum number_type type;
    bool in_list;     /* it is one of a list's, or else a count or a value */
    uint64_t items;   /* of the list, in all */
    uint64_t item;    /* of the list, the next */
    bool is_complete; /* none comes */
    bool has_rest;    /* but there is something */

    double point[3];      /* of the row */
    uint32_t first, last; /* of the polygon */
    uint64_t here;        /* in the file, behind the number */
    double list_count;    /* of the latest list, */
    uint64_t list_at;     /* whose items begin here in the file */
};

bool ply_sniff(const char bytes[4])
{
    return !memcmp(bytes, "ply", 3) && (bytes[3] == '\n' || bytes[3] == '\r');
}

/* ---- the header ---- */

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

static bool read_property(struct scan *line, struct ply *f)
{
    if (!f->element_count)
        return soup_fail(&f->reader.soup, "PLY: a property without an element");
    struct element *e = &f->elements[f->element_count - 1];
    if (e->property_count == MAX_PROPERTIES)
        return soup_fail(&f->reader.soup, "PLY: an element with more than %d properties", MAX_PROPERTIES);
    struct property *p = &e->properties[e->property_count++];
    struct scan_word word = scan_word(line);
    p->is_list = scan_is(word, "list");
    if (p->is_list) {
        if (!find_type(scan_word(line), &p->count_type) || p->count_type >= FLOAT32)
            return soup_fail(&f->reader.soup, "PLY: a list with an unknown type of count");
        word = scan_word(line);
    }
    if (!find_type(word, &p->type))
        return soup_fail(&f->reader.soup, "PLY: a property of an unknown type");
    p->role = find_role(e, scan_word(line), p->is_list);
    if (p->role == ROLE_CORNERS && p->type >= FLOAT32)
        return soup_fail(&f->reader.soup, "PLY: indices that are not integers");
    return true;
}

static bool read_element(struct scan *line, struct ply *f)
{
    if (f->element_count == MAX_ELEMENTS)
        return soup_fail(&f->reader.soup, "PLY: more than %d elements", MAX_ELEMENTS);
    struct element *e = &f->elements[f->element_count++];
    struct scan_word name = scan_word(line), number = scan_word(line);
    struct scan digits = {number.text, number.text + number.len};
    int64_t count;
    if (!scan_integer(&digits, &count) || digits.at != digits.end || count < 0)
        return soup_fail(&f->reader.soup, "PLY: an element without a count");
    *e = (struct element){.is_vertex = scan_is(name, "vertex"), .is_face = scan_is(name, "face")};
    e->count = (uint64_t)count;
    return true;
}

static bool read_format(struct scan *line, struct ply *f)
{
    struct scan_word word = scan_word(line);
    f->is_text = scan_is(word, "ascii");
    return f->is_text || scan_is(word, "binary_little_endian") ||
           soup_fail(&f->reader.soup, "PLY: neither text nor binary little-endian");
}

/* True when the header goes on. */
static bool read_header_line(struct ply *f, struct scan *line)
{
    struct soup *s = &f->reader.soup;
    struct scan_word word = scan_word(line);
    if (scan_is(word, "comment") || scan_is(word, "obj_info"))
        return true;
    if (f->header.too_long)
        return soup_fail(s, "PLY: a line of the header is longer than 64 KiB");
    if (scan_is(word, "format"))
        return f->has_format = read_format(line, f);
    if (scan_is(word, "element"))
        return read_element(line, f);
    if (scan_is(word, "property"))
        return read_property(line, f);
    if (!scan_is(word, "end_header"))
        return soup_fail(s, "PLY: an unknown word in the header");
    if (!f->has_format)
        return soup_fail(s, "PLY: no format in the header");
    f->in_data = true;
    return false;
}

static void take_header_line(struct ply *f, struct scan *line)
{
    if (f->header_lines > MAX_HEADER_LINES)
        soup_fail(&f->reader.soup, "PLY: the header does not end");
    else if (f->header_lines) /* the first is the magic */
        read_header_line(f, line);
    f->header_lines++;
}

/* ---- what the counts promise ---- */

/* The fewest bytes that a row can take; in text a digit and a blank for each number. */
static uint64_t least_row_bytes(const struct ply *f, const struct element *e)
{
    uint64_t sum = 0;
    for (int i = 0; i < e->property_count; i++) {
        const struct property *p = &e->properties[i];
        sum += f->is_text ? 2 : number_types[p->is_list ? p->count_type : p->type].bytes;
    }
    return sum;
}

static bool counts_fit(const struct ply *f, uint64_t data_bytes)
{
    uint64_t left = data_bytes + 1; /* the last blank of a text may be missing */
    for (int i = 0; i < f->element_count; i++) {
        const struct element *e = &f->elements[i];
        uint64_t least = least_row_bytes(f, e);
        if (e->count && (!least || e->count > left / least))
            return false;
        left -= e->count * least;
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

/* ---- the walk ---- */

static void begin_property(struct ply *f)
{
    const struct property *p = &f->elements[f->element].properties[f->property];
    f->in_list = false;
    f->type = p->is_list ? p->count_type : p->type;
}

/* The first row of the next element that has rows. */
static bool begin_element(struct ply *f)
{
    for (; f->element < f->element_count; f->element++) {
        const struct element *e = &f->elements[f->element];
        if (!has_roles(e))
            return soup_fail(&f->reader.soup, "PLY: vertices without x, y and z");
        if (e->count && !e->property_count)
            return soup_fail(&f->reader.soup, "PLY: rows without properties");
        if (e->count) {
            f->row = 0;
            f->property = 0;
            begin_property(f);
            return true;
        }
    }
    f->is_complete = true;
    return true;
}

static bool end_row(struct ply *f)
{
    const struct element *e = &f->elements[f->element];
    const double *p = f->point;
    if (e->is_vertex &&
        !soup_add_vertex(&f->reader.soup, (struct vec3){(float)p[0], (float)p[1], (float)p[2]}))
        return false;
    f->property = 0;
    if (++f->row < e->count) {
        begin_property(f);
        return true;
    }
    f->element++;
    return begin_element(f);
}

static bool end_property(struct ply *f)
{
    if (++f->property == f->elements[f->element].property_count)
        return end_row(f);
    begin_property(f);
    return true;
}

/* Whether the list is longer than the file can be judged only when the file is over. */
static bool begin_list(struct ply *f, const struct property *p, double count)
{
    const double most = 1ll << 62;
    if (!(count >= 0 && count <= most))
        return soup_fail(&f->reader.soup, "PLY: a list is longer than the file");
    f->list_count = count;
    f->list_at = f->here;
    if (p->role == ROLE_CORNERS && count < 3)
        return soup_fail(&f->reader.soup, "PLY: a face needs three corners");
    f->items = (uint64_t)count;
    f->item = 0;
    if (!f->items)
        return end_property(f);
    f->in_list = true;
    f->type = p->type;
    return true;
}

static bool take_corner(struct ply *f, double value)
{
    struct soup *s = &f->reader.soup;
    if (!(value >= 0 && value < 4294967295.0) || value != (double)(uint32_t)value)
        return soup_fail(s, "PLY: a face with an index that is none");
    uint32_t here = (uint32_t)value;
    if (f->item >= 2 && !soup_add_triangle(s, f->first, f->last, here))
        return false;
    if (!f->item)
        f->first = here;
    f->last = here;
    return true;
}

static bool take_number(struct ply *f, double value)
{
    const struct property *p = &f->elements[f->element].properties[f->property];
    if (f->in_list) {
        if (p->role == ROLE_CORNERS && !take_corner(f, value))
            return false;
        return ++f->item < f->items || end_property(f);
    }
    if (p->is_list)
        return begin_list(f, p, value);
    if (p->role != ROLE_NONE)
        f->point[p->role - ROLE_X] = value;
    return end_property(f);
}

/* ---- numbers out of bytes and words ---- */

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

/* The number that was cut, completed; returns how many bytes that took. */
static size_t feed_cut(struct ply *f, const char *bytes, size_t len)
{
    size_t missing = number_types[f->type].bytes - f->cut_len, n = len < missing ? len : missing;
    memcpy(f->cut + f->cut_len, bytes, n);
    f->cut_len += n;
    f->here += n;
    if (n == missing) {
        f->cut_len = 0;
        take_number(f, binary_number(f->type, f->cut));
    }
    return n;
}

static void feed_binary(struct ply *f, const char *at, size_t len)
{
    const struct soup *s = &f->reader.soup;
    const char *end = at + len;
    if (f->cut_len)
        at += feed_cut(f, at, len);
    while (!f->is_complete && !s->why[0]) {
        size_t bytes = number_types[f->type].bytes;
        if ((size_t)(end - at) < bytes)
            break;
        const char *from = at;
        at += bytes;
        f->here += bytes;
        take_number(f, binary_number(f->type, from));
    }
    if (at == end || s->why[0])
        return;
    if (f->is_complete)
        f->has_rest = true;
    else
        feed_cut(f, at, (size_t)(end - at));
}

static void take_word(struct ply *f, struct scan_word word)
{
    double value;
    if (f->is_complete)
        f->has_rest = true;
    else if (!scan_word_number(word, &value))
        soup_fail(&f->reader.soup, "PLY: the text ends early, or holds no number");
    else
        take_number(f, value);
}

static void feed_text(struct ply *f, const char *bytes, size_t len)
{
    struct scan_word word;
    uint64_t before = f->here;
    words_feed(&f->words, bytes, len);
    while (!f->has_rest && !f->reader.soup.why[0] && words_next(&f->words, &word)) {
        f->here = before + (uint64_t)(f->words.piece.at - bytes);
        take_word(f, word);
    }
    f->here = before + len;
}

static void feed_data(struct ply *f, const char *bytes, size_t len)
{
    if (f->reader.soup.why[0] || !len)
        return;
    if (f->is_text)
        feed_text(f, bytes, len);
    else
        feed_binary(f, bytes, len);
}

static void begin_data(struct ply *f, uint64_t at)
{
    f->data_at = f->here = at;
    begin_element(f);
}

static void feed(struct reader *r, const char *bytes, size_t len)
{
    struct ply *f = (struct ply *)r;
    struct scan line;
    if (f->in_data) {
        feed_data(f, bytes, len);
        return;
    }
    lines_feed(&f->header, bytes, len);
    while (!f->in_data && !r->soup.why[0] && lines_next(&f->header, &line))
        take_header_line(f, &line);
    if (!f->in_data)
        return;
    size_t used = (size_t)(f->header.piece.at - bytes);
    begin_data(f, r->total + used);
    feed_data(f, bytes + used, len - used);
}

static void end_header(struct ply *f)
{
    struct scan line;
    if (!f->reader.soup.why[0] && lines_last(&f->header, &line))
        take_header_line(f, &line);
    if (f->in_data)
        begin_data(f, f->reader.total);
}

/* In the order in which a reader of the whole file meets them. */
static void end(struct reader *r)
{
    struct ply *f = (struct ply *)r;
    struct soup *s = &r->soup;
    if (!f->in_data)
        end_header(f);
    if (!f->in_data) {
        soup_fail(s, f->header.no_memory ? "no memory to check it" : "PLY: the header does not end");
        return;
    }
    struct scan_word last = words_last(&f->words);
    if (last.len && !s->why[0])
        take_word(f, last);
    if (!counts_fit(f, r->total - f->data_at))
        soup_overrule(s, "PLY: more elements are declared than the file can hold");
    else if (f->list_count > (double)(r->total - f->list_at))
        soup_overrule(s, "PLY: a list is longer than the file");
    else if (!s->why[0] && !f->is_complete)
        soup_fail(s,
                  f->is_text ? "PLY: the text ends early, or holds no number" : "PLY: the file ends early");
    else if (!s->why[0] && f->has_rest)
        soup_fail(s, "PLY: bytes behind the last element");
    else if (!s->why[0])
        soup_indices_ok(s);
}

static void finish(struct reader *r)
{
    lines_finish(&((struct ply *)r)->header);
}

const struct reader_kind ply_reader = {MODEL_PLY, sizeof(struct ply), feed, end, finish};
