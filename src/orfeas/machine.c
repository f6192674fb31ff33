#include "machine.h"

#include <dirent.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/timex.h>

static nsec of_timeval(struct timeval t)
{
    return (nsec)t.tv_sec * NSEC_PER_SEC + (nsec)t.tv_usec * NSEC_PER_USEC;
}

static void read_stat(struct machine_usage *ret)
{
    FILE *file = fopen("/proc/stat", "re");
    long long ticks[8] = {
        0}; /* user nice system idle iowait irq softirq steal; guest time is in user already */
    if (!file)
        return;
    if (fscanf(file, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &ticks[0], &ticks[1], &ticks[2],
               &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) == 8) {
        for (int i = 0; i < 8; i++)
            ret->all += ticks[i];
        ret->steal = ticks[7];
    }
    fclose(file);
}

void machine_read(struct machine_usage *ret)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    *ret = (struct machine_usage){.cpu = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime)};
    read_stat(ret);
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
    int count = -3; /* ".", ".." and the directory itself */
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    while (readdir(dir))
        count++;
    closedir(dir);
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
