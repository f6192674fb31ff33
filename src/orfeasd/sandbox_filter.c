#include "sandbox_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define FILTER_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define FILTER_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef FILTER_ARCH

/* What decoding takes: a request in, an answer out, memory between them, and an end. */
static const unsigned ALLOWED[] = {
    __NR_recvmsg,         __NR_sendmsg,      __NR_close,         __NR_munmap,
    __NR_mremap,          __NR_brk,          __NR_futex,         __NR_exit,
    __NR_exit_group,      __NR_rt_sigreturn, /* a signal that stops and continues it */
    __NR_restart_syscall,
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    __NR_write, /* its report, to the standard error that it has */
    __NR_getpid,          __NR_gettid,       __NR_sigaltstack,   __NR_rt_sigprocmask,
    __NR_rt_sigaction,    __NR_sched_yield,  __NR_clock_gettime, __NR_prctl,
    __NR_madvise,
#endif
};

/* Their third argument must not ask for memory that can be run. */
static const unsigned ALLOWED_WITHOUT_EXEC[] = {__NR_mmap, __NR_mprotect};

enum {
    ALLOWED_COUNT = sizeof ALLOWED / sizeof ALLOWED[0],
    EXEC_COUNT = sizeof ALLOWED_WITHOUT_EXEC / sizeof ALLOWED_WITHOUT_EXEC[0],
    FILTER_MAX = 10 + 2 * ALLOWED_COUNT + 5 * EXEC_COUNT,
};

struct filter {
    struct sock_filter code[FILTER_MAX];
    unsigned short count;
};

static void add(struct filter *f, unsigned short code, unsigned k, unsigned char if_true,
                unsigned char if_false)
{
    f->code[f->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void load(struct filter *f, size_t offset)
{
    add(f, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void ret(struct filter *f, unsigned action)
{
    add(f, BPF_RET | BPF_K, action, 0, 0);
}

/* Calls of another architecture have other numbers; those of x32 have a bit set that no row has. */
static void build(struct filter *f)
{
    load(f, offsetof(struct seccomp_data, arch));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, FILTER_ARCH, 1, 0);
    ret(f, SECCOMP_RET_KILL_PROCESS);
    load(f, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < ALLOWED_COUNT; i++) {
        add(f, BPF_JMP | BPF_JEQ | BPF_K, ALLOWED[i], 0, 1);
        ret(f, SECCOMP_RET_ALLOW);
    }
    for (int i = 0; i < EXEC_COUNT; i++) {
        add(f, BPF_JMP | BPF_JEQ | BPF_K, ALLOWED_WITHOUT_EXEC[i], 0, 4);
        load(f, offsetof(struct seccomp_data, args[2])); /* the low half: both machines are little-endian */
        add(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
        ret(f, SECCOMP_RET_KILL_PROCESS);
        ret(f, SECCOMP_RET_ALLOW);
    }
    /* Memory may be given back; other advice can do harm to the pages that are shared, if root runs it. */
    add(f, BPF_JMP | BPF_JEQ | BPF_K, __NR_madvise, 0, 3);
    load(f, offsetof(struct seccomp_data, args[2]));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, MADV_DONTNEED, 0, 1);
    ret(f, SECCOMP_RET_ALLOW);
    ret(f, SECCOMP_RET_KILL_PROCESS);
}

bool sandbox_filter_enter(void)
{
    struct filter filter = {.count = 0};
    build(&filter);
    const struct sock_fprog program = {filter.count, filter.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

bool sandbox_filter_enter(void)
{
    return false;
}

#endif
