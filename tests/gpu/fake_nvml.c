/*
 * fake_nvml - a libnvidia-ml.so.1 for tests: its own reading of the driver's interface, by byte offsets, so
 * that a wrong layout on the other side shows.
 *
 * FAKE_NVML_COUNT says how many GPUs there are (2); FAKE_NVML_FAIL which calls fail and how, as in
 * "nvmlDeviceGetPowerUsage=3 nvmlDeviceGetName/1=15", where /1 means GPU 1 alone. Built with FAKE_OLD it is
 * the library of an old driver, which lacks what came later; with FAKE_BROKEN it is none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a device handle points at: where it points says which one it is. */
static char devices[64];

#define EXPORT __attribute__((visibility("default")))

static int index_of(const void *device)
{
    return (int)((const char *)device - devices);
}

/* The code that a call is to return. `index` -1: it belongs to no GPU. */
static int code_of(const char *call, int index)
{
    char wanted[96];
    const char *list = getenv("FAKE_NVML_FAIL");
    for (int one = 0; list && one < 2; one++) {
        snprintf(wanted, sizeof wanted, one ? "%s/%d=" : "%s=", call, index);
        const char *found = strstr(list, wanted);
        if (found)
            return atoi(found + strlen(wanted));
    }
    return 0;
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

EXPORT int nvmlInit_v2(void)
{
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
    const char *count = getenv("FAKE_NVML_COUNT");
    ANSWER(NULL);
    put(ret, 0, count ? (uint64_t)atoi(count) : 2, 4);
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
    put(ret, 0, 40u + (unsigned)index_of(device), 4);
    put(ret, 4, 7, 4);
    return 0;
}

EXPORT int nvmlDeviceGetMemoryInfo(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, (uint64_t)24 << 30, 8);
    put(ret, 8, (uint64_t)18 << 30, 8);
    put(ret, 16, (uint64_t)6 << 30, 8);
    return 0;
}

EXPORT int nvmlDeviceGetPowerUsage(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, 250500, 4);
    return 0;
}

#ifndef FAKE_OLD
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
    return put_text(text, room, "GPU-0000-%d", index_of(device));
}

EXPORT int nvmlDeviceGetMemoryInfo_v2(void *device, void *ret)
{
    uint32_t version;
    ANSWER(device);
    memcpy(&version, ret, sizeof version);
    if (version != 0x02000028)
        return 25;
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

EXPORT int nvmlDeviceGetTotalEnergyConsumption(void *device, void *ret)
{
    ANSWER(device);
    put(ret, 0, 5000000000123, 8);
    return 0;
}

EXPORT int nvmlDeviceGetClockInfo(void *device, unsigned domain, void *ret)
{
    ANSWER(device);
    put(ret, 0, domain == 1 ? 1695 : domain == 2 ? 9751 : 0, 4);
    return 0;
}
#endif
