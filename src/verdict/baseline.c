#include "baseline.h"

#include <math.h>

double baseline_seconds(const struct plan *p)
{
    for (int i = p->workflow.generation_first; i <= p->workflow.generation_last; i++)
        if (step_waits(&p->workflow.steps[i]))
            return BASELINE_SECONDS / p->time_scale;
    return NAN;
}
