#include "test.h"

#include "nvml.h"

#include <stdio.h>
#include <stdlib.h>

/* Folder of the fake libraries, from the build. */
static char libraries[3][4096];
enum { NEW, OLD, BROKEN };

static struct nvml *open_fake(int which, const char *count, const char *fail, char why[NVML_WHY])
{
    setenv("FAKE_NVML_COUNT", count, 1);
    setenv("FAKE_NVML_FAIL", fail, 1);
    return nvml_open(libraries[which], why);
}

static struct nvml_gpu read_fake(int which, const char *fail, int index)
{
    char why[NVML_WHY];
    struct nvml_gpu gpu;
    struct nvml *n = open_fake(which, "3", fail, why);
    assert_non_null(n);
    nvml_read(n, index, &gpu);
    nvml_close(n);
    return gpu;
}

static const double ALL[NVML_FIGURES] = {
    [NVML_USAGE] = .41,
    [NVML_MEMORY_TOTAL] = 24.0 * (1 << 30),
    [NVML_MEMORY_USED] = 5.0 * (1 << 30),
    [NVML_MEMORY_FREE] = 18.0 * (1 << 30),
    [NVML_TEMPERATURE] = 61,
    [NVML_POWER] = 250.5,
    [NVML_POWER_LIMIT] = 350,
    [NVML_ENERGY] = 5000000000.123,
    [NVML_CLOCK_SM] = 1695e6,
    [NVML_CLOCK_MEMORY] = 9751e6,
};

static void test_every_figure(void **state)
{
    (void)state;
    char why[NVML_WHY];
    struct nvml *n = open_fake(NEW, "3", "", why);
    assert_non_null(n);
    assert_int_equal(nvml_count(n), 3);
    assert_string_equal(nvml_driver(n), "550.01");
    struct nvml_gpu gpu;
    nvml_read(n, 1, &gpu);
    assert_false(gpu.lost);
    assert_string_equal(gpu.name, "Fake GPU 1");
    assert_string_equal(gpu.uuid, "GPU-0000-1");
    for (int i = 0; i < NVML_FIGURES; i++) {
        assert_true(nvml_has(&gpu, (enum nvml_figure)i));
        assert_near(gpu.value[i], ALL[i], 1e-6);
    }
    nvml_read(n, 2, &gpu);
    assert_string_equal(gpu.name, "Fake GPU 2");
    assert_near(gpu.value[NVML_USAGE], .42, 1e-9);
    nvml_close(n);
}

/* What fails is not there; what has another way is there all the same. */
static void test_calls_that_fail(void **state)
{
    (void)state;
    static const struct {
        const char *fail;
        unsigned absent;
        int figure; /* -1, or one that another call gives */
        double value;
    } rows[] = {
        {"nvmlDeviceGetUtilizationRates=3", 1u << NVML_USAGE, -1, 0},
        {"nvmlDeviceGetMemoryInfo_v2=25", 0, NVML_MEMORY_USED, 6.0 * (1 << 30)},
        {"nvmlDeviceGetMemoryInfo_v2=3 nvmlDeviceGetMemoryInfo=3",
         1u << NVML_MEMORY_TOTAL | 1u << NVML_MEMORY_USED | 1u << NVML_MEMORY_FREE, -1, 0},
        {"nvmlDeviceGetTemperature=3", 0, NVML_TEMPERATURE, 62},
        {"nvmlDeviceGetTemperature=3 nvmlDeviceGetTemperatureV=3", 1u << NVML_TEMPERATURE, -1, 0},
        {"nvmlDeviceGetPowerUsage=4", 1u << NVML_POWER, -1, 0},
        {"nvmlDeviceGetEnforcedPowerLimit=999", 1u << NVML_POWER_LIMIT, -1, 0},
        {"nvmlDeviceGetTotalEnergyConsumption=3", 1u << NVML_ENERGY, -1, 0},
        {"nvmlDeviceGetClockInfo=13", 1u << NVML_CLOCK_SM | 1u << NVML_CLOCK_MEMORY, -1, 0},
        {"nvmlDeviceGetPowerUsage/0=3", 0, -1, 0}, /* another GPU's */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct nvml_gpu gpu = read_fake(NEW, rows[i].fail, 1);
        assert_false(gpu.lost);
        assert_int_equal(gpu.present, ((1u << NVML_FIGURES) - 1) & ~rows[i].absent);
        if (rows[i].figure >= 0)
            assert_near(gpu.value[rows[i].figure], rows[i].value, 0);
    }
    struct nvml_gpu gpu = read_fake(NEW, "nvmlDeviceGetName=999 nvmlDeviceGetUUID=999", 0);
    assert_string_equal(gpu.name, "");
    assert_string_equal(gpu.uuid, "");
}

static void test_lost(void **state)
{
    (void)state;
    static const char *const rows[] = {"nvmlDeviceGetClockInfo=15", "nvmlDeviceGetHandleByIndex_v2/1=15",
                                       "nvmlDeviceGetHandleByIndex_v2=4", "nvmlDeviceGetUUID/1=15"};
    for (int i = 0; i < COUNT(rows); i++) {
        struct nvml_gpu gpu = read_fake(NEW, rows[i], 1);
        assert_true(gpu.lost);
        assert_int_equal(gpu.present, 0);
        assert_string_equal(gpu.name, "");
    }
    assert_false(read_fake(NEW, "nvmlDeviceGetClockInfo/1=15", 0).lost);
}

static void test_old_driver(void **state)
{
    (void)state;
    char why[NVML_WHY];
    struct nvml *n = open_fake(OLD, "1", "", why);
    assert_non_null(n);
    assert_string_equal(nvml_driver(n), "");
    struct nvml_gpu gpu;
    nvml_read(n, 0, &gpu);
    nvml_close(n);
    assert_string_equal(gpu.name, "Fake GPU 0");
    assert_int_equal(gpu.present, 1u << NVML_USAGE | 1u << NVML_MEMORY_TOTAL | 1u << NVML_MEMORY_USED |
                                      1u << NVML_MEMORY_FREE | 1u << NVML_POWER);
    assert_near(gpu.value[NVML_MEMORY_USED], 6.0 * (1 << 30), 0);
}

static void test_not_to_be_had(void **state)
{
    (void)state;
    static const struct {
        int which;
        const char *count, *fail, *why;
    } rows[] = {
        {NEW, "2", "nvmlInit_v2=9", "the driver cannot be asked: Driver Not Loaded (9)"},
        {OLD, "2", "nvmlInit_v2=9", "the driver cannot be asked: error (9)"},
        {NEW, "2", "nvmlDeviceGetCount_v2=999", "cannot count the GPUs: Some Error (999)"},
        {NEW, "0", "", "the driver knows no GPU"},
        {BROKEN, "2", "", "the library of the driver has no nvmlDeviceGetCount_v2"},
    };
    char why[NVML_WHY];
    for (int i = 0; i < COUNT(rows); i++) {
        assert_null(open_fake(rows[i].which, rows[i].count, rows[i].fail, why));
        assert_string_equal(why, rows[i].why);
    }
    assert_null(nvml_open("/none/libnvidia-ml.so.1", why));
    assert_non_null(strstr(why, "cannot open shared object file"));
    nvml_close(NULL);
}

static void test_more_than_are_kept(void **state)
{
    (void)state;
    char why[NVML_WHY];
    struct nvml *n = open_fake(NEW, "1000", "", why);
    assert_int_equal(nvml_count(n), NVML_GPUS_MAX);
    nvml_close(n);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_figure),  cmocka_unit_test(test_calls_that_fail),
        cmocka_unit_test(test_lost),          cmocka_unit_test(test_old_driver),
        cmocka_unit_test(test_not_to_be_had), cmocka_unit_test(test_more_than_are_kept),
    };
    assert_int_equal(argc, 4);
    for (int i = 0; i < 3; i++)
        snprintf(libraries[i], sizeof libraries[i], "%s", argv[i + 1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
