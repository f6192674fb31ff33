#include "fake_proc.h"
#include "proc_fds.h"
#include "proc_file.h"
#include "proc_stat.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void test_fields(void **state)
{
    (void)state;
    struct fake_proc f;
    struct proc_stat s;
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 17, .parent = 3, .start = 98765432109ULL, .user = 250, .system = 50,
                                             .waited_user = 700, .waited_system = 300, .threads = 9, .pages = 1000});
    assert_int_equal(proc_stat_read(f.root, 17, &s), 0);
    double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    assert_int_equal(s.pid, 17);
    assert_int_equal(s.parent, 3);
    assert_string_equal(s.name, "server");
    assert_true(s.start == 98765432109ULL);
    assert_near(s.cpu_seconds, 300 / ticks, 1e-9);
    assert_near(s.waited_seconds, 1000 / ticks, 1e-9);
    assert_int_equal(s.threads, 9);
    assert_near(s.virtual_bytes, 123456789, 0);
    assert_near(s.resident_bytes, 1000 * page, 0);
    assert_false(proc_stat_ended(&s));
    fake_proc_finish(&f);
}

/* The name is the process' own choice. */
static void test_names(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"a b", "a) R 7 (b", ")", "", "((((", "a\nb", "fifteen-letters", "\xff\xfe"};
    for (int i = 0; i < COUNT(NAMES); i++) {
        struct fake_proc f;
        struct proc_stat s;
        fake_proc_init(&f);
        fake_proc_put(&f, &(struct fake_process){.pid = 17, .parent = 3, .name = NAMES[i], .pages = 5});
        assert_int_equal(proc_stat_read(f.root, 17, &s), 0);
        assert_string_equal(s.name, NAMES[i]);
        assert_int_equal(s.parent, 3);
        assert_int_equal(s.state, 'S');
        fake_proc_finish(&f);
    }
}

static void test_no_process(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"", "17", "17 (server", "17 (server)", "17 (server) S", "17 )server( S 1 2 3",
                                        "17 (server) S 1 1 1 0 -1 4194560 10 0 0 0 1 1 1 1 20 0 1 0 5"};
    struct fake_proc f;
    struct proc_stat s;
    fake_proc_init(&f);
    assert_int_equal(proc_stat_read(f.root, 17, &s), ENOENT);
    for (int i = 0; i < COUNT(TEXTS); i++) {
        fake_proc_file(&f, 17, "stat", TEXTS[i]);
        assert_int_equal(proc_stat_read(f.root, 17, &s), EBADMSG);
    }
    fake_proc_finish(&f);
}

static void test_ended(void **state)
{
    (void)state;
    static const struct {
        char state;
        int threads;
        bool ended;
    } ROWS[] = {{'R', 1, false}, {'S', 1, false}, {'D', 9, false}, {'T', 1, false}, {'Z', 1, true},
                {'Z', 0, true},  {'Z', 2, false}, {'X', 1, true},  {'X', 0, true}};
    for (int i = 0; i < COUNT(ROWS); i++)
        assert_int_equal(proc_stat_ended(&(struct proc_stat){.state = ROWS[i].state, .threads = ROWS[i].threads}),
                         ROWS[i].ended);
}

static void test_descriptors(void **state)
{
    (void)state;
    struct fake_proc f;
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 17});
    assert_int_equal(proc_fds_count(f.root, 17), 0);
    for (int i = 0; i < 30; i++)
        fake_proc_fd(&f, 17, i, "pipe:[1]");
    assert_int_equal(proc_fds_count(f.root, 17), 30);
    assert_int_equal(proc_fds_count(f.root, 18), -ENOENT);
    fake_proc_finish(&f);
}

/* The real one: two ways to count, depending on the kernel, give the same. */
static void test_ourselves(void **state)
{
    (void)state;
    struct proc_stat s;
    assert_int_equal(proc_stat_read("/proc", getpid(), &s), 0);
    assert_int_equal(s.parent, getppid());
    assert_true(s.resident_bytes > 0 && s.threads >= 1 && s.start > 0);
    int before = proc_fds_count("/proc", getpid()), fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(proc_fds_count("/proc", getpid()), before + 2);
    close(fds[0]);
    close(fds[1]);
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        double bytes; /* -1: not there */
    } ROWS[] = {
        {"Rss:   12 kB\nPss:  7 kB\n", "Pss", 7168},
        {"Rss:   12 kB\nPss_Dirty:  9 kB\nPss:  7 kB\n", "Pss", 7168},
        {"Rss:   12 kB\nPss_Dirty:  9 kB\n", "Pss", -1},
        {"Pss: none\n", "Pss", -1},
        {"Pss: 0 kB", "Pss", 0},
        {"", "Pss", -1},
    };
    for (int i = 0; i < COUNT(ROWS); i++) {
        double bytes = -1;
        assert_int_equal(proc_file_kib(ROWS[i].text, ROWS[i].name, &bytes), ROWS[i].bytes >= 0);
        assert_near(bytes, ROWS[i].bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),      cmocka_unit_test(test_names),     cmocka_unit_test(test_no_process),
        cmocka_unit_test(test_ended),       cmocka_unit_test(test_descriptors), cmocka_unit_test(test_ourselves),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
