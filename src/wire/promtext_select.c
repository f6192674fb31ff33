#include "promtext_select.h"

bool promtext_names(const struct promtext_selector *selector, const struct promtext_sample *s)
{
    return promtext_is(s->name, selector->name) || promtext_is(s->family, selector->name);
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
