#include "test.h"
#include "hist.h"
#include "rng.h"

#include <stdlib.h>

static struct arena arena;

static int make_arena(void **state)
{
    (void)state;
    arena_init(&arena, "hist test", 64 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static int ascending(const void *left, const void *right)
{
    nsec a = *(const nsec *)left, b = *(const nsec *)right;
    return (a > b) - (a < b);
}

static void assert_same_facts(const struct hist_facts *a, const struct hist_facts *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->min, b->min);
    assert_int_equal(a->max, b->max);
    assert_true(a->sum == b->sum);
}

static void assert_same(const struct hist *a, const struct hist *b)
{
    assert_same_facts(&a->facts, &b->facts);
    assert_memory_equal(a->counts, b->counts, sizeof a->counts);
    if (hist_count(a) > 1)
        assert_near(hist_deviation(a), hist_deviation(b), 1e-9 * hist_deviation(b));
}

/* Every value below 2048 has a bucket of its own; above, the middle is within 1/2048 of what is in the
 * bucket. */
static void test_precision_at_every_octave(void **state)
{
    (void)state;
    struct hist *h = hist_create();
    for (int octave = 0; octave < 63; octave++) {
        nsec low = (nsec)1 << octave, high = low - 1 + low;
        for (int i = 0; i <= 100; i++) {
            nsec value = i < 100 ? low + (high - low) / 100 * i : high;
            assert_in_range(hist_index(value), hist_index(low), hist_index(high));
            hist_add(h, 0); /* so that the value is neither the smallest nor the largest */
            hist_add(h, value);
            hist_add(h, INT64_MAX);
            double off = fabs((double)hist_at_rank(h, 1) - (double)value);
            assert_true(value < 2048 ? off == 0 : off <= (double)value / 2048);
            hist_clear(h);
        }
        if (octave)
            assert_int_equal(hist_index(low), hist_index(low - 1) + 1);
    }
    hist_destroy(h);
}

static void test_extremes(void **state)
{
    (void)state;
    struct hist *h = hist_create();
    assert_int_equal(hist_count(h), 0);
    assert_int_equal(hist_min(h), -1);
    assert_int_equal(hist_max(h), -1);
    assert_true(isnan(hist_mean(h)) && isnan(hist_deviation(h)));
    assert_false(hist_next(h, &(struct hist_cursor){0}));
    assert_int_equal(hist_index(INT64_MAX), HIST_BUCKETS - 1);
    for (int i = 0; i < 1000; i++) {
        hist_add(h, INT64_MAX);
        hist_add(h, 0);
    }
    assert_int_equal(hist_min(h), 0);
    assert_int_equal(hist_max(h), INT64_MAX);
    assert_near(hist_mean(h), (double)INT64_MAX / 2, 1024);
    assert_near(hist_deviation(h) / ((double)INT64_MAX / 2), sqrt(2000.0 / 1999), 1e-12);
    assert_int_equal(hist_at_rank(h, 999), 0);
    assert_int_equal(hist_at_rank(h, 1999), INT64_MAX);
    hist_destroy(h);
}

/* Small differences of large values: what squares of the values themselves would lose. */
static void test_mean_and_deviation(void **state)
{
    (void)state;
    struct hist *h = hist_create();
    static const int squares[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const nsec base = 82 * NSEC_PER_SEC;
    for (int i = 0; i < COUNT(squares); i++)
        hist_add_many(h, base + squares[i], 1000000);
    assert_near(hist_mean(h), 82e9 + 5, 0);
    assert_near(hist_deviation(h), sqrt(32e6 / (8e6 - 1)), 1e-9);
    hist_clear(h);
    hist_add(h, 3);
    assert_near(hist_mean(h), 3, 0);
    assert_true(isnan(hist_deviation(h)));
    hist_add_many(h, 4, 2);
    assert_near(hist_mean(h), 11 / 3.0, 1e-15);
    hist_destroy(h);
}

static nsec draw(struct rng *rng)
{
    return (nsec)exp(rng_unit(rng) * 30); /* 1 ns to some hours */
}

static void test_ranks(void **state)
{
    (void)state;
    enum { VALUES = 5000 };
    static nsec values[VALUES];
    struct rng rng;
    rng_init(&rng, 7, 1);
    struct hist *h = hist_create();
    for (int i = 0; i < VALUES; i++)
        hist_add(h, values[i] = draw(&rng));
    qsort(values, VALUES, sizeof *values, ascending);
    nsec before = 0;
    for (int i = 0; i < VALUES; i++) {
        nsec value = hist_at_rank(h, i);
        assert_true(value >= before);
        assert_true(fabs((double)value - (double)values[i]) <= (double)values[i] / 1024);
        before = value;
    }
    assert_int_equal(hist_at_rank(h, 0), values[0]);
    assert_int_equal(hist_at_rank(h, VALUES - 1), values[VALUES - 1]);
    hist_destroy(h);
}

static void test_a_cursor_tells_every_value_once(void **state)
{
    (void)state;
    static const struct {
        nsec values[6];
        int count, told; /* how often the cursor has something to tell */
    } rows[] = {
        {{5}, 1, 1},
        {{5, 5}, 2, 2},
        {{5, 5, 5}, 3, 3},
        {{1000001, 1000002, 1000003}, 3, 3}, /* all in one bucket: its middle lies within what was seen */
        {{1, 2, 2, 2, 9}, 5, 3},
        {{0, 0, 1 << 20, INT64_MAX}, 4, 4},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct hist *h = hist_create();
        nsec least = INT64_MAX, most = 0;
        for (int n = 0; n < rows[i].count; n++) {
            hist_add(h, rows[i].values[n]);
            least = rows[i].values[n] < least ? rows[i].values[n] : least;
            most = rows[i].values[n] > most ? rows[i].values[n] : most;
        }
        struct hist_cursor c = {0};
        int told = 0;
        int64_t count = 0;
        nsec before = least;
        while (hist_next(h, &c)) {
            assert_true(c.value >= before && c.value <= most);
            before = c.value;
            count += c.count;
            told++;
            assert_int_equal(c.upto, count);
        }
        assert_int_equal(told, rows[i].told);
        assert_int_equal(count, rows[i].count);
        assert_int_equal(before, most);
        hist_destroy(h);
    }
}

static void test_merged_is_as_together(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 11, 1);
    for (int round = 0; round < 20; round++) {
        struct hist *together = hist_create(), *a = hist_create(), *b = hist_create();
        for (int i = 0; i < round * 50; i++) {
            nsec value = draw(&rng);
            hist_add(together, value);
            hist_add(rng_unit(&rng) < round / 20.0 ? a : b, value);
        }
        struct hist_compact left = hist_compact_of(a, &arena), right = hist_compact_of(b, &arena);
        struct hist_compact both = hist_compact_join(&left, &right, &arena);
        struct hist *again = hist_create();
        hist_add_compact(again, &both);
        assert_same(again, together);
        hist_merge(a, b);
        assert_same(a, together);
        hist_destroy(together);
        hist_destroy(a);
        hist_destroy(b);
        hist_destroy(again);
    }
}

static void test_clear_leaves_nothing(void **state)
{
    (void)state;
    struct hist *h = hist_create(), *fresh = hist_create();
    hist_add(h, 5);
    hist_add(h, 123456789);
    hist_add(h, INT64_MAX);
    hist_clear(h);
    assert_same(h, fresh);
    hist_clear(h);
    assert_same(h, fresh);
    hist_destroy(h);
    hist_destroy(fresh);
    hist_destroy(NULL);
}

static void test_compact_counts_beyond_32_bits(void **state)
{
    (void)state;
    const int64_t many = 3 * (int64_t)UINT32_MAX + 17;
    struct hist *h = hist_create(), *again = hist_create();
    hist_add_many(h, 1500, many);
    hist_add(h, 1600);
    struct hist_compact c = hist_compact_of(h, &arena), none = {0};
    assert_int_equal(c.bucket_count, 5);
    struct hist_compact both = hist_compact_join(&c, &c, &arena);
    struct hist_compact same = hist_compact_join(&none, &c, &arena);
    assert_int_equal(same.bucket_count, c.bucket_count);
    hist_add_compact(again, &both);
    assert_int_equal(again->counts[1500], 2 * many);
    assert_int_equal(again->counts[1600], 2);
    hist_merge(h, h);
    assert_same(again, h);
    assert_near(hist_mean(h), 1500 + 100.0 / (double)(many + 1), 1e-9);
    hist_destroy(h);
    hist_destroy(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precision_at_every_octave),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_mean_and_deviation),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_a_cursor_tells_every_value_once),
        cmocka_unit_test(test_merged_is_as_together),
        cmocka_unit_test(test_clear_leaves_nothing),
        cmocka_unit_test(test_compact_counts_beyond_32_bits),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
