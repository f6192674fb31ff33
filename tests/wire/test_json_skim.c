#include "test.h"
#include "json_skim.h"
#include "jsonptr.h"

#include <stdlib.h>
#include <string.h>

/* What stands there; "(no)": it is not taken; "(none)": nothing does; "?..." is not plain, "#" a number. */
static const struct {
    const char *text, *pointer, *found;
} rows[] = {
    {"{\"a\":\"b\"}", "/a", "b"},
    {" { \"x\" : [ 1 , {} , [] ] ,\t\"a\"\n:\r\"b\" } ", "/a", "b"},
    {"{\"a\":\"b\"}", "/b", "(none)"},
    {"{\"a\":\"b\"}", "/a/b", "(none)"},
    {"{\"a\":{\"b\":\"c\"}}", "/a", "(none)"},
    {"{\"a\":{\"b\":\"c\"}}", "/a/b", "c"},
    {"{\"b\":{\"b\":1},\"a\":{\"c\":2,\"b\":3}}", "/a/b", "#3"},
    {"{\"a\":[7,[8,9],{\"b\":true}]}", "/a/1/1", "#9"},
    {"{\"a\":[7,[8,9],{\"b\":true}]}", "/a/2/b", "true"},
    {"{\"a\":[7]}", "/a/00", "(none)"},
    {"[0,1,2,3,4,5,6,7,8,9,10,11]", "/11", "#11"},
    {"{\"\":null}", "/", "null"},
    {"{\"a/b~\":false}", "/a~1b~0", "false"},
    {"{\"a\":1,\"a\":2}", "/a", "#2"},
    {"{\"a\":{\"b\":1},\"a\":2}", "/a/b", "(none)"},
    {"{\"a\":2,\"a\":{\"b\":1}}", "/a", "(none)"},
    {"{\"a\":-5}", "/a", "#-5"},
    {"{\"a\":0}", "/a", "#0"},
    {"{\"a\":-0}", "/a", "?#-0"},
    {"{\"a\":1.50}", "/a", "?#1.50"},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\"}", "/a", "?\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC"},
    {"{\"a\":\"\xe2\x82\xac\"}", "/a", "\xe2\x82\xac"},
    {"{\"a\":\"\x7f\"}", "/a", "\x7f"},
    {"5", "/a", "(none)"},
    {"\"x\"", "/a", "(none)"},
    {"[]", "/a", "(none)"},
    /* unusual */
    {"{\"a\":1e3}", "/a", "(no)"},
    {"{\"a\":1.5E-3}", "/a", "(no)"},
    {"{\"a\":1234567890123456789}", "/a", "(no)"},
    {"{\"\\u0061\":1}", "/a", "(no)"},
    {"{\"b\":\"\\ud83d\\ude00\"}", "/a", "(no)"},
    {"{\"b\":\"\\u0000\"}", "/a", "(no)"},
    /* no JSON */
    {"", "/a", "(no)"},
    {"{", "/a", "(no)"},
    {"{}}", "/a", "(no)"},
    {"{} x", "/a", "(no)"},
    {"{\"a\" 1}", "/a", "(no)"},
    {"{\"a\":1,}", "/a", "(no)"},
    {"{,}", "/a", "(no)"},
    {"{a:1}", "/a", "(no)"},
    {"[1,]", "/a", "(no)"},
    {"[1 2]", "/a", "(no)"},
    {"[1}", "/a", "(no)"},
    {"[01]", "/a", "(no)"},
    {"[-]", "/a", "(no)"},
    {"[1.]", "/a", "(no)"},
    {"[.5]", "/a", "(no)"},
    {"[+1]", "/a", "(no)"},
    {"[tru]", "/a", "(no)"},
    {"[truex]", "/a", "(no)"},
    {"[NaN]", "/a", "(no)"},
    {"[\"a\nb\"]", "/a", "(no)"},
    {"[\"\xff\"]", "/a", "(no)"},
    {"[\"\xe2\x82\"]", "/a", "(no)"},
    {"[\"\\x\"]", "/a", "(no)"},
    {"[\"\\u12g4\"]", "/a", "(no)"},
    {"[\"\\", "/a", "(no)"},
    {"[\"abc", "/a", "(no)"},
};

/* In memory of its own length, so that whoever reads on is caught. */
static bool skim(const char *text, size_t len, struct json_skim *found)
{
    static char *copy;
    free(copy);
    copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    return json_skim(copy, len, found, 1);
}

static void test_rows(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(rows); i++) {
        struct json_skim found = {.pointer = rows[i].pointer};
        char text[200] = "(no)";
        if (skim(rows[i].text, strlen(rows[i].text), &found))
            snprintf(text, sizeof text, found.found ? "%s%s%.*s" : "(none)", found.plain ? "" : "?",
                     found.number ? "#" : "", (int)found.len, found.at);
        if (strcmp(text, rows[i].found) != 0)
            fail_msg("row %d: %s", i, text);
    }
}

static void test_several(void **state)
{
    (void)state;
    struct json_skim found[] = {{.pointer = "/b"}, {.pointer = "/a"}, {.pointer = "/a"}, {.pointer = "/c/d"}};
    assert_true(json_skim("{\"a\":1,\"c\":{\"d\":\"x\"}}", 21, found, 4));
    assert_false(found[0].found);
    assert_true(json_skim_is(&found[1], "1"));
    assert_true(json_skim_is(&found[2], "1"));
    assert_false(json_skim_is(&found[2], "10"));
    assert_false(json_skim_is(&found[2], ""));
    assert_true(json_skim_is(&found[3], "x"));
    assert_false(json_skim_is(&found[0], ""));
    assert_true(json_skim("{}", 2, found, 4)); /* nothing stays from before */
    assert_false(found[3].found);
    assert_true(json_skim("7", 1, NULL, 0));
    assert_true(json_skim("{\"a\":1,\"a\":{}}", 14, found + 1, 1)); /* nor from a member of the same name */
    assert_false(found[1].found || found[1].number || found[1].plain);
}

static void test_depth(void **state)
{
    (void)state;
    char text[2 * JSON_SKIM_DEPTH_MAX + 4];
    struct json_skim found = {.pointer = "/a"};
    memset(text, '[', JSON_SKIM_DEPTH_MAX + 1);
    memset(text + JSON_SKIM_DEPTH_MAX + 1, ']', JSON_SKIM_DEPTH_MAX + 1);
    assert_false(json_skim(text, 2 * JSON_SKIM_DEPTH_MAX + 2, &found, 1));
    assert_true(json_skim(text + 1, 2 * JSON_SKIM_DEPTH_MAX, &found, 1));
}

/* Whatever is done to a text: what is taken is JSON, and says the same to a parser. */
static void test_as_a_parser_does(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"id\":\"j\\u00e9\",\"list\":[1,-2.5,true,null,{\"s\":\"x\"}],\"s\":\"runs\",\"p\":45,"
        "\"deep\":{\"s\":\"\xc3\xa9\",\"n\":0}}";
    static const char *const pointers[] = {"/s", "/p", "/list/4/s", "/deep/s", "/list/1"};
    static const char bytes[] = "{}[],:\"\\ \n0159-.eEtu\xc3\xa9\x01x";
    unsigned seed = 7;
    int taken = 0;
    for (int round = 0; round < 40000; round++) {
        char text[sizeof whole];
        size_t len = sizeof whole - 1;
        memcpy(text, whole, sizeof whole);
        for (int i = round % 4; i > 0; i--) {
            seed = seed * 1103515245 + 12345;
            text[(seed >> 8) % len] = bytes[(seed >> 20) % (sizeof bytes - 1)];
        }
        struct json_skim found = {.pointer = pointers[round % COUNT(pointers)]};
        if (!skim(text, len, &found))
            continue;
        json_t *root = json_loadb(text, len, JSON_DECODE_ANY, NULL);
        assert_non_null(root);
        const json_t *value = jsonptr_get(root, found.pointer);
        assert_int_equal(found.found, value && !json_is_object(value) && !json_is_array(value));
        if (found.found && found.plain) {
            char own[200];
            snprintf(own, sizeof own, "%.*s", (int)found.len, found.at);
            struct jsonptr_match match = {found.pointer, own};
            assert_true(jsonptr_any(root, &match, 1));
        }
        json_decref(root);
        taken++;
    }
    assert_true(taken > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_several),
                                       cmocka_unit_test(test_depth), cmocka_unit_test(test_as_a_parser_does)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
