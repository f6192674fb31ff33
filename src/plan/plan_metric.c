#include "plan_compile.h"

#include <string.h>

static const char hint[] = "write {name: http_requests_total, type: counter, moves: true}";

const char *const plan_count_names[PLAN_COUNTS] = {
    [COUNT_NONE] = "",
    [COUNT_ATTEMPTED] = "attempted",
    [COUNT_ACCEPTED] = "accepted",
    [COUNT_COMPLETED] = "completed",
    [COUNT_FAILED] = "failed",
};

/* ---- names ---- */

static bool is_name(const char *text, bool colons)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789:";
    return *text && strchr(first, *text) && strspn(text, more) == strlen(text) &&
           (colons || !strchr(text, ':'));
}

static const char *read_name(struct compile *c, const struct conf_node *n)
{
    char shown[CONF_SHOWN];
    const char *name = NULL;
    if (!conf_string(n, c->diags, &name) || !name || is_name(name, true))
        return name ? name : "";
    conf_error(n, c->diags, "write it as it stands in /metrics, and labels as labels: {status: completed}",
               "'%s' is no name of a metric", conf_shown(name, shown));
    return "";
}

/* ---- labels ---- */

static void read_label(struct compile *c, const struct conf_node *n, struct promtext_wanted *ret)
{
    char shown[CONF_SHOWN];
    *ret = (struct promtext_wanted){n->key, ""};
    if (!is_name(n->key, false))
        conf_error_key(n, c->diags, NULL, "'%s' is no name of a label", conf_shown(n->key, shown));
    conf_string(n, c->diags, &ret->value);
}

static void read_labels(struct compile *c, const struct conf_node *n, struct promtext_selector *s)
{
    if (!n || !conf_expect_kind(n, CONF_MAPPING, "write labels: {status: completed}", c->diags))
        return;
    if (n->count > PLAN_METRIC_LABELS_MAX) {
        conf_error(n, c->diags, NULL, "more than %d labels", PLAN_METRIC_LABELS_MAX);
        return;
    }
    struct promtext_wanted *labels = arena_new(c->arena, struct promtext_wanted, n->count ? n->count : 1);
    for (const struct conf_node *label = n->first; label; label = label->next)
        read_label(c, label, &labels[s->label_count++]);
    s->labels = labels;
}

static const char *selector_text(struct compile *c, const struct promtext_selector *s)
{
    const char *text = s->name;
    for (int i = 0; i < s->label_count; i++)
        text = arena_printf(c->arena, "%s%c%s=\"%s\"", text, i ? ',' : '{', s->labels[i].name,
                            s->labels[i].value);
    return s->label_count ? arena_printf(c->arena, "%s}", text) : text;
}

static struct promtext_selector *read_selector(struct compile *c, const struct conf_node *n)
{
    struct promtext_selector *s = arena_new(c->arena, struct promtext_selector, 1);
    s->name = read_name(c, conf_get(n, "name"));
    read_labels(c, conf_get(n, "labels"), s);
    s->text = selector_text(c, s);
    return s;
}

/* ---- types ---- */

static bool ends_in(const char *text, const char *ending)
{
    size_t len = strlen(text), tail = strlen(ending);
    return len > tail && strcmp(text + len - tail, ending) == 0;
}

static void check_family(struct compile *c, const struct conf_node *place, const struct plan_metric *m)
{
    static const char *const endings[] = {"_bucket", "_sum", "_count"};
    for (int i = 0; i < 3; i++)
        if (ends_in(m->selector->name, endings[i]))
            conf_error(place, c->diags, "write the name that stands behind # TYPE",
                       "the name of a %s has no '%s'", promtext_type_names[m->type], endings[i]);
}

static void read_type(struct compile *c, const struct conf_node *n, const struct conf_node *name,
                      struct plan_metric *m)
{
    int type = PROMTEXT_UNTYPED;
    if (!n || !conf_choice(n, c->diags, promtext_type_names, PROMTEXT_TYPES, &type))
        return;
    m->typed = true;
    m->type = (enum promtext_type)type;
    if (type == PROMTEXT_HISTOGRAM || type == PROMTEXT_SUMMARY)
        check_family(c, name, m);
}

/* ---- what it has to do ---- */

static bool can_count(const struct plan_metric *m)
{
    return !m->typed || m->type == PROMTEXT_COUNTER || m->type == PROMTEXT_HISTOGRAM ||
           m->type == PROMTEXT_SUMMARY || m->type == PROMTEXT_UNTYPED;
}

static void read_growth(struct compile *c, const struct conf_node *n, const struct conf_node *moves,
                        struct plan_metric *m)
{
    int count = 0;
    if (!n || !conf_choice(n, c->diags, plan_count_names + 1, PLAN_COUNTS - 1, &count))
        return;
    m->grows = (enum plan_count)(count + 1);
    if (moves && !m->moves)
        conf_error(moves, c->diags, "leave 'moves' out", "what grows, moves");
    if (!can_count(m))
        conf_error(n, c->diags, "write moves: true, or nothing",
                   "a %s counts nothing: it cannot grow by jobs", promtext_type_names[m->type]);
    m->moves = true;
}

static void check_twice(struct compile *c, const struct conf_node *n, const struct plan_metric *m)
{
    const struct workflow *w = &c->plan->workflow;
    char shown[CONF_SHOWN];
    for (int i = 0; i < w->metric_count; i++)
        if (*m->selector->name && strcmp(w->metrics[i].selector->text, m->selector->text) == 0) {
            conf_error(n, c->diags, "say all of it in one line, or tell them apart by labels",
                       "'%s' is expected already", conf_shown(m->selector->text, shown));
            return;
        }
}

static void read_metric(struct compile *c, const struct conf_node *n)
{
    static const struct conf_key keys[] = {{"name", "name: http_requests_total", true},
                                           {"type", "type: counter"},
                                           {"labels", "labels: {status: completed}"},
                                           {"moves", "moves: true"},
                                           {"grows", "grows: completed"},
                                           {"optional", "optional: true"}};
    struct plan_metric m = {0};
    if (!conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        return;
    const struct conf_node *name = conf_get(n, "name"), *moves = conf_get(n, "moves");
    conf_expect_keys(n, keys, 6, c->diags);
    m.selector = read_selector(c, n);
    read_type(c, conf_get(n, "type"), name, &m);
    conf_bool(moves, c->diags, &m.moves);
    read_growth(c, conf_get(n, "grows"), moves, &m);
    conf_bool(conf_get(n, "optional"), c->diags, &m.optional);
    if (name)
        check_twice(c, name, &m);
    c->plan->workflow.metrics[c->plan->workflow.metric_count++] = m;
}

void plan_metrics_compile(struct compile *c, const struct conf_node *workflow)
{
    const struct conf_node *list = conf_get(workflow, "expect_metrics"),
                           *families = conf_get(workflow, "expect_families");
    struct workflow *w = &c->plan->workflow;
    int64_t least = 0;
    conf_int(families, c->diags, 1, PLAN_FAMILIES_MAX, &least);
    w->families = (int)least;
    if ((list || families) && !w->metrics_path[0])
        conf_error_key(list ? list : families, c->diags, "write metrics: /metrics",
                       "the workflow names no metrics");
    if (!list || !conf_expect_kind(list, CONF_SEQUENCE,
                                   "write expect_metrics: and below it '- {name: ..., type: ...}'", c->diags))
        return;
    if (list->count > PLAN_METRICS_MAX) {
        conf_error(list, c->diags, NULL, "more than %d metrics", PLAN_METRICS_MAX);
        return;
    }
    w->metrics = arena_new(c->arena, struct plan_metric, list->count ? list->count : 1);
    for (const struct conf_node *n = list->first; n; n = n->next)
        read_metric(c, n);
}

/* ---- what is kept over time ---- */

static bool is_watched(const struct plan *p, const char *name)
{
    for (int i = 0; i < p->watched_count; i++)
        if (strcmp(p->watched[i].text, name) == 0)
            return true;
    return false;
}

/* Series with a point in their names are figures, which every run keeps. */
static void watch_series(struct plan *p, const char *name)
{
    if (name && !strchr(name, '.') && !is_watched(p, name))
        p->watched[p->watched_count++] = (struct promtext_selector){.name = name, .text = name};
}

void plan_watched_compile(struct compile *c)
{
    struct plan *p = c->plan;
    p->watched =
        arena_new(c->arena, struct promtext_selector, p->workflow.metric_count + 2 * p->criterion_count + 1);
    for (int i = 0; i < p->workflow.metric_count; i++)
        p->watched[p->watched_count++] = *p->workflow.metrics[i].selector;
    for (int i = 0; i < p->criterion_count; i++) {
        watch_series(p, p->criteria[i].left.series);
        watch_series(p, p->criteria[i].right.series);
    }
}
