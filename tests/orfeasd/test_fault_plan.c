#include "test.h"

#include "fault_plan.h"

static void test_read(void **state)
{
    (void)state;
    struct diag_list diags;
    struct fault_plan p = {0};
    diag_init(&diags);
    fault_plan_add(&p, "error=2%,leak=256KiB/job,slow=+1%/min,freeze=2s@60s,crash@90s", "--fault", &diags);
    fault_plan_add(&p, "reset=1%,corrupt=0.5%,stuck=100%", "--fault", &diags);
    fault_plan_add(&p, "lie=1%", "--fault", &diags);
    fault_plan_add(&p, "refuse@1m30s", "--fault", &diags);
    assert_int_equal(diags.count, 0);
    assert_int_equal(p.count, FAULTS);
    for (int i = 0; i < FAULTS; i++)
        assert_true(fault_asked(&p, (enum fault)i));
    assert_near(p.specs[FAULT_ERROR].share, .02, 1e-12);
    assert_near(p.specs[FAULT_CORRUPT].share, .005, 1e-12);
    assert_near(p.specs[FAULT_STUCK].share, 1, 0);
    assert_int_equal(p.specs[FAULT_LEAK].bytes, 256 << 10);
    assert_near(p.specs[FAULT_SLOW].growth, .01, 1e-12);
    assert_int_equal(p.specs[FAULT_FREEZE].lasts, 2 * NSEC_PER_SEC);
    assert_int_equal(p.specs[FAULT_FREEZE].at, 60 * NSEC_PER_SEC);
    assert_int_equal(p.specs[FAULT_CRASH].at, 90 * NSEC_PER_SEC);
    assert_int_equal(p.specs[FAULT_REFUSE].at, 90 * NSEC_PER_SEC);
    assert_string_equal(p.specs[FAULT_LEAK].text, "leak=256KiB/job");
    diag_finish(&diags);
}

static const struct {
    const char *text, *why; /* what the message ends with; NULL: it is right */
} SPECS[] = {
    {"slow=1%/min", NULL},
    {"leak=1B/job", NULL},
    {"leak=64MiB/job", NULL},
    {"leak=1.5MiB/job", NULL},
    {"crash@0s", NULL},
    {"freeze=1h@0s", NULL},
    {"error=100%", NULL},
    {"", "a fault is missing"},
    {"eror=2%", "no such fault\n    did you mean 'error'?"},
    {"error", "nothing stands behind the name\n    as in error=2%"},
    {"error@2%", "an = belongs behind the name"},
    {"crash=90s", "an @ belongs behind the name\n    as in crash@90s"},
    {"error=", "a share of the jobs is a number and %"},
    {"error=2", "a share of the jobs is a number and %"},
    {"error=2%x", "a share of the jobs is a number and %"},
    {"error=-2%", "a share of the jobs is a number and %"},
    {"error=nan%", "a share of the jobs is a number and %"},
    {"error=1e1%", "a share of the jobs is a number and %"},
    {"error=0x1%", "a share of the jobs is a number and %"},
    {"error=1.2.3%", "a share of the jobs is a number and %"},
    {"error=.%", "a share of the jobs is a number and %"},
    {"error= 2%", "a share of the jobs is a number and %"},
    {"error=0%", "a share is above 0% and at most 100%"},
    {"lie=100.1%", "a share is above 0% and at most 100%"},
    {"leak=256KiB", "a leak is a number, B, KiB or MiB, and /job"},
    {"leak=256kb/job", "a leak is a number, B, KiB or MiB, and /job"},
    {"leak=0B/job", "a leak is from 1B to 64MiB a job"},
    {"leak=65MiB/job", "a leak is from 1B to 64MiB a job"},
    {"leak=99999999999999999999999999MiB/job", "a leak is from 1B to 64MiB a job"},
    {"slow=+1%", "growth is a number and %/min"},
    {"slow=++1%/min", "growth is a number and %/min"},
    {"slow=0%/min", "growth is above 0% and at most 1000%"},
    {"slow=1001%/min", "growth is above 0% and at most 1000%"},
    {"freeze=2s", "the time since the first job stands behind an @"},
    {"freeze=2@60s", "how long it lasts is a number and a unit, as in 2s"},
    {"freeze=@60s", "how long it lasts is a number and a unit, as in 2s"},
    {"freeze=0s@60s", "a freeze lasts longer than 0s and at most 1h"},
    {"freeze=2h@60s", "a freeze lasts longer than 0s and at most 1h"},
    {"freeze=2s@60", "the time is a number and a unit, as in 90s"},
    {"crash@", "the time is a number and a unit, as in 90s"},
    {"refuse@-1s", "the time is a number and a unit, as in 90s"},
    {"error=0000000000000000000000000000000000000000000000001%", "too long for a fault"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(SPECS); i++) {
        struct diag_list diags;
        struct fault_plan p = {0};
        struct buf out;
        diag_init(&diags);
        buf_init(&out, 1 << 16);
        fault_plan_add(&p, SPECS[i].text, "--fault", &diags);
        diag_write(&diags, &out);
        assert_int_equal(p.count, SPECS[i].why ? 0 : 1);
        assert_int_equal(diags.count, SPECS[i].why ? 1 : 0);
        if (SPECS[i].why && !strstr(buf_text(&out), SPECS[i].why))
            fail_msg("row %d: %s", i, buf_text(&out));
        buf_finish(&out);
        diag_finish(&diags);
    }
}

static void test_all_mistakes_at_once(void **state)
{
    (void)state;
    struct diag_list diags;
    struct fault_plan p = {0};
    diag_init(&diags);
    fault_plan_add(&p, "error=2,,eror=2%,crash@90s,crash@91s,", "ORFEAS_FAULT", &diags);
    assert_int_equal(diags.count, 5);
    assert_int_equal(p.count, 1);
    diag_finish(&diags);
}

enum { JOBS = 20000 };

static void test_hits(void **state)
{
    (void)state;
    struct diag_list diags;
    struct fault_plan one = {0}, many = {0};
    diag_init(&diags);
    fault_plan_add(&one, "error=2%", "", &diags);
    fault_plan_add(&many, "lie=2%,error=2%,stuck=100%,reset=30%", "", &diags);
    int error = 0, lie = 0, both = 0, other = 0;
    for (uint64_t job = 0; job < JOBS; job++) {
        bool hit = fault_hits(&one, FAULT_ERROR, 7, job), lies = fault_hits(&many, FAULT_LIE, 7, job);
        assert_true(hit == fault_hits(&many, FAULT_ERROR, 7, job)); /* whatever else is asked for */
        assert_true(fault_hits(&many, FAULT_STUCK, 7, job));
        assert_false(fault_hits(&one, FAULT_LIE, 7, job));
        assert_false(fault_hits(&many, FAULT_CRASH, 7, job));
        error += hit;
        lie += lies;
        both += hit && lies;
        other += hit == fault_hits(&one, FAULT_ERROR, 8, job);
    }
    /* within four standard deviations; independent of each other, and of another seed */
    double sd = sqrt(JOBS * .02 * .98);
    assert_near(error, JOBS * .02, 4 * sd);
    assert_near(lie, JOBS * .02, 4 * sd);
    assert_in_range(both, 0, 24);
    assert_in_range(other, JOBS * 94 / 100, JOBS * 98 / 100);
    diag_finish(&diags);
}

static void test_slowdown(void **state)
{
    (void)state;
    struct diag_list diags;
    struct fault_plan p = {0}, none = {0};
    diag_init(&diags);
    fault_plan_add(&p, "slow=+1%/min", "", &diags);
    assert_near(fault_slowdown(&p, 0, 1), 1, 0);
    assert_near(fault_slowdown(&p, -5, 1), 1, 0);
    assert_near(fault_slowdown(&p, 600 * NSEC_PER_SEC, 1), 1.1, 1e-12);
    assert_near(fault_slowdown(&p, 10 * NSEC_PER_SEC, 60), 1.1, 1e-12);
    assert_near(fault_slowdown(&none, 600 * NSEC_PER_SEC, 1), 1, 0);
    diag_finish(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_all_mistakes_at_once),
        cmocka_unit_test(test_hits),
        cmocka_unit_test(test_slowdown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
