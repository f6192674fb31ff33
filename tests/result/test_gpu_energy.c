#include "test.h"

#include "gpu_energy.h"
#include "made.h"

/* Two jobs in 100 s, of which one fails where asked; a GPU's energy by its points in whole seconds. */
static void make(struct made *m, const char *series, const double (*points)[2], int count, bool fails)
{
    made_init(m, 1, 100);
    made_job(m, 0, 0, 40);
    if (fails)
        made_job(m, 0, 40, 40)->outcome = JOB_FAILED;
    else
        made_job(m, 0, 40, 40);
    if (!series)
        return;
    struct record_series *s = record_add_series(&m->record, series, "");
    for (int i = 0; i < count; i++)
        record_add_point(&m->record, s, made_time(points[i][0]), points[i][1]);
}

static void test_energy(void **state)
{
    (void)state;
    static const struct {
        const char *series;
        double points[4][2];
        int count;
        bool fails;
        const char *method;
        double joules, seconds, per_job; /* NAN */
    } rows[] = {
        {"gpu.0.energy", {{0, 1000}, {50, 6000}, {100, 21000}}, 3, false, "counter", 20000, 100, 10000},
        {"gpu.0.energy", {{0, 1000}, {100, 21000}}, 2, true, "counter", 20000, 100, 20000},
        {"gpu.0.energy", {{-50, 0}, {50, 10000}, {150, 20000}}, 3, false, "counter", 10000, 100, 5000},
        {"gpu.0.energy", {{0, 0}, {89, 8900}}, 2, false, "counter", 8900, 89, NAN}, /* not read for long enough */
        {"gpu.0.energy", {{0, 0}, {90, 9000}}, 2, false, "counter", 9000, 90, 4500},
        {"gpu.0.energy", {{0, 5000}, {50, 9000}, {100, 10}}, 3, false, NULL, NAN, 0, NAN}, /* began anew */
        {"gpu.0.energy", {{10, 5000}}, 1, false, NULL, NAN, 0, NAN},
        {"gpu.0.energy", {{-20, 0}, {-10, 10}}, 2, false, NULL, NAN, 0, NAN},
        {"gpu.0.power", {{0, 100}, {50, 200}, {100, 200}}, 3, false, "power", 17500, 100, 8750},
        {"gpu.0.power", {{-100, 0}, {100, 200}}, 2, false, "power", 15000, 100, 7500},
        {"gpu.1.energy", {{0, 0}, {100, 100}}, 2, false, NULL, NAN, 0, NAN}, /* another one's */
        {.series = NULL, .joules = NAN, .per_job = NAN},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct made m;
        struct gpu_energy e;
        make(&m, rows[i].series, rows[i].points, rows[i].count, rows[i].fails);
        gpu_energy_measure(&m.record, 0, &e);
        if (rows[i].method)
            assert_string_equal(e.method, rows[i].method);
        else
            assert_null(e.method);
        assert_int_equal(isnan(e.joules), isnan(rows[i].joules));
        assert_int_equal(isnan(e.per_job), isnan(rows[i].per_job));
        assert_near(e.seconds, rows[i].seconds, 1e-9);
        if (!isnan(e.joules))
            assert_near(e.joules, rows[i].joules, 1e-6);
        if (!isnan(e.per_job))
            assert_near(e.per_job, rows[i].per_job, 1e-6);
        made_finish(&m);
    }
}

/* A counter that began anew is no energy; the power is. Without a job that succeeded there is none a job. */
static void test_what_takes_its_place(void **state)
{
    (void)state;
    static const double falls[][2] = {{0, 500}, {100, 3}}, power[][2] = {{0, 10}, {100, 10}};
    struct made m;
    struct gpu_energy e;
    make(&m, "gpu.0.energy", falls, 2, false);
    struct record_series *s = record_add_series(&m.record, "gpu.0.power", "W");
    for (int i = 0; i < 2; i++)
        record_add_point(&m.record, s, made_time(power[i][0]), power[i][1]);
    gpu_energy_measure(&m.record, 0, &e);
    assert_string_equal(e.method, "power");
    assert_near(e.joules, 1000, 1e-9);
    for (int i = 0; i < m.record.job_count; i++)
        m.record.jobs[i]->outcome = JOB_FAILED;
    gpu_energy_measure(&m.record, 0, &e);
    assert_near(e.joules, 1000, 1e-9);
    assert_true(isnan(e.per_job));
    made_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_energy), cmocka_unit_test(test_what_takes_its_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
