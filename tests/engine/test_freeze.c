#include "test.h"
#include "world.h"

#include <stdlib.h>

/* A target that stands still for two seconds under a load that does not: what a load tester that waits for
 * its answers leaves out (coordinated omission). 10,000 a second arrive for 20 s; an answer takes 100 us, but
 * from second 13 to 15 nothing is done. */

#define SEC NSEC_PER_SEC
enum { RATE = 10000, COUNT_ALL = 20 * RATE };
#define EVERY (SEC / RATE)

static const struct sim_plain freezing = {
    .service = 100 * NSEC_PER_USEC, .still_at = 13 * SEC, .still_for = 2 * SEC};

static int by_value(const void *a, const void *b)
{
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

/* How long each arrival takes from when it is due, ascending. Of one service time, first come first served by
 * so many places (0: any number): each begins when it is due, or when the one that many before it has ended.
 */
static nsec *expected(int places)
{
    nsec *ends = calloc(COUNT_ALL, sizeof *ends);
    assert_non_null(ends);
    for (int i = 0; i < COUNT_ALL; i++) {
        nsec start = i * EVERY;
        if (places && i >= places && ends[i - places] > start)
            start = ends[i - places];
        ends[i] = start + sim_plain_takes(&freezing, start);
    }
    for (int i = 0; i < COUNT_ALL; i++)
        ends[i] -= i * EVERY;
    qsort(ends, COUNT_ALL, sizeof *ends, by_value);
    return ends;
}

static void check_percentiles(const struct hist *h, const nsec *took)
{
    static const double percentiles[] = {50, 90, 95, 99, 99.9, 100};
    assert_int_equal(hist_count(h), COUNT_ALL);
    for (int i = 0; i < COUNT(percentiles); i++) {
        int rank = (int)ceil(percentiles[i] / 100 * COUNT_ALL) - 1;
        double exact = (double)took[rank];
        assert_near((double)hist_at_rank(h, rank), exact, exact / 1000);
    }
    assert_int_equal(hist_max(h), took[COUNT_ALL - 1]);
    hist_sum sum = 0;
    for (int i = 0; i < COUNT_ALL; i++)
        sum += (hist_sum)took[i];
    assert_true(h->facts.sum == sum);
}

/* From the last answer before it stood still to the first one after it. */
static void check_silence(const struct record_contact *c)
{
    struct record_silence longest = {0};
    for (int i = 0; i < c->silence_count; i++)
        if (c->silences[i].end - c->silences[i].start > longest.end - longest.start)
            longest = c->silences[i];
    assert_near((double)longest.start, 13e9, 200e3);
    assert_near((double)longest.end, 15e9, 200e3);
    assert_true(longest.asked > longest.end - 3 * SEC &&
                longest.asked <= longest.start + 200 * NSEC_PER_USEC);
}

static void play(struct world *w, const char *scenario, int places)
{
    world_init_plain(w, scenario, NULL, &freezing, 1);
    world_run(w);
    nsec *took = expected(places);
    check_percentiles(w->record.tallies[0].generation, took);
    free(took);
    assert_int_equal(w->record.tallies[0].ok, COUNT_ALL);
    assert_int_equal(w->plain->requests, COUNT_ALL);
    assert_int_equal(w->record.generator.skipped, 0);
    check_silence(&w->record.contact);
    assert_int_equal(hist_max(w->record.generator.start_lag), 0);
}

#define SCENARIO(limit) \
    "scenario: freeze\nworkflow: get\nload: {users: open, rate: 10000/s, duration: 20s" limit "}\n"

/* Everybody who comes in those two seconds waits for what is left of them: one in ten, evenly from 2 s down.
 */
static void test_without_a_limit(void **state)
{
    (void)state;
    struct world w;
    play(&w, SCENARIO(""), 0);
    const struct hist *h = w.record.tallies[0].generation;
    double frozen = 2e9, share = 0.1;
    assert_near((double)hist_at_rank(h, COUNT_ALL / 2), 100e3, 100);
    assert_near((double)hist_at_rank(h, COUNT_ALL / 100 * 95), frozen * (share - 0.05) / share,
                frozen / 1000);
    assert_near((double)hist_at_rank(h, COUNT_ALL / 100 * 99), frozen * (share - 0.01) / share,
                frozen / 1000);
    for (int i = 0; i < COUNT_ALL; i++)
        assert_int_equal(w.plain->came[i], i * EVERY); /* it goes on coming */
    assert_int_equal(hist_max(h), 2 * SEC + 100 * NSEC_PER_USEC);
    assert_int_equal(w.plain->most_open, 2 * RATE + 1); /* and the one that comes as it moves on */
    world_finish(&w);
}

/* With fifty at a time the target sees only fifty of them in those seconds; the others' wait counts all the
 * same. */
static void test_with_fifty_at_a_time(void **state)
{
    (void)state;
    struct world w;
    play(&w, SCENARIO(", concurrent: 50"), 50);
    assert_int_equal(w.plain->most_open, 50);
    for (int i = 0; i < 13 * RATE + 50; i++)
        assert_int_equal(w.plain->came[i], i * EVERY);
    for (int i = 50; i < 20000; i += 50) /* afterwards fifty each service time */
        assert_int_equal(w.plain->came[13 * RATE + i], 15 * SEC + i / 50 * freezing.service);
    /* What the server's own view would have hidden: it stands still for fifty. */
    assert_true(hist_at_rank(w.record.tallies[0].generation, COUNT_ALL / 100 * 92) > SEC / 10);
    world_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_limit),
        cmocka_unit_test(test_with_fifty_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
