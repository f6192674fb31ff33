#include "test.h"
#include "figures.h"

static void read_figures(const char *text, struct figures *ret)
{
    struct promtext p;
    struct promtext_sample s;
    *ret = (struct figures){0};
    promtext_init(&p);
    promtext_read(&p, PROMTEXT_PLAIN, text, strlen(text));
    for (enum promtext_event event; (event = promtext_next(&p, &s)) != PROMTEXT_END;)
        if (event == PROMTEXT_SAMPLE)
            figures_take(ret, &s);
    promtext_finish(&p);
}

static void test_reads_what_is_known(void **state)
{
    (void)state;
    static const char text[] =
        "# HELP process_resident_memory_bytes x\n# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes 21073920\n"
        "process_cpu_seconds_total 1.5\n"
        "gpu_memory_allocated_mb{gpu_id=\"0\",simulated=\"true\"} 100\n"
        "gpu_memory_allocated_mb{gpu_id=\"1\",simulated=\"true\"} 50\n"
        "gpu_usage_percent{gpu_id=\"0\"} 10\ngpu_usage_percent{gpu_id=\"1\"} "
        "90\ngpu_usage_percent{gpu_id=\"2\"} 20\n"
        "broken line here\n";
    struct figures f;
    read_figures(text, &f);
    assert_true(f.present[FIGURE_MEMORY] && f.value[FIGURE_MEMORY] == 21073920);
    assert_false(f.simulated[FIGURE_MEMORY]);
    assert_true(f.value[FIGURE_CPU] == 1.5);
    assert_true(f.value[FIGURE_GPU_MEMORY] == 150);
    assert_true(f.simulated[FIGURE_GPU_MEMORY]);
    assert_true(f.value[FIGURE_GPU_USAGE] == 90);
    assert_false(f.simulated[FIGURE_GPU_USAGE]);
    assert_false(f.present[FIGURE_FDS]);
}

static void test_what_is_no_number_is_not_there(void **state)
{
    (void)state;
    struct figures f;
    read_figures("process_resident_memory_bytes NaN\nprocess_open_fds +Inf\n", &f);
    for (int i = 0; i < FIGURES; i++)
        assert_false(f.present[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_is_known),
        cmocka_unit_test(test_what_is_no_number_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
