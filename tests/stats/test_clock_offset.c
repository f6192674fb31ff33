#include "test.h"
#include "clock_offset.h"
#include "rng.h"

#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC

static struct arena arena;

static int make_arena(void **state)
{
    (void)state;
    arena_init(&arena, "clock test", 64 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

/* A clock that is `ahead`, gains `ppm`, and is set by `jump` at `jumps`. */
struct other {
    nsec ahead;
    double ppm;
    nsec jumps, jump;
    nsec grain; /* its times are cut to this */
};

static nsec offset_of(const struct other *o, nsec at)
{
    return o->ahead + (nsec)((double)at * o->ppm / 1e6) + (o->jumps && at >= o->jumps ? o->jump : 0);
}

/* Asked at `sent`, answered at `received`; stamped somewhere between. */
static struct clock_evidence ask(const struct other *o, nsec sent, nsec received, nsec stamped)
{
    nsec time = stamped + offset_of(o, stamped);
    time -= o->grain ? ((time % o->grain) + o->grain) % o->grain : 0;
    return (struct clock_evidence){sent + (received - sent) / 2, {time - received, time + o->grain - sent}};
}

enum { ASKED = 400 };

static void ask_often(const struct other *o, struct rng *rng, nsec every, struct clock_offset *ret)
{
    static struct clock_evidence evidence[ASKED];
    for (int i = 0; i < ASKED; i++) {
        nsec sent = i * every + rng_range(rng, 0, every / 4);
        nsec took = rng_range(rng, MSEC, 40 * MSEC);
        evidence[ASKED - 1 - i] = ask(o, sent, sent + took, sent + rng_range(rng, 0, took)); /* any order */
    }
    clock_offset_fit(evidence, ASKED, &arena, ret);
}

/* What is said holds, always; and how sure it is at the median. */
static void test_the_offset_is_held(void **state)
{
    (void)state;
    static const struct {
        struct other other;
        nsec every;
        int steps;
        nsec width;
    } rows[] = {
        {{.ahead = 0}, SEC, 0, 6 * MSEC},
        {{.ahead = 3600 * SEC}, SEC, 0, 6 * MSEC},
        {{.ahead = -37 * SEC}, SEC, 0, 6 * MSEC},
        {{.ahead = 5 * SEC, .ppm = 50}, SEC, 0, 6 * MSEC},
        {{.ahead = 5 * SEC, .ppm = -400}, SEC, 0, 6 * MSEC},
        {{.ahead = SEC, .grain = SEC}, SEC / 7, 0, 200 * MSEC}, /* a whole second, narrowed by its ticks */
        {{.ahead = SEC, .jumps = 200 * SEC, .jump = 2 * SEC}, SEC, 1, 6 * MSEC},
        {{.ahead = SEC, .jumps = 200 * SEC, .jump = -7200 * SEC}, SEC, 1, 6 * MSEC},
    };
    struct rng rng;
    rng_init(&rng, 99, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct clock_offset c;
        struct clock_bound b;
        ask_often(&rows[i].other, &rng, rows[i].every, &c);
        assert_int_equal(c.steps, rows[i].steps);
        assert_true(clock_offset_width(&c, &arena) <= rows[i].width);
        for (nsec at = -5 * SEC; at < (ASKED + 5) * rows[i].every; at += rows[i].every / 3) {
            assert_true(clock_offset_at(&c, at, &b));
            nsec truth = offset_of(&rows[i].other, at);
            assert_true(b.low <= truth && truth <= b.high);
        }
    }
}

static void test_few(void **state)
{
    (void)state;
    struct clock_offset c;
    struct clock_bound b;
    clock_offset_fit(NULL, 0, &arena, &c);
    assert_false(clock_offset_at(&c, 0, &b));
    assert_int_equal(clock_offset_width(&c, &arena), -1);
    struct clock_evidence one = {10 * SEC, {2, 5}};
    clock_offset_fit(&one, 1, &arena, &c);
    assert_true(clock_offset_at(&c, 10 * SEC, &b));
    assert_int_equal(b.low, 2);
    assert_int_equal(b.high, 5);
    assert_true(clock_offset_at(&c, 12 * SEC, &b)); /* two seconds later: 1 ms to each side */
    assert_int_equal(b.low, 2 - MSEC);
    assert_int_equal(b.high, 5 + MSEC);
}

static void test_contradictions_are_not_averaged(void **state)
{
    (void)state;
    struct clock_evidence evidence[] = {{0, {0, 10}}, {10, {5, 20}}, {20, {900, 910}}, {30, {6, 9}}};
    struct clock_offset c;
    struct clock_bound b;
    clock_offset_fit(evidence, 4, &arena, &c);
    assert_int_equal(c.steps, 2); /* there and back */
    clock_offset_at(&c, 0, &b);
    assert_int_equal(b.low, 5);
    assert_int_equal(b.high, 10);
    clock_offset_at(&c, 20, &b);
    assert_int_equal(b.low, 900);
    clock_offset_at(&c, 25, &b); /* nobody knows when it was set back */
    assert_int_equal(b.low, 6);
    assert_int_equal(b.high, 910);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_offset_is_held),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_contradictions_are_not_averaged),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
