#include "plan_fixture.h"

static const char paced[] = "scenario: s\nworkflow: get\nload:\n  users: paced\n  think: uniform 1s..2s\n  start_every: 1s\n"
                            "  phases:\n    - {name: only, users: 20, duration: 30s, think: 5s, start_every: 10ms}\n";
static const char several[] = "scenario: s\nworkflow: get\nload:\n  users: closed\n  phases:\n"
                              "    - {name: calm, users: 2, duration: 1m}\n    - {name: rush, users: 9, duration: 1m}\n";
static const char closed[] = "scenario: s\nworkflow: get\nload: {users: closed, concurrent: 4, jobs: 5}\n";
static const char open[] = "scenario: s\nworkflow: get\nload: {users: open, rate: 5, concurrent: 4, duration: 10s}\n";
static const char open_phases[] = "scenario: s\nworkflow: get\nload:\n  users: open\n  phases:\n"
                                  "    - {name: a, rate: 1, duration: 1s}\n    - {name: b, rate: 2, duration: 1s}\n";
static const char ad_hoc[] = ""; /* a workflow, and no scenario */

#define KEY(key, value) {key, value, "set", SETTING_KEY}
#define RATE(value) {"load.rate", value, "-R " value, SETTING_RATE}
#define ARRIVALS(value) {"load.arrivals", value, "--arrivals " value, SETTING_ARRIVALS}
#define STAGE(value) {"load.phases", value, "--stage " value, SETTING_STAGE}

/* "open constant jobs=0 concurrent=0" and, a phase, "name users rate[ ramp]/ms". */
static char *summary(const struct plan *plan, char out[512])
{
    const struct plan_load_model *l = &plan->load;
    size_t used = (size_t)snprintf(out, 512, "%s", user_model_name(l->users));
    if (l->users == USERS_OPEN)
        used += (size_t)snprintf(out + used, 512 - used, " %s", arrival_kind_name(l->arrivals));
    if (l->jobs)
        used += (size_t)snprintf(out + used, 512 - used, " jobs=%d", (int)l->jobs);
    if (l->concurrent)
        used += (size_t)snprintf(out + used, 512 - used, " concurrent=%d", (int)l->concurrent);
    for (int i = 0; i < l->phase_count; i++) {
        const struct plan_phase *p = &l->phases[i];
        used += (size_t)snprintf(out + used, 512 - used, ", %s %g%s/%d", p->name,
                                 l->users == USERS_OPEN ? p->rate : p->users, p->ramp ? " ramp" : "",
                                 p->duration == NSEC_NEVER ? -1 : (int)(p->duration / NSEC_PER_MSEC));
    }
    return out;
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *scenario;
        struct plan_setting settings[4];
        const char *expected; /* of a mistake: begins with '!' */
    } rows[] = {
        /* a rate */
        {paced, {RATE("100/s")}, "open constant, only 100/30000"},
        {paced, {RATE("6/min"), KEY("load.duration", "5s")}, "open constant, only 0.1/5000"},
        {paced, {KEY("load.users", "7"), RATE("3")}, "open constant concurrent=7, only 3/30000"},
        {paced, {RATE("3"), KEY("load.users", "7")}, "open constant concurrent=7, only 3/30000"},
        {paced, {RATE("3"), RATE("4")}, "open constant, only 4/30000"},
        {paced, {ARRIVALS("poisson"), RATE("3")}, "open poisson, only 3/30000"},
        {closed, {RATE("3")}, "open constant jobs=5, s 3/-1"},
        {open, {RATE("3")}, "open constant concurrent=4, s 3/10000"},
        {open, {KEY("load.rate", "3/min")}, "open constant concurrent=4, s 0.05/10000"},
        {open, {KEY("load.users", "9")}, "open constant concurrent=9, s 5/10000"},
        {open, {KEY("load.jobs", "9")}, "open constant jobs=9 concurrent=4, s 5/10000"},
        {open_phases, {KEY("load.users", "9")}, "open constant concurrent=9, a 1/1000, b 2/1000"},
        {open_phases, {KEY("load.phases.b.rate", "9")}, "open constant, a 1/1000, b 9/1000"},
        {ad_hoc, {RATE("50/s"), KEY("load.duration", "2s")}, "open constant, get 50/2000"},
        {ad_hoc, {KEY("load.jobs", "9"), RATE("50/s"), KEY("load.users", "3")}, "open constant jobs=9 concurrent=3, get 50/-1"},
        {ad_hoc, {KEY("load.users", "3"), KEY("load.jobs", "9")}, "closed jobs=9, get 3/-1"},
        {several, {RATE("3")}, "!-R 3: the scenario has 2 phases\n    say which: load.phases.calm.rate, load.phases.rush.rate"},
        {paced, {RATE("fast")}, "!-R fast: 'rate' must be a rate, not 'fast'"},
        {paced, {RATE("0")}, "!no job ever arrives"},
        {ad_hoc, {RATE("0"), KEY("load.jobs", "1")}, "!-R 0: 'rate' must be above 0"},
        {ad_hoc, {RATE("50/s")}, "!this load has no end\n    write duration: 5m, phases:, or jobs: 1000"},
        /* the model alone drops nothing */
        {closed, {KEY("load.users", "open"), KEY("load.rate", "2")}, "open constant jobs=5 concurrent=4, s 2/-1"},
        {closed, {KEY("load.rate", "2"), KEY("load.users", "9"), KEY("load.users", "open")}, "open constant jobs=5 concurrent=9, s 2/-1"},
        {paced, {KEY("load.users", "open")}, "!'think' is for users"},
        /* arrivals */
        {paced, {ARRIVALS("poisson")}, "!--arrivals poisson: 'arrivals' is for an open load"},
        {open, {ARRIVALS("poisson")}, "open poisson concurrent=4, s 5/10000"},
        {open, {ARRIVALS("posson")}, "!--arrivals posson: 'arrivals' cannot be 'posson'\n    did you mean 'poisson'?"},
        {paced, {ARRIVALS("replay:t.txt")}, "open replay, s 0/12000"},
        {paced, {ARRIVALS("replay t.txt"), KEY("load.duration", "11s")}, "open replay, s 0/10000"},
        {paced, {ARRIVALS("replay t.txt"), KEY("load.users", "2")}, "open replay concurrent=2, s 0/12000"},
        {open, {ARRIVALS("replay t.txt")}, "open replay concurrent=4, s 0/5000"},
        {closed, {ARRIVALS("replay t.txt")}, "open replay jobs=5, s 0/12000"},
        {ad_hoc, {ARRIVALS("replay t.txt")}, "open replay, get 0/12000"},
        {several, {ARRIVALS("replay t.txt")}, "!--arrivals replay t.txt: a replay has no phases, and the scenario has several"},
        {ad_hoc, {ARRIVALS("replay t.txt"), RATE("3")}, "!-R 3: a replay has no rate"},
        {ad_hoc, {ARRIVALS("replay none.txt")}, "!none.txt cannot be read"},
        {ad_hoc, {ARRIVALS("replay")}, "!a replay needs the file that holds its times"},
        /* stages */
        {closed, {STAGE("30s:20"), STAGE("1m:0")}, "closed jobs=5, stage-1 20 ramp/30000, stage-2 0 ramp/60000"},
        {several, {STAGE("30s:20")}, "closed, stage-1 20 ramp/30000"},
        {several, {STAGE("30s:20/s"), STAGE("10s:40")}, "open constant, stage-1 20 ramp/30000, stage-2 40 ramp/10000"},
        {several, {STAGE("30s:20"), RATE("1")}, "open constant, stage-1 20 ramp/30000"},
        {open, {STAGE("30s:20")}, "open constant concurrent=4, stage-1 20 ramp/30000"},
        {ad_hoc, {STAGE("10s:20"), STAGE("10s:0")}, "closed, stage-1 20 ramp/10000, stage-2 0 ramp/10000"},
        {ad_hoc, {ARRIVALS("poisson"), STAGE("10s:600/min"), KEY("load.users", "5")}, "open poisson concurrent=5, stage-1 10 ramp/10000"},
        {paced, {STAGE("10s:20")}, "paced, stage-1 20 ramp/10000"},
        {paced, {STAGE("10s:20"), KEY("load.phases.stage-1.ramp", "false")}, "paced, stage-1 20/10000"},
        {ad_hoc, {STAGE("soon:20")}, "!--stage soon:20: 'duration' must be a duration, not 'soon'"},
        {ad_hoc, {STAGE("10s:many")}, "!--stage 10s:many: 'users' must be a whole number, not 'many'"},
        {ad_hoc, {STAGE("10s:2/d")}, "!--stage 10s:2/d: 'rate' must be a rate, not '2/d'"},
        {ad_hoc, {STAGE("10s:0")}, "!no user ever comes"},
        {ad_hoc, {STAGE("10s")}, "!--stage 10s: a stage is a duration and a level\n    write 30s:20, or 30s:100/s"},
        {ad_hoc, {STAGE("10s:2"), ARRIVALS("replay t.txt")}, "!a replay has no phases"},
        {ad_hoc, {STAGE("10s:2"), STAGE("10s:3"), KEY("load.duration", "5s")}, "!the scenario has 2 phases"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        char text[512];
        int count = 0;
        begin(&f);
        while (count < 4 && rows[i].settings[count].key)
            count++;
        set(&f, rows[i].settings, count);
        put("t.txt", "1\n5\n10\n12\n");
        f.options.workflow = "get";
        struct plan *plan = rows[i].scenario == ad_hoc ? plan_load(NULL, &f.options, &f.diags)
                                                       : load(&f, rows[i].scenario);
        if (rows[i].expected[0] == '!') {
            if (plan || !strstr(told(&f), rows[i].expected + 1))
                fail_msg("row %d said: %s", i, told(&f));
        } else {
            if (!plan)
                fail_msg("row %d said: %s", i, told(&f));
            assert_string_equal(summary(plan, text), rows[i].expected);
        }
        plan_free(plan);
        unlink("t.txt");
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
