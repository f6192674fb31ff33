#include "test.h"
#include "live.h"

static struct plan_phase phases[] = {{.name = "baseline", .users = 2, .duration = 10 * NSEC_PER_SEC},
                                     {.name = "spike", .users = 20, .duration = 10 * NSEC_PER_SEC}};

static void render(struct plan *plan, struct progress *p, nsec now, int width, struct buf *out)
{
    struct live_config config = {.plan = plan, .progress = p};
    buf_clear(out);
    live_render(&config, now, width, out);
}

static void test_the_line(void **state)
{
    (void)state;
    struct plan plan = {.scenario = "spike", .load = {.phases = phases, .phase_count = 2}};
    struct progress p;
    struct buf out;
    progress_init(&p, 2);
    struct progress_share *s = &p.shares[0], *other = &p.shares[1];
    buf_init(&out, 4096);
    render(&plan, &p, 5 * NSEC_PER_SEC, 200, &out);
    assert_string_equal(buf_text(&out),
                        "spike     ░░░░░░░░░░░░   0 % · warm-up · 0 users · 0 in flight · 0 done · 0 failed");
    atomic_store(&s->load_began, NSEC_PER_SEC);
    atomic_store(&s->phase, 1);
    atomic_store(&s->users, 15);
    atomic_store(&other->users, 5);
    progress_add(&s->in_flight, 7);
    progress_add(&s->ok, 1);
    progress_add(&other->ok, 2);
    progress_add(&other->failed, 1);
    progress_generation(s, 2 * NSEC_PER_SEC);
    progress_generation(s, NSEC_PER_SEC);
    progress_generation(other, 3 * NSEC_PER_SEC);
    render(&plan, &p, 16 * NSEC_PER_SEC, 200, &out);
    assert_string_equal(buf_text(&out), "spike     █████████░░░  75 % · spike · 5 s left · 20 users · 7 in flight · "
                                        "3 done · 1 failed · p50 2 s · p95 3 s");
    atomic_store(&s->draining, true);
    render(&plan, &p, 16 * NSEC_PER_SEC, 200, &out);
    assert_null(strstr(buf_text(&out), "waiting"));
    atomic_store(&other->draining, true);
    render(&plan, &p, 100 * NSEC_PER_SEC, 200, &out);
    assert_non_null(strstr(buf_text(&out), "████████████ 100 % · waiting for running jobs · 20 users"));
    progress_finish(&p);
    buf_finish(&out);
}

static void test_a_closed_scenario_counts_jobs(void **state)
{
    (void)state;
    struct plan_phase phase = {.name = "baseline", .users = 1, .duration = NSEC_NEVER};
    struct plan plan = {.scenario = "baseline", .load = {.phases = &phase, .phase_count = 1, .jobs = 4}};
    struct progress p;
    struct buf out;
    progress_init(&p, 1);
    atomic_store(&p.shares[0].load_began, 1);
    progress_add(&p.shares[0].ok, 1);
    buf_init(&out, 4096);
    render(&plan, &p, NSEC_PER_SEC, 200, &out);
    assert_non_null(strstr(buf_text(&out), " 25 %"));
    progress_finish(&p);
    buf_finish(&out);
}

static void test_fits_the_terminal(void **state)
{
    (void)state;
    struct plan plan = {.scenario = "spike", .load = {.phases = phases, .phase_count = 2}};
    struct progress p;
    struct buf out;
    progress_init(&p, 1);
    atomic_store(&p.shares[0].phase, 0);
    atomic_store(&p.shares[0].load_began, 1);
    buf_init(&out, 4096);
    for (int width = 0; width < 90; width++) {
        render(&plan, &p, 5 * NSEC_PER_SEC, width, &out);
        int columns = 0;
        for (const char *c = buf_text(&out); *c; c++)
            columns += ((unsigned char)*c & 0xc0) != 0x80;
        assert_true(columns <= width);
    }
    progress_finish(&p);
    buf_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_line),
        cmocka_unit_test(test_a_closed_scenario_counts_jobs),
        cmocka_unit_test(test_fits_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
