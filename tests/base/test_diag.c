#include "test.h"
#include "diag.h"

static void test_sorted_by_place_and_complete(void **state)
{
    (void)state;
    struct diag_list list;
    struct buf out;
    diag_init(&list);
    buf_init(&out, 1 << 20);
    diag_add(&list, "a.yaml", 7, 3, "write it so", "second %d", 2);
    diag_add(&list, "a.yaml", 2, 1, NULL, "first");
    diag_add(&list, "", 0, 0, NULL, "nowhere");
    diag_write(&list, &out);
    assert_string_equal(buf_text(&out),
                        "a.yaml:2:1: first\na.yaml:7:3: second 2\n    write it so\nnowhere\n");
    assert_int_equal(list.count, 3);
    buf_finish(&out);
    diag_finish(&list);
}

static void test_the_rest_is_counted(void **state)
{
    (void)state;
    struct diag_list list;
    struct buf out;
    diag_init(&list);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < DIAG_MAX + 5; i++)
        diag_add(&list, "f", i + 1, 1, NULL, "m");
    diag_write(&list, &out);
    assert_non_null(strstr(buf_text(&out), "and 5 more\n"));
    buf_finish(&out);
    diag_finish(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_by_place_and_complete),
        cmocka_unit_test(test_the_rest_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
