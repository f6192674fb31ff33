#include "test.h"

#include "gpu_sim.h"
#include "profile.h"

static const char GOOD[] = "profile: p\nload: 200ms\nstages:\n  - {name: one, mean: 1s, sd: 100ms}\n"
                           "  - {name: two, covers: shape_generation, mean: 2s}\n"
                           "gpu: {total_mb: 1000, base_mb: 100, job_mb: 300, share: 0.8}\n";

static void test_good(void **state)
{
    (void)state;
    struct diag_list diags;
    diag_init(&diags);
    struct profile p;
    assert_true(profile_parse(GOOD, strlen(GOOD), "p.yaml", &p, &diags));
    assert_string_equal(p.name, "p");
    assert_int_equal(p.load, 200 * NSEC_PER_MSEC);
    assert_int_equal(p.stage_count, 2);
    assert_int_equal(p.stages[0].covers, -1);
    assert_int_equal(p.stages[1].covers, STAGE_MESH_EXPORT); /* the last one covers all */
    assert_true(p.gpu.present);
    assert_string_equal(p.gpu.name, "p");
    diag_finish(&diags);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *mistakes;
    } rows[] = {
        {"", "p.yaml"},
        {"[", "p.yaml:2:1: did not find expected node content"},
        {"- a", "p.yaml:1:1: this must be a mapping"},
        {"profile: p", "p.yaml:1:1: 'stages' is missing"},
        {"profile: p\nstages: [{name: a, mean: 1s}]\nx: 1", "p.yaml:3:1: unknown key 'x'"},
        {"profile: p\nstages: {}", "p.yaml:2:9: 'stages' must be a list"},
        {"profile: p\nstages: []", "p.yaml:2:9: from 1 to 16 stages"},
        {"profile: p\nsharing: 2\nstages: [{name: a, mean: 1s, first: 5}]", "p.yaml:2:10: 'sharing' must"},
        {"profile: p\nsharing: x\nstages: [{name: a, mean: 1s, first: 5}]", "p.yaml:3:37: 'first' must be a"},
        {"profile: p\nsharing: [1]\nstages: [{name: a, mean: 1s}]", "p.yaml:2:10: 'sharing' must"},
        {"profile: p\nstages: [{name: a, mean: 5}]", "p.yaml:2:26: 'mean' must be a duration"},
        {"profile: p\nstages: [{name: a}]", "p.yaml:2:10: 'mean' is missing"},
        {"profile: p\nstages: [{name: a, mean: 1s, covers: x}]", "p.yaml:2:38: 'covers' cannot be 'x'"},
        {"profile: p\nprofile: p\nstages: [{name: a, mean: 1s}]",
         "p.yaml:2:1: 'profile' stands here a second time"},
        {"profile: p\nstages: [{name: a, mean: 1s}]\ngpu: {total_mb: 1, base_mb: 2, job_mb: 1, share: 1}",
         "p.yaml:3:6: no memory is left for jobs\n"},
        {"profile: p\nstages: [{name: a, mean: 1s}]\ngpu: {total_mb: 2, base_mb: 1, job_mb: 1, share: 1, "
         "name: [a]}",
         "p.yaml:3:59: 'name' must be a single value"},
        {"profile: p\nstages: [{name: a, mean: 1s}]\ngpu: {total_mb: 2, base_mb: 1, job_mb: 1, share: 1, "
         "name: "
         "'123456789 123456789 123456789 123456789 12345678'}",
         "p.yaml:3:59: longer than 47 characters"},
        {"profile: p\nstages: [{name: a, mean: 1s, covers: mesh_export}, {name: b, mean: 1s, covers: "
         "image_loading},"
         " {name: c, mean: 1s}]",
         "p.yaml:2:52: a stage before it covers later work already"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct diag_list diags;
        diag_init(&diags);
        struct profile p;
        assert_false(profile_parse(rows[i].text, strlen(rows[i].text), "p.yaml", &p, &diags));
        struct buf out;
        buf_init(&out, 1 << 16);
        diag_write(&diags, &out);
        if (!strstr(buf_text(&out), rows[i].mistakes))
            fail_msg("row %d: %s", i, buf_text(&out));
        buf_finish(&out);
        diag_finish(&diags);
    }
}

static void test_draw(void **state)
{
    (void)state;
    struct diag_list diags;
    diag_init(&diags);
    struct profile p;
    assert_true(profile_parse(GOOD, strlen(GOOD), "p.yaml", &p, &diags));
    nsec ends[PROFILE_STAGES_MAX], again[PROFILE_STAGES_MAX], scaled[PROFILE_STAGES_MAX];
    double sum = 0, squares = 0;
    enum { JOBS = 4000 };
    for (uint64_t job = 0; job < JOBS; job++) {
        profile_draw(&p, 9, job, 1, ends);
        profile_draw(&p, 9, job, 1, again);
        profile_draw(&p, 9, job, 60, scaled);
        assert_int_equal(ends[1], again[1]);
        assert_near((double)scaled[1] * 60, (double)ends[1], 100);
        assert_true(ends[0] > 0 && ends[0] < ends[1]);
        sum += nsec_to_sec(ends[1]);
        squares += (nsec_to_sec(ends[1]) - 3) * (nsec_to_sec(ends[1]) - 3);
    }
    assert_near(sum / JOBS, 3, 4 * .1 / sqrt(JOBS));
    assert_near(sqrt(squares / JOBS), .1, .01);
    diag_finish(&diags);
}

static double sum(const struct profile *p, bool first)
{
    double seconds = 0;
    for (int i = 0; i < p->stage_count; i++)
        seconds += nsec_to_sec(first ? p->stages[i].first : p->stages[i].mean);
    return seconds;
}

static void test_variants(void **state)
{
    (void)state;
    struct diag_list diags;
    diag_init(&diags);
    struct profile shared, cold, turbo, warm;
    assert_true(profile_load("hunyuan3d", &warm, &diags) && profile_load("turbo", &turbo, &diags));
    assert_true(profile_load("hunyuan3d-shared", &shared, &diags));
    assert_true(profile_load("hunyuan3d-cold", &cold, &diags));
    assert_near(sum(&shared, false), sum(&warm, false), 1e-9);
    assert_near(sum(&cold, false), sum(&warm, false), 1e-9);
    assert_near(sum(&cold, true), 85.4, .1);
    assert_near(sum(&turbo, false), 6.1, .05);
    assert_near(warm.sharing + cold.sharing + turbo.sharing, 0, 0);
    assert_near(shared.sharing, 1, 0);
    /* The first job, and it alone, is later; the others draw what they always drew. */
    for (uint64_t job = 0; job < 3; job++) {
        nsec ends[2][PROFILE_STAGES_MAX];
        profile_draw(&warm, 5, job, 1, ends[0]);
        profile_draw(&cold, 5, job, 1, ends[1]);
        assert_near(nsec_to_sec(ends[1][5] - ends[0][5]), job ? 0 : sum(&cold, true), 1e-6);
    }
    diag_finish(&diags);
}

static void test_stretch(void **state)
{
    (void)state;
    const struct profile p = {.stage_count = 4};
    nsec ends[PROFILE_STAGES_MAX] = {100, 200, 300, PROFILE_END_MAX};
    profile_stretch(&p, 200, 2, ends);
    assert_int_equal(ends[0], 100);
    assert_int_equal(ends[1], 200);
    assert_int_equal(ends[2], 400);
    assert_int_equal(ends[3], PROFILE_END_MAX);
    profile_stretch(&p, 0, 1e300, ends);
    assert_int_equal(ends[0], PROFILE_END_MAX);
}

static void test_shipped(void **state)
{
    (void)state;
    struct diag_list diags;
    diag_init(&diags);
    struct profile p;
    assert_true(profile_load("hunyuan3d", &p, &diags));
    assert_string_equal(p.name, "hunyuan3d");
    double mean = 0, variance = 0;
    for (int i = 0; i < p.stage_count; i++) {
        mean += nsec_to_sec(p.stages[i].mean);
        variance += nsec_to_sec(p.stages[i].sd) * nsec_to_sec(p.stages[i].sd);
    }
    assert_near(mean, 82, .2);
    assert_near(sqrt(variance), 2, .1);
    assert_false(profile_load("no-such", &p, &diags));
    diag_finish(&diags);
}

static void test_gpu(void **state)
{
    (void)state;
    static const struct profile_gpu card = {true, "card", 24576, 4927, 4096, .8};
    struct gpu_sim gpu;
    gpu_sim_init(&gpu, &card, 3, 0, false);
    assert_near(gpu.job_mb, 4096, 0);
    assert_near(gpu_sim_allocated_mb(&gpu, 2), 4927 + 2 * 4096, 0);
    gpu_sim_init(&gpu, &card, 64, 0, false);
    assert_near(gpu_sim_allocated_mb(&gpu, 64), .8 * 24576, 1e-6);
    gpu_sim_running(&gpu, 32);
    gpu_sim_running(&gpu, 1);
    assert_near(gpu.cached_mb, gpu_sim_allocated_mb(&gpu, 32), 0);
    assert_near(gpu_sim_usage_percent(&gpu, 16), 25, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),    cmocka_unit_test(test_mistakes), cmocka_unit_test(test_draw),
        cmocka_unit_test(test_shipped), cmocka_unit_test(test_gpu),      cmocka_unit_test(test_variants),
        cmocka_unit_test(test_stretch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
