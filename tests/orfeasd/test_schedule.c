/* The queue and the slots, with real workers on pictures that are not there: every work fails at once. */
#include "test.h"

#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>

enum { JOBS = 6 };

struct world {
    struct store store;
    struct loop *loop;
    struct workers *workers;
    struct schedule schedule;
    struct job *jobs[JOBS];
    char ended[200]; /* the letters of jobs with the first of their states, in the order of their ends */
    int until;       /* so many ends stop the loop */
    int ends;
    int worked;
    bool settle_later;
    struct job *settling;
};

static char letter(const struct world *w, const struct job *job)
{
    for (int i = 0; i < JOBS; i++)
        if (w->jobs[i] == job)
            return (char)('a' + i);
    return '?';
}

static void on_started(void *context, struct job *job)
{
    (void)context;
    (void)job;
}

static void on_worked(void *context, struct job *job)
{
    struct world *w = context;
    w->worked++;
    assert_true(job->work_done);
}

static bool on_settling(void *context, struct job *job)
{
    struct world *w = context;
    w->settling = job;
    return w->settle_later;
}

static void on_ended(void *context, struct job *job)
{
    struct world *w = context;
    size_t len = strlen(w->ended);
    snprintf(w->ended + len, sizeof w->ended - len, "%c%c ", letter(w, job), job_state_name(job->state)[0]);
    if (++w->ends == w->until)
        loop_stop(w->loop);
}

static const struct schedule_events EVENTS = {on_started, on_worked, on_settling, on_ended};

static void on_wake(void *context)
{
    struct world *w = context;
    schedule_collect(&w->schedule);
}

/* With a profile of an hour a job that does not fail stays; these fail when their work is done. */
static void set_up(struct world *w, int slots)
{
    *w = (struct world){0};
    assert_int_equal(store_init(&w->store, NULL), 0);
    w->loop = loop_epoll_create();
    loop_on_wake(w->loop, on_wake, w);
    w->workers = workers_create(w->loop, &w->store, NULL, 1);
    assert_non_null(w->workers);
    w->schedule = (struct schedule){.loop = w->loop,
                                    .workers = w->workers,
                                    .time_scale = 1,
                                    .slots = slots,
                                    .queue_max = JOBS,
                                    .events = &EVENTS,
                                    .context = w};
    for (int i = 0; i < JOBS; i++) {
        struct uuid id = uuid_make();
        w->jobs[i] = job_create(&id);
    }
}

static void tear_down(struct world *w)
{
    workers_destroy(w->workers);
    for (int i = 0; i < JOBS; i++)
        job_destroy(w->jobs[i]);
    loop_destroy(w->loop);
    store_finish(&w->store);
}

static void submit_all(struct world *w)
{
    for (int i = 0; i < JOBS; i++)
        schedule_submit(&w->schedule, w->jobs[i]);
}

static void check_places(const struct world *w, const char *expected)
{
    char seen[JOBS + 1] = "";
    for (const struct job *job = w->schedule.first; job; job = job->next) {
        size_t len = strlen(seen);
        seen[len] = letter(w, job);
        seen[len + 1] = '\0';
        assert_int_equal(schedule_place(&w->schedule, job), len + 1);
    }
    assert_string_equal(seen, expected);
    assert_int_equal(w->schedule.waiting, strlen(expected));
}

static void test_cancel_in_the_queue(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 1);
    submit_all(&w);
    check_places(&w, "bcdef");
    schedule_cancel(&w.schedule, w.jobs[3]); /* from the middle, the head, the tail */
    check_places(&w, "bcef");
    schedule_cancel(&w.schedule, w.jobs[1]);
    check_places(&w, "cef");
    schedule_cancel(&w.schedule, w.jobs[5]);
    check_places(&w, "ce");
    assert_string_equal(w.ended, "dc bc fc ");
    assert_int_equal(w.schedule.running, 1);
    w.until = JOBS;
    loop_run(w.loop);
    assert_string_equal(w.ended, "dc bc fc af cf ef ");
    assert_int_equal(w.schedule.running, 0);
    assert_null(w.schedule.first_running);
    tear_down(&w);
}

/* Who runs and waits for a thread, is in a thread's hands, or is done: it ends once, as cancelled. */
static void test_cancel_while_running(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 4);
    submit_all(&w);
    for (int i = 0; i < 4; i++)
        schedule_cancel(&w.schedule, w.jobs[i]);
    schedule_cancel(&w.schedule, w.jobs[5]);
    w.until = JOBS;
    if (w.ends < JOBS)
        loop_run(w.loop);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(w.jobs[i]->state, i == 4 ? JOB_FAILED : JOB_CANCELLED);
    assert_int_equal(w.ends, JOBS);
    int started = 0;
    for (int i = 0; i < JOBS; i++)
        started += w.jobs[i]->started != 0;
    assert_int_equal(w.worked, started);
    assert_int_equal(w.schedule.running + w.schedule.waiting, 0);
    tear_down(&w);
}

static void on_alarm(struct timer *timer)
{
    (void)timer;
    fail_msg("nothing settles");
}

static void stop_when_settling(struct timer *timer);

struct look {
    struct timer timer;
    struct world *world;
};

static void stop_when_settling(struct timer *timer)
{
    struct look *look = (struct look *)timer;
    if (look->world->settling)
        loop_stop(look->world->loop);
    else
        timer_set(look->world->loop, timer, loop_now(look->world->loop) + NSEC_PER_MSEC);
}

/* While its end is written down it keeps its slot, and cannot be cancelled any more. */
static void test_settles_later(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 1);
    w.settle_later = true;
    schedule_submit(&w.schedule, w.jobs[0]);
    schedule_submit(&w.schedule, w.jobs[1]);
    struct look look = {{.fire = stop_when_settling}, &w};
    struct timer alarm = {.fire = on_alarm};
    timer_set(w.loop, &alarm, loop_now(w.loop) + 60 * NSEC_PER_SEC);
    timer_set(w.loop, &look.timer, loop_now(w.loop));
    loop_run(w.loop);
    assert_ptr_equal(w.settling, w.jobs[0]);
    assert_int_equal(w.jobs[0]->state, JOB_PROCESSING);
    assert_int_equal(w.jobs[0]->outcome, JOB_FAILED);
    schedule_cancel(&w.schedule, w.jobs[0]);
    assert_int_equal(w.schedule.running, 1);
    assert_int_equal(w.jobs[1]->state, JOB_QUEUED);
    schedule_settled(&w.schedule, w.jobs[0]);
    assert_string_equal(w.ended, "af ");
    assert_int_equal(w.jobs[1]->state, JOB_PROCESSING);
    tear_down(&w);
}

static void count_interrupted(void *context, struct job *job)
{
    struct world *w = context;
    assert_true(job_was_interrupted(job));
    w->ends++;
}

static void test_close(void **state)
{
    (void)state;
    struct world w;
    set_up(&w, 2);
    submit_all(&w);
    schedule_close(&w.schedule);
    assert_string_equal(w.ended, "cf df ef ff ");
    for (int i = 2; i < JOBS; i++)
        assert_string_equal(w.jobs[i]->error_kind, "interrupted");
    w.ends = 0;
    schedule_interrupt(&w.schedule, count_interrupted, &w);
    assert_int_equal(w.ends, 2);
    schedule_collect(&w.schedule); /* what comes of it now is nobody's */
    assert_string_equal(w.ended, "cf df ef ff ");
    tear_down(&w);
}

static void check_estimates(struct schedule *s, struct job *running, struct job waiting[5])
{
    nsec now = 12 * NSEC_PER_SEC;
    assert_int_equal(schedule_next_end(s, now), 8 * NSEC_PER_SEC);
    assert_int_equal(schedule_eta(s, running, now), 13 * NSEC_PER_SEC);
    static const int ETA[] = {28, 28, 48, 48, 68};
    for (int i = 0; i < COUNT(ETA); i++)
        assert_int_equal(schedule_eta(s, &waiting[i], now), ETA[i] * NSEC_PER_SEC);
    assert_int_equal(schedule_next_end(s, 100 * NSEC_PER_SEC), 0); /* overdue: any moment */
}

static void test_estimates(void **state)
{
    (void)state;
    struct profile profile = {.stage_count = 2,
                              .stages = {{.mean = 30 * NSEC_PER_SEC}, {.mean = 10 * NSEC_PER_SEC}}};
    struct job running[3] = {{.state = JOB_PROCESSING}, {.state = JOB_PROCESSING}, {.state = JOB_PROCESSING}};
    struct job waiting[5] = {0};
    struct schedule s = {.slots = 2, .running = 2, .time_scale = 2, .profile = &profile};
    assert_int_equal(schedule_next_end(&s, 0), 0);
    waiting[0].state = JOB_QUEUED;
    s.first = &waiting[0];
    assert_true(schedule_eta(&s, &waiting[0], 0) < 0); /* nothing is known */
    schedule_expect(&s);
    assert_int_equal(s.typical, 20 * NSEC_PER_SEC);
    s.profile = NULL;
    s.first_running = &running[0];
    running[0].next = &running[1];
    running[1].started = 5 * NSEC_PER_SEC;
    for (int i = 0; i < 5; i++) {
        waiting[i].state = JOB_QUEUED;
        waiting[i].place = (uint64_t)(10 + i);
    }
    check_estimates(&s, &running[1], waiting);
    running[0].ends[1] = running[1].ends[1] = 20 * NSEC_PER_SEC; /* what was drawn, not what is typical */
    s.profile = &profile;
    check_estimates(&s, &running[1], waiting);
    running[1].ends[1] = 200 * NSEC_PER_SEC;
    assert_int_equal(schedule_eta(&s, &running[1], 0), 205 * NSEC_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel_in_the_queue), cmocka_unit_test(test_cancel_while_running),
        cmocka_unit_test(test_settles_later),       cmocka_unit_test(test_close),
        cmocka_unit_test(test_estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
