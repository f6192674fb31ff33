#include "plan_fixture.h"

static const char good_load[] = "scenario: s\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\n";
static const char good_workflow[] = "workflow: w\nsteps: [{name: a, get: /}]\n";

struct row {
    const char *text;     /* of the file under test; the other one is right */
    const char *expected; /* "line:column: message" and perhaps the hint */
    int count;            /* of mistakes; 0 stands for 1 */
};

static void check(bool is_workflow, const struct row *row)
{
    struct fixture f;
    char place[600];
    begin(&f);
    put("w.yaml", is_workflow ? row->text : good_workflow);
    assert_null(load(&f, is_workflow ? good_load : row->text));
    snprintf(place, sizeof place, "%s:%s", is_workflow ? "w.yaml" : "s.yaml", row->expected);
    if (!strstr(told(&f), place) || f.diags.count != (row->count ? row->count : 1))
        fail_msg("expected %s, %d said:\n%s\nof:\n%s", place, f.diags.count, told(&f), row->text);
    end(&f);
}

#define SCENARIO "scenario: s\nworkflow: w.yaml\n"
#define CLOSED SCENARIO "load: {users: closed, jobs: 1"
#define PACED SCENARIO "load:\n  users: paced\n  think: 1s\n"
#define CRITERIA SCENARIO "load: {users: closed, jobs: 1}\ncriteria:\n"

static void test_scenarios(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"- a\n", "1:1: this must be a mapping (key: value), not a list"},
        {"just text\n", "1:1: this must be a mapping (key: value), not a single value"},
        {"scenario: s\nworkflow: w.yaml\n",
         "1:1: 'load' is missing\n    write load: {users: closed, jobs: 5}"},
        {"workflow: w.yaml\nload: {users: closed, jobs: 1}\n", "1:1: 'scenario' is missing"},
        {"scenario: s\nload: {users: closed, jobs: 1}\n",
         "1:1: 'workflow' is missing\n    write workflow: orfeas-3d"},
        {SCENARIO "loud: 1\nload: {users: closed, jobs: 1}\n",
         "3:1: unknown key 'loud'\n    did you mean 'load'?"},
        {"scenario: ../x\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\n",
         "1:11: 'scenario': '../x' cannot be a name"},
        {"scenario: Peak\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\n",
         "1:11: 'scenario': 'Peak' cannot be a name"},
        {"scenario: s\nworkflow: nope\nload: {users: closed, jobs: 1}\n",
         "2:11: there is no workflow 'nope'\n    there are: "},
        {"scenario: s\nworkflow: [a]\nload: {users: closed, jobs: 1}\n",
         "2:11: 'workflow' must be a single value, not a list"},
        {SCENARIO "load: paced\n", "3:7: 'load' must be a mapping (key: value), not a single value"},
        {SCENARIO "load: {jobs: 1}\n", "3:7: 'users' is missing\n    write users: paced"},
        {SCENARIO "load: {users: 4, jobs: 1}\n", "3:15: 'users' says how users behave, not how many there "
                                                 "are\n    write users: closed and concurrent: 4"},
        {SCENARIO "load: {users: pacd, duration: 1s}\n",
         "3:15: 'users' cannot be 'pacd'\n    did you mean 'paced'?"},
        {SCENARIO "load: {users: closed}\n", "3:7: this load has no end\n    write jobs: 5, or duration: 5m"},
        {SCENARIO "load: {users: paced, duration: 5m}\n",
         "3:7: paced users need time to think between two jobs\n    write think: uniform 20s..60s"},
        {SCENARIO "load: {users: paced, duration: 5m, think: 0s}\n", "3:43: paced users need time to think"},
        {SCENARIO "load: {users: paced, think: 5s}\n",
         "3:7: this load has no end\n    write phases:, or duration: 5m"},
        {SCENARIO "load: {users: paced, jobs: 5, duration: 1m, think: 5s}\n",
         "3:22: 'jobs' is for closed users"},
        {CLOSED ", jobs: 2}\n", "3:32: 'jobs' stands here a second time; the first is in line 3"},
        {CLOSED ", concurrent: 0}\n", "3:44: 'concurrent' must be from 1 to 1000000, not '0'"},
        {CLOSED ", concurrent: -2}\n", "3:44: 'concurrent' must be from 1 to 1000000, not '-2'"},
        {CLOSED ", concurrent: 1.5}\n", "3:44: 'concurrent' must be a whole number, not '1.5'"},
        {CLOSED ", timeout: 300}\n",
         "3:41: 'timeout' must be a duration, not '300'\n    write the unit too: 300s"},
        {CLOSED ", timeout: 0s}\n", "3:41: 'timeout' must be from 1 ms to"},
        {CLOSED ", timeout: 744h}\n", "3:41: 'timeout' must be from 1 ms to 720 h 00 m, not '744h'"},
        {CLOSED ", timeout: }\n", "3:32: 'timeout' has no value"},
        {CLOSED ", timeuot: 3s}\n", "3:32: unknown key 'timeuot'\n    did you mean 'timeout'?"},
        {CLOSED ", think: 20s..60s}\n",
         "3:39: a range needs the name of its distribution\n    write think: uniform 20s..60s"},
        {CLOSED ", think: uniform 60s..20s}\n", "3:47: this range ends before it begins"},
        {CLOSED ", think: uniform 60..80s}\n",
         "3:47: '60' is no duration\n    write 20s, or uniform 20s..60s"},
        {CLOSED ", think: uniform 60s..x}\n", "3:52: 'x' is no duration"},
        {CLOSED ", think: uniform 60s..}\n", "3:52: '' is no duration"},
        {CLOSED ", think: normal 5s}\n", "3:39: 'think' must be a duration, not 'normal 5s'"},
        {CLOSED ", think: [5s]}\n", "3:39: 'think' must be a single value, not a list"},
        {CLOSED ", max_in_flight: 0}\n", "3:47: 'max_in_flight' must be from 1 to 1000000"},
        {CLOSED ", unique_images: maybe}\n", "3:47: 'unique_images' must be true or false, not 'maybe'"},
        {CLOSED ", warmup_jobs: -1}\n", "3:45: 'warmup_jobs' must be from 0"},
        {CLOSED "}\nvars: {nope: 5}\n",
         "4:8: the workflow has no variable 'nope'\n    its variables: format, quality"},
        {CLOSED "}\nvars: {user: 5}\n", "4:8: 'user' is built in"},
        {CLOSED "}\nvars: {image: 5}\n", "4:8: 'image' is built in"},
        {CLOSED "}\nvars: [a]\n", "4:7: 'vars' must be a mapping"},
        {PACED "  phases: []\n", "6:11: 'phases' must hold 1 to 64 phases, not 0"},
        {PACED "  phases:\n", "6:10: 'phases' must be a list, not nothing"},
        {PACED "  phases: {a: 1}\n", "6:11: 'phases' must be a list, not a mapping"},
        {PACED "  phases: [spike]\n",
         "6:12: this must be a mapping (key: value), not a single value\n    write {name: spike"},
        {PACED "  phases: [{name: a, users: 1}]\n", "6:12: 'duration' is missing\n    write duration: 5m"},
        {PACED "  phases: [{users: 1, duration: 1s}]\n", "6:12: 'name' is missing"},
        {PACED "  phases: [{name: a, users: -1, duration: 1s}]\n", "6:29: 'users' must be from 0"},
        {PACED "  phases: [{name: a, duration: 1s}]\n", "6:12: 'users' is missing\n    write users: 10"},
        {PACED "  phases: [{name: a, users: 0, duration: 1s}]\n",
         "6:11: no user ever comes\n    write users: 10"},
        {PACED "  phases: [{name: a, users: 1, ramp: up, duration: 1s}]\n",
         "6:38: 'ramp' must be true or false"},
        {PACED "  phases: [{name: a, users: 1, ramp: true}]\n", "6:12: 'duration' is missing"},
        {PACED "  phases: [{name: a, users: 1, rate: 5, duration: 1s}]\n",
         "6:32: 'rate' is for an open load\n    write users: open"},
        {PACED "  phases: [{name: a, users: 1, duration: 0s}]\n", "6:42: 'duration' must be from 1 ms"},
        {PACED "  phases: [{name: a b, users: 1, duration: 1s}]\n", "6:19: 'name': 'a b' cannot be a name"},
        {PACED "  phases: [{name: a, users: 1, duration: 1s, thikn: 2s}]\n",
         "6:46: unknown key 'thikn'\n    did you mean 'think'?"},
        {PACED
         "  phases:\n    - {name: a, users: 1, duration: 1s}\n    - {name: a, users: 1, duration: 1s}\n",
         "8:14: there is a phase 'a' already"},
        {PACED
         "  phases:\n    - {name: a, users: 1, duration: 400h}\n    - {name: b, users: 1, duration: 400h}\n",
         "7:5: the phases last longer than 30 days"},
        {PACED "  concurrent: 3\n  phases: [{name: a, users: 1, duration: 1s}]\n",
         "6:3: 'concurrent' is for a load without phases\n    write users: in each phase"},
        {CRITERIA "  a: 1\n", "5:3: 'criteria' must be a list"},
        {CRITERIA "  - error_rate < 5%\n",
         "5:5: this must be a mapping (key: value), not a single value\n    write {name: p95_ok"},
        {CRITERIA "  - {name: a}\n", "5:5: 'expect' is missing"},
        {CRITERIA "  - {expect: completed >= 5}\n", "5:5: 'name' is missing"},
        {CRITERIA "  - {name: a, expect: completed >= 5, extra: 1}\n",
         "5:39: unknown key 'extra'\n    known keys: name, expect"},
        {CRITERIA "  - {name: a, expect: completed >= 5}\n  - {name: a, expect: completed >= 6}\n",
         "6:12: there is a criterion 'a' already"},
        {CRITERIA "  - {name: overall, expect: completed >= 5}\n",
         "5:12: 'overall' is the verdict over all criteria"},
        {CRITERIA "  - {name: a, expect: completed >= x}\n", "5:36: 'x' does not fit: completed is a count"},
        {CRITERIA "  - {name: a, expect: 'error_rate < 5'}\n", "5:37: '5' does not fit"},
        {CRITERIA "  - {name: a, expect: \"p95(b) < 5s\"}\n", "5:28: there is no step 'b'"},
        {CRITERIA "  - {name: a, expect: \"avg(a){phase=x} < 5s\"}\n",
         "5:37: there is no phase 'x'\n    phases: s"},
        {CRITERIA "  - {name: a, expect: [1]}\n", "5:23: 'expect' must be a single value"},
    };
    for (int i = 0; i < COUNT(rows); i++)
        check(false, &rows[i]);
}

#define OPEN SCENARIO "load:\n  users: open\n"
#define OPEN_PHASES OPEN "  phases:\n"

static void test_open_loads(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN "  jobs: 1\n", "4:3: 'rate' is missing\n    write rate: 100/s"},
        {OPEN "  rate: 5\n", "4:3: this load has no end\n    write duration: 5m, phases:, or jobs: 1000"},
        {OPEN "  jobs: 1\n  rate: 0/s\n", "6:9: 'rate' must be above 0\n    write rate: 100/s"},
        {OPEN "  jobs: 1\n  rate: 1e8/s\n", "6:9: 'rate' must be from 0 to 10000000 a second, not '1e8/s'"},
        {OPEN "  jobs: 1\n  rate: 6/m\n", "6:9: 'rate' must be a rate, not '6/m'"},
        {OPEN "  jobs: 1\n  rate: 5\n  think: 1s\n",
         "7:3: 'think' is for users; the jobs of an open load arrive at a rate\n    leave it out"},
        {OPEN "  jobs: 1\n  rate: 5\n  start_every: 1s\n", "7:3: 'start_every' is for users"},
        {OPEN "  jobs: 1\n  rate: 5\n  concurrent: 0\n", "7:15: 'concurrent' must be from 1 to 10000000"},
        {OPEN "  jobs: 1\n  rate: 5\n  arrivals: poison\n",
         "7:13: 'arrivals' cannot be 'poison'\n    did you mean 'poisson'?"},
        {OPEN "  jobs: 1\n  rate: 5\n  arrivals: normal\n",
         "7:13: 'arrivals' cannot be 'normal'\n    write one of: constant, poisson, replay FILE"},
        {OPEN "  jobs: 1\n  rate: 5\n  arrivals: [a]\n", "7:13: 'arrivals' must be a single value"},
        {OPEN "  arrivals: replay\n  jobs: 1\n",
         "5:13: a replay needs the file that holds its times\n    write arrivals: replay times.txt"},
        {OPEN "  arrivals: replay none.txt\n  jobs: 1\n",
         "5:13: none.txt cannot be read: No such file or directory"},
        {OPEN "  arrivals: replay w.yaml\n  rate: 5\n  jobs: 1\n", "6:3: a replay has no rate", 3},
        {OPEN_PHASES "    - {name: a, users: 5, duration: 1s}\n", "6:17: 'users' is for users", 2},
        {OPEN_PHASES "    - {name: a, duration: 1s}\n", "6:7: 'rate' is missing\n    write rate: 20/s"},
        {OPEN_PHASES "    - {name: a, rate: 5, think: 1s, duration: 1s}\n", "6:26: 'think' is for users"},
        {OPEN_PHASES "    - {name: a, rate: 5, start_every: 1s, duration: 1s}\n",
         "6:26: 'start_every' is for users"},
        {OPEN_PHASES "    - {name: a, rate: 5, ramp: true}\n", "6:7: 'duration' is missing"},
        {OPEN_PHASES
         "    - {name: a, rate: 0, duration: 1s}\n    - {name: b, rate: 0, ramp: true, duration: 1s}\n",
         "6:5: no job ever arrives\n    write rate: 20/s"},
        {OPEN "  rate: 5\n  phases: [{name: a, rate: 5, duration: 1s}]\n",
         "5:3: 'rate' is for a load without phases\n    write rate: in each phase"},
        {OPEN "  duration: 5s\n  phases: [{name: a, rate: 5, duration: 1s}]\n",
         "5:3: 'duration' is for a load without phases"},
        {OPEN "  phases: []\n", "5:11: 'phases' must hold 1 to 64 phases, not 0\n    write phases: and below "
                                "it '- {name: spike, rate"},
        {CLOSED ", rate: 5}\n", "3:32: 'rate' is for an open load\n    write users: open"},
        {CLOSED ", arrivals: poisson}\n", "3:32: 'arrivals' is for an open load"},
        {PACED "  duration: 1s\n  rate: 5\n", "7:3: 'rate' is for an open load"},
        {CLOSED ", connect_timeout: 0s}\n", "3:49: 'connect_timeout' must be from 1 ms"},
        {CLOSED ", first_byte_timeout: 3}\n", "3:52: 'first_byte_timeout' must be a duration"},
        {CLOSED ", idle_timeout: x}\n", "3:46: 'idle_timeout' must be a duration"},
        {CLOSED ", connections: 0}\n", "3:45: 'connections' must be from 1 to 1000000"},
        {CLOSED ", resolve: never}\n",
         "3:41: 'resolve' cannot be 'never'\n    write one of: once, connection"},
        {CLOSED ", max_in_flight: 10000001}\n", "3:47: 'max_in_flight' must be from 1 to 10000000"},
    };
    for (int i = 0; i < COUNT(rows); i++)
        check(false, &rows[i]);
}

#define STEPS "workflow: w\nsteps:\n"
#define FIRST STEPS "  - {name: a, get: /}\n"

static void test_workflows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[]\n", "1:1: this must be a mapping"},
        {"workflow: w\n", "1:1: 'steps' is missing"},
        {"steps: [{name: a, get: /}]\n", "1:1: 'workflow' is missing"},
        {"workflow: W\nsteps: [{name: a, get: /}]\n", "1:11: 'workflow': 'W' cannot be a name"},
        {"workflow: w\nsteps: []\n", "2:8: a workflow has 1 to 32 steps, not 0"},
        {"workflow: w\nsteps: {a: 1}\n", "2:8: 'steps' must be a list"},
        {"workflow: w\nsteps: [a]\n", "2:9: this must be a mapping"},
        {"workflow: w\nsteps: [{name: a, get: /}]\nstesp: 1\n",
         "3:1: unknown key 'stesp'\n    did you mean 'steps'?"},
        {STEPS "  - {get: /}\n", "3:5: 'name' is missing"},
        {STEPS "  - {name: a}\n", "3:5: this step does nothing\n    write get:, post:"},
        {STEPS "  - {name: a b, get: /}\n", "3:12: 'name': 'a b' cannot be a name"},
        {STEPS "  - {name: generation, get: /}\n", "3:12: 'generation' means all steps"},
        {FIRST "  - {name: a, get: /}\n", "4:12: there is a step 'a' already"},
        {STEPS "  - {name: a, get: /, post: /}\n", "3:23: a step does one thing: it has 'get' already"},
        {STEPS "  - {name: a, gte: /}\n", "3:15: unknown key 'gte'\n    did you mean 'get'?", 2},
        {STEPS "  - {name: a, get: x}\n", "3:20: a path begins with '/'"},
        {STEPS "  - {name: a, get: ftp://x}\n", "3:20: a path begins with '/'"},
        {STEPS "  - {name: a, get: /a b}\n",
         "3:22: this cannot stand in a path\n    write it percent-encoded"},
        {STEPS "  - {name: a, get: \"/ä\"}\n", "3:22: this cannot stand in a path"},
        {STEPS "  - {name: a, get: \"/a\\r\\nHost: x\"}\n", "3:20: this cannot stand in a path"},
        {STEPS "  - {name: a, get: \"{p}\"}\nvars: {p: foo}\n",
         "3:20: the variable 'p' is 'foo', which is no path\n    a path begins"},
        {STEPS "  - {name: a, get: \"/x{p}\"}\nvars: {p: /a b}\n",
         "3:20: the variable 'p' is '/a b', which is no path"},
        {STEPS "  - {name: a, get: }\n", "3:15: 'get' has no value"},
        {STEPS "  - {name: a, get: \"/{job}\"}\n",
         "3:23: there is no variable 'job'\n    variables: user, number, seed, format, quality"},
        {STEPS "  - {name: a, get: \"/{qualty}\"}\n",
         "3:23: there is no variable 'qualty'\n    did you mean 'quality'?"},
        {STEPS "  - {name: a, get: \"/{quality\"}\n",
         "3:22: this { is not closed\n    close it with }, or write {{"},
        {STEPS "  - {name: a, get: \"/a}\"}\n", "3:23: this } closes nothing\n    write }}"},
        {STEPS "  - {name: a, get: \"/{}\"}\n", "3:22: there is no name between { and }"},
        {STEPS "  - {name: a, get: \"/{image}\"}\n", "3:23: 'image' is a file"},
        {STEPS "  - {name: a, get: \"/{job}\", capture: {job: /id}}\n",
         "3:23: 'job' is only known after step 'a'"},
        {STEPS "  - {name: a, get: \"/{b:/x}\"}\n  - {name: b, get: /}\n",
         "3:23: step 'b' comes later\n    use the answer of an earlier step"},
        {STEPS "  - {name: a, get: \"/{a:/x}\"}\n", "3:23: step 'a' cannot use its own answer"},
        {FIRST "  - {name: b, get: \"/{c:/x}\"}\n", "4:23: there is no step 'c'\n    "},
        {FIRST "  - {name: b, get: \"/{a:x}\"}\n", "4:25: 'x' is no JSON pointer"},
        {FIRST "  - {name: b, get: \"/{a:}\"}\n", "4:25: '' is no JSON pointer"},
        {FIRST "  - {name: b, get: \"/{a:/~}\"}\n", "4:25: '/~' is no JSON pointer"},
        {STEPS "  - {name: a, get: /, capture: {job: job_id}}\n",
         "3:38: 'job_id' is no JSON pointer\n    write /job_id"},
        {STEPS "  - {name: a, get: /, capture: {user: /id}}\n", "3:33: 'user' is built in"},
        {STEPS "  - {name: a, get: /, capture: {1x: /id}}\n", "3:33: '1x' cannot be a variable"},
        {STEPS "  - {name: a, get: /, capture: /id}\n", "3:32: 'capture' must be a mapping"},
        {STEPS "  - {name: a, get: /, expect: 99}\n", "3:31: 'expect' must be from 100 to 599, not '99'"},
        {STEPS "  - {name: a, get: /, expect: [200, 600]}\n",
         "3:37: this must be from 100 to 599, not '600'"},
        {STEPS "  - {name: a, get: /, expect: []}\n", "3:31: 'expect' holds no status"},
        {STEPS "  - {name: a, get: /, expect: ok}\n", "3:31: 'expect' must be a whole number"},
        {STEPS "  - {name: a, get: /, expect: [1, 200]}\n", "3:32: this must be from 100"},
        {STEPS "  - {name: a, get: /, expect: [200,201,202,203,204,205,206,207,208]}\n",
         "3:64: more than 8 statuses"},
        {STEPS "  - {name: a, get: /, json: {a: 1}}\n",
         "3:23: a request of this kind has no body\n    use post or put"},
        {STEPS "  - {name: a, post: /, json: x}\n", "3:30: 'json' must be a mapping"},
        {STEPS "  - {name: a, post: /, json: {a: \"{b}\"}}\n", "3:36: there is no variable 'b'"},
        {STEPS "  - {name: a, post: /, json: {a: [1, {b: \"x {bb} {cc}\"}]}}\n",
         "3:46: there is no variable 'bb'", 2},
        {STEPS "  - {name: a, post: /, json: {a: 1}, multipart: {b: c}}\n", "3:38: a request has one body"},
        {STEPS "  - {name: a, post: /, multipart: {}}\n", "3:35: 'multipart' must hold 1 to 32 fields"},
        {STEPS "  - {name: a, post: /, multipart: {f: \"@/etc/passwd\"}}\n",
         "3:39: only the image can be sent as a file\n    write \"@{image}\""},
        {STEPS "  - {name: a, post: /, multipart: {f: \"{image}\"}}\n", "3:41: 'image' is a file"},
        {STEPS "  - {name: a, post: /, multipart: {\"f\\\"g\": x}}\n",
         "3:36: this cannot be the name of a form field"},
        {STEPS "  - {name: a, poll: /}\n",
         "3:5: a poll needs 'states' or 'until': when is it done?\n    write states: {at: /status, done: "
         "completed}, or until: {/status: completed}"},
        {STEPS "  - {name: a, poll: /, states: done}\n", "3:32: 'states' must be a mapping"},
        {STEPS "  - {name: a, poll: /, states: {done: ok}}\n", "3:32: 'at' is missing"},
        {STEPS "  - {name: a, poll: /, states: {at: /s}}\n", "3:32: 'done' is missing"},
        {STEPS "  - {name: a, poll: /, states: {at: status, done: ok}}\n",
         "3:37: 'status' is no JSON pointer\n    write /status"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: ok, canceled: x}}\n",
         "3:51: unknown key 'canceled'\n    did you mean 'cancelled'?"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: []}}\n",
         "3:47: 'done' must hold 1 to 16 values\n    write running: processing"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: {a: b}}}\n",
         "3:47: 'done' must hold 1 to 16 values"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: [ok, [b]]}}\n",
         "3:52: this must be a single value"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: ok, failed: [bad, ok]}}\n",
         "3:65: 'ok' is 'done' already\n    a value stands for one state"},
        {STEPS "  - {name: a, poll: /, states: {at: /s, done: ok}, fail: {/s: bad}}\n",
         "3:52: 'fail' stands beside 'states'\n    where one value says all"},
        {STEPS "  - {name: a, poll: /, fail: {/s: bad}}\n", "3:5: a poll needs 'states' or 'until'"},
        {STEPS "  - {name: a, get: /, states: {at: /s, done: ok}}\n",
         "3:23: 'states' belongs to a step that waits"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: {poll: /, fail: {/s: b}}}\n",
         "3:49: a poll beside needs 'states' or 'until'"},
        {STEPS "  - {name: a, poll: /, until: done}\n", "3:31: 'until' must be a mapping"},
        {STEPS "  - {name: a, poll: /, until: {}}\n", "3:31: 'until' is empty"},
        {STEPS "  - {name: a, poll: /, until: {status: done}}\n",
         "3:32: the key must be a JSON pointer\n    write until: {/status: completed}"},
        {STEPS "  - {name: a, poll: /, until: {/status: }}\n", "3:32: '/status' has no value"},
        {STEPS "  - {name: a, poll: /, until: {/s: [a, {b: c}]}}\n", "3:40: this must be a single value"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, fail: {s: b}}\n",
         "3:47: the key must be a JSON pointer\n    write fail: {/status: failed}"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, every: 0s}\n", "3:47: 'every' must be from 1 ms"},
        {STEPS "  - {name: a, get: /, every: 1s}\n", "3:23: 'every' belongs to a poll"},
        {STEPS "  - {name: a, get: /, jitter: 1%}\n", "3:23: 'jitter' belongs to a poll"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, jitter: 5}\n",
         "3:48: 'jitter' must be a share from 0% to 100%, not '5'\n    write 10%"},
        {STEPS "  - {name: a, get: /, retry: 0}\n", "3:30: 'retry' must be from 1 to 1000, not '0'"},
        {STEPS "  - {name: a, get: /, retry: often}\n", "3:30: 'retry' must be a whole number"},
        {STEPS "  - {name: a, get: /, retry: [429]}\n",
         "3:30: 'retry' must be a mapping (key: value), not a list\n    write retry: 5, or retry: {on:"},
        {STEPS "  - {name: a, get: /, retry: {on: []}}\n", "3:35: 'on' holds no status"},
        {STEPS "  - {name: a, get: /, retry: {on: 42}}\n", "3:35: 'on' must be from 100 to 599, not '42'"},
        {STEPS "  - {name: a, get: /, retry: {on: [429, x]}}\n", "3:41: this must be a whole number"},
        {STEPS "  - {name: a, get: /, retry: {times: 1001}}\n", "3:38: 'times' must be from 1 to 1000"},
        {STEPS "  - {name: a, get: /, retry: {wait: 5}}\n", "3:37: 'wait' must be a duration"},
        {STEPS "  - {name: a, get: /, retry: {waits: 5s}}\n",
         "3:31: unknown key 'waits'\n    did you mean 'wait'?"},
        {STEPS "  - {name: a, get: /, retry: {on: [503, 202]}}\n",
         "3:41: 202 is expected: a step is not tried again after it\n    take it out of 'expect', or out of "
         "'on'"},
        {STEPS "  - {name: a, get: /, retry: {on: 200}}\n", "3:35: 200 is expected"},
        {STEPS "  - {name: a, get: /, expect: [200, 503], retry: 2}\n", "3:50: 503 is expected"},
        {STEPS "  - {name: a, get: /, until: {/s: a}}\n",
         "3:23: 'until' belongs to a step that waits\n    write poll:, events:, websocket: or socketio:"},
        {STEPS "  - {name: a, get: /, model: good}\n",
         "3:30: 'model' cannot be 'good'\n    write one of: valid"},
        {STEPS "  - {name: a, events: /}\n",
         "3:5: a stream of events needs 'states' or 'until': when is it done?"},
        {STEPS "  - {name: a, websocket: /}\n",
         "3:5: a WebSocket needs 'states' or 'until': when is it done?"},
        {STEPS "  - {name: a, socketio: /}\n",
         "3:5: a wait by Socket.IO needs 'states' or 'until': when is it done?"},
        {STEPS "  - {name: a, poll: /, events: /, until: {/s: a}}\n",
         "3:24: a step does one thing: it has 'poll' already"},
        {STEPS "  - {name: a, events: x, until: {/s: a}}\n",
         "3:23: a path begins with '/', a {variable} or http://"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, every: 1s}\n", "3:42: 'every' belongs to a poll"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, expect: 200}\n",
         "3:42: 'expect' is for requests: such a connection stands or it does not\n    leave it out"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, json: {a: 1}}\n",
         "3:42: a request of this kind has no body"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, on: []}\n",
         "3:46: 'on' must hold 1 to 16 names of events\n    write on: job_update"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, on: {a: b}}\n",
         "3:46: 'on' must hold 1 to 16 names of events"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, on: [a, '']}\n",
         "3:50: an event has a name of 1 to 120 bytes"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, send: {a: b}}\n",
         "3:42: 'send' belongs to a websocket\n    Socket.IO has emit:"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, on: b}\n",
         "3:40: 'on' belongs to events and socketio\n    of other messages 'match' says which count"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, on: b}\n",
         "3:45: 'on' belongs to events and socketio"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, emit: b}\n",
         "3:45: 'emit' belongs to socketio\n    a WebSocket has send: {...}"},
        {STEPS "  - {name: a, get: /, match: {/a: b}}\n",
         "3:23: 'match' belongs to events, websocket and socketio"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, match: b}\n",
         "3:52: 'match' must be a mapping (key: value), not a single value\n    write match: {/job_id: "
         "\"{job}\"}"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, match: {}}\n",
         "3:52: 'match' must hold 1 to 16 pointers"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, match: {b: c}}\n",
         "3:53: the key must be a JSON pointer"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, match: {/b: \"{jbo}\"}}\n",
         "3:59: there is no variable 'jbo'"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, send: {b: \"{jbo}\"}}\n",
         "3:57: there is no variable 'jbo'"},
        {STEPS "  - {name: a, websocket: /, until: {/s: a}, capture: {x: y}}\n",
         "3:58: 'y' is no JSON pointer"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, transport: sockets}\n",
         "3:55: 'transport' cannot be 'sockets'"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, namespace: jobs}\n",
         "3:55: this is no namespace\n    write namespace: /jobs"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, auth: secret}\n",
         "3:50: 'auth' must be a mapping"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, emit: [b]}\n", "3:50: 'emit' must be a mapping"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, emit: {data: {}}}\n",
         "3:50: 'event' is missing\n    write event: subscribe"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, emit: {event: b, date: {}}}\n",
         "3:61: unknown key 'date'\n    did you mean 'data'?"},
        {STEPS "  - {name: a, socketio: /, until: {/s: a}, emit: {event: b, data: {c: \"{jbo}\"}}}\n",
         "3:73: there is no variable 'jbo'"},
        {STEPS "  - {name: a, get: /, running: {/s: a}}\n", "3:23: 'running' belongs to a step that waits"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, running: b}\n", "3:49: 'running' must be a mapping"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, check: /}\n",
         "3:40: 'check' belongs to events, websocket and socketio"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, progress: /}\n",
         "3:40: 'progress' belongs to events, websocket and socketio"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, progress: x}\n",
         "3:52: 'x' is no JSON pointer\n    write /x"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: x}\n", "3:49: a path begins with '/'"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: [/x]}\n",
         "3:49: 'check' must be a mapping (key: value), not a list\n    write check: {poll:"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: {every: 1s}}\n", "3:49: 'poll' is missing"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: {poll: /, evry: 1s}}\n",
         "3:59: unknown key 'evry'\n    did you mean 'every'?"},
        {STEPS "  - {name: a, events: /, until: {/s: a}, check: {poll: \"/{x}\"}}\n",
         "3:59: there is no variable 'x'"},
        {STEPS "  - {name: a, poll: /, until: {/s: a}, model: valid}\n",
         "3:40: what ends a wait is no model"},
        {STEPS "  - {name: a, get: /, times: {create: /x}}\n",
         "3:31: unknown key 'create'\n    did you mean 'created'?"},
        {STEPS "  - {name: a, get: /, times: {created: x}}\n", "3:40: 'x' is no JSON pointer"},
        {STEPS "  - {name: a, get: /, times: {stages: x}}\n", "3:39: 'x' is no JSON pointer"},
        {STEPS "  - {name: a, get: /, times: {stages: {name: /x}}}\n", "3:39: 'at' is missing"},
        {STEPS "  - {name: a, get: /, times: {stages: {at: /s, end: /x}}}\n", "3:48: unknown key 'end'"},
        {STEPS "  - {name: a, get: /, times: {stages: {at: /s, name: x}}}\n", "3:54: 'x' is no JSON pointer"},
        {STEPS "  - {name: a, get: /, error: why}\n", "3:30: 'why' is no JSON pointer"},
        {FIRST "generation: a..b\n", "4:16: there is no step 'b'"},
        {FIRST "generation: x\n", "4:13: there is no step 'x'\n    steps: a"},
        {FIRST "  - {name: b, get: /}\ngeneration: b..a\n", "5:13: the generation ends before it begins"},
        {FIRST "accept: sumbit\n", "4:9: there is no step 'sumbit'"},
        {FIRST "health: nowhere\n", "4:9: this is no path"},
        {FIRST "vars: {a-b: 1}\n", "4:8: 'a-b' cannot be a variable"},
        {FIRST "vars: {a: [1]}\n", "4:11: 'a' must be a single value"},
        {FIRST "vars: {seed: 1}\n", "4:8: 'seed' is built in"},
    };
    for (int i = 0; i < COUNT(rows); i++)
        check(true, &rows[i]);
}

static void test_all_at_once_in_order(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    put("w.yaml", "workflow: Bad Name\n" /* 1 */
                  "steps:\n"
                  "  - {name: a, get: nowhere, capture: {job: job_id}}\n"          /* 2, 3 */
                  "  - {name: a, post: /x, json: {q: \"{qality}\"}, expect: 20}\n" /* 4, 5, 6 */
                  "  - {name: c, poll: /y}\n"                                      /* 7 */
                  "generation: a..zz\n");                                          /* 8 */
    assert_null(load(&f, "scenario: s\n"
                         "abuot: x\n" /* 9 */
                         "workflow: w.yaml\n"
                         "load:\n"
                         "  users: paced\n"
                         "  think: 20s..60s\n" /* 10 */
                         "  timeout: 300\n"    /* 11 */
                         "  phases:\n"
                         "    - {name: one, users: x, duration: 5m}\n"    /* 12 */
                         "    - {name: one, users: 2, duration: 5 min}\n" /* 13, 14 */
                         "criteria:\n"
                         "  - {name: k, expect: \"avg(generation) < 5%\"}\n"         /* 15 */
                         "  - {name: k, expect: \"error_rate{phase=on} < 5%\"}\n")); /* 16, 17 */
    static const char *const expected =
        "s.yaml:2:1: unknown key 'abuot'\n    did you mean 'about'?\n"
        "s.yaml:6:10: a range needs the name of its distribution\n    write think: uniform 20s..60s\n"
        "s.yaml:7:12: 'timeout' must be a duration, not '300'\n    write the unit too: 300s, or with ms, m, "
        "h\n"
        "s.yaml:9:26: 'users' must be a whole number, not 'x'\n"
        "s.yaml:10:14: there is a phase 'one' already\n    give each phase a name of its own\n"
        "s.yaml:10:39: 'duration' must be a duration, not '5 min'\n"
        "    write a number and a unit: 500ms, 20s, 5m, 1h30m\n"
        "s.yaml:12:42: '5%' does not fit: avg is a time\n    write 5s\n"
        "s.yaml:13:12: there is a criterion 'k' already\n    give each criterion a name of its own\n"
        "s.yaml:13:41: there is no phase 'on'\n    did you mean 'one'?\n"
        "w.yaml:1:11: 'workflow': 'Bad Name' cannot be a name\n"
        "    use 1 to 64 of a-z, 0-9, _ and -, with a letter or digit first\n"
        "w.yaml:3:20: a path begins with '/', a {variable} or http://\n"
        "    write the path on the target: /api/generate-3d\n"
        "w.yaml:3:44: 'job_id' is no JSON pointer\n    write /job_id\n"
        "w.yaml:4:12: there is a step 'a' already\n    give each step a name of its own\n"
        "w.yaml:4:37: there is no variable 'qality'\n    did you mean 'quality'?\n"
        "w.yaml:4:56: 'expect' must be from 100 to 599, not '20'\n"
        "w.yaml:5:5: a poll needs 'states' or 'until': when is it done?\n    write states: {at: /status, "
        "done: completed}, or until: {/status: completed}\n"
        "w.yaml:6:16: there is no step 'zz'\n    steps: a, c\n";
    assert_string_equal(told(&f), expected);
    assert_int_equal(f.diags.count, 17);
    end(&f);
}

static void test_a_broken_workflow_hides_no_mistake_of_the_scenario(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    put("w.yaml", "workflow: [\n");
    assert_null(load(&f, "scenario: s\nworkflow: w.yaml\nload: {users: closed, jobs: 1}\nvars: {any: 1}\n"
                         "criteria:\n  - {name: a, expect: \"avg(any) < 5\"}\n"));
    assert_string_equal(told(&f), "w.yaml:2:1: did not find expected node content\n"
                                  "s.yaml:6:35: '5' does not fit: avg is a time\n    write 5s\n");
    end(&f);
}

static void test_check_file_by_its_kind(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
        const char *expected;
    } rows[] = {
        {good_load, true, ""},
        {"workflow: x\nsteps: [{name: a, get: /}]\n", true, ""},
        {"workflow: w.yaml\nload: {users: closed, jobs: 0}\n", false, "s.yaml:2:29: 'jobs' must be from 1"},
        {"workflow: x\nsteps: [{name: a, get: y}]\n", false, "s.yaml:2:24: a path begins"},
        {"profile: x\n", false,
         "s.yaml:1:1: this is neither a scenario nor a workflow\n    a scenario begins with"},
        {"- x\n", false, "s.yaml:1:1: this is neither a scenario nor a workflow"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        put("w.yaml", good_workflow);
        put("s.yaml", rows[i].text);
        assert_int_equal(plan_check_file("s.yaml", &f.options, &f.diags), rows[i].right);
        if (!strstr(told(&f), rows[i].expected))
            fail_msg("row %d said: %s", i, told(&f));
        end(&f);
    }
}

static void test_limits_are_told(void **state)
{
    (void)state;
    struct fixture f;
    struct buf text;
    begin(&f);
    buf_init(&text, 1 << 20);
    buf_add_text(&text, STEPS);
    for (int i = 0; i < 33; i++)
        buf_printf(&text, "  - {name: s%d, get: /}\n", i);
    put("w.yaml", buf_text(&text));
    assert_false(plan_check_workflow("w.yaml", &f.diags));
    assert_non_null(strstr(told(&f), "w.yaml:3:3: a workflow has 1 to 32 steps, not 33"));
    forget(&f);
    buf_clear(&text);
    buf_add_text(&text, STEPS "  - {name: a, post: /, json: [\"");
    for (int i = 0; i < 300; i++)
        buf_add_text(&text, "{user}-");
    buf_add_text(&text, "\"]}\n");
    put("w.yaml", buf_text(&text));
    assert_false(plan_check_workflow("w.yaml", &f.diags));
    assert_non_null(strstr(told(&f), "this is too long, or holds more than 128 variables"));
    forget(&f);
    buf_clear(&text);
    buf_add_text(&text, STEPS "  - {name: a, get: /, capture: {");
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "v%d: /x, ", i);
    buf_add_text(&text, "}}\nvars: {");
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "w%d: 1, ", i);
    buf_add_text(&text, "}\n");
    put("w.yaml", buf_text(&text));
    assert_false(plan_check_workflow("w.yaml", &f.diags));
    assert_non_null(strstr(told(&f), "more than 128 variables"));
    buf_finish(&text);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_open_loads),
        cmocka_unit_test(test_workflows),
        cmocka_unit_test(test_all_at_once_in_order),
        cmocka_unit_test(test_a_broken_workflow_hides_no_mistake_of_the_scenario),
        cmocka_unit_test(test_check_file_by_its_kind),
        cmocka_unit_test(test_limits_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
