#include "process_stats.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    int count = -1; /* its own */
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* The fields behind the command's name, which may hold spaces: num_threads is the 18th, vsize the 21st, rss
 * the 22nd (proc_pid_stat(5) counts two more). */
static void read_stat(struct process_stats *ret)
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    if (!f)
        return;
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    const char *at = strrchr(text, ')');
    unsigned long size = 0;
    long pages = 0;
    if (at &&
        sscanf(at + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %d %*d %*u %lu %ld",
               &ret->threads, &size, &pages) == 3) {
        ret->virtual_bytes = (double)size;
        ret->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    }
}

void process_stats_read(struct process_stats *ret)
{
    *ret = (struct process_stats){0};
    read_stat(ret);
    ret->open_fds = count_fds();
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
