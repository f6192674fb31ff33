#include "test.h"
#include "load.h"

#define SEC NSEC_PER_SEC

enum { MOST = 6 };

struct expected {
    int before;
    nsec join[MOST], leave[MOST]; /* in seconds */
};

static const struct {
    int phase_count;
    struct plan_phase phases[3];
    struct expected expected[3];
} rows[] = {
    /* One after the other, all at once, and a phase too short for all: the fourth would come at its end. */
    {1, {{.users = 3, .start_every = 2 * SEC, .duration = 60 * SEC}},
     {{0, {0, 2, 4, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}}},
    {1, {{.users = 3, .duration = NSEC_NEVER}},
     {{0, {0, 0, 0, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}}},
    {2, {{.users = 6, .start_every = 2 * SEC, .duration = 6 * SEC}, {.users = 6, .start_every = 3 * SEC, .duration = 60 * SEC}},
     {{0, {0, 2, 4, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}, {3, {-1, -1, -1, 0, 3, 6}, {-1, -1, -1, -1, -1, -1}}}},
    /* A crowd comes and goes. */
    {3, {{.users = 2, .duration = SEC}, {.users = 5, .start_every = SEC, .duration = 10 * SEC}, {.users = 1, .duration = SEC}},
     {{0, {0, 0, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}},
      {2, {-1, -1, 0, 1, 2, -1}, {-1, -1, -1, -1, -1, -1}},
      {5, {-1, -1, -1, -1, -1, -1}, {-1, 0, 0, 0, 0, -1}}}},
    /* Up and down along ramps, whatever start_every says. */
    {3, {{.users = 5, .ramp = true, .start_every = 7 * SEC, .duration = 10 * SEC}, {.users = 1, .ramp = true, .duration = 8 * SEC}, {.users = 2, .duration = SEC}},
     {{0, {0, 2, 4, 6, 8, -1}, {-1, -1, -1, -1, -1, -1}},
      {5, {-1, -1, -1, -1, -1, -1}, {-1, 8, 6, 4, 2, -1}},
      {1, {-1, 0, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}}},
    /* A pause; a ramp that goes nowhere. */
    {3, {{.users = 2, .duration = SEC}, {.users = 0, .duration = SEC}, {.users = 2, .start_every = SEC, .duration = 9 * SEC}},
     {{0, {0, 0, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}},
      {2, {-1, -1, -1, -1, -1, -1}, {0, 0, -1, -1, -1, -1}},
      {0, {0, 1, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}}},
    {2, {{.users = 2, .duration = SEC}, {.users = 2, .ramp = true, .duration = SEC}},
     {{0, {0, 0, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}},
      {2, {-1, -1, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}}}},
    /* Those who had not come yet have no need to leave. */
    {2, {{.users = 6, .start_every = 5 * SEC, .duration = 6 * SEC}, {.users = 1, .duration = SEC}},
     {{0, {0, 5, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1}},
      {2, {-1, -1, -1, -1, -1, -1}, {-1, 0, -1, -1, -1, -1}}}},
};

static nsec in_seconds(nsec t)
{
    return t < 0 ? t : t / SEC;
}

static void test_times(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan_phase phases[3];
        memcpy(phases, rows[i].phases, sizeof phases);
        struct plan_load_model load = {.users = USERS_CLOSED, .phases = phases, .phase_count = rows[i].phase_count};
        for (int p = 0; p < rows[i].phase_count; p++) {
            const struct expected *e = &rows[i].expected[p];
            if (load_users_before(&load, p) != e->before)
                fail_msg("row %d phase %d: %d before", i, p, load_users_before(&load, p));
            for (int u = 0; u < MOST; u++) {
                nsec join = load_join_time(&load, p, u), leave = load_leave_time(&load, p, u);
                if (in_seconds(join) != e->join[u] || in_seconds(leave) != e->leave[u])
                    fail_msg("row %d phase %d user %d: joins %lld, leaves %lld", i, p, u, (long long)join,
                             (long long)leave);
            }
        }
    }
}

static void test_to_the_nanosecond(void **state)
{
    (void)state;
    struct plan_phase phases[] = {{.users = 3, .ramp = true, .duration = 10}, {.users = 0, .ramp = true, .duration = 10}};
    struct plan_load_model load = {.users = USERS_PACED, .phases = phases, .phase_count = 2};
    static const nsec join[] = {0, 3, 6}, leave[] = {10, 6, 3};
    for (int u = 0; u < 3; u++) {
        assert_int_equal(load_join_time(&load, 0, u), join[u]);
        assert_int_equal(load_leave_time(&load, 1, u), leave[u]);
    }
}

/* The largest numbers that a plan can hold, at the smallest time scale. */
static void test_nothing_overflows(void **state)
{
    (void)state;
    nsec month = (nsec)30 * 86400 * SEC * 1000, day = (nsec)86400 * SEC * 1000;
    struct plan_phase phases[] = {{.users = 1000000, .ramp = true, .duration = month},
                                  {.users = 0, .ramp = true, .duration = month},
                                  {.users = 1000000, .start_every = day, .duration = month}};
    struct plan_load_model load = {.users = USERS_PACED, .phases = phases, .phase_count = 3};
    assert_int_equal(load_join_time(&load, 0, 999999), month / 1000000 * 999999);
    assert_int_equal(load_leave_time(&load, 1, 0), month);
    assert_int_equal(load_join_time(&load, 2, 29), 29 * day);
    assert_int_equal(load_join_time(&load, 2, 30), -1);
    assert_int_equal(load_join_time(&load, 2, 999999), -1);
    phases[2].duration = NSEC_NEVER;
    assert_int_equal(load_join_time(&load, 2, 999999), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_to_the_nanosecond),
        cmocka_unit_test(test_nothing_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
