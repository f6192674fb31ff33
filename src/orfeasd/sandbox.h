/*
 * sandbox - a process gives up what it does not need, layer by layer, and for good.
 *
 * Meant for a small process of one thread that computes with memory and one socket it has already: afterwards
 * it opens no file, makes no socket, starts nothing, and asks the kernel for nothing but memory. Each layer
 * stands on its own, so that a kernel without one of them still has the others:
 *
 *   no_new_privs  no program that it starts gains rights; also: it dies with its parent, leaves no core
 *   rlimits       memory, descriptors, no files written, no processes
 *   landlock      the file system is closed, TCP and abstract sockets too where the kernel knows how
 *   seccomp       an allow list of system calls; any other one kills the process
 *
 * In builds with a sanitizer the memory limit is left to the sanitizer's allocator (its shadow memory is
 * larger than any useful limit), its report may be written, and the list has the calls that its run-time
 * makes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum sandbox_layer {
    SANDBOX_NO_NEW_PRIVS,
    SANDBOX_RLIMITS,
    SANDBOX_LANDLOCK,
    SANDBOX_SECCOMP,
    SANDBOX_LAYERS
};

enum { SANDBOX_ALL = (1 << SANDBOX_LAYERS) - 1 }; /* layers as a set of bits */

const char *sandbox_layer_name(enum sandbox_layer layer); /* "no_new_privs" ... */

struct sandbox_limits {
    int64_t memory_bytes; /* of address space, all mappings counted */
    int descriptors;      /* numbers below this one can be used */
};

/* Whether a sanitizer is built in: then there is no limit of address space. */
bool sandbox_sanitized(void);
/* Enters those layers of `wanted` that the kernel has. Returns the set that is active. `landlock_abi` is the
 * version of the interface that is used, 0: none. */
unsigned sandbox_enter(unsigned wanted, const struct sandbox_limits *limits, int *landlock_abi);
