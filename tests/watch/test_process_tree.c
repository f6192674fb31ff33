#include "fake_proc.h"
#include "process_tree.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    struct fake_proc proc;
    struct process_list list;
    struct process_tree tree;
    double tick, page;
};

static void put(struct world *w, struct fake_process p)
{
    fake_proc_put(&w->proc, &p);
}

static void begin(struct world *w)
{
    *w = (struct world){.tick = 1 / (double)sysconf(_SC_CLK_TCK), .page = (double)sysconf(_SC_PAGESIZE)};
    fake_proc_init(&w->proc);
    put(w, (struct fake_process){.pid = 1, .pages = 7});
    put(w, (struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .pages = 100, .threads = 4, .user = 10});
}

static void open_it(struct world *w, int pid)
{
    assert_int_equal(process_list_read(&w->list, w->proc.root), 0);
    assert_true(process_tree_open(&w->tree, w->proc.root, &w->list, pid));
}

static struct process_sum sum(struct world *w)
{
    struct process_sum s;
    assert_int_equal(process_list_read(&w->list, w->proc.root), 0);
    assert_true(process_tree_read(&w->tree, &w->list, NSEC_NEVER, &s));
    return s;
}

static void end(struct world *w)
{
    process_tree_close(&w->tree);
    process_list_finish(&w->list);
    fake_proc_finish(&w->proc);
}

static void test_sums(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    put(&w, (struct fake_process){.pid = 5000040, .parent = 5000050, .pages = 10, .threads = 2}); /* numbers have gone round */
    put(&w, (struct fake_process){.pid = 5000060, .parent = 5000040, .pages = 1});
    put(&w, (struct fake_process){.pid = 5000061, .parent = 1, .pages = 5000});
    put(&w, (struct fake_process){.pid = 5000062, .parent = 5000050, .state = 'Z'});
    put(&w, (struct fake_process){.pid = getpid(), .parent = 5000050, .pages = 9000}); /* the target may have started us */
    fake_proc_fd(&w.proc, 5000050, 0, "a");
    fake_proc_fd(&w.proc, 5000050, 1, "b");
    fake_proc_fd(&w.proc, 5000060, 0, "c");
    fake_proc_file(&w.proc, 5000050, "smaps_rollup", "55 [rollup]\nRss:  9 kB\nPss:   300 kB\nPss_Anon: 1 kB\n");
    fake_proc_file(&w.proc, 5000040, "smaps_rollup", "55 [rollup]\nRss:  9 kB\nPss:   30 kB\n");
    fake_proc_file(&w.proc, 5000060, "smaps_rollup", "");
    open_it(&w, 5000050);
    struct process_sum s = sum(&w);
    assert_int_equal(s.processes, 3);
    assert_near(s.rss, 111 * w.page, 0);
    assert_near(s.pss, 330 * 1024, 0);
    assert_near(s.threads, 7, 0);
    assert_near(s.fds, 3, 0);
    assert_int_equal(s.pss_hidden + s.fds_hidden + s.beyond, 0);
    assert_true(process_tree_read(&w.tree, &w.list, 0, &s));
    assert_true(isnan(s.pss) && s.pss_hidden == 0);
    assert_true(process_tree_read(&w.tree, &w.list, 1, &s)); /* a time that is long over */
    assert_true(isnan(s.pss) && s.pss_hidden == 3 && s.pss_error == ETIME);
    end(&w);
}

/* What cannot be read is left out and counted, and is no zero. */
static void test_hidden(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    open_it(&w, 5000050);
    struct process_sum s = sum(&w); /* a kernel without smaps_rollup */
    assert_true(isnan(s.pss));
    assert_int_equal(s.pss_hidden, 1);
    assert_int_equal(s.pss_error, ENOENT);
    assert_near(s.fds, 0, 0);
    if (geteuid() != 0) {
        char path[100];
        snprintf(path, sizeof path, "%s/5000050/fd", w.proc.root);
        chmod(path, 0);
        s = sum(&w);
        assert_true(isnan(s.fds));
        assert_int_equal(s.fds_hidden, 1);
        assert_int_equal(s.fds_error, EACCES);
        chmod(path, 0700);
    }
    end(&w);
}

static void test_identity(void **state)
{
    (void)state;
    struct process_sum s;
    struct world w;
    static const struct fake_process OTHERS[] = {
        {.pid = 5000050, .parent = 1, .start = 501, .pages = 1},                             /* its number was given again */
        {.pid = 5000050, .parent = 1, .start = 500, .state = 'Z', .threads = 1},             /* nobody has waited for it */
        {.pid = 5000050, .parent = 1, .start = 500, .state = 'X', .threads = 1},
    };
    for (int i = 0; i <= COUNT(OTHERS); i++) {
        begin(&w);
        open_it(&w, 5000050);
        sum(&w);
        if (i < COUNT(OTHERS))
            put(&w, OTHERS[i]);
        else
            fake_proc_remove(&w.proc, 5000050);
        assert_int_equal(process_list_read(&w.list, w.proc.root), 0);
        assert_false(process_tree_read(&w.tree, &w.list, NSEC_NEVER, &s));
        if (i != 0)
            assert_false(process_tree_open(&(struct process_tree){0}, w.proc.root, &w.list, 5000050));
        end(&w);
    }
    begin(&w); /* only its first thread has ended */
    open_it(&w, 5000050);
    put(&w, (struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .state = 'Z', .threads = 3});
    assert_near(sum(&w).threads, 3, 0);
    end(&w);
}

/* A child whose parent ended is another's child then, and belongs to the tree all the same; with its children. */
static void test_orphans(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    put(&w, (struct fake_process){.pid = 5000060, .parent = 5000050, .start = 600});
    put(&w, (struct fake_process){.pid = 5000061, .parent = 5000060, .start = 610, .user = 30});
    open_it(&w, 5000050);
    assert_int_equal(sum(&w).processes, 3);
    fake_proc_remove(&w.proc, 5000060);
    put(&w, (struct fake_process){.pid = 5000061, .parent = 1, .start = 610, .user = 30});
    put(&w, (struct fake_process){.pid = 5000062, .parent = 5000061, .start = 620});
    put(&w, (struct fake_process){.pid = 5000063, .parent = 1, .start = 630});
    assert_int_equal(sum(&w).processes, 3);
    put(&w, (struct fake_process){.pid = 5000061, .parent = 1, .start = 777}); /* another one */
    struct process_sum s = sum(&w);
    assert_int_equal(s.processes, 2);
    assert_near(s.cpu_seconds, 40 * w.tick, 1e-9);
    end(&w);
}

/* The sum never falls, and counts nobody twice. */
static void test_cpu(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        long long waited;      /* for, by the server; ticks */
        unsigned long long own, child; /* ticks; a child of 0 is gone */
        double sum;
    } ROWS[] = {
        {"children of the past", 1000, 10, 5, 1015},
        {"both work", 1000, 20, 105, 1125},
        {"the child is not yet waited for", 1000, 30, 0, 1135},
        {"now it is, and had worked until its end", 1110, 30, 0, 1140},
        {"one that lived between two readings", 1210, 30, 0, 1240},
        {"a new one", 1210, 30, 7, 1247},
        {"that nobody waits for", 1210, 30, 0, 1247},
        {"its parent works on", 1210, 50, 0, 1260}, /* and not 1267: what neither way knows is not claimed */
    };
    struct world w;
    begin(&w);
    for (int i = 0; i < COUNT(ROWS); i++) {
        put(&w, (struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .user = ROWS[i].own, .waited_user = ROWS[i].waited});
        if (ROWS[i].child)
            put(&w, (struct fake_process){.pid = 5000060, .parent = 5000050, .start = 600 + (i >= 5), .system = ROWS[i].child});
        else
            fake_proc_remove(&w.proc, 5000060);
        if (i == 0)
            open_it(&w, 5000050);
        double ticks = sum(&w).cpu_seconds / w.tick;
        if (fabs(ticks - ROWS[i].sum) > 1e-6)
            fail_msg("%s: %g", ROWS[i].about, ticks);
    }
    end(&w);
}

/* One that is dead but not waited for still has its time; when it belongs to another one then, we remember it. */
static void test_cpu_of_the_dead(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    put(&w, (struct fake_process){.pid = 5000060, .parent = 5000050, .start = 600, .user = 100});
    open_it(&w, 5000050);
    assert_near(sum(&w).cpu_seconds / w.tick, 110, 1e-6);
    put(&w, (struct fake_process){.pid = 5000060, .parent = 5000050, .start = 600, .user = 120, .state = 'Z'});
    struct process_sum s = sum(&w);
    assert_near(s.cpu_seconds / w.tick, 130, 1e-6);
    assert_int_equal(s.processes, 1);
    put(&w, (struct fake_process){.pid = 5000060, .parent = 1, .start = 600, .user = 120, .state = 'Z'});
    put(&w, (struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .user = 11});
    assert_near(sum(&w).cpu_seconds / w.tick, 131, 1e-6);
    fake_proc_remove(&w.proc, 5000060);
    put(&w, (struct fake_process){.pid = 5000050, .parent = 1, .start = 500, .user = 12});
    assert_near(sum(&w).cpu_seconds / w.tick, 132, 1e-6);
    end(&w);
}

static void test_bounds(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    for (int i = 0; i < PROCESS_TREE_MAX + 9; i++)
        put(&w, (struct fake_process){.pid = 5001000 + i, .parent = i % 2 ? 5000050 : 5000999 + i, .pages = 1});
    open_it(&w, 5000050);
    struct process_sum s = sum(&w);
    assert_int_equal(s.processes + s.beyond, PROCESS_TREE_MAX + 9);
    assert_int_equal(s.processes, PROCESS_TREE_MAX);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums), cmocka_unit_test(test_hidden),          cmocka_unit_test(test_identity), cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_cpu),  cmocka_unit_test(test_cpu_of_the_dead), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
