#include "machine.h"

#include "machine_stats.h"
#include "proc_fds.h"

#include <math.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

static nsec of_timeval(struct timeval t)
{
    return (nsec)t.tv_sec * NSEC_PER_SEC + (nsec)t.tv_usec * NSEC_PER_USEC;
}

void machine_read(struct machine_usage *ret)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    *ret = (struct machine_usage){.cpu = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime)};
    struct machine_ticks ticks;
    if (machine_ticks_read("/proc", &ticks)) {
        ret->steal = (long long)ticks.steal;
        ret->all = (long long)(ticks.busy + ticks.idle);
    }
}

double machine_steal_percent(const struct machine_usage *from, const struct machine_usage *to)
{
    long long all = to->all - from->all;
    return all > 0 ? 100.0 * (double)(to->steal - from->steal) / (double)all : NAN;
}

int machine_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int machine_fd_limit(void)
{
    enum { ENOUGH = 1 << 20 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    rlim_t wanted = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return (int)(limit.rlim_cur < ENOUGH ? limit.rlim_cur : ENOUGH);
}

int machine_fds(void)
{
    int count = proc_fds_count("/proc", getpid());
    return count > 0 ? count : 0;
}

int machine_connections(void)
{
    enum { RESERVE = 200 }; /* loops, probes, results, what libraries open */
    int left = machine_fd_limit() - RESERVE;
    return left > 1 ? left : 1;
}

const char *machine_clock_state(void)
{
    struct timex t = {.modes = 0};
    if (adjtimex(&t) < 0)
        return "whether ours is kept right is not told";
    return t.status & STA_UNSYNC ? "ours is not synchronised (no NTP)" : "ours is synchronised";
}
