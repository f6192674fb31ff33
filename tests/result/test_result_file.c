#include "test.h"
#include "file.h"
#include "golden.h"
#include "result_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/orfeas-result-XXXXXX";

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *dir, *expected;
    } rows[] = {{"results", "results/results_peak.json"},
                {"a/b/", "a/b/results_peak.json"},
                {"", "./results_peak.json"}};
    char path[RESULT_PATH], longer[RESULT_PATH + 10];
    for (int i = 0; i < COUNT(rows); i++) {
        assert_true(result_file_path(rows[i].dir, "peak", path));
        assert_string_equal(path, rows[i].expected);
    }
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(result_file_path(longer, "peak", path));
}

static void test_write(void **state)
{
    (void)state;
    char deep[200], path[RESULT_PATH], error[RESULT_ERROR];
    snprintf(deep, sizeof deep, "%s/a/b", dir);
    json_t *document = json_pack("{s:f}", "avg_duration", 82.1);
    assert_null(result_file_write(deep, "peak", document, error));
    assert_null(result_file_write(deep, "peak", document, error)); /* again, over the old one */
    assert_true(result_file_path(deep, "peak", path));
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_int_equal(file_read(path, &text), 0);
    assert_string_equal(buf_text(&text), "{\n  \"avg_duration\": 82.1\n}\n");
    /* A file stands where the directory should be. */
    const char *message = result_file_write(path, "peak", document, error);
    assert_non_null(message);
    assert_non_null(strstr(message, path));
    assert_non_null(strstr(message, "irectory"));
    buf_finish(&text);
    json_decref(document);
    unlink(path);
    rmdir(deep);
    snprintf(deep, sizeof deep, "%s/a", dir);
    rmdir(deep);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_write)};
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
