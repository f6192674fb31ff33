#include "environment.h"

#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>

void environment_read(struct environment *ret)
{
    struct utsname name;
    cpu_set_t cpus;
    *ret = (struct environment){.cpus = 1};
    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
        ret->cpus = CPU_COUNT(&cpus);
    if (uname(&name) != 0)
        return;
    snprintf(ret->system, sizeof ret->system, "%s", name.sysname);
    snprintf(ret->kernel, sizeof ret->kernel, "%s", name.release);
    snprintf(ret->arch, sizeof ret->arch, "%s", name.machine);
}
