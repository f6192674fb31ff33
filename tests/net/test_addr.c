#include "test.h"
#include "addr.h"

static void test_what_is_here(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool local;
    } rows[] = {{"127.0.0.1", true}, {"127.8.9.10", true}, {"192.0.2.1", false}, {"2001:db8::1", false}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct loop_addr addrs[ADDR_MAX];
        const char *error = "";
        assert_int_equal(addr_resolve(rows[i].host, 5000, addrs, &error), 1);
        if (addr_is_local(&addrs[0]) != rows[i].local)
            fail_msg("%s", rows[i].host);
    }
    assert_false(addr_is_local(&(struct loop_addr){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
