#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

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
