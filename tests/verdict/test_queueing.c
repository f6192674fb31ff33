#include "test.h"
#include "made.h"
#include "queueing.h"
#include "record_parts.h"
#include "rng.h"

#include <math.h>
#include <string.h>

/* A target with slots. With n jobs at once each takes n^sharing times as long, as many as there are when it
 * begins. */
struct shop {
    int slots;
    double sharing;
    bool last_first;
    double every; /* seconds between arrivals, on average */
};

enum { SERVED = 80, WORK = 10 };

static int running_at(const struct made *m, nsec at)
{
    int running = 0;
    for (int i = 0; i < m->record.job_count; i++) {
        const struct record_told *told = &m->record.jobs[i]->told;
        running += told->started >= 0 && told->started <= at && at < told->finished;
    }
    return running;
}

/* When the next slot is free: now, or when the first of those that run ends. */
static nsec next_free(const struct made *m, int slots, nsec at)
{
    while (running_at(m, at) >= slots) {
        nsec soonest = NSEC_NEVER;
        for (int i = 0; i < m->record.job_count; i++) {
            nsec end = m->record.jobs[i]->told.finished;
            soonest = end > at && end < soonest ? end : soonest;
        }
        at = soonest;
    }
    return at;
}

static struct record_job *next_of(const struct made *m, bool last_first, nsec at)
{
    struct record_job *next = NULL;
    for (int i = 0; i < m->record.job_count; i++) {
        struct record_job *j = m->record.jobs[i];
        if (j->told.started < 0 && (!next || (last_first && j->told.created <= at)))
            next = j;
    }
    return next;
}

static void serve(struct made *m, const struct shop *shop, struct rng *rng)
{
    nsec at = 0;
    for (struct record_job *j; (at = next_free(m, shop->slots, at), j = next_of(m, shop->last_first, at));) {
        at = at > j->told.created ? at : next_free(m, shop->slots, j->told.created);
        double beside = running_at(m, at) + 1;
        j->told.started = at;
        j->told.finished = at + made_time(WORK * pow(beside, shop->sharing) * (1 + 0.03 * rng_normal(rng)));
    }
}

/* What the target told, as the engine would have seen it: by a clock of its own, 1000 s ahead. */
static void made_shop(struct made *m, const struct shop *shop)
{
    const nsec ahead = made_time(1000);
    struct rng rng;
    rng_init(&rng, 17, 1);
    made_init(m, 1, 3600);
    double sent = 0;
    for (int i = 0; i < SERVED; i++) {
        struct record_job *j = made_job(m, 0, sent -= shop->every * log(1 - rng_unit(&rng)), 0.2);
        j->told = (struct record_told){j->steps[MADE_WAIT].start, -1, -1, 1};
    }
    serve(m, shop, &rng);
    for (int i = 0; i < SERVED; i++) {
        struct record_job *j = m->record.jobs[i];
        j->waited = MADE_WAIT;
        j->queue = j->told.started - j->told.created;
        j->processing = j->told.finished - j->told.started;
        j->steps[MADE_WAIT].end = j->told.finished + made_time(0.5);
        j->steps[MADE_DOWNLOAD] = (struct record_span){j->steps[MADE_WAIT].end, j->steps[MADE_WAIT].end};
        j->ended = j->steps[MADE_WAIT].end;
        m->record.ended = j->ended > m->record.ended ? j->ended : m->record.ended;
        j->told.created += ahead;
        j->told.started += ahead;
        j->told.finished += ahead;
    }
    assert_null(record_check(&m->record));
}

static void test_what_the_target_does(void **state)
{
    (void)state;
    static const struct {
        struct shop shop;
        bool load_known;
        enum queueing_order order;
        enum queueing_service service;
        const char *says;
    } rows[] = {
        {{3, 0, false, 2},
         true,
         ORDER_FIFO,
         SERVICE_UNKNOWN,
         "; 3.0 jobs run at once, first come first served"},
        {{1, 0, false, 5},
         true,
         ORDER_FIFO,
         SERVICE_UNKNOWN,
         "; 1.0 jobs run at once, first come first served"},
        {{3, 0, true, 2},
         true,
         ORDER_OTHER,
         SERVICE_UNKNOWN,
         "; 3.0 jobs run at once, not in the order in which they came"},
        {{3, 1, false, 5}, true, ORDER_FIFO, SERVICE_UNKNOWN, "first come first served"}, /* always full */
        {{40, 0, false, 4}, false, ORDER_UNKNOWN, SERVICE_INDEPENDENT, "; they do not slow each other down"},
        {{40, 1, false, 9},
         false,
         ORDER_UNKNOWN,
         SERVICE_SHARING,
         "; they slow each other down: twice as many at once take "},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        struct queueing q;
        made_shop(&m, &rows[i].shop);
        queueing_measure(&m.plan, &m.record, &q);
        assert_null(q.why);
        assert_int_equal(q.jobs, SERVED);
        assert_int_equal(q.unknown, 0);
        assert_near(q.means.system, q.means.rate * q.stay, 1e-9 * q.means.system); /* Little's law */
        assert_near(q.means.waiting, q.means.rate * q.wait, 1e-9 * q.means.system);
        assert_int_equal(q.load_why == NULL, rows[i].load_known);
        if (!q.load_why) {
            assert_near(q.load.running, rows[i].shop.slots, 0.01);
            assert_int_equal(q.load.most, rows[i].shop.slots);
        }
        assert_int_equal(q.order, rows[i].order);
        if (q.service != rows[i].service)
            fail_msg("%d: %g in %g..%g", i, q.elasticity, q.elasticity_interval.low,
                     q.elasticity_interval.high);
        if (!strstr(queueing_text(&q, &made_scratch), rows[i].says))
            fail_msg("%d: %s", i, queueing_text(&q, &made_scratch));
        made_finish(&m);
    }
}

/* Where not all is known: failures, jobs that were only seen, times that cannot be. */
static void test_what_is_not_known(void **state)
{
    (void)state;
    struct made m;
    struct queueing q;
    made_shop(&m, &(struct shop){3, 0, false, 2});
    made_failure(&m, 0, 20, FAIL_TIMEOUT, MADE_WAIT, 300, "late");
    made_failure(&m, 0, 21, FAIL_STATUS, MADE_UPLOAD, 0.05, "status 500"); /* the target never had it */
    m.record.jobs[0]->implausible = 1;
    record_parts_seen(m.record.jobs[1], MADE_WAIT, m.record.jobs[1]->steps[MADE_WAIT].start);
    m.record.jobs[2]->waited = -1;
    queueing_measure(&m.plan, &m.record, &q);
    assert_int_equal(q.jobs, SERVED - 3);
    assert_int_equal(q.unknown, 4);
    assert_false(q.seen);
    assert_non_null(strstr(queueing_text(&q, &made_scratch), " · of 4 more jobs it is not known"));
    made_finish(&m);
}

static void test_nothing_is_known(void **state)
{
    (void)state;
    struct made m;
    struct queueing q;
    made_init(&m, 1, 100);
    for (int i = 0; i < 20; i++)
        made_job(&m, 0, i, 10);
    queueing_measure(&m.plan, &m.record, &q);
    assert_string_equal(q.why, "of no job is it known when the target began with it");
    assert_string_equal(queueing_text(&q, &made_scratch), "");
    for (int i = 0; i < 20; i++)
        record_parts_seen(m.record.jobs[i], MADE_WAIT,
                          m.record.jobs[i]->steps[MADE_WAIT].start + made_time(2));
    queueing_measure(&m.plan, &m.record, &q);
    assert_null(q.why);
    assert_true(q.seen);
    assert_near(q.wait, 2, 1e-9);
    made_tally(&m);
    queueing_measure(&m.plan, &m.record, &q);
    assert_non_null(q.why);
    made_finish(&m);
}

static void test_gauges(void **state)
{
    (void)state;
    static const struct {
        double more; /* than we have */
        int every, unknown;
        enum queueing_answer answer;
    } rows[] = {{0, 5, 0, GAUGE_AGREES},   {0.4, 5, 0, GAUGE_AGREES}, {2, 5, 0, GAUGE_MORE},
                {-2, 5, 0, GAUGE_FEWER},   {2, 5, 1, GAUGE_UNKNOWN},  {-2, 5, 1, GAUGE_FEWER},
                {0, 200, 0, GAUGE_UNKNOWN}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        struct queueing q;
        made_shop(&m, &(struct shop){3, 0, false, 2});
        struct record_series *s = record_add_series(&m.record, "active_jobs", "");
        for (int at = 20; at < 260; at += rows[i].every)
            record_add_point(&m.record, s, made_time(at), 3 + rows[i].more);
        record_add_point(&m.record, s, made_time(3000), 1000); /* after our jobs: others' */
        if (rows[i].unknown)
            made_failure(&m, 0, 20, FAIL_TIMEOUT, MADE_WAIT, 300, "late");
        queueing_measure(&m.plan, &m.record, &q);
        assert_string_equal(q.gauges[0].name, "active_jobs");
        assert_null(q.gauges[1].name);
        assert_near(q.gauges[0].theirs, 3 + rows[i].more, 1e-9);
        assert_near(q.gauges[0].ours, 3, 0.2);
        assert_int_equal(q.gauges[0].answer, rows[i].answer);
        bool told = strstr(queueing_text(&q, &made_scratch), "active_jobs says");
        assert_int_equal(told, rows[i].answer == GAUGE_MORE || rows[i].answer == GAUGE_FEWER);
        made_finish(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_target_does),
        cmocka_unit_test(test_what_is_not_known),
        cmocka_unit_test(test_nothing_is_known),
        cmocka_unit_test(test_gauges),
    };
    return cmocka_run_group_tests(tests, made_arena, made_arena_free);
}
