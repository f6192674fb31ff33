#include "test.h"
#include "sim_teller.h"
#include "world.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Once warm, a request costs no allocation. Those of our own code are counted, by the linker's --wrap; those
 * of the JSON library are its own and counted apart. The simulation allocates once for each answer that it
 * delivers: these are taken off. */

#define SEC NSEC_PER_SEC

static struct {
    int64_t count;
    int64_t bytes;
    int64_t json;
} allocated;

static void count(size_t bytes)
{
    allocated.count++;
    allocated.bytes += (int64_t)bytes;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t things, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t things, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    count(bytes);
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t things, size_t bytes)
{
    count(things * bytes);
    return __real_calloc(things, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    count(bytes);
    return __real_realloc(old, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    count(bytes);
    return __real_aligned_alloc(alignment, bytes);
}

static void *json_alloc(size_t bytes)
{
    allocated.json++;
    return __real_malloc(bytes);
}

/* ---- plain requests ---- */

static const char chunked[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n"
    "0\r\nTrailer: none\r\n\r\n";
static const char closing[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";

/* Allocations of a run, without the simulation's; and how many requests it had. */
static int64_t of_run(const char *scenario, const struct sim_plain *server, size_t chunk,
                      int64_t *ret_requests)
{
    struct world w;
    world_init_plain(&w, scenario, NULL, server, 1);
    loop_sim_chunk(w.loop, chunk);
    int64_t before = allocated.count;
    assert_true(engine_run(w.engine));
    int64_t made = allocated.count - before - w.plain->requests;
    assert_null(record_check(&w.record));
    *ret_requests = w.plain->requests;
    world_finish(&w);
    return made;
}

#define CLOSED "scenario: x\nworkflow: get\nload: {users: closed, concurrent: 10, duration: 2s}\n"
#define OPEN(rate) "scenario: x\nworkflow: get\nload: {users: open, rate: " rate "/s, duration: 2s}\n"

/* The same time, so that the same number of intervals is closed, of the same values; one has twice the
 * requests. */
static const struct {
    const char *few, *many;
    struct sim_plain server;
} rows[] = {
    {CLOSED, CLOSED, {0}},
    {OPEN("10000"), OPEN("20000"), {.service = 40 * NSEC_PER_USEC}},
    {CLOSED, CLOSED, {.answer = closing}},
    {OPEN("10000"), OPEN("20000"), {.service = 40 * NSEC_PER_USEC, .answer = closing}},
    {CLOSED, CLOSED, {.answer = chunked}},
    {OPEN("10000"), OPEN("20000"), {.service = 40 * NSEC_PER_USEC, .answer = chunked}},
};

static void test_a_request_allocates_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        struct sim_plain few = rows[i].server, many = rows[i].server;
        if (!few.service) { /* closed: the service time makes the number */
            few.service = NSEC_PER_MSEC;
            many.service = NSEC_PER_MSEC / 2;
        }
        int64_t some, twice;
        int64_t once = of_run(rows[i].few, &few, 0, &some);
        int64_t again = of_run(rows[i].many, &many, 0, &twice);
        assert_in_range(some, 20000, 20010);
        assert_in_range(twice, 40000, 40010);
        if (once != again)
            fail_msg("row %d: %d allocations of %d requests, %d of %d", i, (int)once, (int)some, (int)again,
                     (int)twice);
    }
}

/* Twice the time is twice the intervals, each of which takes room in an arena that doubles. */
static void test_intervals_allocate_little(void **state)
{
    (void)state;
    struct sim_plain server = {.service = 40 * NSEC_PER_USEC};
    int64_t some, twice;
    int64_t once = of_run(OPEN("10000"), &server, 0, &some);
    int64_t longer = of_run("scenario: x\nworkflow: get\nload: {users: open, rate: 10000/s, duration: 4s}\n",
                            &server, 0, &twice);
    assert_int_equal(twice, 2 * some);
    assert_in_range(longer - once, 0, 2);
}

/* A line that is cut is kept in memory of its own until its rest has come: one allocation for each such line.
 * Of the answer's lines six are not empty. */
static void test_only_cut_lines_allocate(void **state)
{
    (void)state;
    static const struct {
        size_t chunk;
        int cut_lines; /* of each answer */
    } cuts[] = {{1, 6}, {2, 6}, {3, 6}, {7, 5}, {20, 3}, {49, 1}, {50, 0}, {sizeof chunked - 1, 0}};
    struct sim_plain few = {.service = NSEC_PER_MSEC, .answer = chunked}, many = few;
    many.service /= 2;
    for (int i = 0; i < COUNT(cuts); i++) {
        int64_t some, twice;
        int64_t once = of_run(CLOSED, &few, cuts[i].chunk, &some);
        int64_t again = of_run(CLOSED, &many, cuts[i].chunk, &twice);
        assert_int_equal(again - once, cuts[i].cut_lines * (twice - some));
    }
}

/* ---- a workflow that waits ---- */

struct cost {
    int64_t count, bytes, json, polls;
};

/* So many jobs, `at_once` of them under way, each served for so long. */
static struct cost of_jobs(int jobs, int at_once, nsec service)
{
    struct world w;
    struct sim_target target = {.slots = SIM_SLOTS_MAX, .service = service};
    char scenario[200];
    snprintf(scenario, sizeof scenario,
             "scenario: x\nworkflow: get\nload: {users: closed, concurrent: %d, jobs: %d}\n", at_once, jobs);
    world_init_with(&w, scenario, "wait.yaml", &target, 1, NULL, 0);
    struct cost c = {-allocated.count, -allocated.bytes, -allocated.json, 0};
    assert_true(engine_run(w.engine));
    c.count += allocated.count - w.record.traffic.requests;
    c.bytes += allocated.bytes;
    c.json += allocated.json;
    c.polls = w.record.traffic.polls;
    assert_int_equal(count_outcome(&w.record, JOB_OK), jobs);
    world_finish(&w);
    return c;
}

/* What says no more than that the job goes on is not parsed. */
static void test_a_poll_allocates_nothing(void **state)
{
    (void)state;
    struct cost few = of_jobs(100, 100, 50 * SEC), many = of_jobs(100, 100, 200 * SEC);
    assert_in_range(many.polls, 3 * few.polls, 5 * few.polls);
    assert_int_equal(many.count, few.count);
    assert_int_equal(many.json, few.json);
}

/* In an arena that doubles, and an array of pointers that does. */
static void test_a_job_leaves_one_row(void **state)
{
    (void)state;
    enum { STEPS = 3, FEW = 500 };
    const int64_t row = sizeof(struct record_job) + STEPS * sizeof(struct record_span) + sizeof(void *);
    struct cost few = of_jobs(FEW, 20, SEC), many = of_jobs(2 * FEW, 20, SEC);
    int64_t simulated = 400 * (many.polls - few.polls + 2 * FEW); /* at most; of answers on their way */
    assert_in_range(many.count - few.count, 0, 3);
    assert_in_range(many.bytes - few.bytes, FEW * row, 4 * FEW * row + simulated);
}

/* ---- jobs that are told ---- */

#define TOLD "until: {/state: done}"
#define NEWS "{\"state\":\"runs\"}"
#define END "{\"state\":\"done\"}"

static const struct {
    const char *wait;
    struct tell_attempt attempts[2];
} told[] = {
    {"events: /events, " TOLD, {{.tells = {{SEC, "data: " NEWS "\n\n"}, {2 * SEC, "data: " END "\n\n"}}}}},
    {"websocket: /ws, send: hello, " TOLD, {{.tells = {{SEC, NEWS}, {2 * SEC, END}}}}},
    {"socketio: /socket.io/, emit: hello, transport: websocket, " TOLD,
     {{.tells = {{SEC, "40"}, {2 * SEC, "42[\"e\"," NEWS "]"}, {3 * SEC, "42[\"e\"," END "]"}}}}},
    {"socketio: /socket.io/, emit: hello, transport: polling, " TOLD,
     {{.tells = {{SEC, "40"}, {2 * SEC, "42[\"e\"," NEWS "]"}, {3 * SEC, "42[\"e\"," END "]"}}}}},
    {"socketio: /socket.io/, emit: hello, " TOLD,
     {{.tells = {{SEC, "40"}, {2 * SEC, "42[\"e\"," NEWS "]"}, {3 * SEC, "42[\"e\"," END "]"}}}}},
};

static int64_t of_told(int i, int jobs)
{
    struct world w;
    struct sim_teller t;
    char workflow[400], scenario[200];
    snprintf(workflow, sizeof workflow, "workflow: told\nsteps: [{name: wait, %s}]\n", told[i].wait);
    snprintf(scenario, sizeof scenario, "scenario: x\nworkflow: told\nload: {users: closed, jobs: %d}\n",
             jobs);
    sim_teller_init(&t, told[i].attempts);
    world_init_served(&w, scenario, workflow, t.loop);
    buf_reserve(&t.heard, 1 << 18);
    int64_t before = allocated.count;
    assert_true(engine_run(w.engine));
    int64_t made = allocated.count - before - t.deliveries;
    assert_int_equal(count_outcome(&w.record, JOB_OK), jobs);
    world_finish(&w);
    sim_teller_finish(&t);
    return made;
}

/* Our own code's: frames are a library's, which takes memory for each message. Rows double their arena now
 * and then. */
static void test_a_told_job_allocates_its_row(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(told); i++) {
        int64_t few = of_told(i, 200), many = of_told(i, 400);
        if (many < few || many > few + 4)
            fail_msg("row %d: %d allocations of 200 jobs, %d of 400", i, (int)few, (int)many);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_allocates_nothing),
        cmocka_unit_test(test_intervals_allocate_little),
        cmocka_unit_test(test_only_cut_lines_allocate),
        cmocka_unit_test(test_a_poll_allocates_nothing),
        cmocka_unit_test(test_a_job_leaves_one_row),
        cmocka_unit_test(test_a_told_job_allocates_its_row),
    };
    json_set_alloc_funcs(json_alloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
