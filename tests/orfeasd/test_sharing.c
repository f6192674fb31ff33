/* Jobs on one GPU in virtual time. Each takes 10 s alone, in two stages of 5 s. */
#include "test.h"

#include "container.h"
#include "loop_sim.h"
#include "sharing.h"

static const nsec SECOND = NSEC_PER_SEC;

enum { JOBS = 3 };

struct world {
    struct loop *loop;
    struct profile profile;
    struct schedule schedule;
    struct sharing sharing;
    struct job jobs[JOBS];
    struct timer starts[JOBS];
    double ended[JOBS]; /* s; 0: not yet */
    int told;           /* events that came through */
};

static struct world *world;

static void inner_started(void *context, struct job *job)
{
    (void)job;
    ((struct world *)context)->told++;
}

static bool inner_settling(void *context, struct job *job)
{
    (void)context;
    (void)job;
    return false;
}

static void inner_ended(void *context, struct job *job)
{
    struct world *w = context;
    w->ended[job - w->jobs] = nsec_to_sec(loop_now(w->loop));
}

/* As the schedule does. */
static void on_deadline(struct timer *timer)
{
    struct job *job = CONTAINER(struct job, timer, timer);
    world->schedule.events->ended(world->schedule.context, job);
}

static void on_start(struct timer *timer)
{
    struct job *job = &world->jobs[timer - world->starts];
    job->started = loop_now(world->loop);
    job->timer.fire = on_deadline;
    job->ends[0] = 5 * SECOND;
    job->ends[1] = 10 * SECOND;
    timer_set(world->loop, &job->timer, job->started + job->ends[1]);
    world->schedule.events->started(world->schedule.context, job);
}

static int refuse(void *context, int socket)
{
    (void)context;
    (void)socket;
    return -1;
}

/* Starts the jobs at these seconds, below 0: not at all, and lets them run. */
static void play(struct world *w, double exponent, const double at[JOBS])
{
    static const struct schedule_events INNER = {inner_started, inner_started, inner_settling, inner_ended};
    *w = (struct world){.profile = {.stage_count = 2, .sharing = exponent}};
    world = w;
    w->loop = loop_sim_create(&(struct sim_server){.connected = refuse});
    w->schedule = (struct schedule){
        .loop = w->loop, .profile = &w->profile, .slots = JOBS, .events = &INNER, .context = w};
    assert_true(sharing_wrap(&w->sharing, &w->schedule));
    for (int i = 0; i < JOBS; i++) {
        w->starts[i].fire = on_start;
        if (at[i] >= 0)
            timer_set(w->loop, &w->starts[i], loop_now(w->loop) + nsec_from_sec(at[i]));
    }
    double zero = nsec_to_sec(loop_now(w->loop));
    loop_run(w->loop);
    for (int i = 0; i < JOBS; i++)
        w->ended[i] -= w->ended[i] > 0 ? zero : 0;
    assert_int_equal(w->sharing.count, 0);
    sharing_finish(&w->sharing);
    loop_destroy(w->loop);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        double exponent, at[JOBS], ended[JOBS];
    } rows[] = {
        {1, {0, -1, -1}, {10}},            /* alone: as ever */
        {1, {0, 0, 0}, {30, 30, 30}},      /* three in three times the time */
        {1, {0, 10, -1}, {10, 20}},        /* one after the other */
        {1, {0, 5, -1}, {15, 20}},         /* 5 s alone, 10 s together, 5 s alone */
        {1, {0, 5, 10}, {17.5, 27.5, 30}}, /* 5 s at 1, 5 s at 1/2, 7.5 s at 1/3 */
        {.5, {0, 0, -1}, {14.1421356237, 14.1421356237}},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        static struct world w;
        play(&w, rows[i].exponent, rows[i].at);
        for (int k = 0; k < JOBS; k++)
            if (fabs(w.ended[k] - rows[i].ended[k]) > 1e-6)
                fail_msg("row %d, job %d: %g s", i, k, w.ended[k]);
    }
}

/* The work that the card does: 10 s of it for each job, and it is never idle while one is there. */
static void test_work_is_kept(void **state)
{
    (void)state;
    static struct world w;
    play(&w, 1, (const double[JOBS]){0, 1.7, 3.1});
    assert_near(fmax(w.ended[0], fmax(w.ended[1], w.ended[2])), 30, 1e-6);
    assert_true(w.ended[0] < w.ended[1] && w.ended[1] < w.ended[2]);
    assert_int_equal(w.told, JOBS);
    assert_true(w.jobs[0].ends[0] < w.jobs[0].ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ends), cmocka_unit_test(test_work_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
