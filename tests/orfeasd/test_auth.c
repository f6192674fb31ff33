#include "auth.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char TOKEN[] = "0123456789abcdef~!";

static bool init(struct auth *a, const struct settings *settings, int mistakes)
{
    struct diag_list diags;
    diag_init(&diags);
    bool ok = auth_init(a, settings, &diags);
    assert_int_equal(diags.count, mistakes);
    diag_finish(&diags);
    return ok;
}

static void test_check(void **state)
{
    (void)state;
    static const struct {
        const char *shown;
        bool ok;
    } rows[] = {
        {"Bearer 0123456789abcdef~!", true},
        {"bearer   0123456789abcdef~!", true},
        {"Bearer 0123456789abcdef~", false},
        {"Bearer 0123456789abcdef~!x", false},
        {"Bearer 0123456789abcdef~?", false},
        {"Bearer 0123456789ABCDEF~!", false},
        {"Bearer 0123456789abcdef~! \t", true},
        {"Bearer 0123456789abcdef ~!", false},
        {"Bearer ", false},
        {"Basic 0123456789abcdef~!", false},
        {"0123456789abcdef~!", false},
        {"", false},
        {NULL, false},
    };
    struct auth a;
    struct settings settings = {.token = TOKEN};
    assert_true(init(&a, &settings, 0));
    for (int i = 0; i < COUNT(rows); i++)
        assert_int_equal(auth_check(&a, rows[i].shown), rows[i].ok);
    settings.token = NULL;
    assert_true(init(&a, &settings, 0));
    for (int i = 0; i < COUNT(rows); i++)
        assert_true(auth_check(&a, rows[i].shown));
}

static void test_tokens(void **state)
{
    (void)state;
    char longest[AUTH_TOKEN_MAX + 2], header[AUTH_TOKEN_MAX + 20];
    memset(longest, 'x', sizeof longest - 1);
    longest[AUTH_TOKEN_MAX + 1] = '\0';
    static const char *const BAD[] = {"", "a b", "a\tb", "\xc3\xa4", "a\n"};
    struct auth a;
    for (int i = 0; i < COUNT(BAD); i++)
        assert_false(init(&a, &(struct settings){.token = BAD[i]}, 1));
    assert_false(init(&a, &(struct settings){.token = longest}, 1));
    longest[AUTH_TOKEN_MAX] = '\0';
    assert_true(init(&a, &(struct settings){.token = longest}, 0));
    snprintf(header, sizeof header, "Bearer %s", longest);
    assert_true(auth_check(&a, header));
}

static void test_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {{"0123456789abcdef~!", true},
                {"0123456789abcdef~!\n", true},
                {"0123456789abcdef~!\r\n", true},
                {"", false},
                {"\n", false},
                {"one\ntwo\n", false}};
    for (int i = 0; i < COUNT(rows); i++) {
        char path[] = "/tmp/orfeasd-token-XXXXXX";
        int fd = mkstemp(path);
        assert_int_equal(write(fd, rows[i].text, strlen(rows[i].text)), strlen(rows[i].text));
        close(fd);
        struct auth a;
        assert_int_equal(init(&a, &(struct settings){.token_file = path}, !rows[i].ok), rows[i].ok);
        if (rows[i].ok)
            assert_true(auth_check(&a, "Bearer 0123456789abcdef~!"));
        unlink(path);
    }
    struct auth a;
    assert_false(init(&a, &(struct settings){.token_file = "/nonexistent"}, 1));
    assert_false(init(&a, &(struct settings){.token_file = "/dev/zero"}, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
