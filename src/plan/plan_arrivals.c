#include "plan_compile.h"

#include <string.h>

/* Behind "replay" and a space or a colon; NULL: this is no replay. "" when it names no file. */
static const char *replay_file(const struct conf_node *n)
{
    static const char word[] = "replay";
    size_t len = strlen(word);
    if (n->kind != CONF_SCALAR || strncmp(n->text, word, len) != 0 ||
        (n->text[len] && !strchr(" :", n->text[len])))
        return NULL;
    const char *name = n->text + len;
    return name + strspn(name, " :");
}

static void read_replay(struct compile *c, const struct conf_node *n, const char *name)
{
    if (!*name)
        conf_error(n, c->diags, "write arrivals: replay times.txt",
                   "a replay needs the file that holds its times");
    else
        plan_replay_load(c, n, plan_path_beside(c, n, name));
}

void plan_arrivals_compile(struct compile *c, const struct conf_node *load)
{
    static const char *const names[] = {
        [ARRIVALS_CONSTANT] = "constant", [ARRIVALS_POISSON] = "poisson", [ARRIVALS_REPLAY] = "replay FILE"};
    const struct conf_node *n = conf_get(load, "arrivals");
    int choice = ARRIVALS_CONSTANT;
    const char *file = n ? replay_file(n) : NULL;
    if (c->plan->load.users != USERS_OPEN || !n)
        return;
    if (file)
        choice = ARRIVALS_REPLAY;
    else
        conf_choice(n, c->diags, names, 3, &choice);
    c->plan->load.arrivals = (enum arrival_kind)choice;
    if (file)
        read_replay(c, n, file);
}
