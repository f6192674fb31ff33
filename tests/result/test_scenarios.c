#include "test.h"
#include "file.h"
#include "result_json.h"

#include <stdio.h>
#include <stdlib.h>

/* The five scenarios as shipped, each with a made run of 82 s jobs that does well: all their checks, by name.
 */

static nsec at(double seconds)
{
    return (nsec)(seconds * 1e9);
}

static void add_job(struct record *r, const struct plan *p, int phase, nsec sent)
{
    struct record_job *j = record_new_job(r);
    j->number = r->job_count;
    j->phase = phase;
    r->generator.scheduled++;
    j->outcome = JOB_OK;
    j->accepted = true;
    j->due = j->sent = sent;
    record_job_started(r, j);
    record_start_lag(r, 0);
    nsec now = sent;
    for (int i = 0; i < p->workflow.step_count; i++) {
        nsec took = p->workflow.steps[i].kind == STEP_POLL ? at(82 + j->number % 3 - 1) : at(0.05);
        j->steps[i] = (struct record_span){now, now + took};
        now += took;
    }
    j->ended = now;
    r->ended = now > r->ended ? now : r->ended;
}

/* A job every 5 s in each phase; without durations, so many jobs as the plan wants, one after the other. */
static void play(struct record *r, const struct plan *p)
{
    nsec now = 0;
    for (int i = 0; i < p->load.phase_count; i++) {
        nsec start = now, length = p->load.phases[i].duration;
        for (int n = 0; length == NSEC_NEVER ? n < p->load.jobs : n * at(5) < length; n++)
            add_job(r, p, i, length == NSEC_NEVER ? (r->ended < 0 ? 0 : r->ended) : start + n * at(5));
        now = length == NSEC_NEVER ? r->ended : start + length;
        r->phases[i] = (struct record_span){start, now};
    }
    r->load_ended = now;
    struct record_series *memory = record_add_series(r, "target.memory", "bytes");
    for (nsec t = 0; t < r->ended; t += at(1)) {
        record_add_probe(r, (struct record_probe){t, at(0.001), true});
        record_add_point(r, memory, t, 2e9 + 1e6 * (double)(t / at(1) % 7));
    }
    record_add_series(r, "gpu.memory", "MB")->why = "the target has no GPU";
}

static void test_scenarios(void **state)
{
    (void)state;
    static const struct {
        const char *name, *checks[8];
    } rows[] = {
        {"baseline", {"avg_time_ok", "zero_errors", "full_success", "all_completed"}},
        {"normal", {"error_rate_ok", "avg_time_ok", "p95_ok"}},
        {"peak", {"min_requests_ok", "error_rate_ok", "avg_time_ok", "p95_ok", "min_completions_ok"}},
        {"spike", {"survived", "spike_error_rate_ok", "recovery_error_rate_ok", "performance_recovered"}},
        {"sustained", {"uptime_ok", "performance_stable", "memory_stable", "sustained_activity"}},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct diag_list diags;
        diag_init(&diags);
        struct plan_options options = {.time_scale = 1, .share_dir = getenv("ORFEAS_SOURCE")};
        struct plan *plan = plan_load(rows[i].name, &options, &diags);
        assert_non_null(plan);
        struct record record;
        record_init(&record, &(struct record_shape){.steps = plan->workflow.step_count,
                                                    .phases = plan->load.phase_count,
                                                    .generation_first = plan->workflow.generation_first,
                                                    .generation_last = plan->workflow.generation_last});
        play(&record, plan);
        assert_null(record_check(&record));
        struct verdict v;
        verdict_judge(&v, plan, &record, false);
        if (v.kind != VERDICT_PASS)
            fail_msg("%s: %s", rows[i].name, v.reason);
        struct result_context context = {.version = "0", .environment = {.cpus = 1}};
        json_t *out = result_json(plan, &record, &v, &context);
        const json_t *validation = json_object_get(out, "validation");
        for (int n = 0; n < 8 && rows[i].checks[n]; n++)
            assert_true(json_is_true(json_object_get(validation, rows[i].checks[n])));
        assert_true(json_is_true(json_object_get(validation, "overall")));
        assert_null(json_object_get(validation, "gpu_memory_stable"));
        char path[500];
        const char *dir = getenv("ORFEAS_TEST_RESULTS");
        if (dir && snprintf(path, sizeof path, "%s/results_%s.json", dir, rows[i].name) < (int)sizeof path) {
            struct buf text;
            buf_init(&text, 64 << 20);
            result_json_write(out, &text);
            assert_int_equal(file_write(path, text.bytes, text.len), 0);
            buf_finish(&text);
        }
        json_decref(out);
        verdict_finish(&v);
        record_finish(&record);
        plan_free(plan);
        diag_finish(&diags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scenarios)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
