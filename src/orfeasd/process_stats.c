#include "process_stats.h"

#include "proc_fds.h"
#include "proc_stat.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void process_stats_read(struct process_stats *ret)
{
    *ret = (struct process_stats){0};
    struct proc_stat stat;
    if (proc_stat_read("/proc", getpid(), &stat) == 0) {
        ret->threads = stat.threads;
        ret->virtual_bytes = stat.virtual_bytes;
        ret->resident_bytes = stat.resident_bytes;
    }
    int fds = proc_fds_count("/proc", getpid());
    ret->open_fds = fds > 0 ? fds : 0;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        ret->max_fds = (int)files.rlim_cur;
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return;
    ret->cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    ret->minor_faults = (double)usage.ru_minflt;
    ret->major_faults = (double)usage.ru_majflt;
    ret->voluntary_switches = (double)usage.ru_nvcsw;
    ret->involuntary_switches = (double)usage.ru_nivcsw;
}
