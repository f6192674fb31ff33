#include "address.h"
#include "fake_proc.h"
#include "process_watch.h"

#include <signal.h>
#include <stdio.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process_watch *watch(const char *proc, int pid, nsec every)
{
    struct process_watch *w = process_watch_create(&(struct process_watch_config){
        .follow = {.proc = proc, .addr = address("192.0.2.7", 5000), .pid = pid, .how = "pid"}, .every = every});
    assert_non_null(w);
    return w;
}

/* Read at the start and at the stop, though the next time would be in an hour. */
static void test_first_and_last(void **state)
{
    (void)state;
    struct record r;
    struct process_watch *w = watch("/proc", getpid(), 3600 * NSEC_PER_SEC);
    nsec zero = clock_monotonic();
    assert_true(process_watch_start(w));
    while (isnan(process_watch_rss(w)))
        sched_yield();
    process_watch_stop(w);
    record_init(&r, &(struct record_shape){0});
    process_watch_collect(w, &r, zero);
    process_watch_destroy(w);
    const struct record_series *rss = record_find_series(&r, "process.rss");
    assert_int_equal(rss->count, 2);
    assert_true(rss->points[0].at >= 0 && rss->points[1].at >= rss->points[0].at);
    assert_true(rss->points[0].value > 0);
    record_finish(&r);
}

/* The end of the process is noticed when it comes, not an hour later. */
static void test_end_at_once(void **state)
{
    (void)state;
    struct record r;
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct process_watch *w = watch("/proc", child, 3600 * NSEC_PER_SEC);
    assert_true(process_watch_start(w));
    while (isnan(process_watch_rss(w)))
        sched_yield();
    nsec killed = clock_monotonic();
    kill(child, SIGKILL);
    while (!isnan(process_watch_rss(w)))
        sched_yield();
    nsec seen = clock_monotonic();
    process_watch_stop(w);
    record_init(&r, &(struct record_shape){0});
    process_watch_collect(w, &r, 0);
    process_watch_destroy(w);
    assert_true(r.process.gone >= killed && r.process.gone <= seen);
    assert_int_equal(waitpid(child, NULL, 0), child);
    record_finish(&r);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    struct record r;
    struct process_watch *w = watch("/proc", 0, NSEC_PER_SEC);
    assert_true(process_watch_start(w));
    process_watch_stop(w);
    record_init(&r, &(struct record_shape){0});
    process_watch_collect(w, &r, 0);
    process_watch_destroy(w);
    assert_string_equal(r.process.why, "192.0.2.7:5000 is no address of this machine; of a container on it name the process with --pid");
    record_finish(&r);
}

/* A kernel that does not answer: a pipe that nobody writes to. */
static void test_hangs(void **state)
{
    (void)state;
    struct fake_proc f;
    struct record r;
    char path[100];
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 5000050, .parent = 1});
    snprintf(path, sizeof path, "%s/5000050/smaps_rollup", f.root);
    assert_int_equal(mkfifo(path, 0600), 0);
    struct process_watch *w = watch(f.root, 5000050, NSEC_PER_SEC);
    assert_true(process_watch_start(w));
    process_watch_stop(w);
    record_init(&r, &(struct record_shape){0});
    process_watch_collect(w, &r, 0);
    process_watch_destroy(w);
    assert_null(r.process.found);
    assert_string_equal(r.process.why, "a reading of it hung: the kernel did not answer");
    assert_int_equal(record_find_series(&r, "process.rss")->state, SERIES_UNREADABLE);
    record_finish(&r);
    fake_proc_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first_and_last), cmocka_unit_test(test_end_at_once),
                                       cmocka_unit_test(test_nothing_to_read), cmocka_unit_test(test_hangs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
