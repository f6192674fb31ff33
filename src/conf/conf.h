/*
 * conf - YAML files that people write, as a tree in which every value knows its place.
 *
 * conf_load() or conf_parse() make the tree; the typed readers take values out of it. A reader that meets a
 * mistake adds a diagnostic (file, line, column, hint) and says false, and the caller goes on: all mistakes
 * are told at once. Every reader takes NULL for "the key is not there": it leaves *ret as it is, so that a
 * default stands, and returns true.
 *
 * The subset: one document; aliases, tags and keys that are no plain text are mistakes. Everything lives in
 * the caller's arena. Not thread-safe.
 */
#pragma once

#include "arena.h"
#include "clock.h"
#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CONF_BYTES_MAX = 1 << 20, /* of a file */
    CONF_DEPTH_MAX = 32,
    CONF_NODES_MAX = 10000,
    CONF_VALUE_MAX = 4096,      /* bytes of a value or key given to conf_set() */
    CONF_ARENA_BYTES = 16 << 20 /* no tree of a file takes more of an arena */
};

enum conf_kind { CONF_SCALAR, CONF_SEQUENCE, CONF_MAPPING };

struct conf_node {
    enum conf_kind kind;
    const char *file; /* or where an override came from */
    int line, column; /* from 1, in characters; 0: not in a file */
    bool broken;      /* its mistake was told already: readers say false and nothing more */

    const char *key; /* of a mapping's entry, else NULL */
    int key_line, key_column;

    const char *text; /* scalar: NUL-terminated UTF-8 without a NUL inside */
    size_t len;
    bool quoted;
    int text_column; /* of the first character; 0: it stands otherwise in the file (escapes, folding) */

    struct conf_node *first; /* items or entries, in the order of the file */
    struct conf_node *last;
    struct conf_node *next; /* sibling */
    int count;              /* children */
};

/* `file` is what messages call it. Returns NULL when there is no tree: the syntax is wrong, a limit is
 * passed, or nothing is there. Otherwise the tree, even when duplicate keys, aliases or tags were told as
 * mistakes: the caller compares diags->count. `bytes` may go after the call. */
struct conf_node *conf_parse(struct arena *arena, const char *file, const char *bytes, size_t len,
                             struct diag_list *diags);
/* Reads the file `path`; a file that cannot be read is a mistake too. */
struct conf_node *conf_load(struct arena *arena, const char *path, struct diag_list *diags);

/* Puts `value` (a scalar as it is; YAML when it begins with one of [ { " ') at `path`, whose parts are keys,
 * numbers of items from 0, or the `name` of an item, with dots between: "load.phases.spike.users". Missing
 * entries are made, items are not. Mistakes are reported with `origin` in place of the file. Returns false
 * after a mistake. */
bool conf_set(struct arena *arena, struct conf_node *root, const char *path, const char *value,
              const char *origin, struct diag_list *diags);

/* Takes the entry out of the mapping; returns it, or NULL: also when `map` is NULL or no mapping. */
struct conf_node *conf_drop(struct conf_node *map, const char *key);
/* Puts `child` behind the others, an item into a sequence or an entry, by its key, into a mapping. */
void conf_append(struct conf_node *parent, struct conf_node *child);

/* ---- looking into a tree ---- */

/* The entry, or NULL: also when `map` is NULL or no mapping. */
struct conf_node *conf_get(const struct conf_node *map, const char *key);
/* Nothing, ~ or null without quotes. */
bool conf_is_null(const struct conf_node *n);

/* ---- mistakes ---- */

/* At the value. `hint` may be NULL. */
void conf_error(const struct conf_node *n, struct diag_list *diags, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* At the entry's key. */
void conf_error_key(const struct conf_node *n, struct diag_list *diags, const char *hint, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
/* At byte `offset` of the scalar's text, as far as the text stands in the file as it is. */
void conf_error_at(const struct conf_node *n, size_t offset, struct diag_list *diags, const char *hint,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

enum { CONF_SHOWN = 64 };
/* `text` for a message: cut to fit and without control characters. Returns `out`. */
char *conf_shown(const char *text, char out[CONF_SHOWN]);

enum { CONF_HINT = 512 };
/* The name in `names` that `word` was meant to be (few edits away), or NULL. */
const char *conf_closest(const char *word, const char *const *names, int count);
/* "did you mean 'x'?", else "KIND: a, b, c", else "". Returns `out`. */
char *conf_suggest(const char *word, const char *kind, const char *const *names, int count,
                   char out[CONF_HINT]);

/* ---- typed readers: true, or false with a diagnostic ---- */

struct conf_key {
    const char *name;
    const char *hint; /* how the entry is written: "timeout: 300s" */
    bool required;
};

/* Tells unknown keys (with what was probably meant) and missing required ones; true when there are none. */
bool conf_expect_keys(const struct conf_node *map, const struct conf_key *keys, int count,
                      struct diag_list *diags);
/* `hint`: how it is written; may be NULL. */
bool conf_expect_kind(const struct conf_node *n, enum conf_kind kind, const char *hint,
                      struct diag_list *diags);

bool conf_string(const struct conf_node *n, struct diag_list *diags, const char **ret);
bool conf_bool(const struct conf_node *n, struct diag_list *diags, bool *ret);
bool conf_int(const struct conf_node *n, struct diag_list *diags, int64_t low, int64_t high, int64_t *ret);
bool conf_number(const struct conf_node *n, struct diag_list *diags, double low, double high, double *ret);
/* As duration_parse(). */
bool conf_duration(const struct conf_node *n, struct diag_list *diags, nsec low, nsec high, nsec *ret);
/* "100/s", "6/min", "30/h", or a bare number; *ret is a second's, as are `low` and `high`. */
bool conf_rate(const struct conf_node *n, struct diag_list *diags, double low, double high, double *ret);
/* "0%" to "100%"; *ret is 0 to 1. */
bool conf_percent(const struct conf_node *n, struct diag_list *diags, double *ret);
/* One of the names; *ret is its index. */
bool conf_choice(const struct conf_node *n, struct diag_list *diags, const char *const *names, int count,
                 int *ret);
/* A name from which file names can be made: 1 to 64 of [a-z0-9_-], the first no '-' or '_'. */
bool conf_name(const struct conf_node *n, struct diag_list *diags, const char **ret);
