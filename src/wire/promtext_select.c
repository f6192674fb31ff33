#include "promtext_select.h"

#include <string.h>

static bool is_total_of(const char *name, struct promtext_text family)
{
    return strncmp(name, family.at, family.len) == 0 && strcmp(name + family.len, "_total") == 0;
}

bool promtext_names(const struct promtext_selector *selector, const struct promtext_sample *s)
{
    return promtext_is(s->name, selector->name) || promtext_is(s->family, selector->name) ||
           (s->totals && is_total_of(selector->name, s->family));
}

bool promtext_selects(const struct promtext_selector *selector, const struct promtext_sample *s)
{
    if (!promtext_names(selector, s))
        return false;
    for (int i = 0; i < selector->label_count; i++)
        if (!promtext_has_label(s, selector->labels[i].name, selector->labels[i].value))
            return false;
    return true;
}
