#include "test.h"
#include "world.h"

#include <stdio.h>

/* Whichever single operation of the network goes wrong, in whichever way: the run comes to its end, at most the one job
 * fails, with a kind that says what happened, and everybody's counts agree. */

#define SEC NSEC_PER_SEC

/* ---- whom it happens to ---- */

enum { JOBS = 12, REQUESTS = 40 };

static const char of_jobs[] =
    "scenario: jobs\nworkflow: orfeas-3d\n"
    "load: {users: closed, concurrent: 3, jobs: 12, timeout: 60s, connect_timeout: 5s, first_byte_timeout: 20s, "
    "idle_timeout: 10s}\n";
static const char of_requests[] =
    "scenario: requests\nworkflow: get\n"
    "load: {users: open, rate: 20/s, jobs: 40, concurrent: 5, timeout: 60s, connect_timeout: 5s, "
    "first_byte_timeout: 20s, idle_timeout: 10s}\n";
static const struct sim_target target = {.slots = 64, .service = 3 * SEC};
static const struct sim_plain plain = {
    .service = 30 * NSEC_PER_MSEC,
    .refuse_every = 4,
    .refusal = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\nno"};

static void init_jobs(struct world *w)
{
    world_init_with(w, of_jobs, NULL, &target, 1, NULL, 0);
}

static void init_requests(struct world *w)
{
    world_init_plain(w, of_requests, "retry.yaml", &plain, 1);
}

static void init_requests_in_pieces(struct world *w)
{
    init_requests(w);
    loop_sim_chunk(w->loop, 20);
}

/* ---- what may come of it ---- */

#define KIND(fail) (1u << FAIL_##fail)

static const unsigned kinds_of[SIM_FAULTS] = {
    [SIM_FAULT_RESET] = KIND(REFUSED) | KIND(RESET),
    /* Half of a request is never answered. */
    [SIM_FAULT_SHORT] = KIND(REFUSED) | KIND(RESET) | KIND(FIRST_BYTE),
    [SIM_FAULT_HANG] = KIND(CONNECT) | KIND(FIRST_BYTE) | KIND(IDLE),
    /* In the middle of a line it is a line that does not end. */
    [SIM_FAULT_GARBAGE] = KIND(REFUSED) | KIND(PROTOCOL) | KIND(IDLE),
};

struct outcome {
    int started, ok, failed;
    unsigned kinds; /* of those that failed, as bits */
};

static struct outcome outcome_of(const struct record *r)
{
    struct outcome o = {0};
    for (int i = 0; i < r->job_count; i++) {
        o.started++;
        o.ok += r->jobs[i]->outcome == JOB_OK;
        o.failed += r->jobs[i]->outcome == JOB_FAILED;
        o.kinds |= r->jobs[i]->fail ? 1u << r->jobs[i]->fail : 0;
    }
    for (int i = 0; r->tallies && i < r->shape.phases; i++) {
        o.started += (int)r->tallies[i].attempted;
        o.ok += (int)r->tallies[i].ok;
        o.failed += (int)r->tallies[i].failed;
        for (int kind = 0; kind < FAIL_KINDS; kind++)
            o.kinds |= r->tallies[i].kinds[kind] ? 1u << kind : 0;
    }
    return o;
}

static int64_t served(const struct world *w)
{
    const struct sim_target *t = w->target;
    return t ? t->uploads + t->submits + t->polls + t->downloads : w->plain->requests;
}

static void check_target(const struct world *w, struct outcome o)
{
    assert_in_range(w->target->uploads, JOBS - 1, JOBS);
    assert_in_range(w->target->submits, o.ok, JOBS);
    /* A download that breaks off is asked for once more. */
    assert_in_range(w->target->downloads, o.ok, JOBS + 1);
}

static void check_plain(const struct world *w)
{
    int64_t throttled = w->record.traffic.throttled;
    assert_in_range(w->plain->refused - throttled, 0, 1); /* the answer may be what was lost */
    assert_int_equal(w->record.traffic.retries, throttled);
}

/* ---- one run ---- */

static struct outcome run(void (*init)(struct world *w), int64_t number, enum sim_fault fault, int64_t *ret_operations)
{
    struct world w;
    init(&w);
    loop_sim_fault(w.loop, number, fault);
    world_run(&w);
    struct outcome o = outcome_of(&w.record);
    assert_int_equal(o.started, w.plan->load.jobs);
    assert_int_equal(o.ok + o.failed, o.started);
    assert_in_range(w.record.traffic.requests - served(&w), 0, 1); /* one did not arrive */
    assert_int_equal(progress_of(&w).in_flight, 0);
    if (w.target)
        check_target(&w, o);
    else
        check_plain(&w);
    *ret_operations = loop_sim_operations(w.loop);
    world_finish(&w);
    return o;
}

static void torture(void (*init)(struct world *w), unsigned kinds_expected)
{
    int64_t operations, now;
    unsigned kinds = 0;
    struct outcome undisturbed = run(init, 0, SIM_FAULT_RESET, &operations);
    assert_int_equal(undisturbed.failed, 0);
    for (int fault = 0; fault < SIM_FAULTS; fault++) {
        for (int64_t n = 1; n <= operations; n++) {
            struct outcome o = run(init, n, (enum sim_fault)fault, &now);
            if (o.failed > 1 || (o.kinds & ~kinds_of[fault]))
                fail_msg("fault %d at operation %d: %d failed, kinds %#x", fault, (int)n, o.failed, o.kinds);
            kinds |= o.kinds;
        }
    }
    assert_int_equal(kinds, kinds_expected); /* so that each of them was seen at work */
}

static void test_jobs(void **state)
{
    (void)state;
    torture(init_jobs, KIND(REFUSED) | KIND(CONNECT) | KIND(RESET) | KIND(FIRST_BYTE) | KIND(PROTOCOL));
}

static void test_requests(void **state)
{
    (void)state;
    torture(init_requests, KIND(REFUSED) | KIND(CONNECT) | KIND(RESET) | KIND(FIRST_BYTE) | KIND(PROTOCOL));
}

static void test_requests_in_pieces(void **state)
{
    (void)state;
    torture(init_requests_in_pieces,
            KIND(REFUSED) | KIND(CONNECT) | KIND(RESET) | KIND(FIRST_BYTE) | KIND(IDLE) | KIND(PROTOCOL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_requests_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
