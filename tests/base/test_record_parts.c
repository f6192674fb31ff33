#include "test.h"
#include "record_parts.h"
#include "rng.h"

enum { STEPS = 3, WAIT = 1, RANDOM_JOBS = 20000 };

static struct record record;

static int make_record(void **state)
{
    (void)state;
    record_init(&record, &(struct record_shape){.steps = STEPS, .phases = 1, .generation_last = STEPS - 1});
    return 0;
}

static int free_record(void **state)
{
    (void)state;
    record_finish(&record);
    return 0;
}

/* Sent at 100, submitted until 130, waited for until 230, loaded down until 260. */
static struct record_job *usual_job(void)
{
    struct record_job *j = record_new_job(&record);
    j->outcome = JOB_OK;
    j->due = 90;
    j->sent = 100;
    j->steps[0] = (struct record_span){100, 130};
    j->steps[WAIT] = (struct record_span){130, 230};
    j->steps[2] = (struct record_span){240, 260};
    j->ended = 265;
    return j;
}

static void test_what_is_told(void **state)
{
    (void)state;
    static const struct {
        nsec created, started, finished, grain;      /* the server's: 5000 is our 100 */
        nsec queue, processing, notice, implausible; /* ours */
    } rows[] = {
        {5040, 5060, 5110, 1, 20, 50, 30, 0},  {5040, 5040, 5140, 1, 0, 100, 0, 0},
        {5010, 5060, 5125, 1, 35, 65, 0, 0},  /* the queue began while we submitted */
        {5010, 5020, 5130, 1, 0, 100, 0, 0},  /* and so did the work */
        {5000, 5010, 5130, 0, 0, 100, 0, 0},  /* all of the time that there was */
        {5000, 5010, 5140, 10, 0, 100, 0, 0}, /* more, but no more than by rounding */
        {5000, 5010, 5150, 10, 0, 100, 0, 10}, {5000, 9000, 9050, 1, 50, 50, 0, 3919},
        {5000, 5000, 5000, 1, 0, 0, 100, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct record_job *j = usual_job();
        record_parts_told(
            j, WAIT,
            &(struct record_told){rows[i].created, rows[i].started, rows[i].finished, rows[i].grain});
        assert_int_equal(j->queue, rows[i].queue);
        assert_int_equal(j->processing, rows[i].processing);
        assert_int_equal(record_parts_notice(j), rows[i].notice);
        assert_int_equal(j->implausible, rows[i].implausible);
        assert_null(record_check_job(&record, j));
    }
}

static void test_what_is_seen(void **state)
{
    (void)state;
    struct record_job *j = usual_job();
    assert_int_equal(record_parts_notice(j), -1);
    record_parts_seen(j, WAIT, 150);
    assert_int_equal(j->queue, 20);
    assert_int_equal(j->processing, 80);
    assert_int_equal(record_parts_notice(j), -1);
    assert_null(record_check_job(&record, j));
    j->processing--;
    assert_non_null(record_check_job(&record, j));
}

static void test_stages_are_cut_to_the_processing(void **state)
{
    (void)state;
    struct record_job *j = usual_job();
    j->stages = arena_new(&record.arena, struct record_stage, 4);
    record_parts_told(j, WAIT, &(struct record_told){5010, 5020, 5130, 1}); /* 10 are cut off its front */
    record_parts_stage(j, 0, 5020, 5050);
    record_parts_stage(j, 1, 5050, 5130);
    record_parts_stage(j, 2, 4000, 4100);
    record_parts_stage(j, 3, 5120, 9000);
    static const struct record_stage expected[] = {{0, 0, 20}, {1, 20, 100}, {2, 0, 0}, {3, 90, 100}};
    for (int i = 0; i < 4; i++)
        assert_memory_equal(&j->stages[i], &expected[i], sizeof expected[i]);
    assert_null(record_check_job(&record, j));
    j->stages[3].end++;
    assert_non_null(record_check_job(&record, j));
}

static void test_steps_in_order(void **state)
{
    (void)state;
    static const struct {
        int step;
        struct record_span span;
        const char *broken;
    } rows[] = {
        {0, {100, 130}, NULL},
        {0, {99, 130}, "a step starts after the one before has ended"},
        {0, {100, 131}, "a step starts after the one before has ended"},
        {WAIT, {129, 230}, "a step starts after the one before has ended"},
        {WAIT, {130, -1}, "a step starts after the one before has ended"},
        {2, {240, 266}, "a step is over when its job is"},
        {2, {240, 239}, "a step starts before it ends"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct record_job *j = usual_job();
        j->steps[rows[i].step] = rows[i].span;
        const char *broken = record_check_job(&record, j);
        if (rows[i].broken)
            assert_string_equal(broken, rows[i].broken);
        else
            assert_null(broken);
    }
}

static nsec draw(struct rng *rng, nsec most)
{
    return rng_range(rng, 0, most);
}

/* Whatever a server claims, and wherever a job ends: its parts make up the whole. */
static void test_parts_make_up_the_whole(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 4711, 1);
    int implausible = 0;
    for (int i = 0; i < RANDOM_JOBS; i++) {
        struct record_job *j = record_new_job(&record);
        nsec at = j->due = draw(&rng, 50);
        at = j->sent = at + draw(&rng, 10);
        int last = (int)draw(&rng, STEPS - 1);
        nsec steps = 0;
        for (int s = 0; s <= last; s++) {
            nsec start = at + draw(&rng, 3), end = start + draw(&rng, 100);
            bool ends = s < last || draw(&rng, 1);
            j->steps[s] = (struct record_span){start, ends ? end : -1};
            steps += end - start;
            at = end;
        }
        j->ended = at;
        j->outcome = j->steps[STEPS - 1].end >= 0 ? JOB_OK : JOB_UNFINISHED;
        if (j->steps[WAIT].end >= 0) {
            nsec created = draw(&rng, 1000), started = created + draw(&rng, 80);
            record_parts_told(j, WAIT, &(struct record_told){created, started, started + draw(&rng, 120), 1});
            implausible += j->implausible > 0;
            assert_int_equal(j->queue + j->processing + record_parts_notice(j),
                             j->steps[WAIT].end - j->steps[WAIT].start);
        }
        assert_int_equal(j->sent - j->due + steps + record_parts_between(&record.shape, j),
                         j->ended - j->due);
        assert_null(record_check_job(&record, j));
    }
    assert_true(implausible > 0 && implausible < RANDOM_JOBS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_what_is_seen),
        cmocka_unit_test(test_stages_are_cut_to_the_processing),
        cmocka_unit_test(test_steps_in_order),
        cmocka_unit_test(test_parts_make_up_the_whole),
    };
    return cmocka_run_group_tests(tests, make_record, free_record);
}
