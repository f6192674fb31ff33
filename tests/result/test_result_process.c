#include "test.h"
#include "result_process.h"

static struct record_series *series(struct record *r, const char *name, const char *unit, int count,
                                    const double *values)
{
    struct record_series *s = record_add_series(r, name, unit);
    for (int i = 0; i < count; i++)
        record_add_point(r, s, i * NSEC_PER_SEC, values[i]);
    return s;
}

static void fill(struct record *r)
{
    record_init(r, &(struct record_shape){0});
    r->process = (struct record_process){.pid = 4711, .found = "pid", .gone = -1};
    r->machine = (struct record_machine){.here = true, .cores = 8, .memory_total = 64e9, .disk_total = NAN, .disk = "/"};
    series(r, "target.memory", "bytes", 2, (const double[]){1, 2});
    series(r, "process.rss", "bytes", 3, (const double[]){21.34e6, 80e6, 250.2e6});
    series(r, "process.cpu", "s", 5, (const double[]){10, 10.5, 11, 0.5, 1}); /* a new process begins at 0 */
    series(r, "process.fds", "", 2, (const double[]){30, 34});
    series(r, "process.children", "", 2, (const double[]){3, 2});
    record_add_series(r, "process.pss", "bytes")->why = "hidden";
    series(r, "machine.load", "", 1, (const double[]){2.5});
}

static void test_line(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        struct record_process process;
        bool here, empty;
        const char *line;
    } ROWS[] = {
        {"all", {.pid = 4711, .found = "pid", .gone = -1}, true, false,
         "process 4711, memory 21.3 → 250 MB, 0.5 cores, 30 → 34 descriptors, 3 → 2 children"},
        {"gone", {.pid = 4711, .found = "pid", .gone = 41 * NSEC_PER_SEC}, true, true, "process 4711, gone at 41 s"},
        {"restarted", {.pid = 4712, .found = "listening socket", .gone = 41 * NSEC_PER_SEC, .restarts = 1}, true, true,
         "process 4712, gone at 41 s, 1 time another one took its place"},
        {"often", {.pid = 4712, .found = "listening socket", .gone = 0, .restarts = 2}, true, true,
         "process 4712, gone at 0 us, 2 times another one took its place"},
        {"hidden", {.why = "it is hidden", .gone = -1}, true, true, "process not watched: it is hidden"},
        {"elsewhere", {.why = "it is elsewhere", .gone = -1}, false, true, ""},
        {"of a record that nobody wrote", {.gone = -1}, false, true, ""},
    };
    for (int i = 0; i < COUNT(ROWS); i++) {
        struct record r;
        fill(&r);
        r.series_count = ROWS[i].empty ? 0 : r.series_count;
        r.process = ROWS[i].process;
        r.machine.here = ROWS[i].here;
        const char *line = result_process_line(&r, &r.arena);
        if (strcmp(line, ROWS[i].line) != 0)
            fail_msg("%s: '%s'", ROWS[i].about, line);
        record_finish(&r);
    }
}

static double number(const json_t *in, const char *a, const char *b)
{
    return json_number_value(json_object_get(json_object_get(in, a), b));
}

static void test_json(void **state)
{
    (void)state;
    struct record r;
    fill(&r);
    json_t *process = result_process(&r), *machine = result_machine(&r), *tree = json_object_get(process, "tree");
    assert_int_equal(json_integer_value(json_object_get(process, "pid")), 4711);
    assert_string_equal(json_string_value(json_object_get(process, "found")), "pid");
    assert_true(json_is_null(json_object_get(process, "why")) && json_is_null(json_object_get(process, "gone")));
    assert_near(number(process, "memory", "last"), 2, 0);
    assert_int_equal(json_object_size(tree), 5);
    assert_near(number(tree, "rss", "max"), 250.2e6, 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(tree, "pss"), "why")), "hidden");
    assert_true(json_is_true(json_object_get(machine, "here")) && json_is_null(json_object_get(machine, "why")));
    assert_int_equal(json_integer_value(json_object_get(machine, "cores")), 8);
    assert_near(json_number_value(json_object_get(machine, "memory_total")), 64e9, 0);
    assert_true(json_is_null(json_object_get(machine, "disk_total")));
    assert_near(number(machine, "load", "last"), 2.5, 0);
    json_decref(process);
    json_decref(machine);
    record_finish(&r);
    record_init(&r, &(struct record_shape){0}); /* of a record that nobody wrote */
    process = result_process(&r);
    machine = result_machine(&r);
    assert_true(json_is_null(json_object_get(process, "pid")) && json_is_null(json_object_get(process, "found")));
    assert_true(json_is_false(json_object_get(machine, "here")) && json_is_null(json_object_get(machine, "cores")) &&
                json_is_null(json_object_get(machine, "memory_total")));
    json_decref(process);
    json_decref(machine);
    record_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_line), cmocka_unit_test(test_json)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
