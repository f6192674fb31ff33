#include "test.h"
#include "answer.h"

static struct arena scratch;

static json_t *parse(const char *text, char error[ANSWER_ERROR])
{
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_add_text(&body, text);
    json_t *root = answer_parse(buf_text(&body), body.len, error);
    buf_finish(&body);
    return root;
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *json, *pointer, *text; /* NULL: none */
    } rows[] = {
        {"{\"id\":\"a\"}", "/id", "a"},
        {"{\"id\":17}", "/id", "17"},
        {"{\"id\":true}", "/id", "true"},
        {"{\"id\":2.5}", "/id", "2.5"},
        {"{\"id\":null}", "/id", NULL},
        {"{\"id\":{\"x\":1}}", "/id", NULL},
        {"{\"id\":[1]}", "/id", NULL},
        {"{\"id\":[1]}", "/id/0", "1"},
        {"{}", "/id", NULL},
        {"\"text\"", "", "text"},
        {"{\"id\":\"a\",\"big\":18446744073709551615}", "/id", "a"},
        {"{\"id\":12345678901234567890123}", "/id", "1.2345678901234568e+22"},
    };
    arena_init(&scratch, "test", 1 << 20);
    for (int i = 0; i < COUNT(rows); i++) {
        char error[ANSWER_ERROR];
        json_t *root = parse(rows[i].json, error);
        assert_non_null(root);
        const char *text = answer_text(root, rows[i].pointer, &scratch);
        if ((text == NULL) != (rows[i].text == NULL) || (text && strcmp(text, rows[i].text) != 0))
            fail_msg("%s at %s gave %s", rows[i].json, rows[i].pointer, text ? text : "nothing");
        json_decref(root);
    }
    assert_null(answer_text(NULL, "/id", &scratch));
    arena_finish(&scratch);
}

static void test_what_is_no_json_says_why(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "<html>", "{\"a\":", "{\"a\":1e400}", "{\"a\":1} x"};
    for (int i = 0; i < COUNT(rows); i++) {
        char error[ANSWER_ERROR] = "";
        assert_null(parse(rows[i], error));
        assert_non_null(strstr(error, "the answer is no JSON: "));
    }
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        double seconds;
    } rows[] = {
        {"\"2001-09-09T01:46:40Z\"", 1e9},
        {"\"2001-09-09T01:46:40.250000Z\"", 1e9 + 0.25},
        {"1000000000.5", 1e9 + 0.5},
        {"\"17.25\"", 17.25},
        {"\"yesterday\"", -1},
        {"\"\"", -1},
        {"null", -1},
        {"9000000000", 9e9},
        {"9000000001", -1},
        {"1e300", -1},
        {"\"1e999\"", -1},
        {"\"nan\"", -1},
        {"\"9999-12-31T23:59:60Z\"", -1},
        {"\"2001-09-09T01:46:40.5e300\"", -1},
    };
    arena_init(&scratch, "test", 1 << 20);
    for (int i = 0; i < COUNT(rows); i++) {
        char error[ANSWER_ERROR];
        json_t *root = parse(rows[i].json, error);
        assert_near(answer_time(root, "", &scratch), rows[i].seconds, 1e-6);
        json_decref(root);
    }
    arena_finish(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_is_no_json_says_why),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
