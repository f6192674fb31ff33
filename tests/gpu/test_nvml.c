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

/* The target and a child of its. */
static const struct gpu_processes target = {.pids = {4711, 4712}, .count = 2};

/* All but the processes' memory, which is there when one of them is. */
enum { EVERY = ((1 << GPU_FIGURES) - 1) & ~(1 << GPU_PROCESS_MEMORY) };

static struct gpu_reading read_fake(int which, const char *fail, int index)
{
    char why[NVML_WHY];
    struct gpu_reading gpu;
    struct nvml *n = open_fake(which, "3", fail, why);
    assert_non_null(n);
    nvml_read(n, index, &target, &gpu);
    nvml_close(n);
    return gpu;
}

static const double ALL[GPU_FIGURES] = {
    [GPU_USAGE] = .41,
    [GPU_MEMORY_TRAFFIC] = .07,
    [GPU_MEMORY_TOTAL] = 24.0 * (1 << 30),
    [GPU_MEMORY_USED] = 5.0 * (1 << 30),
    [GPU_MEMORY_FREE] = 18.0 * (1 << 30),
    [GPU_TEMPERATURE] = 61,
    [GPU_POWER] = 250.5,
    [GPU_POWER_LIMIT] = 350,
    [GPU_ENERGY] = 5000000000.123,
    [GPU_CLOCK_SM] = 1695e6,
    [GPU_CLOCK_MEMORY] = 9751e6,
};

static void test_every_figure(void **state)
{
    (void)state;
    char why[NVML_WHY];
    struct nvml *n = open_fake(NEW, "3", "", why);
    assert_non_null(n);
    assert_int_equal(nvml_count(n), 3);
    assert_string_equal(nvml_driver(n), "550.01");
    struct gpu_reading gpu;
    nvml_read(n, 1, NULL, &gpu);
    assert_false(gpu.lost);
    assert_string_equal(gpu.name, "Fake GPU 1");
    assert_string_equal(gpu.uuid, "GPU-0000-1");
    assert_string_equal(gpu.vendor, "NVIDIA");
    assert_string_equal(gpu.source, "nvml");
    assert_int_equal(gpu.present, EVERY);
    for (int i = 0; i < GPU_FIGURES; i++)
        assert_near(gpu.value[i], ALL[i], 1e-6);
    nvml_read(n, 2, NULL, &gpu);
    assert_string_equal(gpu.name, "Fake GPU 2");
    assert_near(gpu.value[GPU_USAGE], .42, 1e-9);
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
        {"nvmlDeviceGetUtilizationRates=3", 1u << GPU_USAGE | 1u << GPU_MEMORY_TRAFFIC, -1, 0},
        {"nvmlDeviceGetMemoryInfo_v2=25", 0, GPU_MEMORY_USED, 6.0 * (1 << 30)},
        {"nvmlDeviceGetMemoryInfo_v2=3 nvmlDeviceGetMemoryInfo=3",
         1u << GPU_MEMORY_TOTAL | 1u << GPU_MEMORY_USED | 1u << GPU_MEMORY_FREE, -1, 0},
        {"nvmlDeviceGetTemperature=3", 0, GPU_TEMPERATURE, 62},
        {"nvmlDeviceGetTemperature=3 nvmlDeviceGetTemperatureV=3", 1u << GPU_TEMPERATURE, -1, 0},
        {"nvmlDeviceGetPowerUsage=4", 1u << GPU_POWER, -1, 0},
        {"nvmlDeviceGetEnforcedPowerLimit=999", 1u << GPU_POWER_LIMIT, -1, 0},
        {"nvmlDeviceGetTotalEnergyConsumption=3", 1u << GPU_ENERGY, -1, 0},
        {"nvmlDeviceGetClockInfo=13", 1u << GPU_CLOCK_SM | 1u << GPU_CLOCK_MEMORY, -1, 0},
        {"nvmlDeviceGetPowerUsage/0=3", 0, -1, 0}, /* another GPU's */
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct gpu_reading gpu = read_fake(NEW, rows[i].fail, 1);
        assert_false(gpu.lost);
        assert_int_equal(gpu.present, EVERY & ~rows[i].absent);
        if (rows[i].figure >= 0)
            assert_near(gpu.value[rows[i].figure], rows[i].value, 0);
    }
    struct gpu_reading gpu = read_fake(NEW, "nvmlDeviceGetName=999 nvmlDeviceGetUUID=999", 0);
    assert_string_equal(gpu.name, "");
    assert_string_equal(gpu.uuid, "");
}

static void test_lost(void **state)
{
    (void)state;
    static const char *const rows[] = {"nvmlDeviceGetClockInfo=15", "nvmlDeviceGetHandleByIndex_v2/1=15",
                                       "nvmlDeviceGetHandleByIndex_v2=4", "nvmlDeviceGetUUID/1=15"};
    for (int i = 0; i < COUNT(rows); i++) {
        struct gpu_reading gpu = read_fake(NEW, rows[i], 1);
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
    struct gpu_reading gpu;
    nvml_read(n, 0, NULL, &gpu);
    nvml_close(n);
    assert_string_equal(gpu.name, "Fake GPU 0");
    assert_int_equal(gpu.present, 1u << GPU_USAGE | 1u << GPU_MEMORY_TRAFFIC | 1u << GPU_MEMORY_TOTAL | 1u << GPU_MEMORY_USED |
                                      1u << GPU_MEMORY_FREE | 1u << GPU_POWER);
    assert_near(gpu.value[GPU_MEMORY_USED], 6.0 * (1 << 30), 0);
}

static void set_processes(const char *compute, const char *graphics, const char *others)
{
    setenv("FAKE_NVML_COMPUTE", compute, 1);
    setenv("FAKE_NVML_GRAPHICS", graphics, 1);
    setenv("FAKE_NVML_GROWS", others, 1);
}

/* The sum over the target's processes, each once; others' are not the target's, and unknown is no zero. */
static void test_memory_of_processes(void **state)
{
    (void)state;
    static const struct {
        int which;
        const char *compute, *graphics, *others, *fail;
        double bytes; /* -1: absent */
    } rows[] = {
        {NEW, "", "", "0", "", -1},
        {NEW, "1=7", "2=8", "3", "", -1},
        {NEW, "4711=1000", "", "0", "", 1000},
        {NEW, "4711=0", "", "0", "", 0},
        {NEW, "1=7 4711=1000 2=9 4712=200", "", "0", "", 1200},
        {NEW, "4711=1000", "4711=1500", "0", "", 1500},
        {NEW, "4711=1000", "4712=30", "0", "", 1030},
        {NEW, "4711=18446744073709551615", "", "0", "", -1},
        {NEW, "4711=18446744073709551615 4712=5", "", "0", "", -1},
        {NEW, "4711=1000", "", "100", "", 1000},
        {NEW, "4711=1000", "", "4000", "", 1000},
        {NEW, "4711=1000", "", "5000", "", -1}, /* more than are read */
        {NEW, "4711=1000", "4712=7", "0", "nvmlDeviceGetComputeRunningProcesses_v3=4", 7},
        {NEW, "4711=1000", "", "0", "nvmlDeviceGetGraphicsRunningProcesses_v3=3", 1000},
        {OLD, "1=7 4711=1000 4712=2", "4711=5000", "0", "", 1002},
        {OLD, "4711=1000", "", "500", "", 1000},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        set_processes(rows[i].compute, rows[i].graphics, rows[i].others);
        struct gpu_reading gpu = read_fake(rows[i].which, rows[i].fail, 0);
        assert_int_equal(gpu_has(&gpu, GPU_PROCESS_MEMORY), rows[i].bytes >= 0);
        assert_near(gpu.value[GPU_PROCESS_MEMORY], rows[i].bytes >= 0 ? rows[i].bytes : 0, 0);
        assert_false(gpu_has(&(struct gpu_reading){.present = read_fake(rows[i].which, "", 1).present}, GPU_PROCESS_MEMORY));
    }
    set_processes("4711=1000", "", "0");
    assert_true(read_fake(NEW, "nvmlDeviceGetComputeRunningProcesses_v3=15", 0).lost);
    set_processes("", "", "0");
}

static void test_throttle_reasons(void **state)
{
    (void)state;
    static const struct {
        int which;
        const char *reasons, *fail;
        int throttle; /* -1: not known */
    } rows[] = {
        {NEW, "0", "", 0},
        {NEW, "4", "", 1 << GPU_SW_POWER_CAP},
        {NEW, "0x168", "", 1 << GPU_HW_SLOWDOWN | 1 << GPU_SW_THERMAL | 1 << GPU_HW_THERMAL | 1 << GPU_DISPLAY_CLOCK},
        {NEW, "0x93", "", 1 << GPU_IDLE | 1 << GPU_APPLICATION_CLOCKS | 1 << GPU_SYNC_BOOST | 1 << GPU_HW_POWER_BRAKE},
        {NEW, "0x80000000001", "", 1 << GPU_IDLE}, /* what we do not know of */
        {NEW, "4", "nvmlDeviceGetCurrentClocksEventReasons=13", 4},
        {NEW, "4", "nvmlDeviceGetCurrentClocksEventReasons=3 nvmlDeviceGetCurrentClocksThrottleReasons=3", -1},
        {OLD, "8", "", 8},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        setenv("FAKE_NVML_REASONS", rows[i].reasons, 1);
        struct gpu_reading gpu = read_fake(rows[i].which, rows[i].fail, 1);
        assert_int_equal(gpu.throttle_known, rows[i].throttle >= 0);
        assert_int_equal(gpu.throttle, rows[i].throttle < 0 ? 0 : rows[i].throttle);
    }
    unsetenv("FAKE_NVML_REASONS");
}

/* Its memory is there, and that of processes; how busy it is, is not. */
static void test_mig(void **state)
{
    (void)state;
    setenv("FAKE_NVML_MIG", "2", 1);
    set_processes("1=7 4711=1000", "", "0");
    struct gpu_reading gpu = read_fake(NEW, "", 0);
    assert_true(gpu.divided);
    assert_int_equal(gpu.part_count, 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(gpu.parts[i].uuid, i ? "MIG-0000-1" : "MIG-0000-0");
        assert_true(gpu.parts[i].known);
        assert_near(gpu.parts[i].memory_total, (3.0 + i) * (1 << 30), 0);
        assert_near(gpu.parts[i].memory_used, 1 << 30, 0);
    }
    assert_false(gpu_has(&gpu, GPU_USAGE) || gpu_has(&gpu, GPU_MEMORY_TRAFFIC));
    assert_true(gpu_has(&gpu, GPU_PROCESS_MEMORY));
    assert_near(gpu.value[GPU_PROCESS_MEMORY], 1000, 0);
    gpu = read_fake(NEW, "nvmlDeviceGetMemoryInfo_v2=3 nvmlDeviceGetMemoryInfo=3", 0);
    assert_false(gpu.parts[0].known || gpu.parts[1].known);
    setenv("FAKE_NVML_MIG", "30", 1);
    assert_int_equal(read_fake(NEW, "", 0).part_count, GPU_PARTS_MAX / 2);
    unsetenv("FAKE_NVML_MIG");
    set_processes("", "", "0");
    assert_false(read_fake(NEW, "", 0).divided);
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
    assert_false(nvml_installed("/none/libnvidia-ml.so.1"));
    assert_true(nvml_installed(libraries[BROKEN]));
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
        cmocka_unit_test(test_memory_of_processes), cmocka_unit_test(test_throttle_reasons),
        cmocka_unit_test(test_mig),
    };
    assert_int_equal(argc, 4);
    for (int i = 0; i < 3; i++)
        snprintf(libraries[i], sizeof libraries[i], "%s", argv[i + 1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
