#include "test.h"

#include "gpu_log.h"
#include "gpus.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The fake driver's library, from the build. */
static char library[4096];

#define SEC NSEC_PER_SEC

static void begin_record(struct record *r)
{
    record_init(r, &(struct record_shape){0});
    record_add_series(r, "gpu.memory", "MB")->why = "the target shows no GPU";
    record_add_series(r, "gpu.usage", "%")->why = "the target shows no GPU";
}

static struct gpu_reading reading(double usage, double used, double process)
{
    struct gpu_reading r = {.vendor = "NVIDIA", .source = "nvml", .name = "A", .uuid = "u"};
    if (usage >= 0)
        gpu_put(&r, GPU_USAGE, usage);
    if (used >= 0)
        gpu_put(&r, GPU_MEMORY_USED, used);
    if (process >= 0)
        gpu_put(&r, GPU_PROCESS_MEMORY, process);
    return r;
}

static void assert_points(const struct record *r, const char *name, const double *values, int count)
{
    const struct record_series *s = record_find_series(r, name);
    assert_non_null(s);
    assert_int_equal(s->state, SERIES_PRESENT);
    assert_int_equal(s->count, count);
    for (int i = 0; i < count; i++)
        assert_near(s->points[i].value, values[i], 1e-9);
}

static const double MB = 1 << 20;

/* What belongs to the target, where it is known; else all memory. Usage: the largest. */
static void test_sums(void **state)
{
    (void)state;
    static const struct {
        double process[2][2]; /* of two GPUs, at two times, MB */
        double memory[2];
        int count;
    } rows[] = {
        {{{-1, -1}, {-1, -1}}, {300, 350}, 2},
        {{{10, 5}, {20, 5}}, {15, 25}, 2},
        {{{10, -1}, {12, -1}}, {10, 12}, 2}, /* it uses one of them */
        {{{-1, -1}, {12, -1}}, {12}, 1},     /* it began to later */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct gpu_log l;
        struct record r;
        gpu_log_init(&l);
        begin_record(&r);
        for (int t = 0; t < 2; t++) {
            struct gpu_reading both[] = {reading(.2 + t * .5, 100 * MB, rows[i].process[t][0] * MB),
                                         reading(.4, (200 + 50 * t) * MB, rows[i].process[t][1] * MB)};
            gpu_log_add(&l, (10 + t) * SEC, both, 2, 2);
        }
        gpu_log_collect(&l, &r, 10 * SEC);
        assert_points(&r, "gpu.memory", rows[i].memory, rows[i].count);
        assert_points(&r, "gpu.usage", (double[]){40, 70}, 2);
        assert_points(&r, "gpu.1.memory_used", (double[]){200 * MB, 250 * MB}, 2);
        assert_int_equal(record_find_series(&r, "gpu.0.usage")->points[1].at, SEC);
        assert_true(r.gpus.memory && r.gpus.usage);
        assert_null(record_find_series(&r, "gpu.0.power"));
        record_finish(&r);
        gpu_log_finish(&l);
    }
}

/* The target's own metrics come first. */
static void test_metrics_come_first(void **state)
{
    (void)state;
    struct gpu_log l;
    struct record r;
    gpu_log_init(&l);
    begin_record(&r);
    record_add_point(&r, &r.series[0], 0, 4927);
    struct gpu_reading one = reading(.3, 100 * MB, -1);
    gpu_log_add(&l, 5 * SEC, &one, 1, 1);
    gpu_log_collect(&l, &r, 0);
    assert_points(&r, "gpu.memory", (double[]){4927}, 1);
    assert_points(&r, "gpu.usage", (double[]){30}, 1);
    assert_false(r.gpus.memory);
    assert_true(r.gpus.usage);
    record_finish(&r);
    gpu_log_finish(&l);
}

static void test_lost_and_throttled(void **state)
{
    (void)state;
    struct gpu_log l;
    struct record r;
    gpu_log_init(&l);
    begin_record(&r);
    for (int t = 0; t < 6; t++) {
        struct gpu_reading both[] = {reading(.5, -1, -1), reading(.5, -1, -1)};
        both[0].throttle_known = t > 1;
        both[0].throttle = t == 2 ? 1 << GPU_IDLE : 1 << GPU_SW_POWER_CAP | 1 << GPU_SW_THERMAL;
        both[0].parts[0] = (struct gpu_part){.uuid = "m", .known = t != 3, .memory_total = 9, .memory_used = 5 - t};
        both[0].part_count = 1;
        if (t == 2 || t > 3)
            both[1] = (struct gpu_reading){.lost = true, .vendor = "NVIDIA", .source = "nvml"};
        gpu_log_add(&l, (t + 1) * SEC, both, 2, 20);
    }
    gpu_log_collect(&l, &r, SEC);
    const struct record_gpu *g = r.gpus.items;
    assert_int_equal(r.gpus.count, 2);
    assert_string_equal(r.gpus.why, "2 of 20 GPUs are watched");
    assert_int_equal(g[0].lost, -1);
    assert_int_equal(g[0].readings, 6);
    assert_int_equal(g[0].throttle_readings, 4);
    assert_int_equal(g[0].throttle_count, 3);
    static const struct record_throttle expected[] = {
        {"gpu_idle", false, 1}, {"sw_power_cap", true, 3}, {"sw_thermal_slowdown", true, 3}};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(g[0].throttles[i].reason, expected[i].reason);
        assert_int_equal(g[0].throttles[i].slows, expected[i].slows);
        assert_int_equal(g[0].throttles[i].readings, expected[i].readings);
    }
    assert_near(g[0].parts[0].memory_used, 5, 0);
    assert_int_equal(g[1].lost, 4 * SEC); /* for good: it had come back in between */
    assert_int_equal(g[1].readings, 3);
    assert_string_equal(g[1].name, "A");
    assert_true(isnan(g[1].memory_total) && isnan(g[1].power_limit));
    record_finish(&r);
    gpu_log_finish(&l);
}

/* ---- on its thread ---- */

static nsec rounded_wait(struct gpus *g)
{
    nsec began = clock_monotonic();
    gpus_stop(g);
    return clock_monotonic() - began;
}

static void run_for(const struct gpus_config *config, int pid, int milliseconds, struct record *r)
{
    struct gpus *g = gpus_create(config);
    gpus_set_pid(g, pid);
    assert_true(gpus_start(g));
    struct timespec time = {.tv_nsec = milliseconds * 1000000L};
    nanosleep(&time, NULL);
    gpus_stop(g);
    begin_record(r);
    gpus_collect(g, r, 0);
    gpus_destroy(g);
}

static void test_none(void **state)
{
    (void)state;
    struct record r;
    struct gpus_config config = {.here = true, .every = SEC / 100, .places = {"/none.so", "/none", NULL}};
    run_for(&config, getpid(), 0, &r);
    assert_int_equal(r.gpus.count, 0);
    assert_non_null(strstr(r.gpus.why, "no GPU on this host: "));
    assert_string_equal(record_find_series(&r, "gpu.memory")->why, r.gpus.why);
    assert_int_equal(record_find_series(&r, "gpu.memory")->state, SERIES_ABSENT);
    record_finish(&r);
    run_for(&config, 0, 0, &r);
    assert_string_equal(record_find_series(&r, "gpu.memory")->why, "the target shows no GPU");
    record_finish(&r);
    config.here = false;
    run_for(&config, 0, 0, &r);
    assert_string_equal(r.gpus.why, "the target is on another host");
    record_finish(&r);
    config = (struct gpus_config){.here = true, .every = SEC / 100, .places = {library, "/none", NULL}};
    setenv("FAKE_NVML_FAIL", "nvmlInit_v2=18", 1);
    run_for(&config, getpid(), 0, &r);
    assert_string_equal(r.gpus.why, "no GPU on this host can be asked: the driver cannot be asked: Some Error (18); "
                                    "no amdgpu card");
    assert_string_equal(record_find_series(&r, "gpu.memory")->why, "the target shows no GPU");
    record_finish(&r);
    unsetenv("FAKE_NVML_FAIL");
}

/* At least the reading at the start and the one at the end. */
static void test_readings(void **state)
{
    (void)state;
    char held[64];
    snprintf(held, sizeof held, "%d=%d", getpid(), 7 << 20);
    setenv("FAKE_NVML_COMPUTE", held, 1);
    struct record r;
    struct gpus_config config = {.here = true, .every = SEC / 100, .places = {library, "/none", NULL}};
    run_for(&config, getpid(), 50, &r);
    assert_int_equal(r.gpus.count, 2);
    assert_null(r.gpus.why);
    assert_true(r.gpus.items[0].readings >= 2);
    assert_near(r.gpus.items[0].memory_total, 24.0 * (1 << 30), 0);
    assert_near(r.gpus.items[0].power_limit, 350, 0);
    const struct record_series *s = record_find_series(&r, "gpu.memory");
    assert_near(s->points[0].value, 7, 0);
    assert_near(record_find_series(&r, "gpu.usage")->points[0].value, 41, 1e-9);
    assert_near(record_find_series(&r, "gpu.1.clock_memory")->points[0].value, 9751, 1e-9);
    assert_string_equal(record_find_series(&r, "gpu.1.clock_memory")->unit, "MHz");
    assert_null(record_find_series(&r, "gpu.1.process_memory"));
    record_finish(&r);
    unsetenv("FAKE_NVML_COMPUTE");
}

/* A call that takes longer than anybody waits: what is left behind is freed by the thread itself. */
static void test_hangs(void **state)
{
    (void)state;
    setenv("FAKE_NVML_SLOW", "nvmlDeviceGetPowerUsage=1500", 1);
    struct record r;
    struct gpus_config config = {.here = true, .every = SEC / 100, .places = {library, "/none", NULL}};
    struct gpus *g = gpus_create(&config);
    assert_true(gpus_start(g));
    nsec took = rounded_wait(g);
    begin_record(&r);
    gpus_collect(g, &r, 0);
    gpus_destroy(g);
    assert_true(took >= SEC);
    assert_int_equal(r.gpus.count, 0);
    assert_string_equal(r.gpus.why, "the GPUs' driver has not answered");
    record_finish(&r);
    struct timespec time = {.tv_sec = 3};
    nanosleep(&time, NULL); /* until it has ended, so that a leak would show */
    unsetenv("FAKE_NVML_SLOW");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),     cmocka_unit_test(test_metrics_come_first),
        cmocka_unit_test(test_lost_and_throttled), cmocka_unit_test(test_none),
        cmocka_unit_test(test_readings), cmocka_unit_test(test_hangs),
    };
    assert_int_equal(argc, 2);
    snprintf(library, sizeof library, "%s", argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
