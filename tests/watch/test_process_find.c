#include "address.h"
#include "fake_proc.h"
#include "process_find.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE(user, inode) "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000 " user " 0 " inode " 1 0\n"

struct row {
    const char *about;
    struct {
        int pid, parent;
        const char *name, *fd;
    } processes[8];
    const char *table;
    int pid;
    const char *why; /* a part of it */
    bool here;
};

static void find(const struct row *row, struct process_find *ret)
{
    struct fake_proc f;
    struct process_list list = {0};
    fake_proc_init(&f);
    for (int i = 0; row->processes[i].pid; i++) {
        fake_proc_put(&f, &(struct fake_process){.pid = row->processes[i].pid,
                                                 .parent = row->processes[i].parent,
                                                 .name = row->processes[i].name});
        fake_proc_fd(&f, row->processes[i].pid, 0, "/dev/null");
        if (row->processes[i].fd)
            fake_proc_fd(&f, row->processes[i].pid, 3, row->processes[i].fd);
    }
    if (row->table)
        fake_proc_file(&f, 0, "net/tcp", row->table);
    struct loop_addr target = address("127.0.0.1", 5000);
    assert_int_equal(process_list_read(&list, f.root), 0);
    process_find(f.root, &list, &target, ret);
    process_list_finish(&list);
    fake_proc_finish(&f);
}

static void test_choice(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"one", {{1, 0, "init", NULL}, {5000020, 1, NULL, "socket:[17]"}}, LINE("0", "17"), 5000020, "", true},
        {"its inode only begins so", {{1, 0, "init", NULL}, {5000020, 1, NULL, "socket:[171]"}}, LINE("0", "17"), 0, "another container", true},
        {"a file of that name", {{5000020, 1, NULL, "pipe:[17]"}}, LINE("0", "17"), 0, "another container", true},
        {"nobody", {{5000020, 1, NULL, "socket:[17]"}}, "", 0, "no process here listens on 127.0.0.1:5000", true},
        {"prefork workers", {{5000020, 1, NULL, "socket:[17]"}, {5000021, 5000020, NULL, "socket:[17]"}, {5000022, 5000020, NULL, "socket:[17]"}}, LINE("0", "17"), 5000020, "", true},
        {"the parent's number is higher", {{5000009, 5000020, NULL, "socket:[17]"}, {5000020, 1, NULL, "socket:[17]"}}, LINE("0", "17"), 5000020, "", true},
        {"a generation between does not hold it", {{5000020, 1, NULL, "socket:[17]"}, {5000021, 5000020, NULL, NULL}, {5000022, 5000021, NULL, "socket:[17]"}}, LINE("0", "17"), 5000020, "", true},
        {"a socket each, the parent has none", {{5000020, 1, NULL, NULL}, {5000021, 5000020, NULL, "socket:[17]"}, {5000022, 5000020, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 5000020, "", true},
        {"two that are no kin", {{1, 0, "init", NULL}, {5000021, 1, NULL, "socket:[17]"}, {5000022, 1, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 0, "2 processes that have no parent in common", true},
        {"started with its socket by the first process", {{1, 0, "systemd", "socket:[17]"}, {5000020, 1, NULL, "socket:[17]"}, {5000021, 5000020, NULL, "socket:[17]"}}, LINE("0", "17"), 5000020, "", true},
        {"alone in its container", {{1, 0, NULL, "socket:[17]"}}, LINE("0", "17"), 1, "", true},
        {"a circle of parents", {{5000020, 5000021, NULL, NULL}, {5000021, 5000020, NULL, NULL}, {5000022, 5000021, NULL, "socket:[17]"}, {5000023, 5000020, NULL, "socket:[17]"}}, LINE("0", "17"), 5000021, "", true},
        {"a container's port", {{5000020, 1, "docker-proxy", "socket:[17]"}}, LINE("0", "17"), 0, "docker-proxy listens on 127.0.0.1:5000 (process 5000020) and only leads to a container", true},
        {"a tunnel", {{5000020, 1, "ssh", "socket:[17]"}}, LINE("0", "17"), 0, "only leads to another machine", false},
        {"no such table", {{5000020, 1, NULL, "socket:[17]"}}, NULL, 0, "net/tcp cannot be read: No such file", true},
    };
    for (int i = 0; i < COUNT(ROWS); i++) {
        struct process_find found;
        find(&ROWS[i], &found);
        if (found.pid != ROWS[i].pid || !strstr(found.why, ROWS[i].why) || !*found.why != !*ROWS[i].why || found.here != ROWS[i].here)
            fail_msg("%s: %d, '%s'", ROWS[i].about, found.pid, found.why);
    }
}

/* Two servers that a shell has started share only what started us, too. */
static void test_our_own_parent(void **state)
{
    (void)state;
    struct row row = {"", {{5000020, 1, "sh", NULL}, {5000021, 5000020, NULL, "socket:[17]"}, {5000022, 5000020, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 0, NULL, true};
    struct process_find found;
    find(&row, &found);
    assert_int_equal(found.pid, 5000020);
    row.processes[3].pid = getpid();
    row.processes[3].parent = 5000020;
    find(&row, &found);
    assert_int_equal(found.pid, 0);
    assert_non_null(strstr(found.why, "no parent in common"));
}

static void test_hidden(void **state)
{
    (void)state;
    struct fake_proc f;
    struct process_list list = {0};
    struct process_find found;
    struct loop_addr target = address("127.0.0.1", 5000);
    char path[100];
    if (geteuid() == 0)
        skip(); /* nothing is hidden from root */
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 5000020, .parent = 1});
    fake_proc_file(&f, 0, "net/tcp", LINE("33", "17"));
    snprintf(path, sizeof path, "%s/5000020/fd", f.root);
    chmod(path, 0);
    assert_int_equal(process_list_read(&list, f.root), 0);
    process_find(f.root, &list, &target, &found);
    assert_int_equal(found.pid, 0);
    assert_non_null(strstr(found.why, "hidden from this user (its socket belongs to user 33)"));
    chmod(path, 0700);
    process_list_finish(&list);
    fake_proc_finish(&f);
}

static void test_elsewhere(void **state)
{
    (void)state;
    struct process_list list = {0};
    struct process_find found;
    struct loop_addr target = address("192.0.2.7", 5000);
    process_find("/none", &list, &target, &found);
    assert_false(found.here);
    assert_int_equal(found.pid, 0);
    assert_string_equal(found.why, "192.0.2.7:5000 is no address of this machine; of a container on it name the process with --pid");
}

static void test_given(void **state)
{
    (void)state;
    struct fake_proc f;
    char why[PROCESS_TEXT];
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 5000020, .parent = 1});
    fake_proc_put(&f, &(struct fake_process){.pid = 5000021, .parent = 1, .state = 'Z'});
    fake_proc_file(&f, 5000022, "stat", "nonsense");
    assert_true(process_find_pid(f.root, 5000020, why));
    assert_string_equal(why, "");
    assert_false(process_find_pid(f.root, 5000021, why));
    assert_string_equal(why, "process 5000021 has ended");
    assert_false(process_find_pid(f.root, 5000022, why));
    assert_non_null(strstr(why, "process 5000022 cannot be seen: "));
    assert_false(process_find_pid(f.root, 5000023, why));
    assert_string_equal(why, "process 5000023 cannot be seen: there is none, or it is hidden from this user");
    fake_proc_finish(&f);
    assert_true(process_find_pid("/proc", getpid(), why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),    cmocka_unit_test(test_our_own_parent), cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
