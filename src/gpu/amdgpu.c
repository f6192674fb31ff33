#include "amdgpu.h"

#include "amdgpu_memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 512, CARD_NUMBERS = 256 };

struct card {
    char device[PATH]; /* its folder */
    char sensors[PATH + 300];
    char bus[GPU_NAME]; /* PCI address; "": not known */
};

struct amdgpu {
    const char *proc;
    struct card cards[AMDGPU_CARDS_MAX];
    int count;
};

/* The first line; false when there is none. */
static bool read_line(const char *folder, const char *name, char line[GPU_NAME])
{
    char path[PATH + 400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, GPU_NAME, file);
    if (file)
        fclose(file);
    if (!read)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static bool read_number(const char *folder, const char *name, double *ret)
{
    char line[GPU_NAME], *end;
    if (!read_line(folder, name, line))
        return false;
    *ret = strtod(line, &end);
    return end != line && *end == '\0' && *ret >= 0 && *ret < 1e18;
}

/* ---- which there are ---- */

static void find_sensors(struct card *card)
{
    char folder[PATH + 8];
    snprintf(folder, sizeof folder, "%s/hwmon", card->device);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (strncmp(e->d_name, "hwmon", 5) == 0)
            snprintf(card->sensors, sizeof card->sensors, "%s/%s", folder, e->d_name);
    if (dir)
        closedir(dir);
}

static void find_bus(struct card *card)
{
    char target[PATH];
    ssize_t len = readlink(card->device, target, sizeof target - 1);
    target[len > 0 ? len : 0] = '\0';
    const char *last = strrchr(target, '/');
    snprintf(card->bus, sizeof card->bus, "%.*s", GPU_NAME - 1, last ? last + 1 : target);
}

static void try_card(struct amdgpu *a, const char *drm, int number)
{
    struct card *card = &a->cards[a->count];
    char vendor[GPU_NAME];
    snprintf(card->device, sizeof card->device, "%s/card%d/device", drm, number);
    if (!read_line(card->device, "vendor", vendor) || strcmp(vendor, "0x1002") != 0)
        return;
    find_sensors(card);
    find_bus(card);
    a->count++;
}

struct amdgpu *amdgpu_open(const char *drm, const char *proc)
{
    struct amdgpu *a = calloc(1, sizeof *a);
    for (int i = 0; a && i < CARD_NUMBERS && a->count < AMDGPU_CARDS_MAX; i++)
        try_card(a, drm, i);
    if (!a || !a->count) {
        free(a);
        return NULL;
    }
    a->proc = proc;
    return a;
}

void amdgpu_close(struct amdgpu *a)
{
    free(a);
}

int amdgpu_count(const struct amdgpu *a)
{
    return a->count;
}

/* ---- reading ---- */

static const struct {
    const char *file;
    bool sensor; /* among the sensors */
    enum gpu_figure figure;
    double unit; /* of the file in the figure's */
} FILES[] = {
    {"gpu_busy_percent", false, GPU_USAGE, .01},
    {"mem_busy_percent", false, GPU_MEMORY_TRAFFIC, .01},
    {"mem_info_vram_total", false, GPU_MEMORY_TOTAL, 1},
    {"mem_info_vram_used", false, GPU_MEMORY_USED, 1},
    {"temp1_input", true, GPU_TEMPERATURE, 1e-3},
    {"power1_average", true, GPU_POWER, 1e-6},
    {"power1_input", true, GPU_POWER, 1e-6}, /* of newer chips, which tell no average */
    {"power1_cap", true, GPU_POWER_LIMIT, 1e-6},
    {"freq1_input", true, GPU_CLOCK_SM, 1},
    {"freq2_input", true, GPU_CLOCK_MEMORY, 1},
};

static void read_names(const struct card *card, struct gpu_reading *ret)
{
    char number[GPU_NAME];
    if (!read_line(card->device, "product_name", ret->name) || !*ret->name) {
        bool known = read_line(card->device, "device", number);
        snprintf(ret->name, GPU_NAME, "AMD GPU%s%.*s", known ? " " : "", GPU_NAME - 10, known ? number : "");
    }
    if (!read_line(card->device, "unique_id", ret->uuid))
        ret->uuid[0] = '\0';
}

static void read_free(struct gpu_reading *ret)
{
    double free = ret->value[GPU_MEMORY_TOTAL] - ret->value[GPU_MEMORY_USED];
    if (gpu_has(ret, GPU_MEMORY_TOTAL) && gpu_has(ret, GPU_MEMORY_USED) && free >= 0)
        gpu_put(ret, GPU_MEMORY_FREE, free);
}

void amdgpu_read(const struct amdgpu *a, int index, const struct gpu_processes *processes,
                 struct gpu_reading *ret)
{
    const struct card *card = &a->cards[index];
    char vendor[GPU_NAME];
    double value;
    *ret = (struct gpu_reading){.vendor = "AMD", .source = "amdgpu"};
    ret->lost = !read_line(card->device, "vendor", vendor);
    if (ret->lost)
        return;
    read_names(card, ret);
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
        if (!gpu_has(ret, FILES[i].figure) &&
            read_number(FILES[i].sensor ? card->sensors : card->device, FILES[i].file, &value))
            gpu_put(ret, FILES[i].figure, value * FILES[i].unit);
    read_free(ret);
    if (processes && amdgpu_memory_of(a->proc, card->bus, processes, &value))
        gpu_put(ret, GPU_PROCESS_MEMORY, value);
}
