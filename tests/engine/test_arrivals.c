#include "test.h"
#include "arrivals.h"

#include <stdlib.h>

#define SEC NSEC_PER_SEC

static struct plan_load_model open_load(struct plan_phase *phases, int count)
{
    return (struct plan_load_model){.users = USERS_OPEN, .phases = phases, .phase_count = count};
}

static struct plan_phase step_to(double rate, nsec duration)
{
    return (struct plan_phase){.rate = rate, .duration = duration};
}

static struct plan_phase ramp_to(double rate, nsec duration)
{
    return (struct plan_phase){.rate = rate, .duration = duration, .ramp = true};
}

struct arrival {
    nsec due;
    int64_t index;
    int phase;
};

/* Those of one share, `most` at most. Returns how many. */
static int collect(const struct plan_load_model *load, uint64_t seed, int share, int shares, struct arrival *out,
                   int most)
{
    struct arrivals a;
    int count = 0;
    arrivals_init(&a, load, seed, share, shares);
    while (count < most && arrivals_next(&a, &out[count].due, &out[count].index, &out[count].phase))
        count++;
    return count;
}

enum { MANY = 200000 };
static struct arrival *many(void)
{
    struct arrival *out = calloc(MANY, sizeof *out);
    assert_non_null(out);
    return out;
}

/* ---- constant ---- */

static void test_steps_are_exact(void **state)
{
    (void)state;
    static const struct {
        double rate;
        nsec duration;
        int count;
        nsec every; /* 0: `thousand` is looked at */
    } rows[] = {
        {1000, 10 * SEC, 10000, SEC / 1000},
        {1.0 / 3, 6 * 3600 * SEC, 7200, 3 * SEC},
        {20.0 / 60, 6 * 3600 * SEC, 7200, 3 * SEC},
        {0.1, 3600 * SEC, 360, 10 * SEC},
        {30.0 / 3600, 48 * 3600 * SEC, 1440, 120 * SEC},
        {0.3, 10 * SEC, 3, 0},
        {7, SEC, 7, 0},
        {1e7, SEC / 100, 100000, 100},
        {1, SEC, 1, SEC},
        {1, SEC + 1, 2, SEC},
        {0.5, SEC, 1, SEC},
    };
    struct arrival *got = many();
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan_phase phase = step_to(rows[i].rate, rows[i].duration);
        struct plan_load_model load = open_load(&phase, 1);
        assert_int_equal(collect(&load, 1, 0, 1, got, MANY), rows[i].count);
        for (int k = 0; k < rows[i].count; k++) {
            nsec expected = rows[i].every ? k * rows[i].every : llroundl(k / (long double)rows[i].rate * 1e9L);
            assert_int_equal(got[k].due, expected);
            assert_int_equal(got[k].index, k);
            assert_int_equal(got[k].phase, 0);
        }
    }
    free(got);
}

/* Arrivals that fall upon whole seconds, by the integral of the rate. */
static void test_ramps_are_exact(void **state)
{
    (void)state;
    static const struct {
        double before, after; /* the ramp's ends */
        int seconds;
        int64_t at[11]; /* the index that is due at each second from the ramp's start; -1: none */
    } rows[] = {
        {0, 100, 10, {0, 5, 20, 45, 80, 125, 180, 245, 320, 405, -1}},              /* 5 t^2 */
        {100, 0, 10, {0, 95, 180, 255, 320, 375, 420, 455, 480, 495, -1}},          /* 100 t - 5 t^2 */
        {50, 150, 10, {0, 55, 120, 195, 280, 375, 480, 595, 720, 855, -1}},         /* 50 t + 5 t^2 */
        {150, 50, 10, {0, 145, 280, 405, 520, 625, 720, 805, 880, 945, -1}},        /* 150 t - 5 t^2 */
        {40, 40, 4, {0, 40, 80, 120, -1}},
        {0, 2e6, 10, {0, 100000, 400000, 900000, 1600000, 2500000, 3600000, 4900000, 6400000, 8100000, -1}},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        /* The step before lasts a second, so that the ramp begins at its rate. */
        struct plan_phase phases[] = {step_to(rows[i].before, SEC), ramp_to(rows[i].after, rows[i].seconds * SEC)};
        struct plan_load_model load = open_load(phases, 2);
        struct arrivals a;
        nsec due;
        int64_t index, total = 0, first = (int64_t)rows[i].before;
        int phase, second = 0;
        arrivals_init(&a, &load, 1, 0, 1);
        while (arrivals_next(&a, &due, &index, &phase)) {
            assert_int_equal(phase, index >= first ? 1 : 0);
            if (phase == 1 && index == first + rows[i].at[second])
                assert_int_equal(due, (1 + second++) * SEC);
            total++;
        }
        assert_int_equal(second, rows[i].seconds);
        assert_int_equal(total, first + (int64_t)((rows[i].before + rows[i].after) / 2 * rows[i].seconds));
    }
}

/* L at t of the plan below, piece by piece. */
static long double integral(nsec t)
{
    long double s = (long double)t / 1e9L;
    if (s < 10)
        return 6.5L * s * s; /* 0 to 130 in 10 s */
    if (s < 12.5L)
        return 650 + 17 * (s - 10);
    if (s < 15)
        return 692.5L;
    s -= 15;
    return 692.5L + 55.5L / 9 * s * s / 2; /* 0 to 55.5 in 9 s */
}

static struct plan_load_model bumpy(struct plan_phase phases[4])
{
    phases[0] = ramp_to(130, 10 * SEC);
    phases[1] = step_to(17, 2500 * NSEC_PER_MSEC);
    phases[2] = step_to(0, 2500 * NSEC_PER_MSEC);
    phases[3] = ramp_to(55.5, 9 * SEC);
    return open_load(phases, 4);
}

static void test_phases_are_continuous(void **state)
{
    (void)state;
    struct plan_phase phases[4];
    struct plan_load_model load = bumpy(phases);
    struct arrival *got = many();
    int count = collect(&load, 1, 0, 1, got, MANY);
    assert_int_equal(count, 943); /* 692.5 + 249.75 = 942.25: 0 to 942 */
    for (int i = 0; i < count; i++) {
        assert_near((double)(integral(got[i].due) - i), 0, 130 * 0.6e-9); /* half a nanosecond at the highest rate */
        assert_int_equal(got[i].phase, got[i].due < 10 * SEC ? 0 : got[i].due < 12500 * NSEC_PER_MSEC ? 1 : 3);
    }
    assert_int_equal(got[650].due, 10 * SEC); /* the end of the first is in the second */
    assert_int_equal(got[650].phase, 1);
    free(got);
}

static void test_ends_of_phases(void **state)
{
    (void)state;
    static const struct {
        struct plan_phase phases[3];
        int count;
        struct {
            int index, phase;
            nsec due;
        } look[3];
    } rows[] = {
        /* What is half way to the next arrival stays half way. */
        {{{.rate = 10, .duration = 1050 * NSEC_PER_MSEC}, {.rate = 5, .duration = SEC}},
         16, {{10, 0, SEC}, {11, 1, 1150 * NSEC_PER_MSEC}, {15, 1, 1950 * NSEC_PER_MSEC}}},
        /* A pause has none, even at its start; they go on at its end. */
        {{{.rate = 10, .duration = SEC}, {.rate = 0, .duration = SEC}, {.rate = 10, .duration = SEC}},
         20, {{9, 0, 900 * NSEC_PER_MSEC}, {10, 2, 2 * SEC}, {19, 2, 2900 * NSEC_PER_MSEC}}},
        {{{.rate = 0, .duration = SEC}, {.rate = 2, .duration = SEC}, {.rate = 0, .duration = SEC}},
         2, {{0, 1, SEC}, {1, 1, 1500 * NSEC_PER_MSEC}, {1, 1, 1500 * NSEC_PER_MSEC}}},
        /* 0.1 and 0.3 are a little more and a little less as doubles: the ends do not notice. */
        {{{.rate = 0.1, .duration = 600 * SEC}, {.rate = 0.3, .duration = 10 * SEC}, {.rate = 1, .duration = SEC}},
         64, {{59, 0, 590 * SEC}, {60, 1, 600 * SEC}, {63, 2, 610 * SEC}}},
        /* A phase too short for any. */
        {{{.rate = 1, .duration = SEC / 2}, {.rate = 1, .duration = SEC / 4}, {.rate = 1, .duration = SEC}},
         2, {{0, 0, 0}, {1, 2, SEC}, {1, 2, SEC}}},
        {{{.rate = 0, .duration = SEC}, {.rate = 0, .duration = SEC}, {.rate = 0, .duration = SEC}}, 0, {{0}}},
    };
    struct arrival *got = many();
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan_phase phases[3];
        memcpy(phases, rows[i].phases, sizeof phases);
        struct plan_load_model load = open_load(phases, phases[2].duration ? 3 : 2);
        assert_int_equal(collect(&load, 1, 0, 1, got, MANY), rows[i].count);
        for (int k = 0; k < 3 && rows[i].count; k++) {
            assert_int_equal(got[rows[i].look[k].index].due, rows[i].look[k].due);
            assert_int_equal(got[rows[i].look[k].index].phase, rows[i].look[k].phase);
        }
    }
    free(got);
}

static void test_loads_without_an_end(void **state)
{
    (void)state;
    struct plan_phase phase = step_to(250, NSEC_NEVER);
    struct plan_load_model load = open_load(&phase, 1);
    struct arrival *got = many();
    load.jobs = 1001;
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), 1001);
    assert_int_equal(got[1000].due, 4 * SEC);
    assert_int_equal(collect(&load, 1, 2, 3, got, MANY), 333);
    assert_int_equal(got[332].index, 998);
    load.jobs = 0;
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), MANY);
    /* After thirty days at ten million a second the next one is still right. */
    struct arrivals a;
    nsec due;
    int64_t index;
    int number;
    phase.rate = 1e7;
    arrivals_init(&a, &load, 1, 0, 1);
    a.index = 25920000000001;
    assert_true(arrivals_next(&a, &due, &index, &number));
    assert_int_equal(due, 30 * 86400 * SEC + 100);
    /* So slow that nsec cannot hold the second one. */
    phase.rate = 1e-12;
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), 1);
    free(got);
}

static void test_the_end_stays_the_end(void **state)
{
    (void)state;
    struct plan_phase phase = step_to(10, SEC);
    struct plan_load_model load = open_load(&phase, 1);
    for (int kind = ARRIVALS_CONSTANT; kind <= ARRIVALS_POISSON; kind++) {
        struct arrivals a;
        nsec due;
        int64_t index;
        int number;
        load.arrivals = (enum arrival_kind)kind;
        arrivals_init(&a, &load, 1, 0, 1);
        while (arrivals_next(&a, &due, &index, &number))
            continue;
        for (int i = 0; i < 5; i++)
            assert_false(arrivals_next(&a, &due, &index, &number));
    }
}

/* ---- shares ---- */

static void check_shares(const struct plan_load_model *load, int shares)
{
    struct arrival *whole = many(), *part = many();
    int total = collect(load, 77, 0, 1, whole, MANY), seen = 0;
    for (int w = 0; w < shares; w++) {
        int count = collect(load, 77, w, shares, part, MANY);
        for (int i = 0; i < count; i++, seen++) {
            assert_int_equal(part[i].index, (int64_t)i * shares + w);
            assert_true(part[i].index < total);
            assert_int_equal(part[i].due, whole[part[i].index].due);
            assert_int_equal(part[i].phase, whole[part[i].index].phase);
        }
    }
    assert_int_equal(seen, total);
    assert_true(total > 100);
    free(whole);
    free(part);
}

static void test_shares_are_the_whole(void **state)
{
    (void)state;
    static const int shares[] = {1, 2, 3, 7, 64, 256};
    struct plan_phase phases[4];
    struct plan_load_model load = bumpy(phases);
    nsec times[500];
    for (int i = 0; i < COUNT(times); i++)
        times[i] = i * i;
    load.replay = times;
    load.replay_count = COUNT(times);
    for (int i = 0; i < COUNT(shares); i++)
        for (int kind = ARRIVALS_CONSTANT; kind <= ARRIVALS_REPLAY; kind++) {
            load.arrivals = (enum arrival_kind)kind;
            load.jobs = i % 2 ? 0 : 333;
            check_shares(&load, shares[i]);
        }
}

/* ---- poisson ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Kolmogorov's statistic times the root of n: how far the sample is from unit exponentials. */
static double ks_statistic(double *sample, int n)
{
    double most = 0;
    qsort(sample, (size_t)n, sizeof *sample, ascending);
    for (int i = 0; i < n; i++) {
        double expected = 1 - exp(-sample[i]);
        most = fmax(most, fmax(expected - (double)i / n, (double)(i + 1) / n - expected));
    }
    return most * sqrt(n);
}

enum { DRAWS = 10000 };

/* Critical at 1 per cent (Kolmogorov 1933); of eight right samples one in twelve would lie above it, and the
 * seeds below were not chosen. */
static const double critical = 1.628;

typedef long double rescale(nsec due);

static long double at_200(nsec due)
{
    return 200 * ((long double)due / 1e9L);
}

static long double on_ramp(nsec due)
{
    long double s = (long double)due / 1e9L;
    return 3 * s + s * s / 2 * (297.0L / 100); /* 3 to 300 in 100 s */
}

static void check_exponential(const struct plan_load_model *load, rescale *l, nsec skip)
{
    struct arrival *got = many();
    double *gaps = calloc(DRAWS, sizeof *gaps);
    assert_non_null(gaps);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        int total = collect(load, seed, 0, 1, got, MANY), from = 0;
        while (got[from].due < skip)
            from++;
        assert_true(total >= from + DRAWS);
        long double last = 0;
        for (int i = 0; i < DRAWS; i++) {
            long double now = l(got[from + i].due - skip);
            gaps[i] = (double)(now - last);
            last = now;
        }
        double statistic = ks_statistic(gaps, DRAWS);
        if (!(statistic < critical))
            fail_msg("seed %d: %g", (int)seed, statistic);
    }
    free(gaps);
    free(got);
}

static void test_poisson_gaps_are_exponential(void **state)
{
    (void)state;
    struct plan_phase steady = step_to(200, NSEC_NEVER);
    struct plan_load_model load = open_load(&steady, 1);
    load.arrivals = ARRIVALS_POISSON;
    load.jobs = DRAWS;
    check_exponential(&load, at_200, 0);
    struct plan_phase ramp[] = {step_to(3, SEC), ramp_to(300, 100 * SEC)};
    load = open_load(ramp, 2);
    load.arrivals = ARRIVALS_POISSON;
    check_exponential(&load, on_ramp, SEC);
}

/* The test itself has to notice a wrong distribution: constant gaps, and ramps that were not rescaled. */
static void test_the_statistic_notices(void **state)
{
    (void)state;
    double gaps[DRAWS];
    for (int i = 0; i < DRAWS; i++)
        gaps[i] = 1;
    assert_true(ks_statistic(gaps, DRAWS) > 10 * critical);
    struct plan_phase ramp[] = {step_to(3, SEC), ramp_to(300, 100 * SEC)};
    struct plan_load_model load = open_load(ramp, 2);
    struct arrival *got = many();
    load.arrivals = ARRIVALS_POISSON;
    int total = collect(&load, 1, 0, 1, got, MANY);
    assert_true(total > DRAWS);
    for (int i = 0; i < DRAWS; i++)
        gaps[i] = (double)(got[i + 1].due - got[i].due) / (double)got[DRAWS].due * DRAWS; /* their mean is 1 */
    assert_true(ks_statistic(gaps, DRAWS) > 3 * critical);
    free(got);
}

static void test_poisson_counts(void **state)
{
    (void)state;
    struct plan_phase phases[] = {step_to(1000, 10 * SEC), step_to(0, 10 * SEC), step_to(100, 10 * SEC)};
    struct plan_load_model load = open_load(phases, 3);
    struct arrival *got = many();
    load.arrivals = ARRIVALS_POISSON;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        int counts[3] = {0}, total = collect(&load, seed, 0, 1, got, MANY);
        for (int i = 0; i < total; i++)
            counts[got[i].phase]++;
        assert_near(counts[0], 10000, 4 * 100); /* four standard deviations */
        assert_int_equal(counts[1], 0);
        assert_near(counts[2], 1000, 4 * 31.6);
        for (int i = 1; i < total; i++)
            assert_true(got[i].due >= got[i - 1].due);
    }
    free(got);
}

static void test_the_seed_decides(void **state)
{
    (void)state;
    struct plan_phase phases[4];
    struct plan_load_model load = bumpy(phases);
    load.arrivals = ARRIVALS_POISSON;
    struct arrival *one = many(), *same = many(), *other = many();
    int count = collect(&load, 5, 0, 1, one, MANY);
    assert_int_equal(collect(&load, 5, 0, 1, same, MANY), count);
    for (int i = 0; i < count; i++)
        assert_int_equal(one[i].due, same[i].due);
    collect(&load, 6, 0, 1, other, MANY);
    assert_int_not_equal(one[0].due, other[0].due);
    assert_int_not_equal(one[1].due, other[1].due);
    free(one);
    free(same);
    free(other);
}

/* ---- replay ---- */

static void test_a_replay_is_its_list(void **state)
{
    (void)state;
    static const nsec times[] = {0, 5, 5, 7 * SEC, 100 * SEC};
    struct plan_phase phase = {.duration = 100 * SEC + 1};
    struct plan_load_model load = open_load(&phase, 1);
    struct arrival *got = many();
    load.arrivals = ARRIVALS_REPLAY;
    load.replay = times;
    load.replay_count = COUNT(times);
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), COUNT(times));
    for (int i = 0; i < COUNT(times); i++) {
        assert_int_equal(got[i].due, times[i]);
        assert_int_equal(got[i].index, i);
        assert_int_equal(got[i].phase, 0);
    }
    load.jobs = 2;
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), 2);
    load.replay_count = 0;
    assert_int_equal(collect(&load, 1, 0, 1, got, MANY), 0);
    free(got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_are_exact),
        cmocka_unit_test(test_ramps_are_exact),
        cmocka_unit_test(test_phases_are_continuous),
        cmocka_unit_test(test_ends_of_phases),
        cmocka_unit_test(test_loads_without_an_end),
        cmocka_unit_test(test_the_end_stays_the_end),
        cmocka_unit_test(test_shares_are_the_whole),
        cmocka_unit_test(test_poisson_gaps_are_exponential),
        cmocka_unit_test(test_the_statistic_notices),
        cmocka_unit_test(test_poisson_counts),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_a_replay_is_its_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
