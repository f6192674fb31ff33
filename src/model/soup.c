#include "soup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void drop(struct soup *s)
{
    free(s->position);
    free(s->triangle);
    s->position = NULL;
    s->triangle = NULL;
    s->vertices = s->vertex_capacity = s->triangles = s->triangle_capacity = 0;
}

void soup_finish(struct soup *s)
{
    drop(s);
    *s = (struct soup){0};
}

bool soup_fail(struct soup *s, const char *format, ...)
{
    if (s->why[0])
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
    drop(s);
    return false;
}

bool soup_overrule(struct soup *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
    drop(s);
    return false;
}

/* Makes room for `count` more things behind `used`; doubling keeps the cost of adding one by one linear. */
static bool grow(struct soup *s, void **things, size_t size, size_t used, size_t *capacity, size_t count,
                 size_t max)
{
    if (count > max - used) /* used is at most max */
        return soup_fail(s, "too large to check: more than %zu triangles", s->max_triangles);
    if (count <= *capacity - used)
        return true;
    size_t wanted = *capacity * 2 < used + count ? used + count : *capacity * 2;
    if (wanted < 64)
        wanted = 64;
    if (wanted > max)
        wanted = max;
    void *more = realloc(*things, wanted * size);
    if (!more)
        return soup_fail(s, "no memory to check it");
    *things = more;
    *capacity = wanted;
    return true;
}

/* A closed surface has about half as many vertices as triangles, a soup three times as many. */
bool soup_reserve_vertices(struct soup *s, size_t count)
{
    return grow(s, (void **)&s->position, sizeof *s->position, s->vertices, &s->vertex_capacity, count,
                s->max_triangles * 3);
}

bool soup_reserve_triangles(struct soup *s, size_t count)
{
    return grow(s, (void **)&s->triangle, sizeof *s->triangle, s->triangles, &s->triangle_capacity, count,
                s->max_triangles);
}

bool soup_add_vertex(struct soup *s, struct vec3 p)
{
    if (s->vertices == s->vertex_capacity && !soup_reserve_vertices(s, 1))
        return false;
    s->position[s->vertices++] = p;
    return true;
}

bool soup_add_triangle(struct soup *s, uint32_t a, uint32_t b, uint32_t c)
{
    if (s->triangles == s->triangle_capacity && !soup_reserve_triangles(s, 1))
        return false;
    uint32_t *t = s->triangle[s->triangles++];
    t[0] = a;
    t[1] = b;
    t[2] = c;
    return true;
}

bool soup_indices_ok(struct soup *s)
{
    for (size_t i = 0; i < s->triangles; i++) {
        for (int k = 0; k < 3; k++) {
            if (s->triangle[i][k] >= s->vertices)
                return soup_fail(s, "triangle %zu names vertex %u, but there are only %zu", i + 1,
                                 s->triangle[i][k] + 1, s->vertices);
        }
    }
    return true;
}

bool soup_finite(struct soup *s)
{
    for (size_t i = 0; i < s->vertices; i++) {
        struct vec3 p = s->position[i];
        if (!isfinite(p.x) || !isfinite(p.y) || !isfinite(p.z))
            return soup_fail(s, "vertex %zu is not a finite point", i + 1);
    }
    return true;
}
