#include "result_queueing.h"

#include "json_value.h"
#include "queueing.h"

#include <math.h>

/* Null, and why, where it is not known how many run at once. */
static json_t *parallelism_json(const struct queueing *q)
{
    bool known = !q->load_why;
    double most = q->load.most;
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "mean", json_value_number(known ? q->load.running : NAN),
                     "most", known ? json_integer(q->load.most) : json_null(), "utilisation",
                     json_value_number(known && most > 0 ? 100 * q->load.running / most : NAN),
                     "contended_seconds", json_value_number(q->load.contended), "why",
                     json_value_text(q->load_why));
}

static json_t *order_json(const struct queueing *q)
{
    static const char *const names[] = {
        [ORDER_UNKNOWN] = NULL, [ORDER_FIFO] = "fifo", [ORDER_OTHER] = "other"};
    double share = q->pairs ? 100 * (double)q->in_order / (double)q->pairs : NAN;
    return json_pack("{s:o, s:o, s:I, s:i}", "kind", json_value_text(names[q->order]), "in_order",
                     json_value_number(share), "pairs", (json_int_t)q->pairs, "needs", QUEUEING_PAIRS_MIN);
}

static json_t *service_json(const struct queueing *q)
{
    static const char *const names[] = {
        [SERVICE_UNKNOWN] = NULL, [SERVICE_INDEPENDENT] = "independent", [SERVICE_SHARING] = "sharing"};
    return json_pack("{s:o, s:[o, o], s:o, s:[o, o], s:f, s:f, s:i}", "kind",
                     json_value_text(names[q->service]), "at_once", json_value_number(q->beside.low),
                     json_value_number(q->beside.high), "elasticity", json_value_number(q->elasticity),
                     "interval", json_value_number(q->elasticity_interval.low),
                     json_value_number(q->elasticity_interval.high), "sharing_above", QUEUEING_SHARING,
                     "needs_spread", QUEUEING_SPREAD, "needs", QUEUEING_JOBS_MIN);
}

static json_t *gauges_json(const struct queueing *q)
{
    static const char *const names[] = {
        [GAUGE_UNKNOWN] = NULL, [GAUGE_AGREES] = "yes", [GAUGE_MORE] = "more", [GAUGE_FEWER] = "fewer"};
    json_t *out = json_array();
    for (int i = 0; i < QUEUEING_GAUGES; i++) {
        const struct queueing_gauge *g = &q->gauges[i];
        if (g->name)
            json_array_append_new(
                out, json_pack("{s:s, s:s, s:o, s:o, s:i, s:i, s:o}", "metric", g->name, "of",
                               g->waiting ? "waiting" : "running", "theirs", json_value_number(g->theirs),
                               "ours", json_value_number(g->ours), "points", g->points, "needs",
                               QUEUEING_POINTS_MIN, "agrees", json_value_text(names[g->answer])));
    }
    return out;
}

json_t *result_queueing(const struct plan *p, const struct record *r)
{
    struct queueing q;
    queueing_measure(p, r, &q);
    return json_pack("{s:o, s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "why",
                     json_value_text(q.why), "jobs", q.jobs, "unknown", q.unknown, "seen", q.seen,
                     "queue_share", json_value_number(q.share), "queue_seconds", json_value_number(q.wait),
                     "stay_seconds", json_value_number(q.stay), "arrivals_per_second",
                     json_value_number(q.means.rate), "in_system", json_value_number(q.means.system),
                     "waiting", json_value_number(q.means.waiting), "running",
                     json_value_number(q.means.running), "parallelism", parallelism_json(&q), "order",
                     order_json(&q), "service", service_json(&q), "gauges", gauges_json(&q));
}
