#include "test.h"
#include "doctor_needs.h"

#define S NSEC_PER_SEC

static void test_needs(void **state)
{
    (void)state;
    static const struct plan_phase spike[] = {{.users = 2, .think = {40 * S, 70 * S}},
                                              {.users = 20, .think = {10 * S, 30 * S}}};
    static const struct plan_phase four[] = {{.users = 4}};
    static const struct plan_phase rates[] = {{.rate = 2.5}, {.rate = 100}};
    static const struct {
        const char *what;
        struct plan_load_model load;
        int64_t least, most;
    } rows[] = {
        {"paced: jobs overlap while they last",
         {.users = USERS_PACED, .phases = (struct plan_phase *)spike, .phase_count = 2, .timeout = 300 * S},
         20,
         620},
        {"paced, so many at most",
         {.users = USERS_PACED,
          .phases = (struct plan_phase *)spike,
          .phase_count = 2,
          .timeout = 300 * S,
          .max_in_flight = 100},
         20,
         100},
        {"closed: one each",
         {.users = USERS_CLOSED, .phases = (struct plan_phase *)four, .phase_count = 1, .timeout = 300 * S},
         4,
         4},
        {"closed, fewer jobs",
         {.users = USERS_CLOSED,
          .phases = (struct plan_phase *)four,
          .phase_count = 1,
          .timeout = 300 * S,
          .jobs = 3},
         3,
         3},
        {"paced without a pause",
         {.users = USERS_PACED,
          .phases = (struct plan_phase *)four,
          .phase_count = 1,
          .timeout = 300 * S,
          .max_in_flight = 10000},
         4,
         10000},
        {"open: a second's, or a timeout's",
         {.users = USERS_OPEN, .phases = (struct plan_phase *)rates, .phase_count = 2, .timeout = 30 * S},
         100,
         3000},
        {"open, so many under way",
         {.users = USERS_OPEN,
          .phases = (struct plan_phase *)rates,
          .phase_count = 2,
          .timeout = 30 * S,
          .concurrent = 50},
         50,
         50},
        {"limited connections",
         {.users = USERS_OPEN,
          .phases = (struct plan_phase *)rates,
          .phase_count = 2,
          .timeout = 30 * S,
          .connections = 8},
         8,
         8},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct plan plan = {.load = rows[i].load};
        struct doctor_needs needs;
        doctor_needs_of(&plan, &needs);
        if (needs.least != rows[i].least || needs.most != rows[i].most)
            fail_msg("%s: %lld to %lld", rows[i].what, (long long)needs.least, (long long)needs.most);
    }
}

static void test_questions(void **state)
{
    (void)state;
    static struct plan_step steps[] = {{.kind = STEP_REQUEST}, {.kind = STEP_POLL, .every = S / 2}};
    static struct plan_phase four[] = {{.users = 4}};
    static struct plan_phase rate[] = {{.rate = 10}};
    struct doctor_needs needs;
    struct plan plan = {.workflow = {.steps = steps, .step_count = 2},
                        .load = {.users = USERS_CLOSED, .phases = four, .phase_count = 1, .timeout = S}};
    doctor_needs_of(&plan, &needs);
    assert_float_equal(needs.a_second, 8, 1e-9);
    plan.workflow.step_count = 1;
    doctor_needs_of(&plan, &needs);
    assert_float_equal(needs.a_second, 0, 0); /* as fast as the target answers: not told */
    plan.load.users = USERS_OPEN;
    plan.load.phases = rate;
    doctor_needs_of(&plan, &needs);
    assert_float_equal(needs.a_second, 10, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_needs), cmocka_unit_test(test_questions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
