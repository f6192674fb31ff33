/*
 * gpu_watch - the real GPUs of the machine, read once a second by a thread of its own: the driver may take
 * milliseconds to answer, and the server must not wait for it. Called on the main thread.
 */
#pragma once

#include "gpu.h"

struct gpu_watch;

/* NULL: there is no GPU whose driver can be asked. Reads once before it returns. */
struct gpu_watch *gpu_watch_create(void);
void gpu_watch_destroy(struct gpu_watch *w);
/* As they were last read. Returns how many there are. */
int gpu_watch_read(struct gpu_watch *w, struct gpu_reading ret[GPU_MAX]);
/* Of the GPU at that place. */
const char *gpu_watch_driver(const struct gpu_watch *w, int index);
