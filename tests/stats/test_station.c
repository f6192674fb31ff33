#include "test.h"
#include "station.h"
#include "rng.h"

#include <math.h>

#define SEC NSEC_PER_SEC
enum { JOBS = 500 };

static struct arena arena;

static int make_arena(void **state)
{
    (void)state;
    arena_init(&arena, "station test", 64 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct station_job seconds(double arrived, double started, double ended)
{
    return (struct station_job){nsec_from_sec(arrived), nsec_from_sec(started), nsec_from_sec(ended)};
}

/* Jobs at random come to `slots`, who take the one that came first, or the last. */
static void serve(struct station_job *jobs, int count, int slots, bool last_first, uint64_t seed)
{
    nsec free_at[16] = {0}, at = 0;
    struct rng rng;
    rng_init(&rng, seed, 1);
    for (int i = 0; i < count; i++)
        jobs[i] = (struct station_job){at += rng_range(&rng, 0, SEC), -1, -1};
    for (int served = 0; served < count; served++) {
        int slot = 0, next = -1;
        for (int i = 1; i < slots; i++)
            slot = free_at[i] < free_at[slot] ? i : slot;
        for (int i = 0; i < count; i++)
            if (jobs[i].started < 0 && (next < 0 || (last_first && jobs[i].arrived <= free_at[slot])))
                next = i;
        jobs[next].started = jobs[next].arrived > free_at[slot] ? jobs[next].arrived : free_at[slot];
        free_at[slot] = jobs[next].ended = jobs[next].started + rng_range(&rng, SEC, 4 * SEC);
    }
}

/* By two ways that share nothing: what is in the station over time, and how long each job stays. */
static void test_littles_law(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct station_job jobs[JOBS];
        struct station_means m;
        double stays = 0, waits = 0;
        serve(jobs, JOBS, 1 + (int)(seed % 5), seed % 2, seed);
        for (int i = 0; i < JOBS; i++) {
            stays += nsec_to_sec(jobs[i].ended - jobs[i].arrived);
            waits += nsec_to_sec(jobs[i].started - jobs[i].arrived);
        }
        station_means(jobs, JOBS, &arena, &m);
        assert_near(m.system, m.rate * stays / JOBS, 1e-9 * m.system);
        assert_near(m.waiting, m.rate * waits / JOBS, 1e-9 * m.system);
        assert_near(m.running, m.system - m.waiting, 1e-9 * m.system);
    }
}

static void test_means(void **state)
{
    (void)state;
    struct station_job jobs[] = {seconds(0, 0, 10), seconds(5, 10, 20)};
    struct station_means m;
    station_means(jobs, 2, &arena, &m);
    assert_near(m.seconds, 20, 1e-12);
    assert_near(m.rate, 0.1, 1e-12);
    assert_near(m.system, 1.25, 1e-12);
    assert_near(m.waiting, 0.25, 1e-12);
    assert_near(m.running, 1, 1e-12);
    station_means(jobs, 0, &arena, &m);
    assert_true(isnan(m.system));
}

static void test_how_many_run_at_once(void **state)
{
    (void)state;
    struct station_job jobs[JOBS];
    struct station_load load;
    for (int slots = 1; slots <= 6; slots++) { /* there is work for more than 6 */
        serve(jobs, JOBS, slots, false, 7);
        station_load(jobs, JOBS, &arena, &load);
        if (slots < 5) {
            assert_near(load.running, slots, 1e-9);
            assert_int_equal(load.most, slots);
        }
        assert_true(load.running <= slots + 1e-9);
    }
    struct station_job alone[] = {seconds(0, 0, 10), seconds(20, 20, 30)};
    station_load(alone, 2, &arena, &load);
    assert_near(load.contended, 0, 0);
    assert_true(isnan(load.running));
    assert_int_equal(load.most, 0);
    /* Two at once for a moment, by times that are not exact. */
    struct station_job rough[] = {seconds(0, 0, 10.01), seconds(0, 10, 20), seconds(0, 20, 30)};
    station_load(rough, 3, &arena, &load);
    assert_int_equal(load.most, 1);
    assert_near(load.running, 1.0005, 1e-9);
}

/* All pairs, one by one. */
static int64_t order_of_pairs(const struct station_job *jobs, int count, int64_t *ret_in_order)
{
    int64_t pairs = 0;
    *ret_in_order = 0;
    for (int i = 0; i < count; i++) {
        for (int k = i + 1; k < count; k++) {
            if (jobs[k].arrived >= jobs[i].started || jobs[k].arrived == jobs[i].arrived)
                continue;
            pairs++;
            *ret_in_order += jobs[i].started <= jobs[k].started;
        }
    }
    return pairs;
}

static void test_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        for (int last_first = 0; last_first < 2; last_first++) {
            struct station_job jobs[JOBS];
            int64_t in_order, expected_in_order;
            serve(jobs, JOBS, 2, last_first, seed);
            int64_t expected = order_of_pairs(jobs, JOBS, &expected_in_order);
            assert_int_equal(station_order(jobs, JOBS, &arena, &in_order), expected);
            assert_int_equal(in_order, expected_in_order);
            assert_true(expected > 1000);
            assert_true(last_first ? in_order < expected / 2 : in_order == expected);
        }
    }
}

static void test_who_came_together_overtakes_nobody(void **state)
{
    (void)state;
    struct station_job jobs[] = {seconds(0, 3, 4), seconds(0, 1, 2), seconds(0, 2, 3)};
    int64_t in_order;
    assert_int_equal(station_order(jobs, 3, &arena, &in_order), 3);
    assert_int_equal(in_order, 3);
}

/* Who comes when another begins has not waited with it. */
static void test_at_one_moment(void **state)
{
    (void)state;
    struct station_job jobs[] = {seconds(0, 1, 2), seconds(1, 2, 3), seconds(2, 2, 4)};
    int64_t in_order;
    assert_int_equal(station_order(jobs, 3, &arena, &in_order), 0);
    assert_int_equal(in_order, 0);
}

static void test_what_is_held_at_a_time(void **state)
{
    (void)state;
    static const struct station_job jobs[] = {{0, 5, 9}, {2, 2, 7}, {8, 12, 12}};
    static const nsec at[] = {-1, 0, 2, 4, 5, 7, 8, 9, 11, 12};
    static const int64_t waiting[] = {0, 1, 1, 1, 0, 0, 1, 1, 1, 0},
                         running[] = {0, 0, 1, 1, 2, 1, 1, 0, 0, 0};
    int64_t waits[COUNT(at)], runs[COUNT(at)];
    station_held(jobs, 3, at, COUNT(at), &arena, waits, runs);
    for (int i = 0; i < COUNT(at); i++) {
        assert_int_equal(waits[i], waiting[i]);
        assert_int_equal(runs[i], running[i]);
    }
}

static void test_beside(void **state)
{
    (void)state;
    struct station_job jobs[] = {seconds(0, 0, 10), seconds(1, 5, 15), seconds(2, 30, 40),
                                 seconds(3, 35, 35)};
    double beside[4];
    station_beside(jobs, 4, &arena, beside);
    static const double expected[] = {1.5, 1.5, 1, 1};
    for (int i = 0; i < 4; i++)
        assert_near(beside[i], expected[i], 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_littles_law),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_how_many_run_at_once),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_who_came_together_overtakes_nobody),
        cmocka_unit_test(test_at_one_moment),
        cmocka_unit_test(test_what_is_held_at_a_time),
        cmocka_unit_test(test_beside),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
