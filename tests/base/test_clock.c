#include "test.h"
#include "clock.h"

static void test_durations_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        nsec expected; /* -1: refused */
    } rows[] = {
        {"82s", 82 * NSEC_PER_SEC}, {"500ms", 500 * NSEC_PER_MSEC}, {"1m30s", 90 * NSEC_PER_SEC},
        {"1.5h", 5400 * NSEC_PER_SEC}, {"16us", 16000}, {"7ns", 7}, {"0s", 0},
        {"", -1}, {"82", -1}, {"s", -1}, {"82 s", -1}, {"-1s", -1}, {"1.2.3s", -1}, {"5x", -1},
        {"1s2", -1}, {"1e9s", -1}, {"100000h", -1}, {".s", -1},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        nsec t = -1;
        bool ok = duration_parse(rows[i].text, strlen(rows[i].text), &t);
        if (ok != (rows[i].expected >= 0) || t != rows[i].expected)
            fail_msg("'%s' gave %d, %lld", rows[i].text, ok, (long long)t);
    }
}

static void test_durations_read_well(void **state)
{
    (void)state;
    static const struct {
        nsec t;
        const char *expected;
    } rows[] = {
        {82 * NSEC_PER_SEC, "82 s"}, {16666667, "16.7 ms"}, {1366666667, "1.37 s"}, {3900 * NSEC_PER_SEC, "1 h 05 m"},
        {410 * NSEC_PER_SEC, "6 m 50 s"}, {1500, "1.5 us"}, {0, "0 us"}, {-2 * NSEC_PER_SEC, "-2 s"},
        {999999999, "1 s"}, {99990 * NSEC_PER_MSEC, "1 m 40 s"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char text[DURATION_TEXT];
        assert_string_equal(duration_text(rows[i].t, text), rows[i].expected);
    }
}

static void test_timestamps(void **state)
{
    (void)state;
    char text[TIMESTAMP_TEXT];
    assert_string_equal(timestamp_text(1000000000 * NSEC_PER_SEC + 7 * NSEC_PER_MSEC, text),
                        "2001-09-09T01:46:40.007000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations_parse),
        cmocka_unit_test(test_durations_read_well),
        cmocka_unit_test(test_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
