#include "sandbox.h"

#include "sandbox_filter.h"

#include <linux/landlock.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const NAMES[SANDBOX_LAYERS] = {"no_new_privs", "rlimits", "landlock", "seccomp"};

const char *sandbox_layer_name(enum sandbox_layer layer)
{
    return NAMES[layer];
}

bool sandbox_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

static bool enter_no_new_privs(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
           prctl(PR_SET_DUMPABLE, 0) == 0;
}

static bool set_limit(int resource, int64_t value)
{
    const struct rlimit limit = {(rlim_t)value, (rlim_t)value};
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

static bool enter_rlimits(const struct sandbox_limits *limits)
{
    const struct {
        int resource;
        int64_t value;
        bool sanitizer_has; /* its shadow memory; its report, which may go to a file */
    } rows[] = {
        {RLIMIT_AS, limits->memory_bytes, true},
        {RLIMIT_FSIZE, 0, true},
        {RLIMIT_NOFILE, limits->descriptors, false},
        {RLIMIT_CORE, 0, false},
        {RLIMIT_NPROC, 0, false},
        {RLIMIT_MSGQUEUE, 0, false},
        {RLIMIT_MEMLOCK, 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!(rows[i].sanitizer_has && sandbox_sanitized()) && !set_limit(rows[i].resource, rows[i].value))
            return false;
    return true;
}

/* ---- Landlock, by its system calls: the C library has no functions for them ---- */

/* As in the kernel's header of ABI 6; ours may be older. The kernel takes the first members alone, too. */
struct landlock_ruleset {
    uint64_t files, net, scoped;
};

/* What each version of the interface added: all of it is handled, and no rule allows anything. */
static const struct {
    int abi;
    uint64_t files, net, scoped;
} HANDLED[] = {
    {1, (1 << 13) - 1, 0, 0}, /* execute, read, write, make and remove */
    {2, 1 << 13, 0, 0},       /* refer */
    {3, 1 << 14, 0, 0},       /* truncate */
    {4, 0, 3, 0},             /* bind and connect TCP */
    {5, 1 << 15, 0, 0},       /* ioctl of devices */
    {6, 0, 0, 3},             /* abstract UNIX sockets, signals to others */
};

static int enter_landlock(void)
{
    int abi = (int)syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset ruleset = {0};
    for (size_t i = 0; i < sizeof HANDLED / sizeof HANDLED[0]; i++) {
        if (HANDLED[i].abi > abi)
            continue;
        ruleset.files |= HANDLED[i].files;
        ruleset.net |= HANDLED[i].net;
        ruleset.scoped |= HANDLED[i].scoped;
    }
    size_t size = abi >= 6 ? sizeof ruleset : abi >= 4 ? offsetof(struct landlock_ruleset, scoped) : 8;
    int fd = abi > 0 ? (int)syscall(__NR_landlock_create_ruleset, &ruleset, size, 0) : -1;
    if (fd < 0)
        return 0;
    bool active = syscall(__NR_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return active ? abi : 0;
}

/* The order matters: Landlock and the filter ask for no_new_privs, and behind the filter nothing can be asked
 * for any more. */
unsigned sandbox_enter(unsigned wanted, const struct sandbox_limits *limits, int *landlock_abi)
{
    unsigned active = 0;
    *landlock_abi = 0;
    if (wanted & 1u << SANDBOX_NO_NEW_PRIVS && enter_no_new_privs())
        active |= 1u << SANDBOX_NO_NEW_PRIVS;
    if (wanted & 1u << SANDBOX_LANDLOCK && (*landlock_abi = enter_landlock()) > 0)
        active |= 1u << SANDBOX_LANDLOCK;
    if (wanted & 1u << SANDBOX_RLIMITS && enter_rlimits(limits))
        active |= 1u << SANDBOX_RLIMITS;
    if (wanted & 1u << SANDBOX_SECCOMP && sandbox_filter_enter())
        active |= 1u << SANDBOX_SECCOMP;
    return active;
}
