#include "nvml_memory.h"

#include <stdlib.h>
#include <string.h>

/*
 * Room for an entry: some drivers of the 535 series wrote 32 bytes where the layout has 24, under the same
 * name. Read by the layout such a list has wrong numbers behind the first entry, which fit no process; but it
 * must not be written past its end.
 */
enum { ENTRY_ROOM = 64, SPARE = 8 };

struct list {
    unsigned char *bytes;
    unsigned count;
    size_t stride;
};

static int ask(const struct nvml_processes_call *call, nvml_device device, struct list *list, unsigned room)
{
    list->count = room;
    return call->ask(device, &list->count, list->bytes);
}

/* The list may grow while we make room for it. False: there is none, or it is too long. */
static bool read_list(const struct nvml_processes_call *call, nvml_device device, struct list *list,
                      int *code)
{
    *list = (struct list){.stride = call->entry};
    for (unsigned room = 64; room <= NVML_PROCESSES_MAX;) {
        unsigned char *more = realloc(list->bytes, (size_t)room * ENTRY_ROOM);
        if (!more)
            return false;
        list->bytes = more;
        int answer = ask(call, device, list, room);
        if (answer == NVML_OK)
            return list->count <= room;
        if (answer != NVML_INSUFFICIENT_SIZE) {
            *code = answer;
            return false;
        }
        unsigned wanted = list->count + SPARE;
        room = list->count < NVML_PROCESSES_MAX && wanted > room ? wanted : room * 2;
    }
    return false;
}

struct held {
    int pid, instance;
    uint64_t bytes;
};

struct sum {
    struct held *held; /* NVML_PROCESSES_MAX */
    int count;
    bool untold;
};

static void add_process(struct sum *sum, struct held one)
{
    for (int i = 0; i < sum->count; i++) {
        struct held *h = &sum->held[i];
        if (h->pid == one.pid && h->instance == one.instance) {
            h->bytes = h->bytes > one.bytes ? h->bytes : one.bytes;
            return;
        }
    }
    if (sum->count < NVML_PROCESSES_MAX)
        sum->held[sum->count++] = one;
}

static void add_list(struct sum *sum, const struct list *list, const struct gpu_processes *processes)
{
    for (unsigned i = 0; i < list->count; i++) {
        struct nvml_process p = {.instance = 0};
        memcpy(&p, list->bytes + i * list->stride, list->stride);
        if (!gpu_processes_has(processes, (int)p.pid))
            continue;
        sum->untold |= p.bytes == NVML_NOT_AVAILABLE;
        add_process(sum, (struct held){(int)p.pid, (int)p.instance, p.bytes});
    }
}

static double total(const struct sum *sum)
{
    double bytes = 0;
    for (int i = 0; i < sum->count; i++)
        bytes += (double)sum->held[i].bytes;
    return bytes;
}

/* A library has one layout by three names: the newest, the same by an older one, and an old one. */
static const struct nvml_processes_call *newest(const struct nvml_processes_call calls[NVML_PROCESS_CALLS])
{
    for (int i = 0; i < NVML_PROCESS_CALLS; i++)
        if (calls[i].ask)
            return &calls[i];
    return NULL;
}

bool nvml_memory_of(const struct nvml_functions *call, nvml_device device,
                    const struct gpu_processes *processes, double *bytes, int *code)
{
    const struct nvml_processes_call *calls[] = {newest(call->computing), newest(call->drawing)};
    struct sum sum = {.held = malloc(NVML_PROCESSES_MAX * sizeof *sum.held)};
    *code = NVML_OK;
    for (int i = 0; i < 2 && sum.held; i++) {
        struct list list = {0};
        if (calls[i] && read_list(calls[i], device, &list, code))
            add_list(&sum, &list, processes);
        free(list.bytes);
    }
    *bytes = total(&sum);
    free(sum.held);
    return sum.count && !sum.untold;
}
