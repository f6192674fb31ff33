#include "plan_fixture.h"

#include <sys/stat.h>

#define SEC NSEC_PER_SEC
#define MSEC NSEC_PER_MSEC
#define REPLAY "scenario: s\nworkflow: get\nload:\n  users: open\n  arrivals: replay times.txt\n"

static void end_replay(struct fixture *f)
{
    unlink("times.txt");
    end(f);
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rest;
        double scale;
        int count;
        nsec times[4], duration;
    } rows[] = {
        {"0\n1.5\n62\n", "", 1, 3, {0, 1500 * MSEC, 62 * SEC}, 62 * SEC + 1},
        {"# when\n\n  0.25 \t# first\r\n\t250ms\n1m2s", "", 1, 3, {250 * MSEC, 250 * MSEC, 62 * SEC}, 62 * SEC + 1},
        {"60\n120\n", "", 60, 2, {SEC, 2 * SEC}, 2 * SEC + 1},
        {"1e-3\n2592000\n", "", 1, 2, {MSEC, 2592000 * SEC}, 2592000 * SEC + 1},
        {"2591999.999999999\n", "", 1, 1, {2592000 * SEC - 1}, 2592000 * SEC},
        {"0\n0\n", "", 1, 2, {0, 0}, 1},
        /* A duration cuts; one that is longer does not prolong. What is at its very end does not happen. */
        {"1\n2\n3\n", "  duration: 2s\n", 1, 1, {SEC}, SEC + 1},
        {"1\n2\n3\n", "  duration: 2500ms\n", 1, 2, {SEC, 2 * SEC}, 2 * SEC + 1},
        {"1\n2\n3\n", "  duration: 1h\n", 1, 3, {SEC, 2 * SEC, 3 * SEC}, 3 * SEC + 1},
        {"1\n2\n3\n", "  duration: 500ms\n", 1, 0, {0}, 1},
        {"1\n2\n3\n", "  jobs: 2\n", 1, 2, {SEC, 2 * SEC}, 2 * SEC + 1},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[256];
        begin(&f);
        f.options.time_scale = rows[i].scale;
        put("times.txt", rows[i].text);
        snprintf(text, sizeof text, REPLAY "%s", rows[i].rest);
        struct plan *plan = load_right(&f, text);
        const struct plan_load_model *l = &plan->load;
        assert_int_equal(l->arrivals, ARRIVALS_REPLAY);
        assert_int_equal(l->replay_count, rows[i].count);
        for (int k = 0; k < rows[i].count; k++)
            assert_int_equal(l->replay[k], rows[i].times[k]);
        assert_int_equal(l->phase_count, 1);
        assert_string_equal(l->phases[0].name, "s");
        assert_int_equal(l->phases[0].duration, rows[i].duration);
        assert_near(l->phases[0].rate, 0, 0);
        plan_free(plan);
        end_replay(&f);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char hint[] = "\n    write seconds from the load's start (12.5), or a duration (1m2s)\n";
    static const struct {
        const char *text, *expected;
        bool has_hint;
    } rows[] = {
        {"0\n  soon\n", "times.txt:2:3: 'soon' is no time from 0 to 30 days", true},
        {"-1\n", "times.txt:1:1: '-1' is no time from 0 to 30 days", true},
        {"2592001\n", "times.txt:1:1: '2592001' is no time", true},
        {"721h\n", "times.txt:1:1: '721h' is no time", true},
        {"1 2\n", "times.txt:1:1: '1 2' is no time", true},
        {"1,5\n", "times.txt:1:1: '1,5' is no time", true},
        {"0x10\n", "times.txt:1:1: '0x10' is no time", true},
        {"nan\n", "times.txt:1:1: 'nan' is no time", true},
        {"inf\n", "times.txt:1:1: 'inf' is no time", true},
        {"5m 3\n", "times.txt:1:1: '5m 3' is no time", true},
        {"1\n\n# x\n\t0.5\n", "times.txt:4:2: '0.5' is earlier than the line before\n    sort the times\n", false},
        {"1\n9\n2\n3\n", "times.txt:3:1: '2' is earlier than the line before", false},
        {"", "times.txt: holds no times", true},
        {"\n# nothing\n", "times.txt: holds no times", true},
        {"11111111111111111111111111111111111111111111111111111111111111111111\n", "times.txt:1:1: '1111111111", true},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        put("times.txt", rows[i].text);
        assert_null(load(&f, REPLAY));
        assert_int_equal(f.diags.count, 1);
        if (!strstr(told(&f), rows[i].expected) || !strstr(told(&f), rows[i].has_hint ? hint : ""))
            fail_msg("row %d said: %s", i, told(&f));
        end_replay(&f);
    }
}

static void test_every_mistake_is_told(void **state)
{
    (void)state;
    static const char bytes[] = "1\nx\n0.5\n2\0\n";
    struct fixture f;
    begin(&f);
    assert_int_equal(file_write("times.txt", bytes, sizeof bytes - 1), 0);
    put("s.yaml", REPLAY);
    assert_false(plan_check_file("s.yaml", &f.options, &f.diags));
    assert_int_equal(f.diags.count, 3);
    assert_non_null(strstr(told(&f), "times.txt:2:1: 'x'"));
    assert_non_null(strstr(told(&f), "times.txt:3:1: '0.5'"));
    assert_non_null(strstr(told(&f), "times.txt:4:1: '2'"));
    end_replay(&f);
}

static void test_what_does_not_go_with_it(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *expected;
    } rows[] = {
        {"  rate: 5\n", "s.yaml:6:3: a replay has no rate\n"},
        {"  phases: [{name: a, rate: 5, duration: 1s}]\n", "s.yaml:6:3: a replay has no phases: its list says when\n"},
        {"  think: 5s\n", "s.yaml:6:3: 'think' is for users"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[256];
        begin(&f);
        put("times.txt", "1\n");
        snprintf(text, sizeof text, REPLAY "%s", rows[i].rest);
        assert_null(load(&f, text));
        assert_int_equal(f.diags.count, 1);
        if (!strstr(told(&f), rows[i].expected))
            fail_msg("row %d said: %s", i, told(&f));
        end_replay(&f);
    }
}

/* A file that a scenario names lies beside it; one that an option names is as it stands. */
static void test_where_the_file_is(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_int_equal(mkdir("there", 0777), 0);
    put("there/s.yaml", REPLAY);
    put("there/times.txt", "1\n2\n");
    put("times.txt", "1\n2\n3\n");
    struct plan *plan = plan_load("there/s.yaml", &f.options, &f.diags);
    assert_non_null(plan);
    assert_int_equal(plan->load.replay_count, 2);
    plan_free(plan);
    struct plan_setting setting = {"load.arrivals", "replay:times.txt", "--arrivals replay:times.txt", SETTING_ARRIVALS};
    set(&f, &setting, 1);
    plan = plan_load("there/s.yaml", &f.options, &f.diags);
    assert_non_null(plan);
    assert_int_equal(plan->load.replay_count, 3);
    plan_free(plan);
    unlink("times.txt");
    assert_null(plan_load("there/s.yaml", &f.options, &f.diags));
    assert_string_equal(told(&f),
                        "--arrivals replay:times.txt: times.txt cannot be read: No such file or directory\n");
    unlink("there/times.txt");
    unlink("there/s.yaml");
    assert_int_equal(rmdir("there"), 0);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_every_mistake_is_told),
        cmocka_unit_test(test_what_does_not_go_with_it),
        cmocka_unit_test(test_where_the_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
