/*
 * sandbox_filter - the allow list of system calls, as a filter for the kernel. Internal to sandbox.
 */
#pragma once

#include <stdbool.h>

/* From here on any call that is not on the list kills the process. False: this kernel or this machine has no
 * filters; nothing has changed. */
bool sandbox_filter_enter(void);
