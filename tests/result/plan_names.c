#include "plan.h"

/* Weak, so that the plan layer's own take their place where it is linked. */
__attribute__((weak)) const char *measure_unit_name(enum measure_unit unit)
{
    static const char *const names[] = {"", "s", "%"};
    return names[unit];
}

__attribute__((weak)) const char *user_model_name(enum user_model model)
{
    return model == USERS_PACED ? "paced" : "closed";
}
