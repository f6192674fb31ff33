#include "result_metrics.h"

#include "json_value.h"
#include "metric_check.h"

#include <math.h>

enum { METRICS_MAX_BYTES = 4 << 20 };

/* Null where it was not asked, or cannot be said. */
static json_t *answer_json(enum metric_answer answer)
{
    return answer == METRIC_YES || answer == METRIC_MORE ? json_true()
           : answer == METRIC_NO                         ? json_false()
                                                         : json_null();
}

/* Whether it did, whatever the workflow says. */
static json_t *moved_json(const struct metric_check *m)
{
    return m->present && m->moved == METRIC_UNASKED ? json_false() : answer_json(m->moved);
}

static const char *agreement(enum metric_answer answer)
{
    static const char *const names[] = {[METRIC_UNASKED] = NULL,
                                        [METRIC_UNKNOWN] = "unknown",
                                        [METRIC_NO] = "less",
                                        [METRIC_YES] = "yes",
                                        [METRIC_MORE] = "more"};
    return names[answer];
}

static void add_expectation(json_t *out, const struct metric_check *m)
{
    const struct plan_metric *expected = m->expected;
    bool grows = expected->grows != COUNT_NONE;
    json_object_update_new(
        out,
        json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "expected_type",
                  json_value_text(expected->typed ? promtext_type_names[expected->type] : NULL), "optional",
                  expected->optional, "present", m->present, "right_type", answer_json(m->type), "moved",
                  moved_json(m), "grows", json_value_text(grows ? plan_count_names[expected->grows] : NULL),
                  "agrees", json_value_text(agreement(m->agrees))));
    json_object_set_new(out, "ours", grows ? json_integer(m->ours) : json_null());
    json_object_set_new(out, "wrong", json_value_text(m->wrong));
    json_object_set_new(out, "next", json_value_text(m->next));
}

static void add_observation(json_t *out, const struct record_metric *seen)
{
    json_object_update_new(out,
                           json_pack("{s:o, s:i, s:o, s:o, s:o, s:i}", "type", json_value_text(seen->type),
                                     "series", seen->series, "first", json_value_number(seen->first), "last",
                                     json_value_number(seen->last), "grew", json_value_number(seen->grew),
                                     "resets", seen->resets));
    if (isfinite(seen->p50))
        json_object_update_new(out,
                               json_pack("{s:o, s:o, s:o}", "p50", json_value_number(seen->p50), "p95",
                                         json_value_number(seen->p95), "p99", json_value_number(seen->p99)));
}

static json_t *check_json(const struct metric_check *m)
{
    json_t *out = json_pack("{s:o}", "name", json_value_text(m->expected->selector->text));
    add_expectation(out, m);
    if (m->present)
        add_observation(out, m->seen);
    return out;
}

static json_t *wrong_json(const struct metric_checks *checks)
{
    json_t *wrong = json_array();
    for (int i = 0; i < checks->count; i++) {
        const struct metric_check *m = &checks->items[i];
        if (!m->wrong)
            continue;
        json_array_append_new(wrong, json_sprintf("%s: %s", m->expected->selector->text, m->wrong));
    }
    return wrong;
}

static json_t *checks_json(const struct metric_checks *checks)
{
    json_t *out = json_array();
    for (int i = 0; i < checks->count; i++)
        json_array_append_new(out, check_json(&checks->items[i]));
    return out;
}

static void add_format(json_t *out, const struct record_metrics *m)
{
    json_object_update_new(out, json_pack("{s:i, s:I, s:o, s:I, s:I}", "restarts", m->restarts, "mistakes",
                                          (json_int_t)m->mistakes, "mistake",
                                          json_value_text(m->mistakes ? m->mistake : NULL), "series_unread",
                                          (json_int_t)m->unread, "samples_unkept", (json_int_t)m->unkept));
}

json_t *result_metrics(const struct plan *p, const struct record *r)
{
    const struct record_metrics *m = &r->metrics;
    struct arena scratch;
    struct metric_checks checks;
    arena_init(&scratch, "metrics", METRICS_MAX_BYTES);
    metric_check_all(p, r, &scratch, &checks);
    json_t *out =
        json_pack("{s:b, s:o, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:o, s:o}", "readable", m->readable, "why",
                  json_value_text(m->readable ? NULL : m->why), "families", m->families, "families_expected",
                  p->workflow.families, "expected", checks.expected, "present", checks.present, "moving",
                  checks.moving, "scrapes", m->scrapes, "failed_scrapes", m->failed_scrapes, "wrong",
                  wrong_json(&checks), "checks", checks_json(&checks));
    add_format(out, m);
    arena_finish(&scratch);
    return out;
}
