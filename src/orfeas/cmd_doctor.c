#include "command.h"
#include "doctor.h"
#include "interrupt.h"

#include <stdlib.h>

int cmd_doctor(struct options *o)
{
    struct doctor *d = calloc(1, sizeof *d);
    if (!d)
        return EXIT_INTERNAL;
    interrupt_install(INTERRUPT_STOPS);
    d->options = o;
    int code = plans_load(o, d->plans, &d->plan_count);
    if (code == EXIT_PASS)
        code = target_begin(&d->target, o);
    if (code == EXIT_PASS)
        code = doctor_run(d);
    doctor_finish(d);
    target_close(&d->target);
    for (int i = 0; i < d->plan_count; i++)
        plan_free(d->plans[i]);
    free(d);
    return code;
}
