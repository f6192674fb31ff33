#include "plans.h"

#include "exit_code.h"
#include "share.h"

#include <stdio.h>
#include <string.h>

static const char *const in_order[] = {"baseline", "normal", "peak", "spike", "sustained"};

/* Results files are named after their scenarios. */
static void check_names(struct plan *const plans[], int count, struct diag_list *diags)
{
    for (int i = 0; i < count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(plans[i]->scenario, plans[k]->scenario) == 0)
                diag_add(diags, NULL, 0, 0, "Give each a name of its own, or run them one after the other.",
                         "Two scenarios are named '%s': the second's results would replace the first's.",
                         plans[i]->scenario);
}

/* All of them, so that every mistake of every file is told at once. */
int plans_load(struct options *o, struct plan *plans[SCENARIOS_MAX], int *ret_count)
{
    char dir[SHARE_PATH];
    int count = 0;
    bool ad_hoc =
        o->word_count == 0 && o->workflow; /* a workflow and no scenario: closed users, no criteria */
    if (o->word_count == 0 && !ad_hoc)
        for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++)
            o->words[o->word_count++] = in_order[i];
    if (!share_dir("scenarios", dir))
        dir[0] = '\0';
    struct plan_options options = {.time_scale = o->time_scale,
                                   .workflow = o->workflow,
                                   .share_dir = dir,
                                   .settings = o->settings,
                                   .setting_count = o->setting_count};
    struct diag_list diags;
    diag_init(&diags);
    int wanted = ad_hoc ? 1 : o->word_count;
    for (int i = 0; i < wanted && count < SCENARIOS_MAX; i++)
        if ((plans[count] = plan_load(ad_hoc ? NULL : o->words[i], &options, &diags)) != NULL)
            count++;
    check_names(plans, count, &diags);
    struct buf text;
    buf_init(&text, 1 << 20);
    diag_write(&diags, &text);
    fputs(buf_text(&text), stderr);
    buf_finish(&text);
    int code = diags.count || count < wanted ? EXIT_USAGE : EXIT_PASS;
    diag_finish(&diags);
    *ret_count = count;
    return code;
}
