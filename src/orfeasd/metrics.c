#include "metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct family {
    const struct metric_def *def;
    struct metric_series *first, **last;
    struct metric_series *beyond; /* takes what came after METRIC_SERIES_MAX; not written */
    int count;
    int bounds;
    bool hidden;
};

struct metrics {
    int count;
    struct family families[];
};

static struct metric_series *series_create(const struct family *f, const char *labels)
{
    size_t len = strlen(labels) + 1;
    struct metric_series *s = calloc(1, sizeof *s + len);
    assert(s);
    memcpy(s->labels, labels, len);
    if (f->bounds) {
        s->buckets = calloc((size_t)f->bounds, sizeof *s->buckets);
        assert(s->buckets);
        s->bounds = f->def->buckets;
    }
    return s;
}

static void series_destroy(struct metric_series *s)
{
    if (s)
        free(s->buckets);
    free(s);
}

struct metrics *metrics_create(const struct metric_def *defs, int count)
{
    struct metrics *m = calloc(1, sizeof *m + (size_t)count * sizeof m->families[0]);
    assert(m);
    m->count = count;
    for (int i = 0; i < count; i++) {
        struct family *f = &m->families[i];
        f->def = &defs[i];
        f->last = &f->first;
        if (defs[i].type == METRIC_HISTOGRAM)
            while (defs[i].buckets[f->bounds] > 0)
                f->bounds++;
        assert(f->bounds <= METRIC_BUCKETS_MAX);
        if (!defs[i].labels[0])
            metrics_series(m, i, NULL);
    }
    return m;
}

void metrics_destroy(struct metrics *m)
{
    if (!m)
        return;
    for (int i = 0; i < m->count; i++) {
        for (struct metric_series *s = m->families[i].first, *next; s; s = next) {
            next = s->next;
            series_destroy(s);
        }
        series_destroy(m->families[i].beyond);
    }
    free(m);
}

/* Backslash, quote and line end are escaped; what does not fit is left out. */
static size_t write_escaped(char *to, size_t room, const char *text)
{
    size_t len = 0;
    for (; *text && len + 2 < room; text++) {
        char c = *text == '\n' ? 'n' : *text;
        if (*text == '\n' || c == '\\' || c == '"')
            to[len++] = '\\';
        to[len++] = c;
    }
    return len;
}

static void write_labels(const struct metric_def *def, const char *const *values,
                         char out[METRIC_LABEL_TEXT_MAX])
{
    size_t len = 0, share = METRIC_LABEL_TEXT_MAX / METRIC_LABELS_MAX;
    for (int i = 0; def->labels[i]; i++) {
        len += (size_t)snprintf(out + len, share, "%s%s=\"", i ? "," : "", def->labels[i]);
        len += write_escaped(out + len, share - strlen(def->labels[i]) - 6, values[i]);
        out[len++] = '"';
    }
    out[len] = '\0';
}

struct metric_series *metrics_series(struct metrics *m, int family, const char *const *values)
{
    assert(family >= 0 && family < m->count);
    struct family *f = &m->families[family];
    char labels[METRIC_LABEL_TEXT_MAX];
    write_labels(f->def, values, labels);
    for (struct metric_series *s = f->first; s; s = s->next)
        if (strcmp(s->labels, labels) == 0)
            return s;
    if (f->count == METRIC_SERIES_MAX) {
        if (!f->beyond)
            f->beyond = series_create(f, "");
        return f->beyond;
    }
    struct metric_series *s = series_create(f, labels);
    *f->last = s;
    f->last = &s->next;
    f->count++;
    return s;
}

void metrics_clear(struct metrics *m, int family)
{
    struct family *f = &m->families[family];
    assert(f->def->labels[0]);
    for (struct metric_series *s = f->first, *next; s; s = next) {
        next = s->next;
        series_destroy(s);
    }
    f->first = NULL;
    f->last = &f->first;
    f->count = 0;
}

void metrics_hide(struct metrics *m, int family)
{
    m->families[family].hidden = true;
}

void metric_add(struct metric_series *s, double amount)
{
    s->value += amount;
}

void metric_set(struct metric_series *s, double value)
{
    s->value = value;
}

void metric_observe(struct metric_series *s, double value)
{
    s->value += value;
    s->count++;
    for (int i = 0; s->bounds[i] > 0; i++)
        if (value <= s->bounds[i]) {
            s->buckets[i]++;
            return;
        }
}

static void write_number(struct buf *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        buf_printf(out, " %" PRId64 "\n", (int64_t)value);
    else
        buf_printf(out, " %.12g\n", value);
}

static void write_plain(const struct metric_def *def, const struct metric_series *s, const char *suffix,
                        double value, struct buf *out)
{
    buf_add_text(out, def->name);
    buf_add_text(out, suffix);
    if (s->labels[0])
        buf_printf(out, "{%s}", s->labels);
    write_number(out, value);
}

static void write_histogram(const struct metric_def *def, const struct metric_series *s, struct buf *out)
{
    const char *comma = s->labels[0] ? "," : "";
    uint64_t below = 0;
    for (int i = 0; s->bounds[i] > 0; i++) {
        below += s->buckets[i];
        buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", def->name, s->labels, comma, s->bounds[i],
                   below);
    }
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", def->name, s->labels, comma, s->count);
    write_plain(def, s, "_sum", s->value, out);
    write_plain(def, s, "_count", (double)s->count, out);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
    static const char *const TYPES[] = {"counter", "gauge", "histogram"};
    for (int i = 0; i < m->count; i++) {
        const struct family *f = &m->families[i];
        const struct metric_def *def = f->def;
        if (f->hidden)
            continue;
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", def->name, def->help, def->name, TYPES[def->type]);
        for (const struct metric_series *s = f->first; s; s = s->next)
            if (def->type == METRIC_HISTOGRAM)
                write_histogram(def, s, out);
            else
                write_plain(def, s, "", s->value, out);
    }
}
