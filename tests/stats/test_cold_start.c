#include "test.h"
#include "cold_start.h"

enum { MOST = 16 };

static const struct {
    double seconds[MOST];
    int count;
    bool decides;
    struct cold_start found;
} rows[] = {
    {{130, 82, 82, 82}, 4, false, {0}}, /* too few */
    {{130, 82, 81, 83, 82}, 5, true, {1, 48, 82}},
    {{123.1, 82, 82, 82, 82}, 5, true, {1, 41.1, 82}}, /* both sides of the factor */
    {{123, 82, 82, 82, 82}, 5, true, {0, 0, 82}},
    {{82, 82, 82, 82, 82}, 5, true, {0, 0, 82}},
    {{82, 130, 82, 82, 82}, 5, true, {0, 0, 82}},   /* not the first */
    {{150, 140, 82, 82, 82}, 5, true, {1, 68, 82}}, /* the second is no cold one, but among the others */
    {{0.111, 0.01, 0.01, 0.01, 0.01}, 5, true, {1, 0.101, 0.01}}, /* both sides of the least */
    {{0.109, 0.01, 0.01, 0.01, 0.01}, 5, true, {0, 0, 0.01}},
    {{40, 82, 82, 82, 82}, 5, true, {0, 0, 82}},
    /* Three slots that load at once. */
    {{150, 140, 160, 80, 82, 84, 81, 82, 83, 82, 82, 82}, 12, true, {3, 78, 82}},
    /* Times that differ as much by themselves: the fence is 100 + 3 * 15. */
    {{144, 80, 80, 80, 90, 90, 100, 100, 100}, 9, true, {0, 0, 90}},
    {{146, 80, 80, 80, 90, 90, 100, 100, 100}, 9, true, {1, 56, 90}},
};

static void test_rule(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    for (int i = 0; i < COUNT(rows); i++) {
        struct cold_start found = {0};
        assert_int_equal(cold_start_find(rows[i].seconds, rows[i].count, &arena, &found), rows[i].decides);
        assert_int_equal(found.jobs, rows[i].found.jobs);
        assert_near(found.seconds, rows[i].found.seconds, 1e-9);
        assert_near(found.warm_median, rows[i].found.warm_median, 1e-9);
    }
    arena_finish(&arena);
}

/* However many there are. */
static void test_most(void **state)
{
    (void)state;
    enum { JOBS = 1000 };
    double seconds[JOBS];
    struct arena arena;
    struct cold_start found;
    arena_init(&arena, "test", 1 << 20);
    for (int i = 0; i < JOBS; i++)
        seconds[i] = i < JOBS / 4 ? 20 : 10;
    assert_true(cold_start_find(seconds, JOBS, &arena, &found));
    assert_int_equal(found.jobs, COLD_START_MOST);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule), cmocka_unit_test(test_most)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
