#include "test.h"
#include "record.h"

#include <stdio.h>

static struct record_job *add_ok_job(struct record *r)
{
    struct record_job *j = record_new_job(r);
    j->outcome = JOB_OK;
    j->due = j->sent = 10;
    j->steps[0] = (struct record_span){10, 20};
    j->steps[1] = (struct record_span){20, 50};
    j->ended = 50;
    record_job_started(r, j);
    record_job_ended(r, j);
    return j;
}

static void test_laws(void **state)
{
    (void)state;
    struct record r;
    record_init(&r, &(struct record_shape){.steps = 2, .phases = 1, .generation_last = 1});
    struct record_job *j = add_ok_job(&r);
    assert_null(record_check(&r)); /* warm-up: not scheduled */
    r.generator.scheduled = 3;
    r.generator.skipped = 2;
    assert_non_null(record_check(&r));
    j->phase = 0;
    assert_null(record_check(&r));
    assert_int_equal(record_generation(&r, j), 40);
    j->sent = 9;
    assert_non_null(record_check(&r));
    j->sent = 10;
    j->fail = FAIL_RESET;
    assert_non_null(record_check(&r));
    j->fail = FAIL_NONE;
    j->steps[1].end = -1;
    assert_non_null(record_check(&r));
    assert_int_equal(record_generation(&r, j), -1);
    record_finish(&r);
}

static void test_messages_are_bounded_and_clean(void **state)
{
    (void)state;
    struct record r;
    record_init(&r, &(struct record_shape){.steps = 1, .phases = 1});
    assert_int_equal(record_message(&r, "a"), 0);
    assert_int_equal(record_message(&r, "b"), 1);
    assert_int_equal(record_message(&r, "a"), 0);
    assert_string_equal(r.messages[record_message(&r, "x\n\xff\xc3\xa4\xed\xa0\x80y")], "x??\xc3\xa4???y");
    for (int i = 0; i < 500; i++) {
        char text[20];
        snprintf(text, sizeof text, "m%d", i);
        record_message(&r, text);
    }
    assert_int_equal(r.message_count, RECORD_MESSAGES_MAX);
    assert_string_equal(r.messages[RECORD_MESSAGES_MAX - 1], "other errors");
    record_finish(&r);
}

static void test_words(void **state)
{
    (void)state;
    struct record_words a = {0}, b = {0};
    char word[100];
    for (int i = 0; i < RECORD_WORDS_MAX + 3; i++) {
        snprintf(word, sizeof word, "w%d", i);
        record_words_add(&a, word, 2);
        record_words_add(&b, word, 1);
    }
    assert_int_equal(a.count, RECORD_WORDS_MAX);
    assert_int_equal(a.others, 6);
    memset(word, 'x', sizeof word);
    word[sizeof word - 1] = '\0';
    b.count = 2;
    record_words_add(&b, word, 5); /* cut, and known when it comes again */
    record_words_add(&b, word, 5);
    assert_int_equal(b.count, 3);
    assert_int_equal(strlen(b.items[2].text), RECORD_WORD_TEXT - 1);
    record_words_merge(&a, &b);
    assert_int_equal(a.items[0].times, 3);
    assert_int_equal(a.items[2].times, 2);
    assert_int_equal(a.others, 6 + 3 + 10);
}

static void test_series(void **state)
{
    (void)state;
    struct record r;
    record_init(&r, &(struct record_shape){.steps = 1, .phases = 1});
    record_add_series(&r, "target.memory", "bytes");
    for (int i = 0; i < 1000; i++)
        record_add_point(&r, &r.series[0], i, i * 2.0);
    const struct record_series *s = record_find_series(&r, "target.memory");
    assert_int_equal(s->count, 1000);
    assert_near(s->points[999].value, 1998, 0);
    assert_null(record_find_series(&r, "gpu.memory"));
    record_finish(&r);
}

static void assert_clock(const struct record *r, int which, nsec first, nsec last, nsec low, nsec high)
{
    assert_int_equal(r->clock[which].first, first);
    assert_int_equal(r->clock[which].last, last);
    assert_int_equal(r->clock[which].low, low);
    assert_int_equal(r->clock[which].high, high);
}

/* Dates of ten seconds are one piece of evidence, unless they contradict each other. */
static void test_dates(void **state)
{
    (void)state;
    const nsec s = NSEC_PER_SEC;
    struct record r;
    record_init(&r, &(struct record_shape){.steps = 1, .phases = 1});
    record_clock_saw(&r, 1 * s, 2 * s, 100);
    record_clock_saw(&r, 3 * s, 3 * s, 101);
    assert_int_equal(r.clock_count, 1);
    assert_clock(&r, 0, 1 * s, 3 * s, 98 * s, 100 * s);
    record_clock_saw(&r, 4 * s, 4 * s, 200); /* it was set */
    assert_int_equal(r.clock_count, 2);
    assert_clock(&r, 1, 4 * s, 4 * s, 196 * s, 198 * s);
    record_clock_saw(&r, 15 * s, 15 * s, 211);
    assert_int_equal(r.clock_count, 3);
    for (int i = 0; i < RECORD_CLOCK_MAX + 10; i++)
        record_clock_saw(&r, i * 20 * s, i * 20 * s, 300 + i * 20);
    assert_int_equal(r.clock_count, RECORD_CLOCK_MAX);
    record_finish(&r);
}

static void add_staged_job(struct record *r, const char *first, const char *second)
{
    struct record_job *j = add_ok_job(r);
    j->stages = arena_new(&r->arena, struct record_stage, 2);
    j->stages[0].name = record_stage_name(r, first);
    j->stages[1].name = record_stage_name(r, second);
    j->stage_count = 2;
}

/* Two writers number stages as they meet them. */
static void test_stages_are_merged(void **state)
{
    (void)state;
    static const struct record_shape shape = {.steps = 2, .phases = 1, .generation_last = 1};
    struct record a, b;
    record_init(&a, &shape);
    record_init(&b, &shape);
    add_staged_job(&a, "shape", "texture");
    add_staged_job(&b, "texture", "export");
    record_clock_saw(&a, 0, 0, 5);
    record_clock_saw(&b, 1, 1, 5);
    record_merge(&a, &b);
    assert_int_equal(a.stage_count, 3);
    assert_int_equal(a.clock_count, 2);
    static const char *const names[] = {"shape", "texture", "texture", "export"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(a.stages[a.jobs[i / 2]->stages[i % 2].name], names[i]);
    record_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_messages_are_bounded_and_clean),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_stages_are_merged),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
