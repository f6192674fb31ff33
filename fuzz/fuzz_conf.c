/* conf: a tree is whole, and every reader takes every node. The first line is KEY=VALUE of a --set, the rest
 * the file. */
#include "conf.h"
#include "fuzz.h"

static void read_as_all(const struct conf_node *n, struct diag_list *diags)
{
    const char *text;
    bool yes;
    int64_t whole = 5;
    double number = 5;
    nsec t = 5;
    assert(n->line >= 0 && n->column >= 0);
    bool readable = n->kind == CONF_SCALAR && !n->broken;
    assert(!readable || strlen(n->text) == n->len);
    assert(!conf_string(n, diags, &text) || readable);
    conf_name(n, diags, &text);
    conf_bool(n, diags, &yes);
    assert(!conf_int(n, diags, 1, 9, &whole) || (whole >= 1 && whole <= 9));
    assert(!conf_number(n, diags, 1, 9, &number) || (number >= 1 && number <= 9));
    assert(!conf_duration(n, diags, 1, 9, &t) || (t >= 1 && t <= 9));
    int count = 0;
    for (const struct conf_node *child = n->first; child; child = child->next, count++)
        read_as_all(child, diags);
    assert(count == n->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct diag_list diags;
    struct arena arena;
    struct buf told;
    char *key = fuzz_line(&data, &size), *equals = strchr(key, '=');
    arena_init(&arena, "conf", 4 * CONF_ARENA_BYTES);
    diag_init(&diags);
    buf_init(&told, 4 << 20);
    struct conf_node *root = conf_parse(&arena, "f.yaml", (const char *)data, size, &diags);
    assert(root || diags.count);
    if (root && equals) {
        *equals = '\0';
        int before = diags.count;
        assert(conf_set(&arena, root, key, equals + 1, "--set", &diags) == (diags.count == before));
    }
    if (root)
        read_as_all(root, &diags);
    diag_write(&diags, &told);
    buf_finish(&told);
    diag_finish(&diags);
    arena_finish(&arena);
    free(key);
    return 0;
}
