#include "plan_compile.h"

#include <math.h>
#include <string.h>

nsec plan_scaled(const struct compile *c, nsec t)
{
    if (t == 0 || t == NSEC_NEVER)
        return t;
    nsec scaled =
        llroundl((long double)t / c->time_scale); /* 64 bits of mantissa: an hour at 60 is a minute */
    return scaled < 1 ? 1 : scaled;
}

bool plan_read_duration(const struct compile *c, const struct conf_node *n, nsec low, nsec high, nsec *ret)
{
    nsec t = -1;
    if (!conf_duration(n, c->diags, low, high, &t))
        return false;
    if (t >= 0)
        *ret = plan_scaled(c, t);
    return true;
}

bool plan_read_rate(const struct compile *c, const struct conf_node *n, bool may_be_0, double *ret)
{
    double rate = -1;
    if (!conf_rate(n, c->diags, 0, PLAN_RATE_MAX, &rate))
        return false;
    if (rate < 0)
        return true; /* the key is not there */
    if (rate == 0 && !may_be_0)
        conf_error(n, c->diags, "write rate: 100/s", "'rate' must be above 0");
    else if (rate * c->time_scale > PLAN_RATE_MAX)
        conf_error(n, c->diags, NULL, "'%s' is more than %d a second at time scale %g", n->text,
                   PLAN_RATE_MAX, c->time_scale);
    else {
        *ret = rate * c->time_scale;
        return true;
    }
    return false;
}

static const char range_hint[] = "write 20s, or uniform 20s..60s";

/* The duration that stands from `from` to `to` of the text. */
static bool range_end(const struct compile *c, const struct conf_node *n, size_t from, size_t to, nsec *ret)
{
    while (from < to && n->text[from] == ' ')
        from++;
    while (to > from && n->text[to - 1] == ' ')
        to--;
    if (!duration_parse(n->text + from, to - from, ret)) {
        conf_error_at(n, from, c->diags, range_hint, "'%.*s' is no duration",
                      (int)(to - from < 40 ? to - from : 40), n->text + from);
        return false;
    }
    if (*ret > PLAN_DURATION_MAX) {
        conf_error_at(n, from, c->diags, NULL, "longer than 30 days");
        return false;
    }
    return true;
}

bool plan_read_range(const struct compile *c, const struct conf_node *n, struct nsec_range *ret)
{
    static const char uniform[] = "uniform ";
    if (!n)
        return true;
    const char *dots = n->kind == CONF_SCALAR && !n->broken ? strstr(n->text, "..") : NULL;
    if (!dots) {
        nsec t;
        bool ok = plan_read_duration(c, n, 0, PLAN_DURATION_MAX, &t);
        if (ok)
            *ret = (struct nsec_range){t, t};
        return ok;
    }
    if (strncmp(n->text, uniform, strlen(uniform)) != 0) {
        conf_error(n, c->diags, "write think: uniform 20s..60s",
                   "a range needs the name of its distribution");
        return false;
    }
    nsec low, high;
    bool low_ok = range_end(c, n, strlen(uniform), (size_t)(dots - n->text), &low);
    bool high_ok = range_end(c, n, (size_t)(dots - n->text) + 2, n->len, &high);
    if (!low_ok || !high_ok)
        return false;
    if (low > high) {
        conf_error_at(n, strlen(uniform), c->diags, "write the shorter one first",
                      "this range ends before it begins");
        return false;
    }
    *ret = (struct nsec_range){plan_scaled(c, low), plan_scaled(c, high)};
    return true;
}
