/*
 * promtext - what a target answers at /metrics, read sample by sample: Prometheus' text exposition (0.0.4)
 * and OpenMetrics (1.0). No I/O; over one buffer, into which all texts point.
 *
 * Strict: whatever a reader could take differently is a mistake with its line. A line with a wrong syntax and
 * a series that stands there twice are not given out; a sample that only stands in the wrong place, or whose
 * value cannot be, is given out with its mistake. A body that was cut never gives half a number: the last
 * line needs its line feed, OpenMetrics its "# EOF".
 *
 * Memory: sets of fingerprints, 64 bits each (two series with one fingerprint are taken for one; of the most
 * that are kept, once in a billion bodies), 4 MiB at most, that lives until promtext_finish(). Series beyond
 * PROMTEXT_SERIES_MAX are counted and not given out. Not thread-safe.
 */
#pragma once

#include "promtext_set.h"

enum {
    PROMTEXT_SERIES_MAX = 1 << 17,
    PROMTEXT_NAMES_MAX =
        1 << 16,             /* of families and what belongs to them; beyond it their order is not checked */
    PROMTEXT_LABELS_MAX = 64 /* of a sample */
};

enum promtext_format { PROMTEXT_PLAIN, PROMTEXT_OPENMETRICS };

/* What to ask for, in the order in which Prometheus asks: OpenMetrics says more. */
#define PROMTEXT_ACCEPT "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

enum promtext_type {
    PROMTEXT_UNTYPED,
    PROMTEXT_COUNTER,
    PROMTEXT_GAUGE,
    PROMTEXT_HISTOGRAM,
    PROMTEXT_SUMMARY,
    PROMTEXT_GAUGEHISTOGRAM,
    PROMTEXT_INFO,
    PROMTEXT_STATESET,
    PROMTEXT_TYPES
};
/* In the order of the enum; "untyped" is what OpenMetrics calls unknown. */
extern const char *const promtext_type_names[PROMTEXT_TYPES];

/* What a sample is of its family. */
enum promtext_part {
    PROMTEXT_VALUE,
    PROMTEXT_BUCKET,
    PROMTEXT_COUNT,
    PROMTEXT_SUM,
    PROMTEXT_QUANTILE,
    PROMTEXT_CREATED
};

struct promtext_text { /* not terminated */
    const char *at;
    size_t len;
};

struct promtext_label {
    struct promtext_text name, value; /* the value as it stands, with its escapes */
};

struct promtext_sample {
    struct promtext_text name;   /* as it stands: "x_bucket" */
    struct promtext_text family; /* "x" */
    enum promtext_type type;
    enum promtext_part part;
    bool totals;                 /* of a family whose counts are called family_total */
    struct promtext_text labels; /* between the braces; empty without */
    double value;
    double bound;    /* of a bucket (its le) and of a quantile; NAN otherwise */
    bool timed;      /* it has a timestamp: */
    double time;     /* seconds since 1970 */
    uint64_t series; /* a fingerprint of its name and labels, in whatever order these stand */
    uint64_t group;  /* of its labels but le */
};

enum promtext_event {
    PROMTEXT_END,
    PROMTEXT_SAMPLE,
    PROMTEXT_FAMILY, /* its type is declared: `name`, `family` and `type` of the sample are set */
    PROMTEXT_BROKEN  /* a line that gives nothing, see `mistake` */
};

struct promtext_family { /* the one that is being read */
    struct promtext_text name;
    enum promtext_type type;
    bool typed, helped, has_unit, sampled;
};

struct promtext_buckets { /* of one label set, while they come one after the other */
    bool open, infinite;
    uint64_t labels; /* but for le */
    double bound, count;
};

struct promtext {
    /* of the event that was returned last: */
    int line;                  /* from 1 */
    const char *mistake;       /* static text; NULL: none */
    struct promtext_text text; /* the line, for messages */
    /* so far: */
    bool cut; /* the body's end is missing: known at PROMTEXT_END */
    int families;
    int64_t samples; /* given out */
    int64_t unread;  /* beyond PROMTEXT_SERIES_MAX */
    /* private: */
    enum promtext_format format;
    const char *at, *end;
    bool ended; /* "# EOF" was there */
    bool done;
    struct promtext_family family;
    struct promtext_buckets buckets;
    struct promtext_set series, names;
};

/* By the Content-Type, or, where it says neither ("" or another type), by the body's last line. */
enum promtext_format promtext_format_of(const char *content_type, const char *body, size_t len);

/* A struct that is zero; ready for promtext_read(). */
void promtext_init(struct promtext *p);
void promtext_finish(struct promtext *p);
/* Begins with a body, which stays until the last event. */
void promtext_read(struct promtext *p, enum promtext_format format, const char *body, size_t len);
enum promtext_event promtext_next(struct promtext *p, struct promtext_sample *ret);

/* ---- labels ---- */

/* Takes the first one off `rest`, which begins as a sample's labels; false: none is left. */
bool promtext_label_next(struct promtext_text *rest, struct promtext_label *ret);
/* Do the labels have one of this name and (unescaped) value? */
bool promtext_has_label(const struct promtext_sample *s, const char *name, const char *value);
/* Is what stands there, once its escapes are taken away, `plain`? */
bool promtext_value_is(struct promtext_text escaped, const char *plain);
bool promtext_is(struct promtext_text t, const char *text);
