#include "test.h"

#include "machine_stats.h"

#include <time.h>
#include <unistd.h>

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_read(void **state)
{
    (void)state;
    static struct machine_stats m;
    machine_stats_read(&m, "/");
    assert_in_range(m.cores, sysconf(_SC_NPROCESSORS_ONLN) < MACHINE_CORES_MAX ? 1 : MACHINE_CORES_MAX,
                    MACHINE_CORES_MAX);
    for (int i = 0; i < m.cores; i++) {
        assert_int_equal(m.core[i].number >= 0 && m.core[i].number < 100000, 1);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(m.core[i].number, m.core[k].number);
        assert_true(m.core[i].usage >= 0 && m.core[i].usage <= 1);
    }
    assert_true(m.memory_total > 0 && m.memory_available > 0 && m.memory_available <= m.memory_total);
    assert_near(m.memory_used, m.memory_total - m.memory_available, 0);
    assert_true(m.disk_total > 0 && m.disk_free <= m.disk_total && m.disk_used <= m.disk_total);
    assert_true(m.load[0] >= 0);
}

/* A core that is kept busy shows it. Which one is not known, so the sum has to rise with the work. */
static void test_usage(void **state)
{
    (void)state;
    static struct machine_stats m;
    machine_stats_read(&m, "/");
    int cores = m.cores;
    double until = cpu_seconds() + .3;
    while (cpu_seconds() < until)
        ;
    machine_stats_read(&m, "/");
    double busy = 0;
    for (int i = 0; i < m.cores; i++)
        busy += m.core[i].usage;
    assert_int_equal(m.cores, cores);
    assert_true(busy > 0);
}

static void test_nothing_there(void **state)
{
    (void)state;
    static struct machine_stats m;
    machine_stats_read(&m, "/none/such");
    assert_near(m.disk_total, 0, 0);
    assert_true(m.memory_total > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_usage),
                                       cmocka_unit_test(test_nothing_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
