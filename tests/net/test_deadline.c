#include "test.h"
#include "deadline.h"
#include "loop_sim.h"

/* Deadlines of one length strike in the order of setting, at exactly their times, unless they are put off or unset. */

enum { COUNT_MAX = 8 };

static struct world {
    struct loop *loop;
    struct deadlines queue;
    struct deadline d[COUNT_MAX];
    nsec struck[COUNT_MAX];
    nsec start;
    struct deadline *again; /* set within its own strike */
} w;

static void on_strike(struct deadline *d)
{
    w.struck[d - w.d] = loop_now(w.loop) - w.start;
    if (d == w.again)
        deadline_set(&w.queue, d, loop_now(w.loop));
}

static void on_end(struct timer *timer)
{
    (void)timer;
    loop_stop(w.loop);
}

static void run_until(nsec at)
{
    static struct timer end;
    end = (struct timer){.fire = on_end};
    timer_set(w.loop, &end, w.start + at);
    loop_run(w.loop);
}

static int setup(void **state)
{
    (void)state;
    static const struct sim_server nobody;
    w = (struct world){.loop = loop_sim_create(&nobody)};
    w.start = loop_now(w.loop);
    deadlines_init(&w.queue, w.loop, 10, on_strike);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    deadlines_finish(&w.queue);
    loop_destroy(w.loop);
    return 0;
}

static void set(int i)
{
    deadline_set(&w.queue, &w.d[i], loop_now(w.loop));
}

static void test_each_strikes_once_at_its_time(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        set(i);
        run_until(3 * (i + 1));
    }
    run_until(100);
    for (int i = 0; i < 4; i++)
        assert_int_equal(w.struck[i], 3 * i + 10);
}

static void test_put_off_and_unset(void **state)
{
    (void)state;
    set(0);
    set(1);
    set(2);
    run_until(5);
    set(0); /* put off */
    deadline_unset(&w.d[1]);
    deadline_unset(&w.d[1]);
    run_until(100);
    assert_int_equal(w.struck[0], 15);
    assert_int_equal(w.struck[1], 0);
    assert_int_equal(w.struck[2], 10);
    set(1); /* and used again, after the queue had been empty */
    run_until(200);
    assert_int_equal(w.struck[1], 110);
}

/* Those that are set already come first all the same. */
static void test_set_within_a_strike(void **state)
{
    (void)state;
    w.again = &w.d[0];
    set(0);
    run_until(3);
    set(1);
    run_until(15);
    assert_int_equal(w.struck[0], 10);
    assert_int_equal(w.struck[1], 13);
    run_until(35);
    assert_int_equal(w.struck[0], 30);
}

static void test_no_length_never_strikes(void **state)
{
    (void)state;
    struct deadlines none;
    deadlines_init(&none, w.loop, 0, on_strike);
    deadline_set(&none, &w.d[0], loop_now(w.loop));
    run_until(1000);
    assert_int_equal(w.struck[0], 0);
    deadlines_finish(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_strikes_once_at_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_put_off_and_unset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set_within_a_strike, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_length_never_strikes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
