#include "fake_proc.h"
#include "machine_stats.h"
#include "test.h"

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
    machine_stats_read(&m, "/proc", "/");
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
    machine_stats_read(&m, "/proc", "/");
    int cores = m.cores;
    double until = cpu_seconds() + .3;
    while (cpu_seconds() < until)
        ;
    machine_stats_read(&m, "/proc", "/");
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
    machine_stats_read(&m, "/proc", "/none/such");
    assert_near(m.disk_total, 0, 0);
    assert_true(m.memory_total > 0);
}

static void test_exact(void **state)
{
    (void)state;
    static struct machine_stats m;
    struct fake_proc f;
    fake_proc_init(&f);
    fake_proc_file(&f, 0, "stat", "cpu  10 20 30 1000 40 5 6 7 0 0\ncpu0 5 10 15 500 20 2 3 4 0 0\ncpu3 1 2 3 4\nintr 5\n");
    fake_proc_file(&f, 0, "meminfo", "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB\nCached: 5 kB\n");
    fake_proc_file(&f, 0, "loadavg", "1.50 0.25 0.01 2/345 6789\n");
    machine_stats_read(&m, f.root, "/");
    assert_true(m.ticks.busy == 78 && m.ticks.idle == 1040 && m.ticks.steal == 7);
    assert_int_equal(m.cores, 2);
    assert_int_equal(m.core[1].number, 3);
    assert_true(m.core[0].busy == 39 && m.core[0].idle == 520);
    assert_near(m.memory_used, 600 * 1024, 0);
    assert_near(m.load[0], 1.5, 1e-9);
    struct machine_ticks ticks;
    assert_true(machine_ticks_read(f.root, &ticks) && ticks.busy == 78 && ticks.steal == 7);
    fake_proc_file(&f, 0, "stat", "cpu is not told\n");
    assert_false(machine_ticks_read(f.root, &ticks));
    machine_stats_read(&m, f.root, "/"); /* stays as it was */
    assert_true(m.ticks.busy == 78);
    fake_proc_finish(&f);
    assert_false(machine_ticks_read(f.root, &ticks));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_usage),
                                       cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
