#include "test.h"
#include "conn_private.h"

#include <errno.h>

static void test_kinds_of_failure(void **state)
{
    (void)state;
    static const struct {
        int error;
        enum fail_kind kind;
    } rows[] = {{ECONNREFUSED, FAIL_REFUSED}, {ECONNRESET, FAIL_RESET},   {EPIPE, FAIL_RESET},
                {EADDRNOTAVAIL, FAIL_LOCAL},  {EMFILE, FAIL_LOCAL},       {ENFILE, FAIL_LOCAL},
                {EHOSTUNREACH, FAIL_NETWORK}, {ENETUNREACH, FAIL_NETWORK}};
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(conn_fail_kind(rows[i].error), rows[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds_of_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
