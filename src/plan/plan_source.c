#include "plan_compile.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 64 };

static bool is_path(const char *name)
{
    size_t len = strlen(name);
    return (len > 5 && strcmp(name + len - 5, ".yaml") == 0) ||
           (len > 4 && strcmp(name + len - 4, ".yml") == 0);
}

/* Anything else could leave the folder that a name stands for. */
static bool is_name(const char *name)
{
    return *name && strlen(name) <= 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && len < 64 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* The names of the files in the folder, without their ".yaml". */
static int list_names(struct compile *c, const char *dir, const char *names[NAMES_MAX])
{
    struct dirent **entries;
    int found = scandir(dir, &entries, is_yaml, by_name), count = 0;
    for (int i = 0; i < found; i++) {
        if (count < NAMES_MAX)
            names[count++] = arena_copy(c->arena, entries[i]->d_name, strlen(entries[i]->d_name) - 5);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return count;
}

static void report_missing(struct compile *c, const char *kind, const char *name, const char *dir,
                           const struct conf_node *asked_by)
{
    const char *names[NAMES_MAX];
    int count = list_names(c, dir, names);
    char hint[CONF_HINT], shown[CONF_SHOWN];
    conf_suggest(name, "there are: ", names, count, hint);
    if (!hint[0])
        snprintf(hint, sizeof hint, "write a name, or the path of a .yaml file");
    if (asked_by)
        conf_error(asked_by, c->diags, hint, "there is no %s '%s'", kind, conf_shown(name, shown));
    else
        diag_add(c->diags, "", 0, 0, hint, "there is no %s '%s'", kind, conf_shown(name, shown));
}

const char *plan_find_scenario(struct compile *c, const char *name, const char *share_dir)
{
    if (is_path(name))
        return arena_copy(c->arena, name, strlen(name));
    const char *dir = arena_printf(c->arena, "%s/scenarios", share_dir ? share_dir : ".");
    const char *path = arena_printf(c->arena, "%s/%s.yaml", dir, is_name(name) ? name : "");
    if (is_name(name) && is_there(path))
        return path;
    report_missing(c, "scenario", name, dir, NULL);
    return NULL;
}

/* `name` in the folder of the file `beside`. */
static const char *path_beside(struct compile *c, const char *beside, const char *name, const char *ending)
{
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    int dir_len = slash ? (int)(slash - beside) + 1 : 0;
    return arena_printf(c->arena, "%.*s%s%s", dir_len, beside ? beside : "", name, ending);
}

/* The same, where it is there. */
static const char *find_beside(struct compile *c, const char *beside, const char *name, const char *ending)
{
    const char *path = path_beside(c, beside, name, ending);
    return is_there(path) ? path : NULL;
}

const char *plan_path_beside(struct compile *c, const struct conf_node *asked_by, const char *name)
{
    bool is_in_file = asked_by->line > 0; /* an option has no folder */
    return path_beside(c, is_in_file && name[0] != '/' ? asked_by->file : NULL, name, "");
}

const char *plan_find_workflow(struct compile *c, const char *name, const char *share_dir, const char *beside,
                               const struct conf_node *asked_by)
{
    const char *dir = arena_printf(c->arena, "%s/workflows", share_dir ? share_dir : ".");
    const char *path = NULL;
    if (is_path(name)) {
        path = name[0] == '/' ? NULL : find_beside(c, beside, name, "");
        if (!path && is_there(name))
            path = arena_copy(c->arena, name, strlen(name));
    } else if (is_name(name)) {
        path = arena_printf(c->arena, "%s/%s.yaml", dir, name);
        if (!is_there(path))
            path = find_beside(c, beside, name, ".yaml");
    }
    if (!path)
        report_missing(c, "workflow", name, dir, asked_by);
    return path;
}
