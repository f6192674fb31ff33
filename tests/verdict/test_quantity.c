#include "test.h"
#include "quantity.h"

static void test_quantities(void **state)
{
    (void)state;
    static const struct {
        double value;
        enum measure_unit unit;
        const char *expected;
    } rows[] = {
        {83.14, UNIT_SECONDS, "83.1 s"},   {2.314, UNIT_SECONDS, "2.31 s"},
        {0.0451, UNIT_SECONDS, "45.1 ms"}, {0.00032, UNIT_SECONDS, "320 µs"},
        {0, UNIT_SECONDS, "0 s"},          {1, UNIT_SECONDS, "1.00 s"},
        {0.9996, UNIT_SECONDS, "1.00 s"},  {150, UNIT_SECONDS, "150.0 s"},
        {0.25, UNIT_SECONDS, "250 ms"},    {5, UNIT_PERCENT, "5 %"},
        {0.4237, UNIT_PERCENT, "0.42 %"},  {50, UNIT_NONE, "50"},
        {NAN, UNIT_SECONDS, "–"},          {INFINITY, UNIT_SECONDS, "not reached"},
        {1e300, UNIT_SECONDS, NULL},       {1e300, UNIT_PERCENT, NULL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char text[QUANTITY_TEXT];
        quantity_text(rows[i].value, rows[i].unit, text);
        if (rows[i].expected)
            assert_string_equal(text, rows[i].expected);
        else
            assert_true(strlen(text) < QUANTITY_TEXT);
    }
}

static void test_intervals(void **state)
{
    (void)state;
    static const struct {
        struct interval interval;
        enum measure_unit unit;
        const char *expected;
    } rows[] = {
        {{81.92, 84.31}, UNIT_SECONDS, "81.9..84.3 s"},
        {{80, INFINITY}, UNIT_SECONDS, "80.0..∞ s"},
        {{-INFINITY, 0.5}, UNIT_SECONDS, "-∞..500.0 ms"},
        {{0, 8.042}, UNIT_PERCENT, "0.00..8.04 %"},
        {{NAN, NAN}, UNIT_SECONDS, "–"},
        {{-INFINITY, INFINITY}, UNIT_PERCENT, "-∞..∞ %"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char text[QUANTITY_TEXT];
        assert_string_equal(quantity_interval(rows[i].interval, rows[i].unit, text), rows[i].expected);
    }
}

static void test_series(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *unit, *expected;
    } rows[] = {
        {1331439862, "bytes", "1.24 GiB"},
        {12, "bytes", "12 B"},
        {8192, "MB", "8192.0 MB"},
        {3.14159, "", "3.14"},
        {NAN, "MB", "–"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char text[QUANTITY_TEXT];
        assert_string_equal(quantity_of_series(rows[i].value, rows[i].unit, text), rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
