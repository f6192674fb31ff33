#include "conf_scalar.h"

#include <stdio.h>
#include <string.h>

bool conf_duration(const struct conf_node *n, struct diag_list *diags, nsec low, nsec high, nsec *ret)
{
    if (!n)
        return true;
    static const char usual[] = "write a number and a unit: 500ms, 20s, 5m, 1h30m";
    char hint[CONF_HINT];
    strcpy(hint, usual);
    double bare;
    if (!conf_scalar_has_text(n, diags, hint))
        return false;
    if (conf_scalar_decimal(n->text, n->len, &bare))
        snprintf(hint, sizeof hint, "write the unit too: %ss, or with ms, m, h", n->text);
    nsec value;
    if (!duration_parse(n->text, n->len, &value))
        return conf_scalar_refuse(n, diags, hint, "a duration");
    if (value < low || value > high) {
        char a[DURATION_TEXT], b[DURATION_TEXT], wanted[80];
        snprintf(wanted, sizeof wanted, "from %s to %s", low ? duration_text(low, a) : "0 s",
                 duration_text(high, b));
        return conf_scalar_refuse(n, diags, NULL, wanted);
    }
    *ret = value;
    return true;
}

static const struct {
    const char *name;
    double seconds;
} periods[] = {{"s", 1}, {"min", 60}, {"h", 3600}};

/* How many seconds the text behind the '/' stands for; 0: none that is known. */
static double period(const char *name)
{
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        if (strcmp(periods[i].name, name) == 0)
            return periods[i].seconds;
    }
    return 0;
}

bool conf_rate(const struct conf_node *n, struct diag_list *diags, double low, double high, double *ret)
{
    if (!n)
        return true;
    static const char hint[] = "write 100/s, 6/min or 30/h; a bare number is a second's";
    if (!conf_scalar_has_text(n, diags, hint))
        return false;
    const char *slash = strchr(n->text, '/');
    double count, seconds = slash ? period(slash + 1) : 1;
    size_t digits = slash ? (size_t)(slash - n->text) : n->len;
    if (!conf_scalar_decimal(n->text, digits, &count) || seconds == 0)
        return conf_scalar_refuse(n, diags, hint, "a rate");
    if (!(count / seconds >= low && count / seconds <= high)) {
        char wanted[80];
        snprintf(wanted, sizeof wanted, "from %.12g to %.12g a second", low, high);
        return conf_scalar_refuse(n, diags, NULL, wanted);
    }
    *ret = count / seconds;
    return true;
}

bool conf_percent(const struct conf_node *n, struct diag_list *diags, double *ret)
{
    if (!n)
        return true;
    static const char hint[] = "write 10%";
    double value;
    if (!conf_scalar_has_text(n, diags, hint))
        return false;
    if (n->len == 0 || n->text[n->len - 1] != '%' || !conf_scalar_decimal(n->text, n->len - 1, &value) ||
        !(value >= 0 && value <= 100))
        return conf_scalar_refuse(n, diags, hint, "a share from 0% to 100%");
    *ret = value / 100;
    return true;
}
