/* The memory of the imitated card: jobs that take less so that all fit, and jobs that are refused. */
#include "test.h"

#include "gpu_sim.h"

static const struct profile_gpu CARD = {.total_mb = 24576, .base_mb = 4927, .job_mb = 4096, .share = 0.8};

static void test_budget(void **state)
{
    (void)state;
    static const struct {
        int slots;
        double limit_mb;
        bool refuse;
        double job_mb;
        int fit; /* jobs */
    } rows[] = {
        {3, 0, false, 4096, 3},
        {4, 0, false, (0.8 * 24576 - 4927) / 4, 4},
        {7, 0, false, (0.8 * 24576 - 4927) / 7, 7},
        {8, 0, true, 4096, 3},
        {8, 10240, true, 4096, 1},
        {8, 10240, false, (10240 - 4927) / 8.0, 8},
        {1, 5000, true, 4096, 0},
        {5, 1e6, true, 4096, 4}, /* no more than there is */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct gpu_sim g;
        gpu_sim_init(&g, &CARD, rows[i].slots, rows[i].limit_mb, rows[i].refuse);
        assert_near(g.job_mb, rows[i].job_mb, 1e-9);
        assert_true(rows[i].fit == 0 || gpu_sim_fits(&g, rows[i].fit));
        assert_false(gpu_sim_fits(&g, rows[i].fit + 1));
    }
}

static void test_cache_keeps(void **state)
{
    (void)state;
    struct gpu_sim g;
    gpu_sim_init(&g, &CARD, 3, 0, false);
    assert_near(g.cached_mb, 4927, 0);
    gpu_sim_running(&g, 2);
    gpu_sim_running(&g, 1);
    assert_near(g.cached_mb, 4927 + 2 * 4096, 1e-9);
    assert_near(gpu_sim_allocated_mb(&g, 1), 4927 + 4096, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_budget), cmocka_unit_test(test_cache_keeps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
