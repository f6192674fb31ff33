#include "store.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What lies at the picture's place, and what opening it says. */
static void test_opens_nothing_but_files(void **state)
{
    (void)state;
    struct store s;
    assert_int_equal(store_init(&s, NULL), 0);
    struct uuid id = uuid_make();
    char path[STORE_PATH_MAX], folder[STORE_PATH_MAX], text[UUID_TEXT];
    store_input_path(&s, &id, path);
    assert_int_equal(store_open_input(&s, &id), -ENOENT);

    int fd = store_create_input(&s, &id);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "picture", 7), 7);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fd);
    snprintf(folder, sizeof folder, "%s/%s", s.dir, uuid_text(&id, text));
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(store_open_input(&s, &id), -ENOENT); /* not whole yet */
    assert_int_equal(store_commit_input(&s, &id), 0);
    fd = store_open_input(&s, &id);
    assert_true(fd >= 0);
    char bytes[8] = "";
    assert_int_equal(read(fd, bytes, sizeof bytes), 7);
    assert_string_equal(bytes, "picture");
    close(fd);

    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(store_open_input(&s, &id), -ELOOP);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(store_open_input(&s, &id), -EINVAL); /* and does not wait for a writer */
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(store_open_input(&s, &id), -EINVAL);
    rmdir(path);
    rmdir(folder);
    store_finish(&s);
}

/* A folder that is a link, to where there is such a file. */
static void test_stays_inside(void **state)
{
    (void)state;
    struct store inside, outside;
    assert_int_equal(store_init(&inside, NULL), 0);
    assert_int_equal(store_init(&outside, NULL), 0);
    struct uuid id = uuid_make();
    int fd = store_create_input(&outside, &id);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_commit_input(&outside, &id), 0);
    char from[STORE_PATH_MAX], to[STORE_PATH_MAX], text[UUID_TEXT];
    snprintf(from, sizeof from, "%s/%s", inside.dir, uuid_text(&id, text));
    snprintf(to, sizeof to, "%s/%s", outside.dir, text);
    assert_int_equal(symlink(to, from), 0);
    fd = store_open_input(&outside, &id);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_open_input(&inside, &id), -ELOOP);
    store_finish(&inside);
    fd = store_open_input(&outside, &id); /* what the link led to is still there */
    assert_true(fd >= 0);
    close(fd);
    store_finish(&outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_nothing_but_files),
        cmocka_unit_test(test_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
