#include "plan_fixture.h"
#include "conf.h"

#define DOCUMENT SHARE_DIR "/docs/scenario.md"

/* The text behind the next line that is `fence`; NULL when there is none. */
static char *behind(char *text, const char *fence)
{
    char *found = text ? strstr(text, fence) : NULL;
    return found ? found + strlen(fence) : NULL;
}

static void test_every_whole_example_checks(void **state)
{
    (void)state;
    struct fixture f;
    struct buf document;
    int examples = 0;
    begin(&f);
    buf_init(&document, 1 << 20);
    assert_int_equal(file_read(DOCUMENT, &document), 0);
    for (char *at = behind(document.bytes, "\n```yaml\n"); at; at = behind(at, "\n```yaml\n"), examples++) {
        char *end_of = strstr(at, "\n```\n");
        assert_non_null(end_of);
        end_of[1] = '\0';
        put("s.yaml", at);
        if (!plan_check_file("s.yaml", &f.options, &f.diags))
            fail_msg("%s of:\n%s", told(&f), at);
        at = end_of + 2;
    }
    assert_true(examples >= 4);
    buf_finish(&document);
    end(&f);
}

/* What `check` knows, by the list it tells after an unknown key of each mapping. */
static void test_every_key_is_there(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "scenario: s\nworkflow: get\nload: {users: closed, jobs: 1}\nzzzzzzzzzz: 1\n",
        "scenario: s\nworkflow: get\nload: {users: closed, jobs: 1, zzzzzzzzzz: 1}\n",
        "scenario: s\nworkflow: get\nload: {users: closed, phases: [{name: a, users: 1, duration: 1s, zzzzzzzzzz: 1}]}\n",
        "workflow: w\nsteps: [{name: a, get: /}]\nzzzzzzzzzz: 1\n",
        "workflow: w\nsteps: [{name: a, get: /, zzzzzzzzzz: 1}]\n",
        "workflow: w\nsteps: [{name: a, get: /, retry: {zzzzzzzzzz: 1}}]\n",
        "workflow: w\nsteps: [{name: a, socketio: /, until: {/a: b}, emit: {event: e, zzzzzzzzzz: 1}}]\n",
        "workflow: w\nsteps: [{name: a, events: /, until: {/a: b}, check: {poll: /, zzzzzzzzzz: 1}}]\n",
        "workflow: w\nsteps: [{name: a, get: /}]\nexpect_metrics: [{name: a, zzzzzzzzzz: 1}]\n",
    };
    struct buf document;
    int keys = 0;
    buf_init(&document, 1 << 20);
    assert_int_equal(file_read(DOCUMENT, &document), 0);
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        begin(&f);
        put("s.yaml", rows[i]);
        assert_false(plan_check_file("s.yaml", &f.options, &f.diags));
        assert_int_equal(f.diags.count, 1);
        char list[CONF_HINT], marked[CONF_HINT + 8], *rest = list;
        static const char begins[] = "known keys: ";
        assert_int_equal(strncmp(f.diags.first->hint, begins, strlen(begins)), 0);
        assert_null(strstr(f.diags.first->hint, "..."));
        snprintf(list, sizeof list, "%s", f.diags.first->hint + strlen(begins));
        for (char *key; (key = strsep(&rest, ", ")) != NULL;) {
            snprintf(marked, sizeof marked, "`%s`", key);
            if (*key && !strstr(document.bytes, marked))
                fail_msg("%s is not documented", marked);
            keys += *key != '\0';
        }
        end(&f);
    }
    assert_true(keys > 50);
    buf_finish(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_whole_example_checks),
        cmocka_unit_test(test_every_key_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
