#include "plan_fixture.h"

#define SEC NSEC_PER_SEC
#define OPEN "scenario: s\nworkflow: w.yaml\nload:\n  users: open\n"

static void put_workflow(void)
{
    put("w.yaml", "workflow: w\nsteps: [{name: a, get: /}]\n");
}

static struct plan *load_open(struct fixture *f, const char *rest)
{
    char text[1024];
    put_workflow();
    snprintf(text, sizeof text, OPEN "%s", rest);
    return load_right(f, text);
}

static void test_a_rate_is_one_phase(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_open(&f, "  rate: 90/min\n  duration: 5m\n  concurrent: 12\n  jobs: 77\n");
    const struct plan_load_model *l = &plan->load;
    assert_int_equal(l->users, USERS_OPEN);
    assert_int_equal(l->arrivals, ARRIVALS_CONSTANT);
    assert_int_equal(l->phase_count, 1);
    assert_string_equal(l->phases[0].name, "s");
    assert_near(l->phases[0].rate, 1.5, 0);
    assert_int_equal(l->phases[0].users, 0);
    assert_int_equal(l->phases[0].duration, 300 * SEC);
    assert_false(l->phases[0].ramp);
    assert_int_equal(l->concurrent, 12);
    assert_int_equal(l->jobs, 77);
    plan_free(plan);
    plan = load_open(&f, "  rate: 3\n  jobs: 1000\n  arrivals: poisson\n");
    assert_int_equal(plan->load.arrivals, ARRIVALS_POISSON);
    assert_int_equal(plan->load.phases[0].duration, NSEC_NEVER);
    assert_int_equal(plan->load.concurrent, 0);
    plan_free(plan);
    end(&f);
}

static void test_phases_have_rates_and_ramps(void **state)
{
    (void)state;
    static const struct {
        double rate;
        bool ramp;
    } expected[] = {{200, true}, {200, false}, {0, false}, {0.5, true}, {0, true}};
    struct fixture f;
    begin(&f);
    struct plan *plan = load_open(&f, "  concurrent: 3\n  jobs: 9\n  phases:\n"
                                      "    - {name: up,    rate: 200/s, ramp: true,  duration: 10s}\n"
                                      "    - {name: hold,  rate: 200,   ramp: false, duration: 10s}\n"
                                      "    - {name: pause, rate: 0,     duration: 10s}\n"
                                      "    - {name: slow,  rate: 30/min, ramp: true, duration: 10s}\n"
                                      "    - {name: end,   rate: 0/h,   ramp: true,  duration: 10s}\n");
    assert_int_equal(plan->load.phase_count, COUNT(expected));
    for (int i = 0; i < COUNT(expected); i++) {
        assert_near(plan->load.phases[i].rate, expected[i].rate, 0);
        assert_int_equal(plan->load.phases[i].ramp, expected[i].ramp);
        assert_int_equal(plan->load.phases[i].users, 0);
    }
    assert_int_equal(plan->load.concurrent, 3);
    plan_free(plan);
    end(&f);
}

static void test_users_ramp_and_pause(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    put_workflow();
    struct plan *plan = load_right(&f, "scenario: s\nworkflow: w.yaml\nload:\n  users: paced\n  phases:\n"
                                       "    - {name: up,    users: 20, ramp: true, duration: 10s, think: 1s}\n"
                                       "    - {name: pause, users: 0,  duration: 10s}\n"
                                       "    - {name: down,  users: 0,  ramp: true, duration: 10s, think: 1s}\n");
    assert_int_equal(plan->load.phases[0].users, 20);
    assert_true(plan->load.phases[0].ramp);
    assert_int_equal(plan->load.phases[1].users, 0);
    assert_false(plan->load.phases[1].ramp);
    assert_int_equal(plan->load.phases[1].think.high, 0);
    assert_true(plan->load.phases[2].ramp);
    plan_free(plan);
    end(&f);
}

static void test_the_time_scale_multiplies_rates(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.options.time_scale = 60;
    struct plan *plan =
        load_open(&f, "  rate: 6/min\n  duration: 5m\n  timeout: 1m\n  connect_timeout: 3s\n"
                      "  first_byte_timeout: 30s\n  idle_timeout: 90s\n");
    assert_near(plan->load.phases[0].rate, 6, 1e-12);
    assert_int_equal(plan->load.phases[0].duration, 5 * SEC);
    assert_int_equal(plan->load.timeout, SEC);
    assert_int_equal(plan->load.connect_timeout, 3 * SEC); /* the network is no faster */
    assert_int_equal(plan->load.first_byte_timeout, SEC / 2);
    assert_int_equal(plan->load.idle_timeout, 3 * SEC / 2);
    plan_free(plan);
    assert_null(load(&f, OPEN "  rate: 200000/s\n  jobs: 1\n"));
    assert_string_equal(told(&f), "s.yaml:5:9: '200000/s' is more than 10000000 a second at time scale 60\n");
    end(&f);
}

static void test_limits_and_their_defaults(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct plan *plan = load_open(&f, "  rate: 5\n  jobs: 1\n");
    assert_int_equal(plan->load.connect_timeout, 10 * SEC);
    assert_int_equal(plan->load.first_byte_timeout, 0);
    assert_int_equal(plan->load.idle_timeout, 0);
    assert_int_equal(plan->load.connections, 0);
    assert_false(plan->load.resolve_each);
    assert_int_equal(plan->load.max_in_flight, 1000000); /* nothing in the workflow waits */
    plan_free(plan);
    plan = load_open(&f, "  rate: 5\n  jobs: 1\n  connections: 64\n  resolve: connection\n  max_in_flight: 10000000\n");
    assert_int_equal(plan->load.connections, 64);
    assert_true(plan->load.resolve_each);
    assert_int_equal(plan->load.max_in_flight, 10000000);
    plan_free(plan);
    put("w.yaml", "workflow: w\nsteps: [{name: a, post: /}, {name: b, poll: /, until: {/s: a}}]\n");
    plan = load_right(&f, OPEN "  rate: 5\n  jobs: 1\n  resolve: once\n");
    assert_int_equal(plan->load.max_in_flight, 10000);
    assert_false(plan->load.resolve_each);
    plan_free(plan);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rate_is_one_phase),
        cmocka_unit_test(test_phases_have_rates_and_ramps),
        cmocka_unit_test(test_users_ramp_and_pause),
        cmocka_unit_test(test_the_time_scale_multiplies_rates),
        cmocka_unit_test(test_limits_and_their_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
