#include "promtext.h"

#include "promtext_line.h"

#include <math.h>
#include <string.h>
#include <strings.h>

const char *const promtext_type_names[PROMTEXT_TYPES] = {
    [PROMTEXT_UNTYPED] = "untyped", [PROMTEXT_COUNTER] = "counter",
    [PROMTEXT_GAUGE] = "gauge",     [PROMTEXT_HISTOGRAM] = "histogram",
    [PROMTEXT_SUMMARY] = "summary", [PROMTEXT_GAUGEHISTOGRAM] = "gaugehistogram",
    [PROMTEXT_INFO] = "info",       [PROMTEXT_STATESET] = "stateset",
};

/* What the names of a family's samples end in, and what such a sample is. */
struct ending {
    enum promtext_type type;
    const char *text;
    enum promtext_part part;
    enum { IN_PLAIN = 1, IN_OPENMETRICS = 2, IN_BOTH = 3 } formats;
};

static const struct ending endings[] = {
    {PROMTEXT_UNTYPED, "", PROMTEXT_VALUE, IN_BOTH},
    {PROMTEXT_COUNTER, "", PROMTEXT_VALUE, IN_PLAIN},
    {PROMTEXT_COUNTER, "_total", PROMTEXT_VALUE, IN_OPENMETRICS},
    {PROMTEXT_COUNTER, "_created", PROMTEXT_CREATED, IN_OPENMETRICS},
    {PROMTEXT_GAUGE, "", PROMTEXT_VALUE, IN_BOTH},
    {PROMTEXT_HISTOGRAM, "_bucket", PROMTEXT_BUCKET, IN_BOTH},
    {PROMTEXT_HISTOGRAM, "_sum", PROMTEXT_SUM, IN_BOTH},
    {PROMTEXT_HISTOGRAM, "_count", PROMTEXT_COUNT, IN_BOTH},
    {PROMTEXT_HISTOGRAM, "_created", PROMTEXT_CREATED, IN_OPENMETRICS},
    {PROMTEXT_SUMMARY, "", PROMTEXT_QUANTILE, IN_BOTH},
    {PROMTEXT_SUMMARY, "_sum", PROMTEXT_SUM, IN_BOTH},
    {PROMTEXT_SUMMARY, "_count", PROMTEXT_COUNT, IN_BOTH},
    {PROMTEXT_SUMMARY, "_created", PROMTEXT_CREATED, IN_OPENMETRICS},
    {PROMTEXT_GAUGEHISTOGRAM, "_bucket", PROMTEXT_BUCKET, IN_OPENMETRICS},
    {PROMTEXT_GAUGEHISTOGRAM, "_gsum", PROMTEXT_SUM, IN_OPENMETRICS},
    {PROMTEXT_GAUGEHISTOGRAM, "_gcount", PROMTEXT_COUNT, IN_OPENMETRICS},
    {PROMTEXT_INFO, "_info", PROMTEXT_VALUE, IN_OPENMETRICS},
    {PROMTEXT_STATESET, "", PROMTEXT_VALUE, IN_OPENMETRICS},
};

enum { ENDINGS = sizeof endings / sizeof endings[0] };

static bool in_format(const struct promtext *p, const struct ending *e)
{
    return e->formats & (p->format == PROMTEXT_OPENMETRICS ? IN_OPENMETRICS : IN_PLAIN);
}

/* The first mistake of a line stands. */
static void wrong(struct promtext *p, const char *mistake)
{
    if (!p->mistake)
        p->mistake = mistake;
}

static bool same(struct promtext_text a, struct promtext_text b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* ---- formats ---- */

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

enum promtext_format promtext_format_of(const char *content_type, const char *body, size_t len)
{
    static const char eof[] = "# EOF";
    if (begins(content_type, "application/openmetrics-text"))
        return PROMTEXT_OPENMETRICS;
    if (begins(content_type, "text/plain") && strstr(content_type, "version=0.0.4"))
        return PROMTEXT_PLAIN;
    len -= len && body[len - 1] == '\n';
    size_t last = sizeof eof - 1;
    bool ends = len >= last && memcmp(body + len - last, eof, last) == 0 &&
                (len == last || body[len - last - 1] == '\n');
    return ends ? PROMTEXT_OPENMETRICS : PROMTEXT_PLAIN;
}

/* ---- buckets ---- */

static void close_buckets(struct promtext *p)
{
    if (p->buckets.open && !p->buckets.infinite)
        wrong(p, "the buckets above have none with le=\"+Inf\"");
    p->buckets.open = false;
}

static void check_bucket(struct promtext *p, const struct promtext_line *l, const struct promtext_sample *s)
{
    struct promtext_buckets *b = &p->buckets;
    if (b->open && b->labels != l->group_hash)
        close_buckets(p);
    if (!l->has_le || isnan(s->bound)) {
        wrong(p, "a bucket has a label le with a number");
        return;
    }
    if (b->open && s->bound <= b->bound)
        wrong(p, "buckets ascend by le");
    if (b->open && s->value < b->count)
        wrong(p, "a bucket holds less than the one before: they are cumulative");
    *b = (struct promtext_buckets){true, s->bound == INFINITY, l->group_hash, s->bound, s->value};
}

static void check_count(struct promtext *p, const struct promtext_line *l, const struct promtext_sample *s)
{
    const struct promtext_buckets *b = &p->buckets;
    if (b->open && b->labels == l->group_hash && b->infinite && s->value != b->count)
        wrong(p, "the count is not that of the bucket le=\"+Inf\"");
}

/* ---- values ---- */

static void check_value(struct promtext *p, const struct promtext_line *l, const struct promtext_sample *s)
{
    bool counts = (s->type == PROMTEXT_COUNTER && s->part == PROMTEXT_VALUE) || s->part == PROMTEXT_BUCKET ||
                  s->part == PROMTEXT_COUNT;
    if (counts && !(s->value >= 0))
        wrong(p, "what counts is a number from 0 on");
    if (s->part == PROMTEXT_QUANTILE && !(l->has_quantile && s->bound >= 0 && s->bound <= 1))
        wrong(p, "a summary's value has a label quantile from 0 to 1");
    if (s->type == PROMTEXT_INFO && s->value != 1)
        wrong(p, "an info's value is 1");
    if (s->type == PROMTEXT_STATESET && s->value != 0 && s->value != 1)
        wrong(p, "a state's value is 0 or 1");
    if (s->part == PROMTEXT_BUCKET)
        check_bucket(p, l, s);
    else if (s->part == PROMTEXT_COUNT)
        check_count(p, l, s);
}

/* ---- families ---- */

static bool is_new_name(struct promtext *p, struct promtext_text name, const char *ending)
{
    uint64_t hash = promtext_hash(PROMTEXT_HASH, name.at, name.len);
    return promtext_set_add(&p->names, promtext_hash(hash, ending, strlen(ending))) != PROMTEXT_KNOWN;
}

/* Of a family that is declared, or whose first sample says that it is. */
static void begin_family(struct promtext *p, struct promtext_text name)
{
    close_buckets(p);
    p->family = (struct promtext_family){.name = name, .type = PROMTEXT_UNTYPED};
    if (is_new_name(p, name, ""))
        p->families++;
    else
        wrong(p, "what belongs to this family stands apart from the rest of it");
}

/* From here on its samples' names are taken. */
static void set_type(struct promtext *p, enum promtext_type type)
{
    p->family.type = type;
    p->family.typed = true;
    for (int i = 0; i < ENDINGS; i++)
        if (endings[i].type == type && endings[i].text[0] && in_format(p, &endings[i]) &&
            !is_new_name(p, p->family.name, endings[i].text))
            wrong(p, "another family has a name that belongs to this one");
}

/* What the sample is of the current family; NULL: it is none of it. */
static const struct ending *ending_of(const struct promtext *p, struct promtext_text name)
{
    struct promtext_text family = p->family.name;
    if (name.len < family.len || !family.len || memcmp(name.at, family.at, family.len) != 0)
        return NULL;
    struct promtext_text rest = {name.at + family.len, name.len - family.len};
    for (int i = 0; i < ENDINGS; i++)
        if (endings[i].type == p->family.type && in_format(p, &endings[i]) &&
            promtext_is(rest, endings[i].text))
            return &endings[i];
    return NULL;
}

static bool has_totals(const struct promtext *p)
{
    return p->format == PROMTEXT_OPENMETRICS && p->family.type == PROMTEXT_COUNTER;
}

static void place(struct promtext *p, struct promtext_sample *s)
{
    const struct ending *ending = ending_of(p, s->name);
    if (!ending) {
        if (same(s->name, p->family.name))
            wrong(p, "the name lacks the ending that samples of this type have");
        else
            begin_family(p, s->name);
    }
    p->family.sampled = true;
    s->family = p->family.name;
    s->type = p->family.type;
    s->totals = has_totals(p);
    s->part = ending ? ending->part : PROMTEXT_VALUE;
    if (s->part != PROMTEXT_BUCKET && s->part != PROMTEXT_QUANTILE)
        s->bound = NAN;
}

/* ---- lines ---- */

static bool sample_line(struct promtext *p, struct promtext_line *l, struct promtext_sample *ret)
{
    if (!promtext_line_sample(l, ret)) {
        wrong(p, l->mistake);
        return false;
    }
    enum promtext_added added = promtext_set_add(&p->series, ret->series);
    if (added == PROMTEXT_FULL) {
        p->unread++;
        return false;
    }
    /* In OpenMetrics one series may have values of several times. */
    if (added == PROMTEXT_KNOWN && !(p->format == PROMTEXT_OPENMETRICS && ret->timed)) {
        wrong(p, "this series stands here a second time");
        return false;
    }
    place(p, ret);
    check_value(p, l, ret);
    p->samples++;
    return true;
}

/* Returns true when it is the family's type from here on. */
static bool type_line(struct promtext *p, struct promtext_line *l)
{
    struct promtext_text word = promtext_line_word(l);
    int type = PROMTEXT_TYPES - 1;
    bool plain = p->format == PROMTEXT_PLAIN;
    while (type > PROMTEXT_UNTYPED && !promtext_is(word, promtext_type_names[type]))
        type--;
    if (type == PROMTEXT_UNTYPED && !promtext_is(word, plain ? "untyped" : "unknown"))
        wrong(p, "there is no such type in this format");
    else if (plain && type > PROMTEXT_SUMMARY)
        wrong(p, "this type is OpenMetrics'");
    else if (p->family.typed)
        wrong(p, "the type of this family stands here a second time");
    else if (p->family.sampled)
        wrong(p, "the type stands behind samples of its family");
    else if (l->at < l->end)
        wrong(p, "something stands behind the type");
    else {
        set_type(p, (enum promtext_type)type);
        return true;
    }
    return false;
}

static void help_line(struct promtext *p, struct promtext_line *l)
{
    if (p->family.helped)
        wrong(p, "the help of this family stands here a second time");
    p->family.helped = true;
    if (!promtext_line_help(l))
        wrong(p, l->mistake);
}

/* "# UNIT x_seconds seconds", empty where there is none. */
static void unit_line(struct promtext *p, struct promtext_line *l)
{
    struct promtext_text name = p->family.name, unit = promtext_line_word(l);
    if (p->family.has_unit)
        wrong(p, "the unit of this family stands here a second time");
    p->family.has_unit = true;
    if (unit.len && (name.len <= unit.len + 1 || name.at[name.len - unit.len - 1] != '_' ||
                     memcmp(name.at + name.len - unit.len, unit.at, unit.len) != 0))
        wrong(p, "the family's name does not end in its unit");
}

/* Behind "# HELP ", "# TYPE " or "# UNIT ". */
static enum promtext_event metadata_line(struct promtext *p, struct promtext_line *l, char kind,
                                         struct promtext_sample *ret)
{
    struct promtext_text name;
    if (!promtext_line_name(l, &name) || (l->at < l->end && !promtext_line_gap(l))) {
        wrong(p, l->mistake);
        return PROMTEXT_BROKEN;
    }
    if (!same(name, p->family.name))
        begin_family(p, name);
    if (kind == 'H')
        help_line(p, l);
    else if (kind == 'U')
        unit_line(p, l);
    else if (type_line(p, l)) {
        *ret = (struct promtext_sample){.name = name,
                                        .family = name,
                                        .type = p->family.type,
                                        .totals = has_totals(p),
                                        .labels = {"", 0},
                                        .bound = NAN};
        return PROMTEXT_FAMILY;
    }
    return p->mistake ? PROMTEXT_BROKEN : PROMTEXT_END;
}

/* Which of the words that mean something stands behind "# "; 0: none. */
static char comment_kind(struct promtext *p, struct promtext_line *l)
{
    static const char *const words[] = {"HELP", "TYPE", "UNIT"};
    l->at++;
    if (!promtext_line_gap(l))
        return 0;
    struct promtext_text word = promtext_line_word(l);
    for (int i = 0; i < (p->format == PROMTEXT_PLAIN ? 2 : 3); i++)
        if (promtext_is(word, words[i]) && (l->at == l->end || promtext_line_gap(l)))
            return words[i][0];
    return 0;
}

static enum promtext_event comment_line(struct promtext *p, struct promtext_line *l,
                                        struct promtext_sample *ret)
{
    bool strict = p->format == PROMTEXT_OPENMETRICS;
    if (strict && promtext_is(p->text, "# EOF")) {
        close_buckets(p);
        p->ended = true;
        return p->mistake ? PROMTEXT_BROKEN : PROMTEXT_END;
    }
    char kind = comment_kind(p, l);
    if (kind)
        return metadata_line(p, l, kind, ret);
    if (strict)
        wrong(p, "OpenMetrics knows # HELP, # TYPE, # UNIT and # EOF, and no comments");
    return p->mistake ? PROMTEXT_BROKEN : PROMTEXT_END;
}

/* PROMTEXT_END: the line says nothing. */
static enum promtext_event read_line(struct promtext *p, struct promtext_sample *ret)
{
    bool strict = p->format == PROMTEXT_OPENMETRICS;
    struct promtext_line l = {
        .at = p->text.at, .end = p->text.at + p->text.len, .strict = strict, .any_escape = strict};
    while (!strict && l.at < l.end && (*l.at == ' ' || *l.at == '\t'))
        l.at++;
    if (p->ended)
        wrong(p, "something stands behind # EOF");
    else if (l.at == l.end && strict)
        wrong(p, "OpenMetrics has no empty lines");
    else if (l.at < l.end && l.end[-1] == '\r')
        wrong(p, "a line ends with a line feed alone, without a carriage return");
    else if (l.at < l.end && *l.at == '#')
        return comment_line(p, &l, ret);
    else if (l.at < l.end && sample_line(p, &l, ret))
        return PROMTEXT_SAMPLE;
    return p->mistake ? PROMTEXT_BROKEN : PROMTEXT_END;
}

/* ---- the whole ---- */

void promtext_init(struct promtext *p)
{
    *p = (struct promtext){.series.max = PROMTEXT_SERIES_MAX, .names.max = PROMTEXT_NAMES_MAX};
}

void promtext_finish(struct promtext *p)
{
    promtext_set_finish(&p->series);
    promtext_set_finish(&p->names);
}

void promtext_read(struct promtext *p, enum promtext_format format, const char *body, size_t len)
{
    promtext_set_clear(&p->series);
    promtext_set_clear(&p->names);
    *p = (struct promtext){.format = format,
                           .at = body,
                           .end = body + len,
                           .series = p->series,
                           .names = p->names,
                           .text = {"", 0}};
}

/* Once, behind the last line. */
static enum promtext_event at_end(struct promtext *p)
{
    if (p->done)
        return PROMTEXT_END;
    p->done = true;
    p->text = (struct promtext_text){"", 0};
    close_buckets(p);
    if (p->format == PROMTEXT_OPENMETRICS && !p->ended) {
        p->cut = true;
        wrong(p, "no # EOF at the end: the body was cut");
    }
    return p->mistake ? PROMTEXT_BROKEN : PROMTEXT_END;
}

enum promtext_event promtext_next(struct promtext *p, struct promtext_sample *ret)
{
    p->mistake = NULL;
    while (p->at < p->end) {
        const char *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));
        p->text = (struct promtext_text){p->at, (size_t)((stop ? stop : p->end) - p->at)};
        p->at = stop ? stop + 1 : p->end;
        p->line++;
        bool cut = !stop && !(p->format == PROMTEXT_OPENMETRICS && promtext_is(p->text, "# EOF"));
        p->ended |= cut; /* told once */
        p->cut |= cut;
        if (cut)
            wrong(p, "the last line has no line feed: the body was cut");
        enum promtext_event event = cut ? PROMTEXT_BROKEN : read_line(p, ret);
        if (event != PROMTEXT_END)
            return event;
    }
    return at_end(p);
}
