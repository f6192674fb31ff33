#include "request_log.h"
#include "file.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 100 };

static int told; /* by the log's thread, read when it has ended */

static void tell(const char *text)
{
    assert_non_null(strstr(text, "No space left on device"));
    told++;
}

static void make_dir(char dir[PATH_BYTES])
{
    snprintf(dir, PATH_BYTES, "/tmp/orfeasd-log-XXXXXX");
    assert_non_null(mkdtemp(dir));
}

static void read_file(const char *dir, const char *name, struct buf *text)
{
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    buf_clear(text);
    assert_int_equal(file_read(path, text), 0);
    unlink(path);
}

static struct request_log_line line(const char *path, int status)
{
    return (struct request_log_line){.address = htonl(INADDR_LOOPBACK),
                                     .method = "GET",
                                     .path = path,
                                     .status = status,
                                     .bytes = 65,
                                     .lasted = 1234567,
                                     .job = ""};
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *path, *job, *expected;
        int status;
    } rows[] = {
        {"/health", "", " | INFO | request | 127.0.0.1 \"GET /health\" 200 65 1.235ms -\n", 200},
        {"/a b", "", " | WARNING | request | 127.0.0.1 \"GET /a\\x20b\" 404 65 1.235ms -\n", 404},
        {"/\r\n\x1b[2J\"\\\xff", "",
         " | WARNING | request | 127.0.0.1 \"GET /\\x0d\\x0a\\x1b[2J\\x22\\x5c\\xff\" 499 65 1.235ms -\n",
         499},
        {"/x", "0e1f2e1d-a456-4de2-a5db-e6d50b18326b",
         " | ERROR | request | 127.0.0.1 \"GET /x\" 500 65 1.235ms 0e1f2e1d-a456-4de2-a5db-e6d50b18326b\n",
         500},
    };
    char dir[PATH_BYTES], path[2 * PATH_BYTES];
    make_dir(dir);
    snprintf(path, sizeof path, "%s/log", dir);
    struct request_log *log = request_log_create(path, &request_log_default_limits, NULL);
    assert_non_null(log);
    for (int i = 0; i < COUNT(rows); i++) {
        struct request_log_line l = line(rows[i].path, rows[i].status);
        l.job = rows[i].job;
        request_log_add(log, &l);
    }
    request_log_destroy(log);
    struct buf text;
    buf_init(&text, 1 << 20);
    read_file(dir, "log", &text);
    const char *at = text.bytes;
    for (int i = 0; i < COUNT(rows); i++) {
        assert_int_equal(at[10], 'T');
        at = strchr(at, ' ');
        assert_memory_equal(at, rows[i].expected, strlen(rows[i].expected));
        at += strlen(rows[i].expected);
    }
    assert_int_equal(*at, '\0');
    buf_finish(&text);
    rmdir(dir);
}

/* Every batch is a file of its own when none holds two; the oldest goes. */
static void test_rotation(void **state)
{
    (void)state;
    static const struct request_log_limits limits = {.file_bytes = 100, .files = 2, .wait_bytes = 1 << 20};
    char dir[PATH_BYTES], path[2 * PATH_BYTES];
    make_dir(dir);
    snprintf(path, sizeof path, "%s/log", dir);
    for (int i = 0; i < 5; i++) {
        struct request_log *log = request_log_create(path, &limits, NULL);
        char name[8];
        snprintf(name, sizeof name, "/%d", i);
        struct request_log_line l = line(name, 200);
        request_log_add(log, &l);
        request_log_destroy(log);
    }
    struct buf text;
    buf_init(&text, 1 << 20);
    static const char *const NAMES[] = {"log", "log.1", "log.2"};
    for (int i = 0; i < COUNT(NAMES); i++) {
        char expected[12];
        snprintf(expected, sizeof expected, "\"GET /%d\"", 4 - i);
        read_file(dir, NAMES[i], &text);
        assert_non_null(strstr(text.bytes, expected));
    }
    buf_finish(&text);
    assert_int_equal(rmdir(dir), 0); /* there was no fourth one */
}

static void test_full_disk(void **state)
{
    (void)state;
    struct request_log *log = request_log_create("/dev/full", &request_log_default_limits, tell);
    assert_non_null(log);
    told = 0;
    struct request_log_line l = line("/x", 200);
    for (int i = 0; i < 100; i++)
        request_log_add(log, &l);
    while (request_log_lost(log) < 100)
        usleep(1000);
    request_log_add(log, &l);
    while (request_log_lost(log) < 101)
        usleep(1000);
    request_log_destroy(log);
    assert_int_equal(told, 1);
}

static void test_too_many(void **state)
{
    (void)state;
    static const struct request_log_limits limits = {.file_bytes = 1 << 20, .files = 1, .wait_bytes = 10};
    char dir[PATH_BYTES], path[2 * PATH_BYTES];
    make_dir(dir);
    snprintf(path, sizeof path, "%s/log", dir);
    struct request_log *log = request_log_create(path, &limits, NULL);
    struct request_log_line l = line("/x", 200);
    for (int i = 0; i < 3; i++)
        request_log_add(log, &l); /* none fits */
    assert_int_equal(request_log_lost(log), 3);
    request_log_destroy(log);
    unlink(path);
    rmdir(dir);
    assert_null(request_log_create("/nonexistent/log", &limits, NULL));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
