#include "test.h"
#include "world.h"
#include "record_parts.h"

#include <stdio.h>
#include <string.h>

/* What is kept of the times that a target tells. One job at a time, 3 s of work, polled every second; the
 * target's clock is ahead by one. */

#define SEC NSEC_PER_SEC
#define ONE_JOB "scenario: x\nworkflow: get\nload: {users: closed, jobs: 1}\n"

static void play(struct world *w, const char *told, const char *poll_headers)
{
    struct sim_target target = {.slots = 1, .service = 3 * SEC, .told = told, .poll_headers = poll_headers};
    world_init_with(w, ONE_JOB, "times.yaml", &target, 1, NULL, 0);
    world_run(w);
    assert_int_equal(count_outcome(&w->record, JOB_OK), 1);
    assert_null(record_check(&w->record));
}

/* "name:start-end", in milliseconds. */
static const char *stages_text(const struct record *r, char out[4000])
{
    const struct record_job *j = r->jobs[0];
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < j->stage_count; i++)
        used += (size_t)snprintf(out + used, 4000 - used, "%s%s:%g-%g", i ? " " : "",
                                 r->stages[j->stages[i].name], (double)j->stages[i].start / 1e6,
                                 (double)j->stages[i].end / 1e6);
    return out;
}

static void test_stages(void **state)
{
    (void)state;
    static const struct {
        const char *told, *kept;
    } rows[] = {
        {"\"stages\":[{\"name\":\"a\",\"started_at\":1,\"finished_at\":2.5},{\"name\":\"b\",\"started_at\":"
         "\"1970-01-01T00:00:02.5Z\",\"finished_at\":4}]",
         "a:0-1500 b:1500-3000"},
        {"\"stages\":{\"a\":{\"started_at\":2,\"finished_at\":3},\"b\":{\"started_at\":1.5,\"finished_at\":2}"
         "}",
         "a:1000-2000 b:500-1000"},
        {"\"stages\":{\"a\":0.25,\"b\":2}", "a:0-250 b:250-2250"},
        {"\"stages\":{\"a\":2,\"b\":2,\"c\":1e300,\"d\":-1}", "a:0-2000 b:2000-3000"},
        {"\"stages\":[{\"name\":\"a\",\"started_at\":-5,\"finished_at\":1},{\"name\":\"b\",\"started_at\":2,"
         "\"finished_at\":1},{\"name\":\"c\",\"started_at\":2,\"finished_at\":800}]",
         "c:1000-3000"},
        {"\"stages\":[{\"name\":\"run\",\"started_at\":1},{\"name\":\"pending\"},{\"started_at\":1,"
         "\"finished_at\":2},{\"name\":[1],\"started_at\":1,\"finished_at\":2},1.5,null,\"x\"]",
         ""},
        {"\"stages\":[{\"name\":\"\\u0007\",\"started_at\":2,\"finished_at\":3}]", "?:1000-2000"},
        {"\"stages\":\"none\"", ""},
        {"\"stages\":[]", ""},
        {"\"stages\":null", ""},
        {NULL, ""},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        char text[4000];
        play(&w, rows[i].told, NULL);
        assert_string_equal(stages_text(&w.record, text), rows[i].kept);
        assert_int_equal(w.record.jobs[0]->queue, 0);
        assert_int_equal(w.record.jobs[0]->processing, 3 * SEC);
        world_finish(&w);
    }
}

static void test_stages_are_bounded(void **state)
{
    (void)state;
    struct world w;
    char told[4000] = "\"stages\":{";
    size_t used = strlen(told);
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(told + used, sizeof told - used, "%s\"s%d\":0.001", i ? "," : "", i);
    snprintf(told + used, sizeof told - used, "}");
    play(&w, told, NULL);
    assert_int_equal(w.record.jobs[0]->stage_count, RECORD_STAGES_MAX);
    assert_int_equal(w.record.stage_count, RECORD_STAGES_MAX);
    assert_string_equal(w.record.stages[RECORD_STAGES_MAX - 1], "other stages");
    assert_int_equal(record_stage_name(&w.record, "s0"), 0);
    assert_int_equal(record_stage_name(&w.record, "new"), RECORD_STAGES_MAX - 1);
    world_finish(&w);
}

/* The job is sent at 0, and is seen to be done at 3 s; by the target's clock 1 and 4. */
static void test_times_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        const char *told;
        nsec queue, processing, implausible, grain;
        bool is_told;
    } rows[] = {
        {NULL, 0, 3 * SEC, 0, SEC, true},
        {"\"finished_at\":3.5", 0, 5 * SEC / 2, 0, NSEC_PER_MSEC, true},
        {"\"started_at\":2.2345678", SEC + 234567800, 3 * SEC - SEC - 234567800, 0, 1000, true},
        {"\"finished_at\":10", 0, 3 * SEC, 5 * SEC, SEC, true},
        {"\"started_at\":100,\"finished_at\":101", 2 * SEC, SEC, 96 * SEC, SEC, true},
        {"\"finished_at\":9e9", 0, 3 * SEC, 9000000000 * SEC - 5 * SEC, SEC, true},
        {"\"finished_at\":9.1e9", -1, -1, 0, 0, false},
        {"\"started_at\":5", -1, -1, 0, 0, false},
        {"\"started_at\":null", -1, -1, 0, 0, false},
        {"\"queued_at\":\"soon\"", -1, -1, 0, 0, false},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        play(&w, rows[i].told, NULL);
        const struct record_job *j = w.record.jobs[0];
        assert_int_equal(j->queue, rows[i].queue);
        assert_int_equal(j->processing, rows[i].processing);
        assert_int_equal(j->implausible, rows[i].implausible);
        assert_int_equal(j->told.grain, rows[i].grain);
        assert_int_equal(j->waited >= 0, rows[i].is_told);
        world_finish(&w);
    }
}

/* A job that failed there was worked on, too; its wait counts as failed all the same. */
static void test_a_failed_job_tells_its_times(void **state)
{
    (void)state;
    struct world w;
    struct sim_target target = {.slots = 1,
                                .service = 3 * SEC,
                                .fail_every = 1,
                                .told = "\"queued_at\":1,\"started_at\":2,\"finished_at\":4"};
    world_init_with(&w, ONE_JOB, "times.yaml", &target, 1, NULL, 0);
    world_run(&w);
    const struct record_job *j = w.record.jobs[0];
    assert_int_equal(j->fail, FAIL_JOB);
    assert_null(record_check(&w.record));
    assert_int_equal(j->queue, SEC);
    assert_int_equal(j->processing, 2 * SEC);
    assert_int_equal(record_step_took(j, j->waited), -1);
    world_finish(&w);
}

/* It says 10 s after 1970 at our seconds 1 and 2: its clock is ahead by 9 s to 10 s, or by one more with a
 * text that is renewed each second. */
static void test_dates_tell_the_clock(void **state)
{
    (void)state;
    struct world w;
    play(&w, NULL, "Date: Thu, 01 Jan 1970 00:00:10 GMT\r\n");
    assert_int_equal(w.record.clock_count, 1);
    assert_int_equal(w.record.clock[0].first, SEC);
    assert_int_equal(w.record.clock[0].last, 2 * SEC);
    assert_int_equal(w.record.clock[0].low, 9 * SEC);
    assert_int_equal(w.record.clock[0].high, 10 * SEC);
    world_finish(&w);
    static const char *const others[] = {NULL, "Date: tomorrow\r\n", "Date: \r\n",
                                         "Date: Thu, 01 Jan 1960 00:00:10 GMT\r\n",
                                         "Date: Thu, 01 Jan 9999 00:00:10 GMT\r\n"};
    for (int i = 0; i < COUNT(others); i++) {
        play(&w, NULL, others[i]);
        assert_int_equal(w.record.clock_count, 0);
        world_finish(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_stages_are_bounded),
        cmocka_unit_test(test_times_that_cannot_be),
        cmocka_unit_test(test_a_failed_job_tells_its_times),
        cmocka_unit_test(test_dates_tell_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
