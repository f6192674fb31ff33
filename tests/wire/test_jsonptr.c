#include "test.h"
#include "jsonptr.h"

/* The document of RFC 6901, section 5, and what we need besides. */
static const char document[] =
    "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,"
    "\" \":7,\"m~n\":8,\"deep\":{\"list\":[[1,{\"x\":true}],null]},\"real\":100.0,\"third\":0.1,\"big\":1e300,"
    "\"max\":9223372036854775807,\"text\":\"4\"}";

static const struct {
    const char *pointer;
    const char *expected; /* as text; NULL: nothing there */
} rows[] = {
    {"/foo", "[\"bar\",\"baz\"]"}, {"/foo/0", "bar"}, {"/foo/1", "baz"}, {"/", "0"}, {"/a~1b", "1"}, {"/c%d", "2"},
    {"/e^f", "3"}, {"/g|h", "4"}, {"/i\\j", "5"}, {"/k\"l", "6"}, {"/ ", "7"}, {"/m~0n", "8"},
    {"/deep/list/0/1/x", "true"}, {"/deep/list/1", "null"}, {"/real", "100"}, {"/third", "0.1"}, {"/big", "1e+300"},
    {"/max", "9223372036854775807"}, {"/text", "4"},
    {"/foo/2", NULL}, {"/foo/-", NULL}, {"/foo/00", NULL}, {"/foo/01", NULL}, {"/foo/+1", NULL}, {"/foo/1x", NULL},
    {"/foo/4294967296", NULL}, {"/foo/99999999999999999999", NULL}, {"/foo/", NULL}, {"/nothing", NULL},
    {"/text/0", NULL}, {"/deep/list/1/x", NULL}, {"foo", NULL}, {"/m~n", NULL}, {"/m~2n", NULL}, {"/a~", NULL},
};

static void test_values(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    json_t *root = json_loads(document, 0, NULL);
    assert_non_null(root);
    assert_ptr_equal(jsonptr_get(root, ""), root);
    assert_null(jsonptr_get(NULL, ""));
    for (int i = 0; i < COUNT(rows); i++) {
        const char *text = jsonptr_text(jsonptr_get(root, rows[i].pointer), &arena);
        if ((text != NULL) != (rows[i].expected != NULL) || (text && strcmp(text, rows[i].expected) != 0))
            fail_msg("%s gave %s", rows[i].pointer, text ? text : "nothing");
    }
    json_decref(root);
    arena_finish(&arena);
}

static void test_valid(void **state)
{
    (void)state;
    char longest[JSONPTR_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    longest[JSONPTR_MAX] = '\0';
    assert_true(jsonptr_valid(longest));
    longest[JSONPTR_MAX] = 'x';
    longest[JSONPTR_MAX + 1] = '\0';
    assert_false(jsonptr_valid(longest));
    assert_true(jsonptr_valid(""));
    assert_true(jsonptr_valid("/a~0~1/"));
    assert_false(jsonptr_valid("a"));
    assert_false(jsonptr_valid("/~"));
    assert_false(jsonptr_valid("/~x"));
}

static void test_text_has_a_maximum_and_no_nul(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, "test", 1 << 20);
    static char text[JSONPTR_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    json_t *fits = json_stringn(text, JSONPTR_TEXT_MAX), *longer = json_stringn(text, JSONPTR_TEXT_MAX + 1);
    json_t *nul = json_stringn("a\0b", 3), *list = json_array();
    json_array_append(list, longer);
    assert_int_equal(strlen(jsonptr_text(fits, &arena)), JSONPTR_TEXT_MAX);
    assert_null(jsonptr_text(longer, &arena));
    assert_null(jsonptr_text(list, &arena));
    assert_null(jsonptr_text(nul, &arena));
    json_decref(fits);
    json_decref(longer);
    json_decref(nul);
    json_decref(list);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_text_has_a_maximum_and_no_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
