#include "address.h"
#include "fake_proc.h"
#include "listeners.h"

#include <errno.h>
#include <stdio.h>

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST " 00000000:00000000 00:00000000 00000000 "
#define V4(address, state, user, inode) "   0: " address ":1388 00000000:0000 " state REST user "        0 " inode " 1 0 100 0\n"
#define V6(address, state, user, inode) "   0: " address ":1388 00000000000000000000000000000000:0000 " state REST user "        0 " inode " 1 0\n"
#define LOOPBACK4 "0100007F"
#define ANY4 "00000000"
#define OTHER4 "0200007F"
#define LOOPBACK6 "00000000000000000000000001000000"
#define ANY6 "00000000000000000000000000000000"
#define MAPPED "0000000000000000FFFF00000100007F"

/* Port 5000 is 0x1388. */
static void test_choice(void **state)
{
    (void)state;
    static const struct {
        const char *about, *v4, *v6, *target;
        int port, count;
        uint64_t first;
        unsigned user;
    } ROWS[] = {
        {"the address itself", V4(LOOPBACK4, "0A", "1000", "17"), "", "127.0.0.1", 5000, 1, 17, 1000},
        {"another port", V4(LOOPBACK4, "0A", "1000", "17"), "", "127.0.0.1", 5001, 0, 0, 0},
        {"another address", V4(OTHER4, "0A", "1000", "17"), "", "127.0.0.1", 5000, 0, 0, 0},
        {"connected, not listening", V4(LOOPBACK4, "01", "1000", "17"), "", "127.0.0.1", 5000, 0, 0, 0},
        {"all addresses", V4(ANY4, "0A", "33", "17"), "", "127.0.0.1", 5000, 1, 17, 33},
        {"all addresses of all families", "", V6(ANY6, "0A", "33", "17"), "127.0.0.1", 5000, 1, 17, 33},
        {"v4 as v6", "", V6(MAPPED, "0A", "33", "17"), "127.0.0.1", 5000, 1, 17, 33},
        {"the address before all", V4(ANY4, "0A", "1", "17") V4(LOOPBACK4, "0A", "2", "18"), "", "127.0.0.1", 5000, 1, 18, 2},
        {"the other order", V4(LOOPBACK4, "0A", "2", "18") V4(ANY4, "0A", "1", "17"), "", "127.0.0.1", 5000, 1, 18, 2},
        {"v4 before all families", V4(ANY4, "0A", "1", "17"), V6(ANY6, "0A", "2", "18"), "127.0.0.1", 5000, 1, 17, 1},
        {"as v6 before all", V4(ANY4, "0A", "1", "17"), V6(MAPPED, "0A", "2", "18"), "127.0.0.1", 5000, 1, 18, 2},
        {"several sockets", V4(ANY4, "0A", "1", "19") V4(ANY4, "0A", "1", "17"), "", "127.0.0.1", 5000, 2, 17, 1},
        {"v6", "", V6(LOOPBACK6, "0A", "1", "17"), "::1", 5000, 1, 17, 1},
        {"v6, all", "", V6(ANY6, "0A", "1", "17"), "::1", 5000, 1, 17, 1},
        {"v6 is not v4", V4(LOOPBACK4, "0A", "1", "17") V4(ANY4, "0A", "1", "18"), "", "::1", 5000, 0, 0, 0},
        {"v4 written as v6", V4(LOOPBACK4, "0A", "1", "17"), "", "::ffff:127.0.0.1", 5000, 1, 17, 1},
        {"to any address is to the loopback", V4(LOOPBACK4, "0A", "1", "17"), "", "0.0.0.0", 5000, 1, 17, 1},
        {"the same of v6", "", V6(LOOPBACK6, "0A", "1", "17"), "::", 5000, 1, 17, 1},
        {"a socket without a file", V4(LOOPBACK4, "0A", "1", "0"), "", "127.0.0.1", 5000, 0, 0, 0},
        {"no lines", "x\n\n  0: 0100007F\n   0: 0100007F:1388 00000000:0000 0A\n 0: 01:1388 0:0 0A" REST "1 0 17 1\n", "",
         "127.0.0.1", 5000, 0, 0, 0},
        {"a v6 address in v4's table", V4(LOOPBACK6, "0A", "1", "17"), "", "127.0.0.1", 5000, 0, 0, 0},
    };
    for (int i = 0; i < COUNT(ROWS); i++) {
        struct fake_proc f;
        struct listeners l;
        char text[1000];
        fake_proc_init(&f);
        snprintf(text, sizeof text, HEAD "%s", ROWS[i].v4);
        fake_proc_file(&f, 0, "net/tcp", text);
        snprintf(text, sizeof text, HEAD "%s", ROWS[i].v6);
        fake_proc_file(&f, 0, "net/tcp6", text);
        struct loop_addr target = address(ROWS[i].target, ROWS[i].port);
        assert_int_equal(listeners_find(f.root, &target, &l), 0);
        if (l.count != ROWS[i].count || (l.count && (l.inodes[0] != ROWS[i].first || l.user != ROWS[i].user)))
            fail_msg("%s: %d, first %llu of user %u", ROWS[i].about, l.count, (unsigned long long)l.inodes[0], l.user);
        fake_proc_finish(&f);
    }
}

static void test_tables(void **state)
{
    (void)state;
    struct fake_proc f;
    struct listeners l;
    struct loop_addr target = address("127.0.0.1", 5000);
    fake_proc_init(&f);
    assert_int_equal(listeners_find(f.root, &target, &l), ENOENT);
    fake_proc_file(&f, 0, "net/tcp", HEAD V4(LOOPBACK4, "0A", "1", "17")); /* a kernel without v6 */
    assert_int_equal(listeners_find(f.root, &target, &l), 0);
    assert_int_equal(l.count, 1);
    struct loop_addr none = {.len = 0};
    assert_int_equal(listeners_find(f.root, &none, &l), EAFNOSUPPORT);
    char *text = test_malloc((LISTENERS_MAX + 10) * 120);
    int len = 0;
    for (int i = 0; i < LISTENERS_MAX + 10; i++)
        len += sprintf(text + len, "   0: 0100007F:1388 00000000:0000 0A" REST "1 0 %d 1\n", 5000 - i);
    fake_proc_file(&f, 0, "net/tcp", text);
    assert_int_equal(listeners_find(f.root, &target, &l), 0);
    assert_int_equal(l.count, LISTENERS_MAX);
    for (int i = 1; i < l.count; i++)
        assert_true(l.inodes[i - 1] < l.inodes[i]);
    test_free(text);
    fake_proc_finish(&f);
}

/* Addresses for documentation (RFC 5737, RFC 3849) are nobody's. */
static void test_here(void **state)
{
    (void)state;
    static const struct {
        const char *address, *text;
        bool here;
    } ROWS[] = {{"127.0.0.1", "127.0.0.1:5000", true},    {"127.9.9.9", "127.9.9.9:5000", true},
                {"0.0.0.0", "127.0.0.1:5000", true},      {"192.0.2.7", "192.0.2.7:5000", false},
                {"203.0.113.1", "203.0.113.1:5000", false}, {"2001:db8::1", "[2001:db8::1]:5000", false}};
    for (int i = 0; i < COUNT(ROWS); i++) {
        struct loop_addr target = address(ROWS[i].address, 5000);
        char text[LISTENERS_TEXT];
        assert_int_equal(listeners_are_here(&target), ROWS[i].here);
        assert_string_equal(listeners_address(&target, text), ROWS[i].text);
    }
    char text[LISTENERS_TEXT];
    struct loop_addr none = {.len = 0}, mapped = address("::ffff:10.0.0.1", 80);
    assert_false(listeners_are_here(&none));
    assert_string_equal(listeners_address(&none, text), "an unknown address");
    assert_string_equal(listeners_address(&mapped, text), "10.0.0.1:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_choice), cmocka_unit_test(test_tables),
                                       cmocka_unit_test(test_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
