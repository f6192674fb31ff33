#include "address.h"
#include "fake_proc.h"
#include "process_follow.h"

#include <stdio.h>
#include <unistd.h>

#define LINE "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000 33 0 %s 1 0\n"
#define ZERO (100 * NSEC_PER_SEC) /* the record's, in the loop's time */

struct world {
    struct fake_proc proc;
    struct process_follow follow;
    struct record record;
};

static void serve(struct world *w, int pid, const char *inode)
{
    char line[200], link[40];
    snprintf(line, sizeof line, LINE, inode);
    snprintf(link, sizeof link, "socket:[%s]", inode);
    fake_proc_file(&w->proc, 0, "net/tcp", line);
    fake_proc_fd(&w->proc, pid, 3, link);
}

static void begin(struct world *w)
{
    fake_proc_init(&w->proc);
    fake_proc_file(&w->proc, 0, "stat", "cpu  100 0 0 900 0 0 0 0\ncpu0 100 0 0 900 0 0 0 0\n");
    fake_proc_file(&w->proc, 0, "meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
    fake_proc_file(&w->proc, 0, "loadavg", "2.5 1 1 1/1 1\n");
    fake_proc_put(&w->proc, &(struct fake_process){.pid = 1});
    fake_proc_put(&w->proc, &(struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .pages = 10});
    serve(w, 5000050, "17");
}

static void follow(struct world *w, const char *addr, int pid)
{
    process_follow_init(&w->follow, &(struct process_follow_config){
                                        .proc = w->proc.root, .addr = address(addr, 5000), .pid = pid, .how = "pid"});
}

static void read_at(struct world *w, double seconds)
{
    process_follow_read(&w->follow, ZERO + nsec_from_sec(seconds), false);
}

static void collect(struct world *w)
{
    record_init(&w->record, &(struct record_shape){0});
    process_follow_collect(&w->follow, &w->record, ZERO);
}

static const struct record_series *series(const struct world *w, const char *name)
{
    const struct record_series *s = record_find_series(&w->record, name);
    assert_non_null(s);
    return s;
}

static void end(struct world *w)
{
    record_finish(&w->record);
    process_follow_finish(&w->follow);
    fake_proc_finish(&w->proc);
}

static void test_found(void **state)
{
    (void)state;
    struct world w;
    double page = (double)sysconf(_SC_PAGESIZE);
    begin(&w);
    symlink("/", strcat(strcpy((char[200]){0}, w.proc.root), "/5000050/cwd"));
    follow(&w, "127.0.0.1", 0);
    assert_true(process_follow_has_any(&w.follow));
    assert_int_equal(atomic_load(&w.follow.pid), 5000050);
    read_at(&w, 1);
    fake_proc_put(&w.proc, &(struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .pages = 20});
    fake_proc_put(&w.proc, &(struct fake_process){.pid = 5000051, .parent = 5000050, .start = 510, .pages = 5});
    fake_proc_file(&w.proc, 0, "stat", "cpu  130 0 0 970 0 0 0 0\n");
    read_at(&w, 2);
    assert_near(atomic_load(&w.follow.rss), 25 * page, 0);
    collect(&w);
    const struct record_process *p = &w.record.process;
    assert_int_equal(p->pid, 5000050);
    assert_string_equal(p->found, "listening socket");
    assert_null(p->why);
    assert_true(p->gone == -1 && p->restarts == 0);
    const struct record_series *rss = series(&w, "process.rss");
    assert_int_equal(rss->count, 2);
    assert_true(rss->points[0].at == NSEC_PER_SEC && rss->points[1].at == 2 * NSEC_PER_SEC);
    assert_near(rss->points[0].value, 10 * page, 0);
    assert_near(series(&w, "process.children")->points[1].value, 1, 0);
    assert_int_equal(series(&w, "machine.cpu")->count, 1); /* a difference */
    assert_near(series(&w, "machine.cpu")->points[0].value, 30, 1e-9);
    assert_near(series(&w, "machine.memory_used")->points[0].value, 600 * 1024, 0);
    assert_near(series(&w, "machine.load")->points[0].value, 2.5, 1e-9);
    assert_true(series(&w, "machine.disk_free")->points[0].value > 0);
    assert_string_equal(series(&w, "machine.disk_free")->why, "");
    assert_true(w.record.machine.here && !w.record.machine.why && w.record.machine.cores == 1);
    assert_near(w.record.machine.memory_total, 1000 * 1024, 0);
    assert_string_equal(w.record.machine.disk, "the process' directory");
    end(&w);
}

/* Nothing is made up: each series says why it has no points. */
static void test_unreadable(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    fake_proc_file(&w.proc, 0, "meminfo", "MemTotal: 1000 kB\n"); /* a very old kernel */
    fake_proc_file(&w.proc, 0, "loadavg", "");
    follow(&w, "127.0.0.1", 0);
    read_at(&w, 1);
    collect(&w);
    static const struct {
        const char *name;
        enum series_state state;
        const char *why;
    } ROWS[] = {
        {"process.rss", SERIES_PRESENT, ""},
        {"process.pss", SERIES_UNREADABLE, "without 1 of 1 processes, which cannot be looked into: No such file or directory"},
        {"machine.memory_used", SERIES_UNREADABLE, "the kernel does not tell"},
        {"machine.cpu", SERIES_UNREADABLE, "the kernel does not tell"}, /* one reading alone */
        {"machine.load", SERIES_UNREADABLE, "the kernel does not tell"},
        {"machine.disk_free", SERIES_PRESENT, "of /: in which directory process 5000050 works cannot be seen"},
    };
    for (int i = 0; i < COUNT(ROWS); i++) {
        assert_int_equal(series(&w, ROWS[i].name)->state, ROWS[i].state);
        assert_string_equal(series(&w, ROWS[i].name)->why, ROWS[i].why);
    }
    end(&w);
}

static void test_elsewhere(void **state)
{
    (void)state;
    struct world w;
    static const char why[] = "192.0.2.7:5000 is no address of this machine; of a container on it name the process with --pid";
    begin(&w);
    follow(&w, "192.0.2.7", 0);
    assert_false(process_follow_has_any(&w.follow));
    read_at(&w, 1);
    collect(&w);
    assert_null(w.record.process.found);
    assert_string_equal(w.record.process.why, why);
    assert_false(w.record.machine.here);
    assert_string_equal(w.record.machine.why, why);
    for (int i = 0; i < w.record.series_count; i++) {
        assert_int_equal(w.record.series[i].state, SERIES_UNREADABLE);
        assert_string_equal(w.record.series[i].why, why);
    }
    end(&w);
    begin(&w); /* the user knows better */
    follow(&w, "192.0.2.7", 5000050);
    read_at(&w, 1);
    collect(&w);
    assert_string_equal(w.record.process.found, "pid");
    assert_true(w.record.machine.here);
    assert_int_equal(series(&w, "process.rss")->count, 1);
    end(&w);
}

static void test_end_and_restart(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    follow(&w, "127.0.0.1", 0);
    read_at(&w, 1);
    fake_proc_remove(&w.proc, 5000050);
    fake_proc_file(&w.proc, 0, "net/tcp", "");
    read_at(&w, 2);
    assert_int_equal(atomic_load(&w.follow.pid), 0);
    assert_true(isnan(atomic_load(&w.follow.rss)));
    read_at(&w, 3);
    collect(&w);
    assert_true(w.record.process.gone == 2 * NSEC_PER_SEC);
    assert_int_equal(w.record.process.restarts, 0);
    assert_int_equal(w.record.process.pid, 5000050);
    assert_int_equal(series(&w, "process.rss")->count, 1);
    assert_int_equal(series(&w, "machine.load")->count, 3); /* the machine goes on */
    record_finish(&w.record);
    fake_proc_put(&w.proc, &(struct fake_process){.pid = 5000070, .parent = 1, .start = 700, .pages = 1});
    serve(&w, 5000070, "18");
    read_at(&w, 4);
    read_at(&w, 5);
    assert_int_equal(atomic_load(&w.follow.pid), 5000070);
    fake_proc_put(&w.proc, &(struct fake_process){.pid = 5000070, .parent = 1, .start = 701}); /* at once, of the same number */
    read_at(&w, 6);
    collect(&w);
    assert_true(w.record.process.gone == 2 * NSEC_PER_SEC); /* the first time */
    assert_int_equal(w.record.process.restarts, 2);
    assert_int_equal(w.record.process.pid, 5000070);
    assert_int_equal(series(&w, "process.rss")->count, 2);
    end(&w);
}

/* Who listens is another one: it does not take the place of the one that was named. */
static void test_named_behind_another(void **state)
{
    (void)state;
    static const struct {
        int parent; /* of the one that is named */
        int restarts;
    } ROWS[] = {{1, 0}, {5000050, 1}};
    for (int i = 0; i < COUNT(ROWS); i++) {
        struct world w;
        begin(&w);
        fake_proc_put(&w.proc, &(struct fake_process){.pid = 5000060, .parent = ROWS[i].parent, .start = 600});
        follow(&w, "127.0.0.1", 5000060);
        read_at(&w, 1);
        fake_proc_remove(&w.proc, 5000060);
        read_at(&w, 2);
        collect(&w);
        assert_true(w.record.process.gone == 2 * NSEC_PER_SEC);
        assert_int_equal(w.record.process.restarts, ROWS[i].restarts);
        assert_string_equal(w.record.process.found, ROWS[i].restarts ? "listening socket" : "pid");
        end(&w);
    }
}

static void test_gone_before_the_start(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    follow(&w, "127.0.0.1", 5000099);
    read_at(&w, 1);
    collect(&w);
    assert_null(w.record.process.found);
    assert_string_equal(w.record.process.why, "process 5000099 is no more");
    record_finish(&w.record);
    process_follow_finish(&w.follow);
    follow(&w, "127.0.0.1", 5000050); /* and one that ends before the record's zero */
    read_at(&w, -5);
    fake_proc_remove(&w.proc, 5000050);
    read_at(&w, -4);
    collect(&w);
    assert_true(w.record.process.gone == 0);
    end(&w);
}

static void test_bound(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    follow(&w, "127.0.0.1", 0);
    int readings = 2 * PROCESS_POINTS_MAX + 100;
    for (int i = 0; i < readings; i++)
        read_at(&w, i);
    collect(&w);
    const struct record_series *rss = series(&w, "process.rss");
    assert_in_range(rss->count, PROCESS_POINTS_MAX / 2, PROCESS_POINTS_MAX - 1);
    for (int i = 1; i < rss->count; i++)
        assert_true(rss->points[i].at - rss->points[i - 1].at == 4 * NSEC_PER_SEC);
    assert_true(rss->points[0].at == 0 && rss->points[rss->count - 1].at > (readings - 5) * NSEC_PER_SEC);
    end(&w);
}

static void test_none(void **state)
{
    (void)state;
    struct record r;
    record_init(&r, &(struct record_shape){0});
    process_follow_collect_none(&r, "it hung");
    assert_int_equal(r.series_count, PROCESS_KINDS);
    for (int i = 0; i < r.series_count; i++)
        assert_string_equal(r.series[i].why, "it hung");
    assert_true(r.process.gone == -1 && !r.process.found && !r.machine.here);
    record_finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_end_and_restart),
        cmocka_unit_test(test_named_behind_another),
        cmocka_unit_test(test_gone_before_the_start),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
