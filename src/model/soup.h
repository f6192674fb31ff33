/*
 * soup - what a file's reader hands to the judge: positions and triangles, nothing yet known about how they
 * hang together. Internal to this folder.
 *
 * A soup without indices takes its positions three by three. Growth is bounded by the bytes that came: every
 * reader asks for no more than a fixed number of bytes for a byte of file.
 */
#pragma once

#include "model_check.h"

enum { SOUP_WHY_TEXT = sizeof((struct model_report *)NULL)->why };

struct soup {
    struct vec3 *position;
    size_t vertices;
    size_t vertex_capacity;
    uint32_t (*triangle)[3]; /* NULL: three positions after another are one */
    size_t triangles;
    size_t triangle_capacity;
    size_t max_triangles;
    char why[SOUP_WHY_TEXT]; /* the first thing that is wrong, "" so far */
};

void soup_finish(struct soup *s);
/* Keeps the first reason, and gives back the memory: nobody will look at the rest. Always returns false. */
bool soup_fail(struct soup *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, but this reason counts more than one before. */
bool soup_overrule(struct soup *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `count` more. False, with the reason, when they are too many or there is no memory. */
bool soup_reserve_vertices(struct soup *s, size_t count);
bool soup_reserve_triangles(struct soup *s, size_t count);
/* One more; indices from 0, checked against `vertices` at the end by soup_indices_ok(). */
bool soup_add_vertex(struct soup *s, struct vec3 p);
bool soup_add_triangle(struct soup *s, uint32_t a, uint32_t b, uint32_t c);
bool soup_indices_ok(struct soup *s);
bool soup_finite(struct soup *s);
