#include "test.h"
#include "buf.h"

static void test_appends_up_to_the_maximum(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(buf_text(&b), "");
    buf_add_text(&b, "hello");
    buf_printf(&b, "%d", 12345);
    assert_false(b.failed);
    assert_string_equal(buf_text(&b), "hello12345");
    buf_add_text(&b, "x");
    assert_true(b.failed);
    assert_string_equal(buf_text(&b), "hello12345");
    buf_clear(&b);
    buf_add_text(&b, "y");
    assert_string_equal(buf_text(&b), "y");
    buf_finish(&b);
}

static void test_an_error_sticks(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    buf_add_text(&b, "12345");
    buf_add_text(&b, "1");
    assert_true(b.failed);
    assert_int_equal(b.len, 0);
    buf_finish(&b);
}

static void test_consume_keeps_the_rest(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_add_text(&b, "abcdef");
    buf_consume(&b, 4);
    assert_string_equal(buf_text(&b), "ef");
    buf_consume(&b, 2);
    assert_string_equal(buf_text(&b), "");
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_up_to_the_maximum),
        cmocka_unit_test(test_an_error_sticks),
        cmocka_unit_test(test_consume_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
