/*
 * fake_nvml - a libnvidia-ml.so.1 for tests: its own reading of the driver's interface, by byte offsets, so
 * that a wrong layout on the other side shows.
 *
 * Environment variables say what it shows; where FAKE_NVML_FILE names a file, its lines "FAIL=..." are read at
 * every call in the variables' place, so that things may change while it is used.
 *
 * FAKE_NVML_COUNT   how many GPUs there are (2)
 * FAKE_NVML_FAIL    which calls fail and how: "nvmlDeviceGetPowerUsage=3 nvmlDeviceGetName/1=15", where /1 means
 *                   GPU 1 alone
 * FAKE_NVML_SLOW    which calls take long, in milliseconds: "nvmlDeviceGetPowerUsage=3000"
 * FAKE_NVML_COMPUTE processes that compute, "PID=BYTES" one after the other, FAKE_NVML_GRAPHICS those that draw;
 *                   on GPU 0, or on its first MIG device
 * FAKE_NVML_GROWS   so many more processes than were told before, when a list is asked for
 * FAKE_NVML_REASONS the set of reasons for lower clocks, a number (0)
 * FAKE_NVML_WATTS   what is consumed since the library was opened, as power and as energy
 * FAKE_NVML_MIG     that many MIG devices, with a free place before each
 *
 * Built with FAKE_OLD it is the library of an old driver, which lacks what came later; with FAKE_BROKEN it is none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a device handle points at: where it points says which one it is. */
static char devices[64];

#define EXPORT __attribute__((visibility("default")))

static int index_of(const void *device)
{
    return (const char *)device >= devices && (const char *)device < devices + sizeof devices
               ? (int)((const char *)device - devices)
               : 0;
}

/* Where MIG devices' handles point. */
static char parts[64];

enum { SETTING = 1024 };

/* FAKE_NVML_<name>; NULL when it says nothing. */
static const char *setting(const char *name, char text[SETTING])
{
    char wanted[64], line[SETTING];
    const char *path = getenv("FAKE_NVML_FILE"), *found = NULL;
    FILE *file = path ? fopen(path, "r") : NULL;
    size_t len = (size_t)snprintf(wanted, sizeof wanted, "%s=", name);
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, wanted, len) == 0) {
            snprintf(text, SETTING, "%s", line + len);
            found = text;
        }
    if (file)
        fclose(file);
    snprintf(wanted, sizeof wanted, "FAKE_NVML_%s", name);
    return found ? found : getenv(wanted);
}

static double number(const char *name, double otherwise)
{
    char text[SETTING];
    const char *found = setting(name, text);
    return found && *found ? strtod(found, NULL) : otherwise;
}

/* What a list says of a call. `index` -1: it belongs to no GPU. */
static int listed(const char *name, const char *call, int index)
{
    char text[SETTING], wanted[96];
    const char *list = setting(name, text);
    for (int one = 0; list && one < 2; one++) {
        snprintf(wanted, sizeof wanted, one ? "%s/%d=" : "%s=", call, index);
        const char *found = strstr(list, wanted);
        if (found)
            return atoi(found + strlen(wanted));
    }
    return 0;
}

/* The code that a call is to return, after the time that it is to take. */
static int code_of(const char *call, int index)
{
    int slow = listed("SLOW", call, index);
    struct timespec time = {.tv_sec = slow / 1000, .tv_nsec = slow % 1000 * 1000000L};
    if (slow)
        nanosleep(&time, NULL);
    return listed("FAIL", call, index);
}

static int is_part(const void *device)
{
    return (const char *)device >= parts && (const char *)device < parts + sizeof parts;
}

#define ANSWER(device)                                                   \
    do {                                                                 \
        int code_ = code_of(__func__, (device) ? index_of(device) : -1); \
        if (code_)                                                       \
            return code_;                                                \
    } while (0)

static int put_text(char *text, unsigned room, const char *format, int index)
{
    if (room < 96)
        return 7;
    snprintf(text, room, format, index);
    return 0;
}

static void put(void *at, size_t offset, uint64_t value, size_t size)
{
    memcpy((char *)at + offset, &value, size); /* little-endian, as all that NVIDIA supports */
}

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int code);
int nvmlSystemGetDriverVersion(char *text, unsigned room);
int nvmlDeviceGetCount_v2(void *ret);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret);
int nvmlDeviceGetName(void *device, char *text, unsigned room);
int nvmlDeviceGetUUID(void *device, char *text, unsigned room);
int nvmlDeviceGetUtilizationRates(void *device, void *ret);
int nvmlDeviceGetMemoryInfo(void *device, void *ret);
int nvmlDeviceGetMemoryInfo_v2(void *device, void *ret);
int nvmlDeviceGetTemperature(void *device, unsigned sensor, void *ret);
int nvmlDeviceGetTemperatureV(void *device, void *ret);
int nvmlDeviceGetPowerUsage(void *device, void *ret);
int nvmlDeviceGetEnforcedPowerLimit(void *device, void *ret);
int nvmlDeviceGetTotalEnergyConsumption(void *device, void *ret);
int nvmlDeviceGetClockInfo(void *device, unsigned domain, void *ret);
int nvmlDeviceGetCurrentClocksEventReasons(void *device, void *ret);
int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, void *ret);
int nvmlDeviceGetMigMode(void *device, void *current, void *pending);
int nvmlDeviceGetMaxMigDeviceCount(void *device, void *ret);
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **ret);
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, void *entries);
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, void *entries);
int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned *count, void *entries);

static struct timespec opened;

EXPORT int nvmlInit_v2(void)
{
    clock_gettime(CLOCK_MONOTONIC, &opened);
    ANSWER(NULL);
    return 0;
}

EXPORT int nvmlShutdown(void)
{
    return 0;
}

#ifndef FAKE_BROKEN
EXPORT int nvmlDeviceGetCount_v2(void *ret)
{
    ANSWER(NULL);
    put(ret, 0, (uint64_t)number("COUNT", 2), 4);
    return 0;
}
#endif

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
    int code = code_of(__func__, (int)index);
    *ret = devices + index;
    return code;
}

EXPORT int nvmlDeviceGetName(void *device, char *text, unsigned room)
{
    ANSWER(device);
    return put_text(text, room, "Fake GPU %d", index_of(device));
}

EXPORT int nvmlDeviceGetUtilizationRates(void *device, void *ret)
{
    ANSWER(device);
    if (number("MIG", 0) > 0)
        return 3;
    put(ret, 0, 40u + (unsigned)index_of(device), 4);
    put(ret, 4, 7, 4);
    return 0;
}

/* A MIG device has 3 GiB and one more for each before it, of which it uses 1 GiB. */
static int put_part(const void *device, void *ret, size_t total, size_t left, size_t used)
{
    uint64_t size = 3 + (uint64_t)((const char *)device - parts);
    put(ret, total, size << 30, 8);
    put(ret, left, (size - 1) << 30, 8);
    put(ret, used, (uint64_t)1 << 30, 8);
    return 0;
}

EXPORT int nvmlDeviceGetMemoryInfo(void *device, void *ret)
{
    ANSWER(device);
    if (is_part(device))
        return put_part(device, ret, 0, 8, 16);
    put(ret, 0, (uint64_t)24 << 30, 8);
    put(ret, 8, (uint64_t)18 << 30, 8);
    put(ret, 16, (uint64_t)6 << 30, 8);
    return 0;
}

EXPORT int nvmlDeviceGetPowerUsage(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, (uint64_t)(number("WATTS", 250.5) * 1e3), 4);
    return 0;
}

static int put_reasons(void *device, void *ret)
{
    put(ret, 0, (uint64_t)number("REASONS", 0), 8);
    return device ? 0 : 2;
}

EXPORT int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, void *ret)
{
    ANSWER(device);
    return put_reasons(device, ret);
}

/* Those of a setting that fit, each in `entry` bytes; others are there too, before and behind them. */
static int put_processes(void *device, const char *name, unsigned *count, void *entries, size_t entry)
{
    static const uint64_t OTHER = 99999999;
    char text[SETTING];
    const char *list = setting(name, text);
    unsigned room = *count, there = 0;
    int used, has = is_part(device) ? device == parts : device == devices && number("MIG", 0) == 0;
    for (uint64_t pid, bytes; has && list && sscanf(list, " %lu=%lu%n", &pid, &bytes, &used) == 2; list += used) {
        uint64_t row[3] = {pid, bytes, is_part(device) ? 5 : UINT32_MAX};
        if (there++ < room)
            memcpy((char *)entries + (there - 1) * entry, row, entry);
    }
    for (unsigned i = 0; has && i < (unsigned)number("GROWS", 0); i++) {
        uint64_t row[3] = {OTHER, (uint64_t)1 << 40, 0};
        if (there++ < room)
            memcpy((char *)entries + (there - 1) * entry, row, entry);
    }
    *count = there;
    return there > room ? 7 : 0;
}

#ifdef FAKE_OLD
EXPORT int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned *count, void *entries)
{
    ANSWER(device);
    return put_processes(device, "COMPUTE", count, entries, 16);
}
#else
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, void *entries)
{
    ANSWER(device);
    return put_processes(device, "COMPUTE", count, entries, 24);
}

EXPORT int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, void *entries)
{
    ANSWER(device);
    return put_processes(device, "GRAPHICS", count, entries, 24);
}

EXPORT int nvmlDeviceGetCurrentClocksEventReasons(void *device, void *ret)
{
    ANSWER(device);
    return put_reasons(device, ret);
}

EXPORT int nvmlDeviceGetMigMode(void *device, void *current, void *pending)
{
    ANSWER(device);
    put(current, 0, number("MIG", 0) > 0, 4);
    put(pending, 0, 0, 4);
    return 0;
}

EXPORT int nvmlDeviceGetMaxMigDeviceCount(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, 2 * (uint64_t)number("MIG", 0), 4);
    return 0;
}

EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **ret)
{
    ANSWER(device);
    *ret = parts + index / 2;
    return index % 2 ? 0 : 6;
}

EXPORT const char *nvmlErrorString(int code)
{
    return code == 9 ? "Driver Not Loaded" : "Some Error";
}

EXPORT int nvmlSystemGetDriverVersion(char *text, unsigned room)
{
    ANSWER(NULL);
    return put_text(text, room, "550.0%d", 1);
}

EXPORT int nvmlDeviceGetUUID(void *device, char *text, unsigned room)
{
    ANSWER(device);
    if (is_part(device))
        return put_text(text, room, "MIG-0000-%d", (int)((const char *)device - parts));
    return put_text(text, room, "GPU-0000-%d", index_of(device));
}

EXPORT int nvmlDeviceGetMemoryInfo_v2(void *device, void *ret)
{
    uint32_t version;
    ANSWER(device);
    memcpy(&version, ret, sizeof version);
    if (version != 0x02000028)
        return 25;
    if (is_part(device))
        return put_part(device, ret, 8, 24, 32);
    put(ret, 8, (uint64_t)24 << 30, 8);
    put(ret, 16, (uint64_t)1 << 30, 8);
    put(ret, 24, (uint64_t)18 << 30, 8);
    put(ret, 32, (uint64_t)5 << 30, 8);
    return 0;
}

EXPORT int nvmlDeviceGetTemperature(void *device, unsigned sensor, void *ret)
{
    ANSWER(device);
    put(ret, 0, 61, 4);
    return sensor == 0 ? 0 : 2;
}

EXPORT int nvmlDeviceGetTemperatureV(void *device, void *ret)
{
    uint32_t version, sensor;
    ANSWER(device);
    memcpy(&version, ret, sizeof version);
    memcpy(&sensor, (char *)ret + 4, sizeof sensor);
    put(ret, 8, 62, 4);
    return version == 0x0100000c && sensor == 0 ? 0 : 25;
}

EXPORT int nvmlDeviceGetEnforcedPowerLimit(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, 350000, 4);
    return 0;
}

static double seconds_since_opened(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - opened.tv_sec) + (double)(now.tv_nsec - opened.tv_nsec) / 1e9;
}

EXPORT int nvmlDeviceGetTotalEnergyConsumption(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, 5000000000123 + (uint64_t)(number("WATTS", 0) * seconds_since_opened() * 1e3), 8);
    return 0;
}

EXPORT int nvmlDeviceGetClockInfo(void *device, unsigned domain, void *ret)
{
    ANSWER(device);
    put(ret, 0, domain == 1 ? 1695 : domain == 2 ? 9751 : 0, 4);
    return 0;
}
#endif
