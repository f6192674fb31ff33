#include "promtext_line.h"

#include "utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MAX = 400 }; /* the longest double without an exponent has 327 characters */

static bool fail(struct promtext_line *l, const char *mistake)
{
    l->mistake = mistake;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool next_is(const struct promtext_line *l, char c)
{
    return l->at < l->end && *l->at == c;
}

static void skip_blanks(struct promtext_line *l)
{
    while (!l->strict && l->at < l->end && is_blank(*l->at))
        l->at++;
}

bool promtext_line_gap(struct promtext_line *l)
{
    const char *start = l->at;
    while (l->at < l->end && is_blank(*l->at))
        l->at++;
    if (l->at == start)
        return fail(l, "a blank is missing");
    if (l->strict && (l->at != start + 1 || *start != ' '))
        return fail(l, "OpenMetrics separates by a single space");
    return true;
}

struct promtext_text promtext_line_word(struct promtext_line *l)
{
    struct promtext_text word = {l->at, 0};
    while (l->at < l->end && !is_blank(*l->at))
        l->at++;
    word.len = (size_t)(l->at - word.at);
    return word;
}

/* ---- names ---- */

static bool name_char(char c, bool first, bool colons)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':') ||
           (!first && c >= '0' && c <= '9');
}

static struct promtext_text take_name(struct promtext_line *l, bool colons)
{
    struct promtext_text name = {l->at, 0};
    while (l->at < l->end && name_char(*l->at, l->at == name.at, colons))
        l->at++;
    name.len = (size_t)(l->at - name.at);
    return name;
}

bool promtext_line_name(struct promtext_line *l, struct promtext_text *ret)
{
    *ret = take_name(l, true);
    return ret->len ? true : fail(l, "a metric's name is expected");
}

/* ---- texts with escapes ---- */

/* Up to the closing quote, or in a HELP to the line's end. OpenMetrics lets a backslash stand before
 * anything. */
static bool skip_text(struct promtext_line *l, bool quoted)
{
    const char *start = l->at;
    while (l->at < l->end && !(quoted && *l->at == '"')) {
        if (*l->at++ != '\\')
            continue;
        char next = l->at < l->end ? *l->at : '\0';
        if (next != '\\' && next != 'n' && !(next == '"' && quoted) && !(next && l->any_escape))
            return fail(l, quoted ? "an escape other than \\\\, \\\" and \\n"
                                  : "an escape other than \\\\ and \\n");
        l->at++;
    }
    return utf8_is_valid(start, (size_t)(l->at - start)) ? true : fail(l, "a text that is not UTF-8");
}

bool promtext_line_help(struct promtext_line *l)
{
    return skip_text(l, false);
}

static bool take_quoted(struct promtext_line *l, struct promtext_text *ret)
{
    if (!next_is(l, '"'))
        return fail(l, "a label's value stands in quotes");
    ret->at = ++l->at;
    if (!skip_text(l, true))
        return false;
    ret->len = (size_t)(l->at - ret->at);
    if (l->at == l->end)
        return fail(l, "a label's value has no closing quote");
    l->at++;
    return true;
}

/* ---- numbers ---- */

static bool is_word(struct promtext_text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

/* Decimal, with at least one digit: strtod() takes more than both formats do. */
static bool is_decimal(struct promtext_text t)
{
    size_t i = 0, digits = 0;
    for (; i < t.len && isdigit((unsigned char)t.at[i]); i++)
        digits++;
    if (i < t.len && t.at[i] == '.')
        for (i++; i < t.len && isdigit((unsigned char)t.at[i]); i++)
            digits++;
    if (!digits)
        return false;
    if (i == t.len || (t.at[i] != 'e' && t.at[i] != 'E'))
        return i == t.len;
    i++;
    i += i < t.len && (t.at[i] == '+' || t.at[i] == '-');
    size_t exponent = i;
    while (i < t.len && isdigit((unsigned char)t.at[i]))
        i++;
    return i == t.len && i > exponent;
}

static bool parse_number(struct promtext_text t, double *ret)
{
    char text[NUMBER_MAX + 1];
    struct promtext_text bare = t;
    bool sign = t.len && (*t.at == '+' || *t.at == '-');
    bare.at += sign;
    bare.len -= sign;
    if (is_word(t, "nan")) {
        *ret = NAN;
        return true;
    }
    if (is_word(bare, "inf") || is_word(bare, "infinity")) {
        *ret = *t.at == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (t.len > NUMBER_MAX || !is_decimal(bare))
        return false;
    memcpy(text, t.at, t.len);
    text[t.len] = '\0';
    *ret = strtod(text, NULL);
    return isfinite(*ret);
}

/* Milliseconds since 1970, a whole number; in OpenMetrics seconds. */
static bool parse_time(const struct promtext_line *l, struct promtext_text t, double *ret)
{
    size_t sign = t.len && *t.at == '-';
    for (size_t i = sign; !l->strict && i < t.len; i++)
        if (!isdigit((unsigned char)t.at[i]))
            return false;
    if (!parse_number(t, ret) || !isfinite(*ret))
        return false;
    *ret /= l->strict ? 1 : 1000;
    return true;
}

/* ---- labels ---- */

static bool is_own(const struct promtext_text *names, int count, struct promtext_text name)
{
    for (int i = 0; i < count; i++)
        if (names[i].len == name.len && memcmp(names[i].at, name.at, name.len) == 0)
            return false;
    return true;
}

/* A label without a value is as none, so that both are one series. */
static void note_label(struct promtext_line *l, const struct promtext_label *label)
{
    bool le = promtext_is(label->name, "le"), quantile = promtext_is(label->name, "quantile");
    if ((le || quantile) && !parse_number(label->value, &l->bound))
        l->bound = NAN;
    l->has_le |= le;
    l->has_quantile |= quantile;
    if (!label->value.len)
        return;
    uint64_t hash = promtext_hash(PROMTEXT_HASH, label->name.at, label->name.len);
    hash = promtext_mix(promtext_hash(promtext_mix(hash), label->value.at, label->value.len));
    l->labels_hash += hash;
    l->group_hash += le ? 0 : hash;
}

static bool take_label(struct promtext_line *l, struct promtext_label *ret)
{
    ret->name = take_name(l, false);
    if (!ret->name.len)
        return fail(l, "a label's name is expected");
    skip_blanks(l);
    if (!next_is(l, '='))
        return fail(l, "a label's name is followed by '='");
    l->at++;
    skip_blanks(l);
    return take_quoted(l, &ret->value);
}

/* Behind the opening brace, to behind the closing one. */
static bool take_labels(struct promtext_line *l)
{
    struct promtext_text names[PROMTEXT_LABELS_MAX];
    struct promtext_label label;
    bool comma = false;
    for (int count = 0;; count++) {
        skip_blanks(l);
        if (next_is(l, '}') && !(l->strict && comma)) {
            l->at++;
            return true;
        }
        if (count && !comma)
            return fail(l, "labels end with '}', and are separated by ','");
        if (count == PROMTEXT_LABELS_MAX)
            return fail(l, "more than 64 labels");
        if (!take_label(l, &label))
            return false;
        if (!is_own(names, count, label.name))
            return fail(l, "a label stands there twice");
        names[count] = label.name;
        note_label(l, &label);
        skip_blanks(l);
        comma = next_is(l, ',');
        l->at += comma;
    }
}

static bool take_label_set(struct promtext_line *l, struct promtext_text *ret)
{
    const char *start = ++l->at;
    if (!take_labels(l))
        return false;
    *ret = (struct promtext_text){start, (size_t)(l->at - 1 - start)};
    return true;
}

/* ---- a sample ---- */

/* "# {trace_id="x"} 0.5 1520879607.7": read, and left. */
static bool take_exemplar(struct promtext_line *l)
{
    struct promtext_line e = {.at = l->at + 1, .end = l->end, .strict = true, .any_escape = true};
    struct promtext_text labels;
    double number;
    if (!promtext_line_gap(&e) || !next_is(&e, '{') || !take_label_set(&e, &labels) ||
        !promtext_line_gap(&e) || !parse_number(promtext_line_word(&e), &number))
        return fail(l, "an exemplar is # {labels} value, and perhaps a time");
    if (e.at < e.end &&
        (!promtext_line_gap(&e) || !parse_time(&e, promtext_line_word(&e), &number) || e.at < e.end))
        return fail(l, "an exemplar's time is no number of seconds");
    l->at = l->end;
    return true;
}

static bool take_time(struct promtext_line *l, struct promtext_sample *ret)
{
    ret->timed = true;
    return parse_time(l, promtext_line_word(l), &ret->time)
               ? true
               : fail(l, l->strict ? "a time is a number of seconds"
                                   : "a time is a whole number of milliseconds");
}

/* Behind the value. */
static bool take_rest(struct promtext_line *l, struct promtext_sample *ret)
{
    skip_blanks(l);
    bool apart = !l->strict;
    while (l->at < l->end) {
        if (!apart && !promtext_line_gap(l))
            return false;
        if (next_is(l, '#'))
            return l->strict ? take_exemplar(l) : fail(l, "exemplars are OpenMetrics'");
        if (ret->timed)
            return fail(l, "something stands behind the time");
        if (!take_time(l, ret))
            return false;
        skip_blanks(l);
    }
    return true;
}

bool promtext_line_sample(struct promtext_line *l, struct promtext_sample *ret)
{
    *ret = (struct promtext_sample){.labels = {"", 0}, .bound = NAN};
    l->bound = NAN;
    if (!promtext_line_name(l, &ret->name))
        return false;
    l->name_hash = promtext_mix(promtext_hash(PROMTEXT_HASH, ret->name.at, ret->name.len));
    const char *behind = l->at;
    skip_blanks(l);
    bool labels = next_is(l, '{');
    if (labels && !take_label_set(l, &ret->labels))
        return false;
    if (!labels)
        l->at = behind;
    if ((!labels || l->strict) && !promtext_line_gap(l))
        return false;
    skip_blanks(l);
    if (!parse_number(promtext_line_word(l), &ret->value))
        return fail(l, "the value is no number");
    ret->series = l->name_hash + l->labels_hash;
    ret->group = l->group_hash;
    ret->bound = l->bound;
    return take_rest(l, ret);
}

/* ---- labels that are known to be right ---- */

bool promtext_is(struct promtext_text t, const char *text)
{
    return t.len == strlen(text) && memcmp(t.at, text, t.len) == 0;
}

bool promtext_label_next(struct promtext_text *rest, struct promtext_label *ret)
{
    struct promtext_line l = {.at = rest->at, .end = rest->at + rest->len, .any_escape = true};
    skip_blanks(&l);
    if (next_is(&l, ',')) {
        l.at++;
        skip_blanks(&l);
    }
    if (l.at == l.end)
        return false;
    if (!take_label(&l, ret))
        return false;
    rest->len = (size_t)(l.end - l.at);
    rest->at = l.at;
    return true;
}

bool promtext_value_is(struct promtext_text escaped, const char *plain)
{
    size_t i = 0;
    for (; i < escaped.len && *plain; i++, plain++) {
        char c = escaped.at[i], next = i + 1 < escaped.len ? escaped.at[i + 1] : '\0';
        bool known = c == '\\' && (next == '\\' || next == '"' || next == 'n');
        if (known)
            i++;
        if (*plain != (!known ? c : next == 'n' ? '\n' : next))
            return false;
    }
    return i == escaped.len && !*plain;
}

bool promtext_has_label(const struct promtext_sample *s, const char *name, const char *value)
{
    struct promtext_text rest = s->labels;
    struct promtext_label label;
    while (promtext_label_next(&rest, &label))
        if (promtext_is(label.name, name))
            return promtext_value_is(label.value, value);
    return false;
}
