#include "command.h"
#include "share.h"

#include <stdio.h>

/* Reports every mistake of every file at once. */
int cmd_check(struct options *o)
{
    char dir[SHARE_PATH];
    struct diag_list diags;
    if (o->word_count == 0) {
        fprintf(stderr, "orfeas check: name at least one scenario or workflow file\n");
        return EXIT_USAGE;
    }
    if (!share_dir("scenarios", dir))
        dir[0] = '\0'; /* files that name only files of their own are checked all the same */
    struct plan_options options = {.time_scale = o->time_scale,
                                   .workflow = o->workflow,
                                   .share_dir = dir,
                                   .settings = o->settings,
                                   .setting_count = o->setting_count};
    diag_init(&diags);
    int good = 0;
    for (int i = 0; i < o->word_count; i++)
        good += plan_check_file(o->words[i], &options, &diags);
    struct buf text;
    buf_init(&text, 1 << 20);
    diag_write(&diags, &text);
    fputs(buf_text(&text), stderr);
    if (diags.count)
        fprintf(stderr, "%d mistake%s\n", diags.count, diags.count == 1 ? "" : "s");
    for (int i = 0; i < o->word_count && diags.count == 0; i++)
        printf("%s: right\n", o->words[i]);
    buf_finish(&text);
    diag_finish(&diags);
    return good == o->word_count && diags.count == 0 ? EXIT_PASS : EXIT_USAGE;
}
