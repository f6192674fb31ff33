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
        {"one", {{1, 0, "init", NULL}, {20, 1, NULL, "socket:[17]"}}, LINE("0", "17"), 20, "", true},
        {"its inode only begins so", {{1, 0, "init", NULL}, {20, 1, NULL, "socket:[171]"}}, LINE("0", "17"), 0, "another container", true},
        {"a file of that name", {{20, 1, NULL, "pipe:[17]"}}, LINE("0", "17"), 0, "another container", true},
        {"nobody", {{20, 1, NULL, "socket:[17]"}}, "", 0, "no process here listens on 127.0.0.1:5000", true},
        {"prefork workers", {{20, 1, NULL, "socket:[17]"}, {21, 20, NULL, "socket:[17]"}, {22, 20, NULL, "socket:[17]"}}, LINE("0", "17"), 20, "", true},
        {"the parent's number is higher", {{9, 20, NULL, "socket:[17]"}, {20, 1, NULL, "socket:[17]"}}, LINE("0", "17"), 20, "", true},
        {"a generation between does not hold it", {{20, 1, NULL, "socket:[17]"}, {21, 20, NULL, NULL}, {22, 21, NULL, "socket:[17]"}}, LINE("0", "17"), 20, "", true},
        {"a socket each, the parent has none", {{20, 1, NULL, NULL}, {21, 20, NULL, "socket:[17]"}, {22, 20, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 20, "", true},
        {"two that are no kin", {{1, 0, "init", NULL}, {21, 1, NULL, "socket:[17]"}, {22, 1, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 0, "2 processes that have no parent in common", true},
        {"started with its socket by the first process", {{1, 0, "systemd", "socket:[17]"}, {20, 1, NULL, "socket:[17]"}, {21, 20, NULL, "socket:[17]"}}, LINE("0", "17"), 20, "", true},
        {"alone in its container", {{1, 0, NULL, "socket:[17]"}}, LINE("0", "17"), 1, "", true},
        {"a circle of parents", {{20, 21, NULL, NULL}, {21, 20, NULL, NULL}, {22, 21, NULL, "socket:[17]"}, {23, 20, NULL, "socket:[17]"}}, LINE("0", "17"), 21, "", true},
        {"a container's port", {{20, 1, "docker-proxy", "socket:[17]"}}, LINE("0", "17"), 0, "docker-proxy listens on 127.0.0.1:5000 (process 20) and only leads to a container", true},
        {"a tunnel", {{20, 1, "ssh", "socket:[17]"}}, LINE("0", "17"), 0, "only leads to another machine", false},
        {"no such table", {{20, 1, NULL, "socket:[17]"}}, NULL, 0, "net/tcp cannot be read: No such file", true},
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
    struct row row = {"", {{20, 1, "sh", NULL}, {21, 20, NULL, "socket:[17]"}, {22, 20, NULL, "socket:[18]"}}, LINE("0", "17") LINE("0", "18"), 0, NULL, true};
    struct process_find found;
    find(&row, &found);
    assert_int_equal(found.pid, 20);
    row.processes[3].pid = getpid();
    row.processes[3].parent = 20;
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
    fake_proc_put(&f, &(struct fake_process){.pid = 20, .parent = 1});
    fake_proc_file(&f, 0, "net/tcp", LINE("33", "17"));
    snprintf(path, sizeof path, "%s/20/fd", f.root);
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
    assert_string_equal(found.why, "192.0.2.7:5000 is no address of this machine");
}

static void test_given(void **state)
{
    (void)state;
    struct fake_proc f;
    char why[PROCESS_TEXT];
    fake_proc_init(&f);
    fake_proc_put(&f, &(struct fake_process){.pid = 20, .parent = 1});
    fake_proc_put(&f, &(struct fake_process){.pid = 21, .parent = 1, .state = 'Z'});
    fake_proc_file(&f, 22, "stat", "nonsense");
    assert_true(process_find_pid(f.root, 20, why));
    assert_string_equal(why, "");
    assert_false(process_find_pid(f.root, 21, why));
    assert_string_equal(why, "process 21 has ended");
    assert_false(process_find_pid(f.root, 22, why));
    assert_non_null(strstr(why, "process 22 cannot be seen: "));
    assert_false(process_find_pid(f.root, 23, why));
    assert_string_equal(why, "process 23 cannot be seen: there is none, or it is hidden from this user");
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
