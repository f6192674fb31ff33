#include "test.h"
#include "url.h"

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        int port;
        const char *authority;
        const char *path;
        bool tls;
    } rows[] = {
        {"http://localhost:5000", "localhost", 5000, "localhost:5000", "", false},
        {"http://localhost", "localhost", 80, "localhost", "", false},
        {"localhost:5000", "localhost", 5000, "localhost:5000", "", false},
        {"https://a.b/", "a.b", 443, "a.b", "", true},
        {"https://a.b:443/x/y/", "a.b", 443, "a.b", "/x/y", true},
        {"http://[::1]:8080/p", "::1", 8080, "[::1]:8080", "/p", false},
        {"http://[::1]", "::1", 80, "[::1]", "", false},
        {"127.0.0.1", "127.0.0.1", 80, "127.0.0.1", "", false},
        {.text = ""},
        {.text = "http://"},
        {.text = "http://:80"},
        {.text = "ftp://a"},
        {.text = "http://a:0"},
        {.text = "http://a:65536"},
        {.text = "http://a:8x"},
        {.text = "http://a:"},
        {.text = "http://u:p@a"},
        {.text = "http://a/?q"},
        {.text = "http://a/#f"},
        {.text = "http://a b"},
        {.text = "http://[::1"},
        {.text = "http://[::1]x"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct url u;
        const char *error = "";
        bool ok = url_parse(rows[i].text, &u, &error);
        if (ok != (rows[i].host != NULL))
            fail_msg("'%s' gave %d (%s)", rows[i].text, ok, error);
        if (!ok) {
            assert_true(strlen(error) > 0);
            continue;
        }
        assert_string_equal(u.host, rows[i].host);
        assert_int_equal(u.port, rows[i].port);
        assert_string_equal(u.authority, rows[i].authority);
        assert_string_equal(u.path, rows[i].path);
        assert_int_equal(u.tls, rows[i].tls);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
