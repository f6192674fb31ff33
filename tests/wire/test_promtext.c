#include "test.h"
#include "promtext.h"
#include "rng.h"

#include <stdlib.h>

static void test_samples(void **state)
{
    (void)state;
    static const char text[] =
        "# HELP a A thing.\n# TYPE a counter\na 1\n"
        "b{x=\"1\",y=\"q\\\"}\\\\\"} 2.5e3 1395066363000\n"
        "\n  # comment\nc {le=\"+Inf\",} +Inf\r\nd NaN\ne{} -7\n"
        "f{x=1} 2\ng\nh 1 2 3\n9x 1\nlast 3";
    static const struct {
        int result;
        const char *name;
        const char *labels;
        double value;
    } rows[] = {
        {1, "a", "", 1},
        {1, "b", "x=\"1\",y=\"q\\\"}\\\\\"", 2500},
        {1, "c", "le=\"+Inf\",", HUGE_VAL},
        {1, "d", "", NAN},
        {1, "e", "", -7},
        {-1, "", "", 0},
        {-1, "", "", 0},
        {-1, "", "", 0},
        {-1, "", "", 0},
        {1, "last", "", 3},
        {0, "", "", 0},
    };
    struct promtext p;
    promtext_init(&p, text, sizeof text - 1);
    for (int i = 0; i < COUNT(rows); i++) {
        struct promtext_sample s;
        assert_int_equal(promtext_next(&p, &s), rows[i].result);
        if (rows[i].result != 1)
            continue;
        assert_int_equal(s.name_len, strlen(rows[i].name));
        assert_memory_equal(s.name, rows[i].name, s.name_len);
        assert_int_equal(s.labels_len, strlen(rows[i].labels));
        assert_memory_equal(s.labels, rows[i].labels, s.labels_len);
        assert_true(s.value == rows[i].value || (isnan(s.value) && isnan(rows[i].value)));
    }
}

static void test_labels(void **state)
{
    (void)state;
    static const char text[] = "m{ax=\"true\", simulated = \"true\",b=\"f\"} 1\n";
    struct promtext p;
    struct promtext_sample s;
    promtext_init(&p, text, sizeof text - 1);
    assert_int_equal(promtext_next(&p, &s), 1);
    assert_true(promtext_has_label(&s, "simulated", "true"));
    assert_false(promtext_has_label(&s, "simulated", "tru"));
    assert_false(promtext_has_label(&s, "x", "true"));
    assert_true(promtext_has_label(&s, "b", "f"));
}

static void test_changed_bytes(void **state)
{
    (void)state;
    static const char text[] = "a{x=\"1\",y=\"\\\"\"} 2.5\n# HELP b\nb_bucket{le=\"+Inf\"} 3\n";
    struct rng r;
    rng_init(&r, 3, 0);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rng_range(&r, 0, sizeof text - 1);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, text, len);
        for (int k = 0; k < 3 && len; k++)
            copy[rng_range(&r, 0, (int64_t)len - 1)] = (char)rng_range(&r, 0, 255);
        struct promtext p;
        struct promtext_sample s;
        promtext_init(&p, copy, len);
        int lines = 0;
        for (int got; (got = promtext_next(&p, &s)) != 0; lines++)
            if (got > 0)
                promtext_has_label(&s, "y", "z");
        assert_true(lines <= (int)len + 1);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_changed_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
