#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setter {
    struct arena *arena;
    const char *path;
    const char *origin;
    struct diag_list *diags;
};

enum { PART = 65, PARTS_MAX = CONF_DEPTH_MAX - 2 };

void conf_append(struct conf_node *parent, struct conf_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    child->next = NULL;
    parent->count++;
}

struct conf_node *conf_drop(struct conf_node *map, const char *key)
{
    struct conf_node *found = conf_get(map, key), *before = NULL;
    if (!found)
        return NULL;
    for (struct conf_node *n = map->first; n != found; n = n->next)
        before = n;
    if (before)
        before->next = found->next;
    else
        map->first = found->next;
    if (map->last == found)
        map->last = before;
    map->count--;
    found->next = NULL;
    return found;
}

static bool fail(const struct setter *s, const char *hint, const char *message)
{
    diag_add(s->diags, s->origin, 0, 0, hint, "%s", message);
    return false;
}

/* Cuts the next part off the path. Returns false when it is empty or too long. */
static bool next_part(const char **at, char part[PART])
{
    size_t len = strcspn(*at, ".");
    if (len == 0 || len >= PART)
        return false;
    memcpy(part, *at, len);
    part[len] = '\0';
    *at += len;
    if (**at == '.' && (*at)[1])
        ++*at;
    return true;
}

static struct conf_node *new_entry(const struct setter *s, struct conf_node *map, const char *key)
{
    struct conf_node *n = arena_new(s->arena, struct conf_node, 1);
    n->kind = CONF_MAPPING;
    n->file = s->origin;
    n->text = "";
    n->key = arena_copy(s->arena, key, strlen(key));
    conf_append(map, n);
    return n;
}

/* By number, or by the name that the item gives itself. */
static struct conf_node *find_item(const struct conf_node *list, const char *part)
{
    bool is_number = strspn(part, "0123456789") == strlen(part);
    long wanted = is_number ? strtol(part, NULL, 10) : -1;
    long index = 0;
    for (struct conf_node *n = list->first; n; n = n->next, index++) {
        const struct conf_node *name = conf_get(n, "name");
        if (index == wanted || (name && name->kind == CONF_SCALAR && strcmp(name->text, part) == 0))
            return n;
    }
    return NULL;
}

static void report_item(const struct setter *s, const struct conf_node *list, const char *part)
{
    char hint[CONF_HINT] = "it has no items", shown[CONF_SHOWN];
    size_t used = 0;
    int index = 0;
    for (const struct conf_node *n = list->first; n && used < sizeof hint - 160; n = n->next, index++) {
        const struct conf_node *name = conf_get(n, "name");
        const char *text = name && name->kind == CONF_SCALAR ? conf_shown(name->text, shown) : "";
        used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%d%s%s",
                                 index ? ", " : "its items: ", index, *text ? " or " : "", text);
    }
    char list_name[CONF_SHOWN];
    diag_add(s->diags, s->origin, 0, 0, hint, "'%s' has no item '%s'",
             conf_shown(list->key ? list->key : "the list", list_name), part);
}

static struct conf_node *descend(const struct setter *s, struct conf_node *n, const char *part)
{
    if (n->kind == CONF_SEQUENCE) {
        struct conf_node *item = find_item(n, part);
        if (!item)
            report_item(s, n, part);
        return item;
    }
    if (n->kind == CONF_MAPPING) {
        struct conf_node *entry = conf_get(n, part);
        return entry ? entry : new_entry(s, n, part);
    }
    if (conf_is_null(n)) {
        n->kind = CONF_MAPPING; /* "vars:" with nothing behind it */
        return new_entry(s, n, part);
    }
    char shown[CONF_SHOWN];
    diag_add(s->diags, s->origin, 0, 0, NULL, "'%s' is a single value: there is no '%s' in it",
             conf_shown(n->key ? n->key : "this", shown), part);
    return NULL;
}

/* The places of a value that came from no file. */
static void take_origin(struct conf_node *n, const char *origin)
{
    n->file = origin;
    n->line = n->column = n->key_line = n->key_column = n->text_column = 0;
    for (struct conf_node *child = n->first; child; child = child->next)
        take_origin(child, origin);
}

static struct conf_node *parse_value(const struct setter *s, const char *value)
{
    struct diag_list found;
    diag_init(&found);
    struct conf_node *n = conf_parse(s->arena, s->origin, value, strlen(value), &found);
    for (const struct diag *d = found.first; d; d = d->next)
        diag_add(s->diags, s->origin, 0, 0, d->hint, "%s", d->message);
    if (found.count)
        n = NULL;
    diag_finish(&found);
    if (n)
        take_origin(n, s->origin);
    return n;
}

static struct conf_node *make_value(const struct setter *s, const char *value)
{
    if (value[0] && strchr("[{\"'", value[0]))
        return parse_value(s, value);
    struct conf_node *n = arena_new(s->arena, struct conf_node, 1);
    n->file = s->origin;
    n->len = strlen(value);
    n->text = arena_copy(s->arena, value, n->len);
    return n;
}

/* Puts the value into the place of `old`, which keeps its key and its siblings. */
static void replace(struct conf_node *old, const struct conf_node *value)
{
    struct conf_node kept = *old;
    *old = *value;
    old->key = kept.key;
    old->next = kept.next;
}

bool conf_set(struct arena *arena, struct conf_node *root, const char *path, const char *value,
              const char *origin, struct diag_list *diags)
{
    char shown[CONF_SHOWN];
    struct setter s = {.arena = arena, .path = path, .diags = diags};
    s.origin = arena_printf(arena, "%.200s", origin);
    if (strlen(path) > CONF_VALUE_MAX || strlen(value) > CONF_VALUE_MAX)
        return fail(&s, NULL, "longer than 4096 bytes");
    int parts = 0;
    struct conf_node *n = root;
    for (const char *at = path; n && (*at || !parts); parts++) {
        char part[PART];
        if (parts == PARTS_MAX || !next_part(&at, part)) {
            diag_add(diags, s.origin, 0, 0, "write it like load.users or load.phases.0.users",
                     "'%s' is no key", conf_shown(path, shown));
            return false;
        }
        n = descend(&s, n, part);
    }
    struct conf_node *put = n ? make_value(&s, value) : NULL;
    if (!put)
        return false;
    replace(n, put);
    return true;
}
