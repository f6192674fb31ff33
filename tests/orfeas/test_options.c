#include "test.h"
#include "options.h"

#include <stdlib.h>

enum { ARGUMENTS = 8 };

struct fixture {
    struct options o;
    struct diag_list diags;
    struct buf out;
    bool right;
};

/* The options keep what they need of the words. */
static void parse(struct fixture *f, const char *const arguments[ARGUMENTS])
{
    char *argv[ARGUMENTS + 1] = {0};
    int argc = 0;
    for (; argc < ARGUMENTS && arguments[argc]; argc++)
        argv[argc] = strdup(arguments[argc]);
    diag_init(&f->diags);
    buf_init(&f->out, 1 << 16);
    f->right = options_parse(&f->o, COMMAND_RUN, argc, argv, &f->diags);
    diag_write(&f->diags, &f->out);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
}

static void end(struct fixture *f)
{
    options_finish(&f->o);
    diag_finish(&f->diags);
    buf_finish(&f->out);
}

static const char *const kinds[] = {
    [SETTING_KEY] = "key", [SETTING_RATE] = "rate", [SETTING_ARRIVALS] = "arrivals", [SETTING_STAGE] = "stage"};

/* "kind key=value (origin); ..." */
static void list(struct fixture *f)
{
    buf_clear(&f->out);
    for (int i = 0; i < f->o.setting_count; i++) {
        const struct plan_setting *s = &f->o.settings[i];
        buf_printf(&f->out, "%s%s %s=%s (%s)", i ? "; " : "", kinds[s->kind], s->key, s->value, s->origin);
    }
}

static void test_options_that_set_keys(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[ARGUMENTS];
        const char *expected;
    } rows[] = {
        {{"-R", "100/s"}, "rate load.rate=100/s (-R 100/s)"},
        {{"--rate=6/min", "-c", "5"}, "rate load.rate=6/min (--rate 6/min); key load.users=5 (-c 5)"},
        {{"--arrivals", "replay:a.txt"}, "arrivals load.arrivals=replay:a.txt (--arrivals replay:a.txt)"},
        {{"--stage", "30s:20", "--stage", "1m:0"},
         "stage load.phases=30s:20 (--stage 30s:20); stage load.phases=1m:0 (--stage 1m:0)"},
        {{"--stage", "30s:20,1m:5/s"},
         "stage load.phases=30s:20 (--stage 30s:20); stage load.phases=1m:5/s (--stage 1m:5/s)"},
        {{"-n", "5", "-d2s"}, "key load.jobs=5 (-n 5); key load.duration=2s (-d 2s)"},
        {{"--timeout", "3s"}, "key load.timeout=3s (--timeout 3s)"},
        {{"--connect-timeout", "3s"}, "key load.connect_timeout=3s (--connect-timeout 3s)"},
        {{"--connections", "64"}, "key load.connections=64 (--connections 64)"},
        {{"--resolve", "connection"}, "key load.resolve=connection (--resolve connection)"},
        {{"--set", "load.think=uniform 1s..2s"}, "key load.think=uniform 1s..2s (--set load.think=uniform 1s..2s)"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        parse(&f, rows[i].arguments);
        if (!f.right)
            fail_msg("row %d: %s", i, buf_text(&f.out));
        list(&f);
        assert_string_equal(buf_text(&f.out), rows[i].expected);
        end(&f);
    }
}

static void test_what_is_kept(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, (const char *[ARGUMENTS]){NULL});
    assert_int_equal(f.o.workers, 0);
    assert_int_equal(f.o.pid, 0);
    assert_true(!f.o.cacert && !f.o.cert && !f.o.key && !f.o.insecure);
    end(&f);
    parse(&f, (const char *[ARGUMENTS]){"--workers=256", "--cacert", "ca.pem", "--cert", "c.pem", "--key=k.pem",
                                        "--insecure"});
    assert_true(f.right);
    assert_int_equal(f.o.workers, 256);
    assert_string_equal(f.o.cacert, "ca.pem");
    assert_string_equal(f.o.cert, "c.pem");
    assert_string_equal(f.o.key, "k.pem");
    assert_true(f.o.insecure);
    end(&f);
}

static void test_process(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, (const char *[ARGUMENTS]){"--pid", "2147483647"});
    assert_true(f.right);
    assert_int_equal(f.o.pid, 2147483647);
    end(&f);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[ARGUMENTS];
        const char *expected;
    } rows[] = {
        {{"--workers", "0"}, "--workers '0' needs a whole number from 1 to 256."},
        {{"--workers", "257"}, "--workers '257' needs a whole number from 1 to 256."},
        {{"--workers", "two"}, "--workers 'two' needs"},
        {{"--workers", "99999999999999999999999"}, "needs a whole number from 1 to 256."},
        {{"--pid", "0"}, "--pid '0' needs a process' number, such as 4711."},
        {{"--pid", "-5"}, "needs a process' number"},
        {{"--pid", "5x"}, "needs a process' number"},
        {{"--pid", "2147483648"}, "needs a process' number"},
        {{"--stage", "30s"}, "--stage '30s' needs DURATION:LEVEL, such as 30s:20 or 30s:100/s."},
        {{"--stage", ":5"}, "needs DURATION:LEVEL"},
        {{"--stage", "5s:"}, "needs DURATION:LEVEL"},
        {{"--stage", "5s:1,"}, "needs DURATION:LEVEL"},
        {{"--rate"}, "--rate needs a value."},
        {{"--insecure=1"}, "--insecure takes no value."},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        parse(&f, rows[i].arguments);
        assert_false(f.right);
        if (!strstr(buf_text(&f.out), rows[i].expected))
            fail_msg("row %d said: %s", i, buf_text(&f.out));
        end(&f);
    }
}

static void test_the_environment(void **state)
{
    (void)state;
    struct fixture f;
    setenv("ORFEAS_STAGE", "30s:20,1m:5", 1);
    setenv("ORFEAS_RATE", "7/s", 1);
    setenv("ORFEAS_WORKERS", "3", 1);
    setenv("ORFEAS_INSECURE", "false", 1);
    setenv("ORFEAS_CONNECT_TIMEOUT", "2s", 1);
    parse(&f, (const char *[ARGUMENTS]){NULL});
    list(&f);
    assert_string_equal(buf_text(&f.out),
                        "rate load.rate=7/s (ORFEAS_RATE 7/s); stage load.phases=30s:20 (ORFEAS_STAGE 30s:20); "
                        "stage load.phases=1m:5 (ORFEAS_STAGE 1m:5); "
                        "key load.connect_timeout=2s (ORFEAS_CONNECT_TIMEOUT 2s)");
    assert_int_equal(f.o.workers, 3);
    assert_false(f.o.insecure);
    end(&f);
    unsetenv("ORFEAS_RATE");
    unsetenv("ORFEAS_CONNECT_TIMEOUT");
    parse(&f, (const char *[ARGUMENTS]){"--stage", "9s:9", "--stage", "8s:8", "--workers", "4"});
    list(&f);
    assert_string_equal(buf_text(&f.out), "stage load.phases=9s:9 (--stage 9s:9); stage load.phases=8s:8 (--stage 8s:8)");
    assert_int_equal(f.o.workers, 4);
    end(&f);
    unsetenv("ORFEAS_STAGE");
    unsetenv("ORFEAS_WORKERS");
    unsetenv("ORFEAS_INSECURE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_that_set_keys),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
