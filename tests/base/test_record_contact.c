#include "test.h"
#include "record.h"

#include <stdlib.h>

static void hear(struct record_contact *c, const nsec *times, int count)
{
    record_contact_init(c);
    for (int i = 0; i < count; i++)
        record_contact_heard(c, times[i], times[i]);
}

#define HEAR(c, ...)                                              \
    do {                                                          \
        const nsec times_[] = {__VA_ARGS__};                      \
        hear(c, times_, (int)(sizeof times_ / sizeof times_[0])); \
    } while (0)

static void assert_silence(const struct record_contact *c, int index, nsec start, nsec end)
{
    assert_true(index < c->silence_count);
    assert_int_equal(c->silences[index].start, start);
    assert_int_equal(c->silences[index].end, end);
}

static void test_silences(void **state)
{
    (void)state;
    struct record_contact c;
    record_contact_init(&c);
    assert_int_equal(c.first, -1);
    assert_int_equal(c.last, -1);
    assert_int_equal(c.silence_count, 0);
    HEAR(&c, 5, 5, 7, 20);
    assert_int_equal(c.first, 5);
    assert_int_equal(c.last, 20);
    assert_int_equal(c.silence_count, 2);
    assert_silence(&c, 0, 5, 7);
    assert_silence(&c, 1, 7, 20);
}

/* The longest are kept, in their order. */
static void test_the_longest_stay(void **state)
{
    (void)state;
    struct record_contact c;
    record_contact_init(&c);
    nsec at = 0;
    record_contact_heard(&c, at, at);
    for (int i = 1; i <= 3 * RECORD_SILENCES_MAX; i++)
        record_contact_heard(&c, 0, at += i % 2 ? 1000 + i : i);
    assert_int_equal(c.silence_count, RECORD_SILENCES_MAX);
    for (int i = 0; i < c.silence_count; i++) {
        nsec length = c.silences[i].end - c.silences[i].start;
        assert_int_equal(length, 1000 + 2 * (i + RECORD_SILENCES_MAX / 2) + 1);
        assert_true(!i || c.silences[i].start >= c.silences[i - 1].end);
    }
}

/* Silent is what is so for both; before its first answer and after its last one a writer hears nothing. */
static void test_merged_silences(void **state)
{
    (void)state;
    struct record_contact a, b;
    HEAR(&a, 0, 10, 50, 100);
    HEAR(&b, 20, 45, 60, 140);
    record_contact_merge(&a, &b);
    assert_int_equal(a.first, 0);
    assert_int_equal(a.last, 140);
    assert_int_equal(a.silence_count, 7);
    static const nsec ends[] = {0, 10, 20, 45, 50, 60, 100, 140};
    for (int i = 0; i < a.silence_count; i++)
        assert_silence(&a, i, ends[i], ends[i + 1]);
    struct record_contact deaf;
    record_contact_init(&deaf);
    record_contact_merge(&a, &deaf);
    assert_int_equal(a.silence_count, 7);
    record_contact_merge(&deaf, &a);
    assert_int_equal(deaf.silence_count, 7);
    assert_int_equal(deaf.first, 0);
    assert_int_equal(deaf.last, 140);
}

/* Who waited longest for the answer that ended one of both waited in what they have in common. */
static void test_who_waited(void **state)
{
    (void)state;
    struct record_contact a, b;
    record_contact_init(&a);
    record_contact_init(&b);
    record_contact_heard(&a, 0, 10);
    record_contact_heard(&a, 5, 100);
    record_contact_heard(&b, 20, 30);
    record_contact_heard(&b, NSEC_NEVER, 80);
    record_contact_merge(&a, &b);
    assert_int_equal(a.silence_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(a.silences[i].asked, 5);
    record_contact_init(&a);
    record_contact_heard(&a, 0, 10);
    record_contact_heard(&a, NSEC_NEVER, 100);
    record_contact_merge(&b, &a);
    for (int i = 0; i < b.silence_count; i++)
        assert_int_equal(b.silences[i].asked, NSEC_NEVER);
}

/* Whoever hears what, the merged record's longest silences are those of all answers together. */
static void test_any_share(void **state)
{
    (void)state;
    enum { ANSWERS = 400, WORKERS = 3 };
    srand(1);
    for (int round = 0; round < 50; round++) {
        struct record_contact all, own[WORKERS];
        record_contact_init(&all);
        for (int i = 0; i < WORKERS; i++)
            record_contact_init(&own[i]);
        nsec at = 0;
        for (int i = 0; i < ANSWERS; i++) {
            at += i == 250 ? 5000 : rand() % 100 + 1; /* it stands still once */
            record_contact_heard(&all, at, at);
            record_contact_heard(&own[rand() % WORKERS], at, at);
        }
        for (int i = 1; i < WORKERS; i++)
            record_contact_merge(&own[0], &own[i]);
        nsec longest = 0;
        for (int i = 0; i < own[0].silence_count; i++) {
            nsec length = own[0].silences[i].end - own[0].silences[i].start;
            longest = length > longest ? length : longest;
        }
        assert_int_equal(longest, 5000);
        assert_int_equal(own[0].first, all.first);
        assert_int_equal(own[0].last, all.last);
    }
}

static void test_failures(void **state)
{
    (void)state;
    struct record_contact a, b;
    record_contact_init(&a);
    record_contact_init(&b);
    record_contact_failed(&a, FAIL_RESET, 7);
    record_contact_failed(&b, FAIL_RESET, 3);
    record_contact_failed(&b, FAIL_RESET, 9);
    record_contact_failed(&b, FAIL_DNS, 0);
    record_contact_merge(&a, &b);
    assert_int_equal(a.failing[FAIL_RESET].count, 3);
    assert_int_equal(a.failing[FAIL_RESET].first, 3);
    assert_int_equal(a.failing[FAIL_RESET].last, 9);
    assert_int_equal(a.failing[FAIL_DNS].first, 0);
    assert_int_equal(a.failing[FAIL_TLS].first, -1);
}

static void test_refusals(void **state)
{
    (void)state;
    struct record_contact a, b;
    record_contact_init(&a);
    record_contact_init(&b);
    record_contact_refused(&a, 5, 429, "later", "a", NULL);
    record_contact_refused(&a, 6, 429, "never", "b", NULL);
    record_contact_refused(&b, 4, 429, "first \033[2J\xff", "c", "1.1 edge");
    record_contact_refused(&b, 8, 503, NULL, NULL, NULL);
    record_contact_merge(&a, &b);
    const struct record_refusal *r = record_contact_refusal(&a, 429);
    assert_int_equal(r->count, 3);
    assert_int_equal(r->first, 4);
    assert_int_equal(r->last, 6);
    assert_string_equal(r->said, "first ?[2J?");
    assert_string_equal(r->server, "c");
    assert_string_equal(r->via, "1.1 edge");
    assert_string_equal(record_contact_refusal(&a, 503)->said, "");
    assert_null(record_contact_refusal(&a, 404));
}

/* However long, and however many. */
static void test_limits(void **state)
{
    (void)state;
    struct record_contact c;
    char text[1000];
    record_contact_init(&c);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 2);
    text[sizeof text - 2] = '\0';
    for (int status = 400; status < 500; status++)
        record_contact_refused(&c, status, status, text, text, text);
    assert_int_equal(c.refusal_count, RECORD_REFUSALS_MAX);
    assert_int_equal(strlen(c.refusals[0].said), RECORD_SAID_TEXT - 2); /* whole characters */
    assert_int_equal(strlen(c.refusals[0].server), RECORD_HEADER_TEXT - 2);
}

/* Of the record: of measured jobs that failed, in both ways of keeping. */
static void test_in_the_record(void **state)
{
    (void)state;
    for (int keeping = RECORD_ROWS; keeping <= RECORD_TALLIES; keeping++) {
        struct record r;
        record_init(&r,
                    &(struct record_shape){.steps = 1, .phases = 1, .keeping = (enum record_keeping)keeping});
        for (int phase = -1; phase <= 0; phase++) {
            struct record_job *j = record_new_job(&r);
            j->number = j->user = 0;
            j->phase = phase;
            j->due = j->sent = 1;
            record_job_started(&r, j);
            j->steps[0].start = 1;
            j->outcome = JOB_FAILED;
            j->fail = FAIL_RESET;
            j->failed_step = 0;
            j->ended = 5 + phase;
            record_job_ended(&r, j);
        }
        assert_int_equal(r.contact.failing[FAIL_RESET].count, 1);
        assert_int_equal(r.contact.failing[FAIL_RESET].first, 5);
        record_set_peer(&r, "a\033b", NULL, true);
        assert_string_equal(r.peer.server, "a?b");
        assert_string_equal(r.peer.via, "");
        record_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silences),        cmocka_unit_test(test_the_longest_stay),
        cmocka_unit_test(test_merged_silences), cmocka_unit_test(test_who_waited),
        cmocka_unit_test(test_any_share),       cmocka_unit_test(test_failures),
        cmocka_unit_test(test_refusals),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_in_the_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
