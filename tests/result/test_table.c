#include "test.h"
#include "table.h"

static const struct terminal plain = {.width = 60}, coloured = {.colour = true, .width = 60};

static void test_alignment(void **state)
{
    (void)state;
    static const struct table_column columns[] = {
        {.title = ""}, {.title = "näme", .max = 8}, {.title = "value", .right = true}, {.title = "note"}};
    static const char *const cells[] = {"✓",    "short", "1.5 µs", "x",         "✗", "much too long",
                                        "22 s", "",      "–",      "ü\x1b[31m", "",  "end"};
    struct table t;
    struct buf out;
    buf_init(&out, 10000);
    table_init(&t, columns, 4);
    for (int i = 0; i < COUNT(cells); i++)
        table_add(&t, STYLE_PLAIN, cells[i]);
    table_write(&t, &out, &plain, 2);
    assert_string_equal(buf_text(&out), "     näme       value  note\n"
                                        "  ✓  short     1.5 µs  x\n"
                                        "  ✗  much to…    22 s\n"
                                        "  –  ü?[31m            end\n");
    table_finish(&t);
    buf_finish(&out);
}

static void test_colour(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    terminal_add(&out, &coloured, STYLE_GREEN, "ok", 10);
    terminal_add(&out, &coloured, STYLE_PLAIN, "plain", 10);
    terminal_add(&out, &plain, STYLE_GREEN, "ok", 10);
    assert_string_equal(buf_text(&out), "\033[32mok\033[0mplainok");
    buf_finish(&out);
}

static void test_rows_are_bounded(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{.title = ""}};
    struct table t;
    struct buf out;
    buf_init(&out, 100000);
    table_init(&t, columns, 1);
    for (int i = 0; i < TABLE_ROWS_MAX + 10; i++)
        table_add(&t, STYLE_PLAIN, "x");
    table_write(&t, &out, &plain, 0);
    assert_int_equal(out.len, TABLE_ROWS_MAX * 2);
    table_finish(&t);
    buf_finish(&out);
}

static void test_wrapping(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"short", "short\n"},
        {"", "\n"},
        {"a number and its unit stay together, even at the end 99 %",
         "a number and its unit stay together, even at the end\n    99 %\n"},
        {"a sentence that is longer than the fifty-six columns which are left",
         "a sentence that is longer than the fifty-six columns\n    which are left\n"},
        {"exactly-fifty-six-columns-and-then-not-a-single-one-more next",
         "exactly-fifty-six-columns-and-then-not-a-single-one-more\n    next\n"},
        {"ääääääääääääääääääääääääääääääääääääääääääääääääääääääääää ö",
         "ääääääääääääääääääääääääääääääääääääääääääääääääääääääää\n    ää ö\n"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 1000);
        terminal_wrap(&out, &plain, STYLE_PLAIN, rows[i].text, 4);
        assert_string_equal(buf_text(&out), rows[i].expected);
        buf_finish(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_rows_are_bounded),
        cmocka_unit_test(test_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
