/*
 * The grammar of `expect`, by recursive descent over the text itself, so that every column is exact:
 *
 *   criterion  = measure ( "<" | "<=" | ">" | ">=" ) limit
 *              | measure "within" limit ".." limit
 *              | measure "within" number "%" "of" measure
 *   measure    = name [ "(" subject ")" ] [ "{" ( "phase=" name | "last=" duration ) "}" ]
 *   limit      = number "%" | duration | number, as the measure's unit asks
 *
 * A mistake in a name is told and the reading goes on; one in the structure ends it.
 */
#include "plan_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument { ARGUMENT_NONE, ARGUMENT_SUBJECT, ARGUMENT_SERIES };

static const struct measure_row {
    const char *name;
    enum measure_kind kind;
    enum measure_unit unit;
    enum argument argument;
    bool is_share; /* lies between 0% and 100% */
} measures[] = {
    {"attempted", MEASURE_ATTEMPTED, UNIT_NONE, ARGUMENT_NONE, false},
    {"accepted", MEASURE_ACCEPTED, UNIT_NONE, ARGUMENT_NONE, false},
    {"completed", MEASURE_COMPLETED, UNIT_NONE, ARGUMENT_NONE, false},
    {"error_rate", MEASURE_ERROR_RATE, UNIT_PERCENT, ARGUMENT_NONE, true},
    {"success_rate", MEASURE_SUCCESS_RATE, UNIT_PERCENT, ARGUMENT_NONE, true},
    {"uptime", MEASURE_UPTIME, UNIT_PERCENT, ARGUMENT_NONE, true},
    {"avg", MEASURE_AVG, UNIT_SECONDS, ARGUMENT_SUBJECT, false},
    {"max", MEASURE_MAX, UNIT_SECONDS, ARGUMENT_SUBJECT, false},
    {"growth", MEASURE_GROWTH, UNIT_PERCENT, ARGUMENT_SERIES, false},
    {"degradation", MEASURE_DEGRADATION, UNIT_PERCENT, ARGUMENT_SUBJECT, false},
};

enum { MEASURES = sizeof measures / sizeof measures[0] };

static const struct measure_row percentile_row = {"p95", MEASURE_PERCENTILE, UNIT_SECONDS, ARGUMENT_SUBJECT,
                                                  false};

static const char *const unit_hints[] = {
    [UNIT_NONE] = "write a plain number: 50",
    [UNIT_SECONDS] = "write a duration: 150s",
    [UNIT_PERCENT] = "write per cent: 5%",
};

enum { WORD = 80 };

struct parser {
    struct compile *c;
    const struct conf_node *n;
    size_t at;
};

/* ---- words ---- */

static const char *rest(struct parser *p)
{
    p->at += strspn(p->n->text + p->at, " \t");
    return p->n->text + p->at;
}

static bool take(struct parser *p, const char *token)
{
    if (strncmp(rest(p), token, strlen(token)) != 0)
        return false;
    p->at += strlen(token);
    return true;
}

/* Bytes of `set` at `text`, but never "..". */
static size_t span(const char *text, const char *set)
{
    size_t len = 0;
    while (text[len] && strchr(set, text[len]) && !(text[len] == '.' && text[len + 1] == '.'))
        len++;
    return len;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* A name, cut to fit; *ret_at is where it begins. False when there is none. */
static bool take_word(struct parser *p, const char *set, char word[WORD], size_t *ret_at)
{
    const char *from = rest(p);
    size_t len = span(from, set), kept = len < WORD ? len : WORD - 1;
    *ret_at = p->at;
    memcpy(word, from, kept);
    word[kept] = '\0';
    p->at += len;
    return len > 0;
}

static bool take_name(struct parser *p, char word[WORD], size_t *ret_at)
{
    return take_word(p, LETTERS DIGITS "_.-:", word, ret_at);
}

#define error_at(p, offset, hint, ...) conf_error_at((p)->n, (offset), (p)->c->diags, (hint), __VA_ARGS__)

/* What stands at the place, for messages. */
static const char *found(struct parser *p, char shown[CONF_SHOWN])
{
    const char *text = rest(p);
    size_t len = strcspn(text, " \t");
    char word[WORD];
    if (!*text)
        return strcpy(shown, "the end");
    snprintf(word, sizeof word, "'%.*s'", (int)(len < 40 ? len : 40), text);
    return conf_shown(word, shown);
}

static bool expect(struct parser *p, const char *token, const char *hint)
{
    char shown[CONF_SHOWN];
    if (take(p, token))
        return true;
    found(p, shown);
    error_at(p, p->at, hint, "'%s' is expected here, not %s", token, shown);
    return false;
}

/* ---- measures ---- */

static void resolve_subject(struct parser *p, const char *word, size_t at, struct measure *m)
{
    const struct workflow *w = &p->c->plan->workflow;
    const char *names[PLAN_STEPS_MAX - SUBJECT_LAST];
    int count = 0;
    m->step = SUBJECT_GENERATION;
    if (!p->c->has_steps)
        return;
    m->step = plan_step_find(p->c, word);
    for (int subject = SUBJECT_GENERATION; subject >= SUBJECT_LAST && m->step < 0; subject--) {
        names[count] = subject_name(w, subject);
        if (strcmp(word, names[count++]) == 0) {
            m->step = subject;
            return;
        }
    }
    if (m->step >= 0)
        return;
    for (int i = 0; i < w->step_count; i++) {
        if (w->steps[i].name)
            names[count++] = w->steps[i].name;
    }
    char hint[CONF_HINT], shown[CONF_SHOWN];
    error_at(p, at, conf_suggest(word, "write one of: ", names, count, hint), "there is no step '%s'",
             conf_shown(word, shown));
}

/* Series that every run keeps. */
static const char *const figures[] = {
    "target.memory", "target.cpu",      "target.fds",        "process.rss",      "process.pss",
    "process.cpu",   "process.threads", "process.fds",       "process.children", "machine.memory_used",
    "machine.cpu",   "machine.load",    "machine.disk_free", "gpu.memory",
};

enum { FIGURES = sizeof figures / sizeof figures[0] };

/* Any metric of the target may be named; a name that is nearly one of ours is a slip. */
static void resolve_series(struct parser *p, const char *word, size_t at, struct measure *m)
{
    m->series = arena_copy(p->c->arena, word, strlen(word));
    for (int i = 0; i < FIGURES; i++) {
        if (strcmp(word, figures[i]) == 0)
            return;
    }
    char hint[CONF_HINT];
    if (conf_closest(word, figures, FIGURES) || strchr(word, '.'))
        error_at(p, at, conf_suggest(word, "write the name of a metric, or one of: ", figures, FIGURES, hint),
                 "there is no series '%s'", word);
}

static bool parse_argument(struct parser *p, const struct measure_row *row, const char *name,
                           struct measure *m)
{
    char word[WORD], hint[CONF_HINT];
    size_t at;
    snprintf(hint, sizeof hint, "write %s(%s)", name,
             row->argument == ARGUMENT_SERIES ? "target.memory" : "generation");
    if (row->argument == ARGUMENT_NONE) {
        snprintf(hint, sizeof hint, "write %s alone", name);
        if (*rest(p) == '(')
            error_at(p, p->at, hint, "'%s' is of the whole run", name);
        return *rest(p) != '(';
    }
    if (!expect(p, "(", hint))
        return false;
    if (!take_name(p, word, &at)) {
        error_at(p, at, hint, "a name is expected here");
        return false;
    }
    if (row->argument == ARGUMENT_SERIES)
        resolve_series(p, word, at, m);
    else
        resolve_subject(p, word, at, m);
    return expect(p, ")", hint);
}

static void resolve_phase(struct parser *p, const char *word, size_t at, struct measure *m)
{
    const struct plan_load_model *load = &p->c->plan->load;
    const char *names[PLAN_PHASES_MAX];
    int count = 0;
    for (int i = 0; i < load->phase_count; i++) {
        if (!load->phases[i].name)
            continue;
        names[count++] = load->phases[i].name;
        if (strcmp(load->phases[i].name, word) == 0)
            m->phase = i;
    }
    char hint[CONF_HINT], shown[CONF_SHOWN];
    if (m->phase < 0 && count > 0)
        error_at(p, at, conf_suggest(word, "phases: ", names, count, hint), "there is no phase '%s'",
                 conf_shown(word, shown));
}

static const char selector_hint[] = "write {phase=spike} or {last=5m}";

static bool parse_selector(struct parser *p, struct measure *m)
{
    char key[WORD], value[WORD], shown[CONF_SHOWN];
    size_t key_at, value_at;
    if (!take(p, "{"))
        return true;
    take_name(p, key, &key_at);
    bool is_phase = strcmp(key, "phase") == 0;
    if (!is_phase && strcmp(key, "last") != 0) {
        error_at(p, key_at, selector_hint, "'%s' selects nothing", conf_shown(key, shown));
        return false;
    }
    if (!expect(p, "=", selector_hint))
        return false;
    if (!take_name(p, value, &value_at)) {
        error_at(p, value_at, selector_hint, "a value is expected here");
        return false;
    }
    nsec last = 0;
    if (is_phase)
        resolve_phase(p, value, value_at, m);
    else if (!duration_parse(value, strlen(value), &last) || last < PLAN_DURATION_MIN ||
             last > PLAN_DURATION_MAX)
        error_at(p, value_at, selector_hint, "'%s' is no duration up to 30 days", conf_shown(value, shown));
    m->last = plan_scaled(p->c, last);
    return expect(p, "}", selector_hint);
}

/* "p99.9" has 99.9; false when it is no percentile. */
static bool percentile_of(struct parser *p, const char *word, size_t at, double *ret)
{
    size_t len = word[0] == 'p' ? strspn(word + 1, DIGITS ".") : 0;
    if (len == 0 || word[1 + len] || len > 8)
        return false;
    char *end;
    *ret = strtod(word + 1, &end);
    if (*end)
        return false;
    if (!(*ret > 0 && *ret < 100))
        error_at(p, at, "write p50 to p99.99, or max", "there is no percentile '%s'", word);
    return true;
}

static const struct measure_row *find_measure(struct parser *p, const char *word, size_t at,
                                              struct measure *m)
{
    const char *names[MEASURES + 1] = {"p95"};
    for (int i = 0; i < MEASURES; i++) {
        names[i + 1] = measures[i].name;
        if (strcmp(measures[i].name, word) == 0)
            return &measures[i];
    }
    if (percentile_of(p, word, at, &m->percentile))
        return &percentile_row;
    char hint[CONF_HINT], shown[CONF_SHOWN];
    error_at(p, at, conf_suggest(word, "measures: ", names, MEASURES + 1, hint), "there is no measure '%s'",
             conf_shown(word, shown));
    return NULL;
}

static const struct measure_row *parse_measure(struct parser *p, struct measure *m)
{
    char word[WORD], shown[CONF_SHOWN];
    size_t at;
    *m = (struct measure){.step = SUBJECT_GENERATION, .phase = -1};
    if (!take_word(p, LETTERS DIGITS "_.", word, &at)) {
        found(p, shown);
        error_at(p, at, "write it like avg(generation) < 150s", "a measure is expected here, not %s", shown);
        return NULL;
    }
    const struct measure_row *row = find_measure(p, word, at, m);
    if (!row)
        return NULL;
    m->kind = row->kind;
    bool ok = parse_argument(p, row, word, m) && parse_selector(p, m);
    return ok ? row : NULL;
}

/* ---- limits ---- */

static bool decimal(const char *text, size_t len, double *ret)
{
    char copy[WORD], *end;
    if (len == 0 || len >= 16 || text[0] == '.')
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *ret = strtod(copy, &end);
    return !*end && strspn(copy, DIGITS ".") == len;
}

/* The value of a limit in its unit, not scaled; a duration longer than 30 days is none. */
static bool limit_value(const char *word, enum measure_unit unit, double *ret)
{
    size_t len = strlen(word);
    nsec t;
    if (unit == UNIT_SECONDS) {
        bool ok = duration_parse(word, len, &t) && t <= PLAN_DURATION_MAX;
        *ret = ok ? nsec_to_sec(t) : 0;
        return ok;
    }
    bool has_sign = len && word[len - 1] == '%';
    return has_sign == (unit == UNIT_PERCENT) && decimal(word, len - has_sign, ret);
}

/* Reads a limit; *ret_at is where it stands. After a wrong one the reading goes on with 0. */
static bool parse_limit(struct parser *p, const struct measure_row *row, enum measure_unit unit, double *ret,
                        size_t *ret_at)
{
    char word[WORD], shown[CONF_SHOWN], hint[CONF_HINT];
    *ret = 0;
    if (!take_word(p, LETTERS DIGITS ".%", word, ret_at)) {
        found(p, shown);
        error_at(p, *ret_at, unit_hints[unit], "a limit is expected here, not %s", shown);
        return false;
    }
    if (limit_value(word, unit, ret))
        return true;
    double bare;
    size_t digits = strspn(word, DIGITS ".");
    snprintf(hint, sizeof hint, "%s", unit_hints[unit]);
    if (decimal(word, digits, &bare))
        snprintf(hint, sizeof hint, "write %.*s%s", (int)digits, word, measure_unit_name(unit));
    error_at(p, *ret_at, hint, "'%s' does not fit: %s is %s", conf_shown(word, shown), row->name,
             unit == UNIT_SECONDS   ? "a time"
             : unit == UNIT_PERCENT ? "in per cent"
                                    : "a count");
    return true;
}

static bool is_scaled(const struct measure_row *row)
{
    return row->unit == UNIT_SECONDS;
}

static double scaled(const struct parser *p, const struct measure_row *row, double value)
{
    return is_scaled(row) ? value / p->c->time_scale : value;
}

static const struct {
    const char *sign;
    enum comparison comparison;
} comparisons[] = {
    {"<=", COMPARE_AT_MOST},
    {">=", COMPARE_AT_LEAST},
    {"<", COMPARE_LESS},
    {">", COMPARE_GREATER},
};

static void check_possible(struct parser *p, const struct measure_row *row, size_t at,
                           const struct criterion *k)
{
    static const char hint[] = "no result can ever fulfil it";
    bool may_be_negative = row->kind == MEASURE_GROWTH || row->kind == MEASURE_DEGRADATION;
    if (k->comparison == COMPARE_LESS && k->limit <= 0 && !may_be_negative)
        error_at(p, at, hint, "%s is never below 0", row->name);
    if (row->is_share && k->limit > 100)
        error_at(p, at, "write a limit from 0% to 100%", "%s is never above 100%%", row->name);
    if (row->is_share && k->comparison == COMPARE_GREATER && k->limit == 100)
        error_at(p, at, hint, "%s is never above 100%%", row->name);
}

static bool parse_simple(struct parser *p, const struct measure_row *row, struct criterion *k)
{
    size_t at;
    int before = p->c->diags->count;
    if (!parse_limit(p, row, row->unit, &k->limit, &at))
        return false;
    if (p->c->diags->count == before)
        check_possible(p, row, at, k);
    k->limit = scaled(p, row, k->limit);
    return true;
}

static bool parse_near(struct parser *p, const struct measure_row *row, struct criterion *k)
{
    size_t at;
    if (!parse_limit(p, row, UNIT_PERCENT, &k->limit, &at) || !expect(p, "of", NULL))
        return false;
    rest(p);
    at = p->at;
    const struct measure_row *right = parse_measure(p, &k->right);
    if (!right)
        return false;
    k->comparison = COMPARE_NEAR;
    if (right->unit != row->unit)
        error_at(p, at, "compare two times, two rates or two counts", "%s and %s have different units",
                 row->name, right->name);
    else if (k->left.kind == k->right.kind && k->left.percentile == k->right.percentile &&
             k->left.step == k->right.step && k->left.phase == k->right.phase &&
             k->left.last == k->right.last && k->left.kind != MEASURE_GROWTH)
        error_at(p, at, "select a phase on one side: {phase=spike}", "this compares a measure with itself");
    return true;
}

static bool parse_range(struct parser *p, const struct measure_row *row, struct criterion *k)
{
    size_t low_at, high_at;
    int before = p->c->diags->count;
    k->comparison = COMPARE_RANGE;
    if (!parse_limit(p, row, row->unit, &k->limit, &low_at) || !expect(p, "..", "write within 75s..90s") ||
        !parse_limit(p, row, row->unit, &k->limit_high, &high_at))
        return false;
    if (p->c->diags->count == before && k->limit > k->limit_high)
        error_at(p, low_at, "write the lower limit first", "this range ends before it begins");
    k->limit = scaled(p, row, k->limit);
    k->limit_high = scaled(p, row, k->limit_high);
    return true;
}

/* "20% of ..." or "75s..90s": the word behind the first limit decides. */
static bool parse_within(struct parser *p, const struct measure_row *row, struct criterion *k)
{
    struct parser ahead = *p;
    char word[WORD];
    size_t at;
    take_word(&ahead, LETTERS DIGITS ".%", word, &at);
    return strncmp(rest(&ahead), "of", 2) == 0 ? parse_near(p, row, k) : parse_range(p, row, k);
}

static bool parse_comparison(struct parser *p, const struct measure_row *row, struct criterion *k)
{
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++) {
        if (take(p, comparisons[i].sign)) {
            k->comparison = comparisons[i].comparison;
            return parse_simple(p, row, k);
        }
    }
    if (take(p, "within"))
        return parse_within(p, row, k);
    char shown[CONF_SHOWN];
    found(p, shown);
    error_at(p, p->at, *rest(p) == '=' ? "write within LOW..HIGH" : "write <, <=, >, >= or within",
             "a comparison is expected here, not %s", shown);
    return false;
}

static void parse_expression(struct compile *c, const struct conf_node *n, struct criterion *k)
{
    struct parser p = {.c = c, .n = n};
    const struct measure_row *row = parse_measure(&p, &k->left);
    if (!row)
        return;
    k->unit = row->unit;
    if (!parse_comparison(&p, row, k) || !*rest(&p))
        return;
    char shown[CONF_SHOWN];
    found(&p, shown);
    error_at(&p, p.at, "a criterion holds one comparison; write a second criterion",
             "%s is not expected here", shown);
}

void plan_criterion_compile(struct compile *c, const struct conf_node *n, struct criterion *ret)
{
    static const struct conf_key keys[] = {{"name", "name: p95_ok", true},
                                           {"expect", "expect: \"p95(generation) < 120s\"", true}};
    *ret = (struct criterion){.left = {.phase = -1}};
    if (!conf_expect_kind(n, CONF_MAPPING, "write {name: p95_ok, expect: \"p95(generation) < 120s\"}",
                          c->diags))
        return;
    const struct conf_node *name = conf_get(n, "name"), *expression = conf_get(n, "expect");
    conf_expect_keys(n, keys, 2, c->diags);
    conf_name(name, c->diags, &ret->name);
    if (ret->name && strcmp(ret->name, "overall") == 0)
        conf_error(name, c->diags, "choose another name", "'overall' is the verdict over all criteria");
    for (struct criterion *other = c->plan->criteria; ret->name && other < ret; other++) {
        if (other->name && strcmp(other->name, ret->name) == 0)
            conf_error(name, c->diags, "give each criterion a name of its own",
                       "there is a criterion '%s' already", ret->name);
    }
    if (conf_string(expression, c->diags, &ret->expression) && ret->expression)
        parse_expression(c, expression, ret);
}
