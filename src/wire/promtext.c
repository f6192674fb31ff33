#include "promtext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void promtext_init(struct promtext *p, const char *text, size_t len)
{
    *p = (struct promtext){.at = text, .end = text + len};
}

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (!first && c >= '0' && c <= '9');
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static const char *skip_name(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && name_char(*at, at == start))
        at++;
    return at;
}

/* From the opening quote to behind the closing one; NULL when it does not close. */
static const char *skip_quoted(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at < end ? at + 1 : NULL;
}

/* One name="value" at `at`; returns what is behind it, or NULL. */
static const char *parse_label(const char *at, const char *end, const char **ret_value)
{
    const char *name_end = skip_name(at, end);
    const char *equals = skip_blanks(name_end, end);
    if (name_end == at || equals == end || *equals != '=')
        return NULL;
    const char *quote = skip_blanks(equals + 1, end);
    if (quote == end || *quote != '"')
        return NULL;
    *ret_value = quote;
    return skip_quoted(quote, end);
}

/* Behind the opening brace; returns the closing one, or NULL. */
static const char *parse_labels(const char *at, const char *end)
{
    const char *value;
    for (;;) {
        at = skip_blanks(at, end);
        if (at < end && *at == '}')
            return at;
        at = parse_label(at, end, &value);
        if (!at)
            return NULL;
        at = skip_blanks(at, end);
        if (at < end && *at == ',')
            at++;
        else if (at == end || *at != '}')
            return NULL;
    }
}

static bool parse_value(const char *at, const char *end, double *ret)
{
    char number[64];
    at = skip_blanks(at, end);
    size_t len = 0;
    while (at + len < end && at[len] != ' ' && at[len] != '\t' && at[len] != '\r')
        len++;
    if (len == 0 || len >= sizeof number)
        return false;
    memcpy(number, at, len);
    number[len] = '\0';
    char *rest;
    *ret = strtod(number, &rest);
    if (*rest)
        return false;
    at = skip_blanks(at + len, end); /* a timestamp may follow */
    while (at < end && ((*at >= '0' && *at <= '9') || *at == '-' || *at == '\r'))
        at++;
    return at == end;
}

static int parse_sample(const char *line, const char *end, struct promtext_sample *ret)
{
    const char *name_end = skip_name(line, end);
    if (name_end == line)
        return -1;
    *ret = (struct promtext_sample){.name = line, .name_len = (size_t)(name_end - line), .labels = ""};
    const char *at = skip_blanks(name_end, end);
    if (at < end && *at == '{') {
        const char *close = parse_labels(at + 1, end);
        if (!close)
            return -1;
        ret->labels = at + 1;
        ret->labels_len = (size_t)(close - at - 1);
        at = close + 1;
    }
    return parse_value(at, end, &ret->value) ? 1 : -1;
}

int promtext_next(struct promtext *p, struct promtext_sample *ret)
{
    while (p->at < p->end) {
        const char *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));
        const char *line = skip_blanks(p->at, p->end), *end = stop ? stop : p->end;
        p->at = stop ? stop + 1 : p->end;
        p->line++;
        if (line < end && *line != '#' && *line != '\r')
            return parse_sample(line, end, ret);
    }
    return 0;
}

bool promtext_has_label(const struct promtext_sample *s, const char *name, const char *value)
{
    const char *at = s->labels, *end = s->labels + s->labels_len;
    size_t name_len = strlen(name), value_len = strlen(value);
    while ((at = skip_blanks(at, end)) < end) {
        const char *quote, *rest = parse_label(at, end, &quote);
        if (!rest)
            return false;
        if ((size_t)(skip_name(at, end) - at) == name_len && memcmp(at, name, name_len) == 0)
            return (size_t)(rest - quote) == value_len + 2 && memcmp(quote + 1, value, value_len) == 0;
        at = skip_blanks(rest, end);
        if (at < end && *at == ',')
            at++;
    }
    return false;
}
