#include "test.h"
#include "conf.h"

#include <stdlib.h>

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct buf out;
};

static void begin(struct fixture *f)
{
    arena_init(&f->arena, "test", CONF_ARENA_BYTES);
    diag_init(&f->diags);
    buf_init(&f->out, 1 << 20);
}

static void end(struct fixture *f)
{
    arena_finish(&f->arena);
    diag_finish(&f->diags);
    buf_finish(&f->out);
}

static const char *told(struct fixture *f)
{
    diag_write(&f->diags, &f->out);
    return buf_text(&f->out);
}

static struct conf_node *parse(struct fixture *f, const char *text)
{
    return conf_parse(&f->arena, "f.yaml", text, strlen(text), &f->diags);
}

static void test_every_value_knows_its_place(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    const struct conf_node *root = parse(&f, "a: 1\nb:\n  - \"x y\"\n  - {c: 'd', e: ~}\n# ä\nä: ö\n");
    assert_int_equal(f.diags.count, 0);
    assert_int_equal(root->kind, CONF_MAPPING);
    assert_int_equal(root->count, 3);
    const struct conf_node *a = conf_get(root, "a"), *b = conf_get(root, "b");
    assert_string_equal(a->text, "1");
    assert_false(a->quoted);
    assert_int_equal(a->line, 1);
    assert_int_equal(a->column, 4);
    assert_int_equal(a->key_column, 1);
    assert_int_equal(b->kind, CONF_SEQUENCE);
    assert_int_equal(b->count, 2);
    assert_true(b->first->quoted);
    assert_int_equal(b->first->column, 5);
    assert_int_equal(b->first->text_column, 6);
    assert_string_equal(b->first->text, "x y");
    const struct conf_node *map = b->first->next;
    assert_int_equal(map->kind, CONF_MAPPING);
    assert_string_equal(conf_get(map, "c")->text, "d");
    assert_true(conf_is_null(conf_get(map, "e")));
    assert_int_equal(conf_get(map, "e")->line, 4);
    assert_int_equal(conf_get(map, "e")->column, 17);
    assert_int_equal(conf_get(root, "ä")->column, 4); /* in characters, not bytes */
    assert_null(conf_get(root, "zz"));
    assert_null(conf_get(a, "zz"));
    assert_null(conf_get(NULL, "zz"));
    end(&f);
}

static void test_text_that_stands_otherwise_has_no_column(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int column;
    } rows[] = {
        {"a: plain text  ", 4}, {"a: \"quoted\"", 5}, {"a: 'quoted'", 5}, {"a: \"es\\tcape\"", 0},
        {"a: 'it''s'", 0},      {"a: two\n  lines", 0}, {"a: |\n  block\n", 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        const struct conf_node *root = parse(&f, rows[i].text);
        assert_non_null(root);
        assert_int_equal(conf_get(root, "a")->text_column, rows[i].column);
        end(&f);
    }
}

static void test_broken_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool tree;
        const char *expected;
    } rows[] = {
        {"", false, "f.yaml:1:1: the file is empty\n"},
        {"# only a comment\n", false, "f.yaml:1:1: the file is empty\n"},
        {"~\n", false, "f.yaml:1:1: the file is empty\n"},
        {"a: 1\na: 2\n", true, "f.yaml:2:1: 'a' stands here a second time; the first is in line 1\n"},
        {"x: {b: 1, c: 2, b: 3}\n", true, "f.yaml:1:17: 'b' stands here a second time"},
        {"a: 1\n\tb: 2\n", false, "f.yaml:2:1: found a tab character that violates indentation"},
        {"a:\n\t- b\n", false, "f.yaml:2:1: found character that cannot start any token\n    indent with spaces"},
        {"a: b: c\n", false, "f.yaml:1:5: mapping values are not allowed in this context\n    quote a text"},
        {"a: [1, 2\nb: 3\n", false, "f.yaml:2:2: did not find expected ',' or ']', while parsing a flow sequence that begins in line 1"},
        {"a: 'open\n", false, "f.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar that begins in line 1"},
        {"a: &x 1\nb: *x\n", true, "f.yaml:2:4: aliases (*name) are not supported"},
        {"a: &x\n  b: *x\n", true, "f.yaml:2:6: aliases"},
        {"a: !!int 5\n", true, "f.yaml:1:4: tags (!name) are not supported"},
        {"a: 1\n---\nb: 2\n", false, "f.yaml:2:1: a second document begins here"},
        {"? [1, 2]\n: 3\n", true, "f.yaml:1:3: a key cannot be a list or a mapping"},
        {"a: \"x\\0y\"\n", true, "f.yaml:1:4: a text cannot hold a NUL character"},
        {"a: 1\nb: x\x01y\n", false, "f.yaml:2:5: control characters are not allowed"},
        {"a: 1\nb: \xff\n", false, "f.yaml:2:4: invalid leading UTF-8 octet"},
        {"a: @x\n", false, "f.yaml:1:4: found character that cannot start any token\n    indent"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        bool tree = parse(&f, rows[i].text) != NULL;
        if (!strstr(told(&f), rows[i].expected) || tree != rows[i].tree)
            fail_msg("row %d: tree %d, said: %s", i, tree, buf_text(&f.out));
        assert_int_equal(f.diags.count, 1);
        end(&f);
    }
}

static void fill(char *to, const char *piece, int times)
{
    for (int i = 0; i < times; i++)
        strcpy(to + (size_t)i * strlen(piece), piece);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *before, *piece;
        int times;
        const char *expected; /* NULL: all right */
    } rows[] = {
        {"", "[", 100000, "nested deeper than 32 levels"},
        {"", "- ", 200, "nested deeper than 32 levels"},
        {"", "- x\n", 9999, NULL},
        {"", "- x\n", 10000, "f.yaml:10000:3: more than 10000 values"},
        {"a: ", "aaaaaaaa", (1 << 17) - 1, NULL},
        {"a: ", "aaaaaaaa", 1 << 17, "larger than 1 MiB"},
    };
    char *text = malloc(2 << 20);
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        strcpy(text, rows[i].before);
        fill(text + strlen(text), rows[i].piece, rows[i].times);
        bool tree = parse(&f, text) != NULL;
        assert_int_equal(tree, rows[i].expected == NULL);
        if (rows[i].expected && !strstr(told(&f), rows[i].expected))
            fail_msg("row %d said: %s", i, buf_text(&f.out));
        end(&f);
    }
    free(text);
}

static void test_load_says_why_a_file_cannot_be_read(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_null(conf_load(&f.arena, "/does/not/exist.yaml", &f.diags));
    assert_string_equal(told(&f), "/does/not/exist.yaml: cannot be read: No such file or directory\n");
    end(&f);
}

static const char sample[] = "a: 1\nb:\n  - {name: \"x \\u00e4\", k: [1, 2, 3]}\n  - 'y'\nc: |\n  text\n   more\n"
                             "d: &q {e: *q}\nf: !!str 7\n? g\n: \"h\n  i\"\n# end\n";

static void parse_bytes(const char *bytes, size_t len)
{
    struct fixture f;
    begin(&f);
    char *exact = malloc(len ? len : 1); /* so that reading past the end is seen */
    memcpy(exact, bytes, len);
    const struct conf_node *root = conf_parse(&f.arena, "f.yaml", exact, len, &f.diags);
    free(exact);
    assert_true(root || f.diags.count > 0);
    end(&f);
}

static void test_any_bytes(void **state)
{
    (void)state;
    char copy[sizeof sample];
    for (size_t len = 0; len < sizeof sample; len++)
        parse_bytes(sample, len);
    static const char replacements[] = "\0\n\t :-[]{}'\"&*!|>%@#\\\xff\xc3";
    for (size_t at = 0; at < sizeof sample - 1; at++) {
        for (size_t r = 0; r < sizeof replacements - 1; r++) {
            memcpy(copy, sample, sizeof sample);
            copy[at] = replacements[r];
            parse_bytes(copy, sizeof sample - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_value_knows_its_place),
        cmocka_unit_test(test_text_that_stands_otherwise_has_no_column),
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_load_says_why_a_file_cannot_be_read),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
