#include "plan_compile.h"

#include <string.h>

static const char hint[] = "write retry: 5, or retry: {on: [429, 503], times: 5, wait: 1s}";

static bool is_expected(const struct plan_step *s, int status)
{
    for (int i = 0; i < s->expect_count; i++)
        if (s->expect[i] == status)
            return true;
    return false;
}

/* What is expected is no refusal. `on` is NULL when the usual statuses stand. */
static void check_statuses(struct compile *c, const struct conf_node *n, const struct conf_node *on,
                           const struct plan_step *s)
{
    const struct conf_node *item = on && on->kind == CONF_SEQUENCE ? on->first : on;
    for (int i = 0; i < s->retry.status_count; i++) {
        if (is_expected(s, s->retry.statuses[i]))
            conf_error(item ? item : n, c->diags, "take it out of 'expect', or out of 'on'",
                       "%d is expected: a step is not tried again after it", s->retry.statuses[i]);
        item = item ? item->next : NULL;
    }
}

static void read_times(struct compile *c, const struct conf_node *n, struct plan_retry *retry)
{
    int64_t times = retry->times;
    conf_int(n, c->diags, 1, PLAN_RETRY_MAX, &times);
    retry->times = (int)times;
}

static void read_mapping(struct compile *c, const struct conf_node *n, struct plan_retry *retry)
{
    static const struct conf_key keys[] = {{"on"}, {"times"}, {"wait"}};
    const struct conf_node *on = conf_get(n, "on");
    conf_expect_keys(n, keys, 3, c->diags);
    if (on) {
        retry->status_count = 0;
        plan_step_statuses(c, on, retry->statuses, &retry->status_count);
    }
    read_times(c, conf_get(n, "times"), retry);
    plan_read_duration(c, conf_get(n, "wait"), 0, 3600 * NSEC_PER_SEC, &retry->wait);
}

void plan_retry_compile(struct compile *c, const struct conf_node *n, struct plan_step *s)
{
    if (!n)
        return;
    s->retry = (struct plan_retry){.statuses = {429, 503}, .status_count = 2, .times = 5};
    s->retry.wait = plan_scaled(c, NSEC_PER_SEC);
    if (n->kind == CONF_SCALAR)
        read_times(c, n, &s->retry);
    else if (conf_expect_kind(n, CONF_MAPPING, hint, c->diags))
        read_mapping(c, n, &s->retry);
    check_statuses(c, n, conf_get(n, "on"), s);
}
