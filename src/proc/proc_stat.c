#include "proc_stat.h"

#include "proc_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The name stands in parentheses and may hold spaces, parentheses and line ends: the last one closes it. */
static const char *take_name(const char *text, char name[16])
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open)
        return NULL;
    size_t len = (size_t)(close - open - 1);
    snprintf(name, 16, "%.*s", (int)(len < 15 ? len : 15), open + 1);
    return close + 1;
}

/* Behind the name: state, ppid, then from the 14th field on utime stime cutime cstime priority nice
 * num_threads itrealvalue starttime vsize rss. */
static bool take_fields(const char *text, struct proc_stat *ret)
{
    unsigned long long user, system, size;
    long long waited_user, waited_system, pages;
    if (sscanf(text,
               " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %d %*d %" SCNu64
               " %llu %lld",
               &ret->state, &ret->parent, &user, &system, &waited_user, &waited_system, &ret->threads,
               &ret->start, &size, &pages) != 10)
        return false;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    ret->cpu_seconds = (double)(user + system) / ticks;
    ret->waited_seconds = (double)(waited_user + waited_system) / ticks;
    ret->virtual_bytes = (double)size;
    ret->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
    return true;
}

int proc_stat_read(const char *proc, int pid, struct proc_stat *ret)
{
    char text[1024];
    *ret = (struct proc_stat){.pid = pid};
    int len = proc_file_read(proc, pid, "stat", text, sizeof text);
    if (len < 0)
        return len == -ESRCH ? ENOENT : -len; /* it ended between open and read */
    const char *rest = take_name(text, ret->name);
    return rest && take_fields(rest, ret) ? 0 : EBADMSG;
}

bool proc_stat_ended(const struct proc_stat *s)
{
    return (s->state == 'Z' || s->state == 'X') && s->threads <= 1;
}
