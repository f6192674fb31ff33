/*
 * Wavefront OBJ with vertex colours ("v x y z r g b", as MeshLab, Blender and others read them). Numbers are
 * formatted here: printf would take most of the time of a whole job.
 */
#include "model_encode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_BYTES = 160,  /* no line is longer */
    BATCH = 512,       /* lines for which room is made at once */
    NUMBER_BYTES = 32, /* no number is longer */
    COLOUR_BYTES = 6,  /* " 0.123" */
};

/* How the coordinates of one file are written: with as many decimals as leave a float's precision for the
 * largest. */
struct style {
    int decimals; /* -1: printf's %.9g, for sizes far from everyday ones */
    double scale; /* 10 ^ decimals */
    char colour[256][COLOUR_BYTES];
};

static char *put_digits(char *to, uint64_t value, int least)
{
    char digits[20];
    int n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value || n < least);
    while (n)
        *to++ = digits[--n];
    return to;
}

/* |value| * scale is below 2^53: a mesh that is to be written has finite numbers, its normals and texture
 * coordinates are about 1, and choose_style() looks after the positions. */
static char *put_fixed(char *to, double value, int decimals, double scale)
{
    uint64_t whole = (uint64_t)(fabs(value) * scale + 0.5), unit = (uint64_t)scale;
    if (value < 0 && whole)
        *to++ = '-';
    to = put_digits(to, whole / unit, 1);
    *to++ = '.';
    return put_digits(to, whole % unit, decimals);
}

static char *put_coordinate(const struct style *s, char *to, float value)
{
    *to++ = ' ';
    if (s->decimals < 0)
        return to + snprintf(to, NUMBER_BYTES - 1, "%.9g", (double)value);
    return put_fixed(to, (double)value, s->decimals, s->scale);
}

static void choose_style(struct style *s, const struct mesh *m)
{
    float largest = 0;
    for (int i = 0; i < m->vertex_count; i++) {
        struct vec3 p = m->position[i];
        largest = fmaxf(largest, fmaxf(fabsf(p.x), fmaxf(fabsf(p.y), fabsf(p.z))));
    }
    *s = (struct style){.decimals = 6, .scale = 1e6};
    if (largest >= 1e6f || largest < 1e-3f)
        s->decimals = -1;
    for (; s->decimals > 0 && (double)largest * s->scale < 1e7; s->decimals++)
        s->scale *= 10;
    for (int i = 0; i < 256; i++) {
        s->colour[i][0] = ' ';
        put_fixed(s->colour[i] + 1, i / 255.0, COLOUR_BYTES - 3, 1e3);
    }
}

static char *put_position(const struct style *s, const struct mesh *m, int i, char *to)
{
    *to++ = 'v';
    to = put_coordinate(s, to, m->position[i].x);
    to = put_coordinate(s, to, m->position[i].y);
    to = put_coordinate(s, to, m->position[i].z);
    for (int k = 0; k < 3 && m->colour; k++, to += COLOUR_BYTES)
        memcpy(to, s->colour[m->colour[i][k]], COLOUR_BYTES);
    return to;
}

/* OBJ counts v from the bottom. */
static char *put_uv(const struct style *s, const struct mesh *m, int i, char *to)
{
    (void)s;
    memcpy(to, "vt ", 3);
    to = put_fixed(to + 3, (double)m->uv[i][0], 6, 1e6);
    *to++ = ' ';
    return put_fixed(to, 1 - (double)m->uv[i][1], 6, 1e6);
}

static char *put_normal(const struct style *s, const struct mesh *m, int i, char *to)
{
    (void)s;
    const float n[3] = {m->normal[i].x, m->normal[i].y, m->normal[i].z};
    memcpy(to, "vn", 2);
    to += 2;
    for (int k = 0; k < 3; k++) {
        *to++ = ' ';
        to = put_fixed(to, (double)n[k], 4, 1e4);
    }
    return to;
}

static char *put_face(const struct style *s, const struct mesh *m, int i, char *to)
{
    (void)s;
    *to++ = 'f';
    for (int k = 0; k < 3; k++) {
        char number[NUMBER_BYTES] = {0};
        size_t len = (size_t)(put_digits(number, (uint64_t)m->triangle[i][k] + 1, 1) - number);
        *to++ = ' ';
        /* A fixed size is one instruction; what is too much gets overwritten. */
        memcpy(to, number, NUMBER_BYTES);
        to += len;
        if (!m->uv && !m->normal)
            continue;
        *to++ = '/';
        if (m->uv) {
            memcpy(to, number, len);
            to += len;
        }
        if (m->normal) {
            *to++ = '/';
            memcpy(to, number, len);
            to += len;
        }
    }
    return to;
}

static void add_lines(const struct style *s, const struct mesh *m, int count,
                      char *put(const struct style *, const struct mesh *, int, char *), struct buf *out)
{
    for (int i = 0; i < count;) {
        char *start = buf_reserve(out, (size_t)BATCH * LINE_BYTES), *to = start;
        if (!start)
            return;
        for (int end = count - i > BATCH ? i + BATCH : count; i < end; i++) {
            to = put(s, m, i, to);
            *to++ = '\n';
        }
        buf_commit(out, (size_t)(to - start));
    }
}

void obj_write(const struct mesh *m, const struct model_texture *texture, struct buf *out)
{
    (void)texture;
    struct style s;
    choose_style(&s, m);
    buf_add_text(out, "# made by orfeasd\n");
    add_lines(&s, m, m->vertex_count, put_position, out);
    if (m->uv)
        add_lines(&s, m, m->vertex_count, put_uv, out);
    if (m->normal)
        add_lines(&s, m, m->vertex_count, put_normal, out);
    add_lines(&s, m, m->triangle_count, put_face, out);
}
