#include "test.h"
#include "conf.h"

static const char file[] = "load:\n  users: paced\n  phases:\n    - {name: calm, users: 2}\n"
                           "    - {name: spike, users: 20}\nvars:\n";

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct buf out;
    struct conf_node *root;
};

static void begin(struct fixture *f)
{
    arena_init(&f->arena, "test", CONF_ARENA_BYTES);
    diag_init(&f->diags);
    buf_init(&f->out, 1 << 20);
    f->root = conf_parse(&f->arena, "f", file, sizeof file - 1, &f->diags);
}

static void end(struct fixture *f)
{
    arena_finish(&f->arena);
    diag_finish(&f->diags);
    buf_finish(&f->out);
}

static bool set(struct fixture *f, const char *path, const char *value)
{
    return conf_set(&f->arena, f->root, path, value, "--set x", &f->diags);
}

static const struct conf_node *phase(const struct fixture *f, int index)
{
    const struct conf_node *n = conf_get(conf_get(f->root, "load"), "phases")->first;
    while (index--)
        n = n->next;
    return n;
}

static void test_overrides(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_true(set(&f, "load.users", "closed"));
    assert_true(set(&f, "load.phases.0.users", "7"));
    assert_true(set(&f, "load.phases.spike.users", "30"));
    assert_true(set(&f, "load.phases.1.think", "uniform 1s..2s"));
    assert_true(set(&f, "vars.quality", "9"));
    assert_true(set(&f, "new.deep.key", "'it''s'"));
    assert_true(set(&f, "codes", "[200, 202]"));
    const struct conf_node *users = conf_get(conf_get(f.root, "load"), "users");
    assert_string_equal(users->text, "closed");
    assert_string_equal(users->key, "users");
    assert_string_equal(users->file, "--set x");
    assert_int_equal(users->line, 0);
    assert_non_null(users->next); /* its siblings stayed */
    assert_string_equal(conf_get(phase(&f, 0), "users")->text, "7");
    assert_string_equal(conf_get(phase(&f, 1), "users")->text, "30");
    assert_string_equal(conf_get(phase(&f, 1), "think")->text, "uniform 1s..2s");
    assert_string_equal(conf_get(conf_get(f.root, "vars"), "quality")->text, "9");
    assert_string_equal(conf_get(conf_get(conf_get(f.root, "new"), "deep"), "key")->text, "it's");
    assert_int_equal(conf_get(f.root, "codes")->count, 2);
    assert_int_equal(f.diags.count, 0);
    end(&f);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *expected;
    } rows[] = {
        {"load.phases.2.users", "1", "--set x: 'phases' has no item '2'\n    its items: 0 or calm, 1 or spike\n"},
        {"load.phases.peak.users", "1", "'phases' has no item 'peak'"},
        {"load.users.x", "1", "'users' is a single value: there is no 'x' in it"},
        {"", "1", "'' is no key"},
        {".", "1", "'.' is no key"},
        {"load.", "1", "'load.' is no key"},
        {"load..users", "1", "'load..users' is no key"},
        {"vars.x", "[1, 2", "--set x: did not find expected ',' or ']'"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        assert_false(set(&f, rows[i].path, rows[i].value));
        diag_write(&f.diags, &f.out);
        assert_int_equal(f.diags.count, 1);
        if (!strstr(buf_text(&f.out), rows[i].expected))
            fail_msg("row %d said: %s", i, buf_text(&f.out));
        end(&f);
    }
}

/* The keys that are left, in a row. */
static const char *keys(const struct conf_node *map, struct buf *out)
{
    buf_clear(out);
    for (const struct conf_node *n = map->first; n; n = n->next)
        buf_printf(out, "%s ", n->key);
    return buf_text(out);
}

static void test_dropping_and_appending(void **state)
{
    (void)state;
    static const struct {
        const char *dropped, *left;
    } rows[] = {{"a", "b c "}, {"b", "a c "}, {"c", "a b "}, {"d", "a b c "}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        struct conf_node *map = conf_parse(&f.arena, "m", "{a: 1, b: 2, c: 3}", 18, &f.diags);
        struct conf_node *n = conf_drop(map, rows[i].dropped);
        assert_string_equal(keys(map, &f.out), rows[i].left);
        assert_int_equal(map->count, n ? 2 : 3);
        if (n) {
            conf_append(map, n);
            assert_true(map->last == n && !n->next);
            assert_int_equal(map->count, 3);
            assert_true(conf_get(map, rows[i].dropped) == n);
        }
        for (int k = 0; k < 3; k++)
            conf_drop(map, (const char *[]){"a", "b", "c"}[k]);
        assert_true(!map->first && !map->last && map->count == 0);
        assert_null(conf_drop(NULL, "a"));
        end(&f);
    }
}

static void test_limits(void **state)
{
    (void)state;
    char text[CONF_VALUE_MAX + 2], deep[200] = "a";
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(deep, ".a");
    struct fixture f;
    begin(&f);
    assert_false(set(&f, "a", text));
    assert_false(set(&f, text, "1"));
    assert_false(set(&f, deep, "1"));
    assert_int_equal(f.diags.count, 3);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_dropping_and_appending),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
