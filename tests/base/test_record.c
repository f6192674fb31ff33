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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),
        cmocka_unit_test(test_messages_are_bounded_and_clean),
        cmocka_unit_test(test_words), cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
