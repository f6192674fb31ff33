#include "conf_scalar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conf_node *conf_get(const struct conf_node *map, const char *key)
{
    if (!map || map->kind != CONF_MAPPING)
        return NULL;
    for (struct conf_node *n = map->first; n; n = n->next) {
        if (strcmp(n->key, key) == 0)
            return n;
    }
    return NULL;
}

bool conf_is_null(const struct conf_node *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (n->kind != CONF_SCALAR || n->quoted)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(n->text, words[i]) == 0)
            return true;
    }
    return false;
}

char *conf_shown(const char *text, char out[CONF_SHOWN])
{
    size_t len = strlen(text), kept = len < CONF_SHOWN ? len : CONF_SHOWN - 4;
    while (kept < len && kept && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--; /* never half a character */
    for (size_t i = 0; i < kept; i++)
        out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
    strcpy(out + kept, kept < len ? "..." : "");
    return out;
}

/* ---- mistakes ---- */

enum { MESSAGE = 640 };

void conf_error(const struct conf_node *n, struct diag_list *diags, const char *hint, const char *format, ...)
{
    char message[MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    diag_add(diags, n->file, n->line, n->column, hint, "%s", message);
}

void conf_error_key(const struct conf_node *n, struct diag_list *diags, const char *hint, const char *format,
                    ...)
{
    char message[MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    diag_add(diags, n->file, n->key ? n->key_line : n->line, n->key ? n->key_column : n->column, hint, "%s",
             message);
}

static int column_of(const struct conf_node *n, size_t offset)
{
    if (!n->text_column)
        return n->column;
    int column = n->text_column;
    for (size_t i = 0; i < offset && i < n->len; i++)
        column += ((unsigned char)n->text[i] & 0xc0) != 0x80;
    return column;
}

void conf_error_at(const struct conf_node *n, size_t offset, struct diag_list *diags, const char *hint,
                   const char *format, ...)
{
    char message[MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    diag_add(diags, n->file, n->line, column_of(n, offset), hint, "%s", message);
}

enum { LABEL = CONF_SHOWN + 4 };

/* What messages call the value: its key in quotes. */
static char *label(const struct conf_node *n, char out[LABEL])
{
    char shown[CONF_SHOWN];
    if (n->key)
        snprintf(out, LABEL, "'%s'", conf_shown(n->key, shown));
    else
        strcpy(out, "this");
    return out;
}

/* ---- shapes ---- */

static const char *const kind_names[] = {
    [CONF_SCALAR] = "a single value",
    [CONF_SEQUENCE] = "a list",
    [CONF_MAPPING] = "a mapping (key: value)",
};

bool conf_expect_kind(const struct conf_node *n, enum conf_kind kind, const char *hint,
                      struct diag_list *diags)
{
    if (!n || (n->kind == kind && !n->broken))
        return true;
    char name[LABEL];
    if (!n->broken)
        conf_error(n, diags, hint, "%s must be %s, not %s", label(n, name), kind_names[kind],
                   conf_is_null(n) ? "nothing" : kind_names[n->kind]);
    return false;
}

enum { KEYS_MAX = 64 };

static bool is_known(const struct conf_key *keys, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return true;
    }
    return false;
}

static void report_unknown(const struct conf_node *n, const struct conf_key *keys, int count,
                           struct diag_list *diags)
{
    const char *names[KEYS_MAX];
    int known = count < KEYS_MAX ? count : KEYS_MAX;
    for (int i = 0; i < known; i++)
        names[i] = keys[i].name;
    char hint[CONF_HINT], shown[CONF_SHOWN];
    conf_error_key(n, diags, conf_suggest(n->key, "known keys: ", names, known, hint), "unknown key '%s'",
                   conf_shown(n->key, shown));
}

bool conf_expect_keys(const struct conf_node *map, const struct conf_key *keys, int count,
                      struct diag_list *diags)
{
    if (!map || map->kind != CONF_MAPPING)
        return true;
    bool ok = true;
    for (const struct conf_node *n = map->first; n; n = n->next) {
        if (!is_known(keys, count, n->key)) {
            report_unknown(n, keys, count, diags);
            ok = false;
        }
    }
    for (int i = 0; i < count; i++) {
        if (keys[i].required && !conf_get(map, keys[i].name)) {
            char hint[CONF_HINT];
            snprintf(hint, sizeof hint, "write %s", keys[i].hint ? keys[i].hint : keys[i].name);
            conf_error(map, diags, hint, "'%s' is missing", keys[i].name);
            ok = false;
        }
    }
    return ok;
}

/* ---- scalars ---- */

bool conf_scalar_has_text(const struct conf_node *n, struct diag_list *diags, const char *hint)
{
    if (n->broken || !conf_expect_kind(n, CONF_SCALAR, hint, diags))
        return false;
    char name[LABEL];
    if (conf_is_null(n)) {
        conf_error_key(n, diags, hint, "%s has no value", label(n, name));
        return false;
    }
    return true;
}

bool conf_scalar_refuse(const struct conf_node *n, struct diag_list *diags, const char *hint,
                        const char *wanted)
{
    char name[LABEL], shown[CONF_SHOWN];
    conf_error(n, diags, hint, "%s must be %s, not '%s'", label(n, name), wanted, conf_shown(n->text, shown));
    return false;
}

bool conf_string(const struct conf_node *n, struct diag_list *diags, const char **ret)
{
    if (!n)
        return true;
    if (!conf_scalar_has_text(n, diags, NULL))
        return false;
    *ret = n->text;
    return true;
}

bool conf_bool(const struct conf_node *n, struct diag_list *diags, bool *ret)
{
    if (!n)
        return true;
    static const char hint[] = "write true or false";
    if (!conf_scalar_has_text(n, diags, hint))
        return false;
    bool yes = strcmp(n->text, "true") == 0;
    if (!yes && strcmp(n->text, "false") != 0)
        return conf_scalar_refuse(n, diags, hint, "true or false");
    *ret = yes;
    return true;
}

bool conf_int(const struct conf_node *n, struct diag_list *diags, int64_t low, int64_t high, int64_t *ret)
{
    if (!n)
        return true;
    if (!conf_scalar_has_text(n, diags, "write a whole number"))
        return false;
    const char *digits = n->text + (n->text[0] == '-');
    bool is_whole = n->len <= 24 && *digits && strspn(digits, "0123456789") == strlen(digits);
    if (!is_whole)
        return conf_scalar_refuse(n, diags, NULL, "a whole number");
    int64_t value = strtoll(n->text, NULL, 10); /* saturates, so that a huge one fails the range */
    if (value < low || value > high) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "from %" PRId64 " to %" PRId64, low, high);
        return conf_scalar_refuse(n, diags, NULL, wanted);
    }
    *ret = value;
    return true;
}

bool conf_scalar_decimal(const char *text, size_t len, double *ret)
{
    char copy[40];
    if (len == 0 || len >= sizeof copy || strspn(text, "0123456789.-+eE") < len)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *end;
    *ret = strtod(copy, &end);
    return end != copy && !*end;
}

bool conf_number(const struct conf_node *n, struct diag_list *diags, double low, double high, double *ret)
{
    if (!n)
        return true;
    double value;
    if (!conf_scalar_has_text(n, diags, "write a number"))
        return false;
    if (!conf_scalar_decimal(n->text, n->len, &value))
        return conf_scalar_refuse(n, diags, NULL, "a number");
    if (!(value >= low && value <= high)) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "from %g to %g", low, high);
        return conf_scalar_refuse(n, diags, NULL, wanted);
    }
    *ret = value;
    return true;
}

bool conf_choice(const struct conf_node *n, struct diag_list *diags, const char *const *names, int count,
                 int *ret)
{
    if (!n)
        return true;
    char hint[CONF_HINT];
    if (!conf_scalar_has_text(n, diags, conf_suggest("", "write one of: ", names, count, hint)))
        return false;
    for (int i = 0; i < count; i++) {
        if (strcmp(n->text, names[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    char name[LABEL], shown[CONF_SHOWN];
    conf_error(n, diags, conf_suggest(n->text, "write one of: ", names, count, hint), "%s cannot be '%s'",
               label(n, name), conf_shown(n->text, shown));
    return false;
}

bool conf_name(const struct conf_node *n, struct diag_list *diags, const char **ret)
{
    if (!n)
        return true;
    static const char hint[] = "use 1 to 64 of a-z, 0-9, _ and -, with a letter or digit first";
    if (!conf_scalar_has_text(n, diags, hint))
        return false;
    bool fits = n->len >= 1 && n->len <= 64 &&
                strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n->len && n->text[0] != '-' &&
                n->text[0] != '_';
    if (!fits) {
        char name[LABEL], shown[CONF_SHOWN];
        conf_error(n, diags, hint, "%s: '%s' cannot be a name", label(n, name), conf_shown(n->text, shown));
        return false;
    }
    *ret = n->text;
    return true;
}
