#include "test.h"
#include "utf8.h"

static void test_sequences(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int expected;
    } rows[] = {
        {"", 0, 0},
        {"a", 1, 1},
        {"\0", 1, 1},
        {"\xc3\xa9", 2, 2},
        {"\xc3", 1, 0},
        {"\xc3\xa9", 1, 0},
        {"\xc3x", 2, 0},
        {"\xa9", 1, 0},
        {"\xc0\x80", 2, 0},
        {"\xc1\xbf", 2, 0},
        {"\xe2\x82\xac", 3, 3},
        {"\xe2\x82\xac", 2, 0},
        {"\xe0\x9f\xbf", 3, 0},
        {"\xed\x9f\xbf", 3, 3},
        {"\xed\xa0\x80", 3, 0},
        {"\xf0\x9f\x98\x80", 4, 4},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        {"\xf4\x90\x80\x80", 4, 0},
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xff", 1, 0},
    };
    for (int i = 0; i < COUNT(rows); i++)
        if (utf8_sequence(rows[i].bytes, rows[i].len) != rows[i].expected)
            fail_msg("row %d", i);
}

static void test_texts(void **state)
{
    (void)state;
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\xc3\xa9\xe2\x82\xac", 6));
    assert_false(utf8_is_valid("a\xc3\xa9\xe2\x82\xac", 5));
    assert_false(utf8_is_valid("a\xff", 2));
}

static void test_what_can_be_shown(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t room;
        const char *shown;
    } rows[] = {
        {"", 1, ""},
        {"plain", 6, "plain"},
        {"plain", 5, "plai"},
        {"plain", 1, ""},
        {"a\nb\x7f\x1b", 10, "a?b??"},
        {"\xff\xc3", 10, "??"},
        {"a\xe2\x82\xac", 5, "a\xe2\x82\xac"},
        {"a\xe2\x82\xac", 4, "a"},
        {"a\xe2\x82\xac", 3, "a"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char out[10];
        utf8_clean(rows[i].text, out, rows[i].room);
        assert_string_equal(out, rows[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sequences), cmocka_unit_test(test_texts),
                                       cmocka_unit_test(test_what_can_be_shown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
