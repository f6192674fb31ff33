#include "test.h"
#include "conf.h"

struct fixture {
    struct arena arena;
    struct diag_list diags;
    struct buf out;
    struct conf_node *root;
};

static void begin(struct fixture *f, const char *text)
{
    arena_init(&f->arena, "test", CONF_ARENA_BYTES);
    diag_init(&f->diags);
    buf_init(&f->out, 1 << 20);
    f->root = conf_parse(&f->arena, "f", text, strlen(text), &f->diags);
    assert_non_null(f->root);
}

static void end(struct fixture *f)
{
    arena_finish(&f->arena);
    diag_finish(&f->diags);
    buf_finish(&f->out);
}

static const char *told(struct fixture *f)
{
    diag_write(&f->diags, &f->out);
    return buf_text(&f->out);
}

enum reader { STRING, BOOL, INT, NUMBER, DURATION, RATE, PERCENT, CHOICE, NAME };

static const char *const choices[] = {"paced", "closed"};

static bool read_value(enum reader reader, const struct conf_node *n, struct diag_list *d, double *ret)
{
    const char *text = "";
    bool yes = false, ok = false;
    int64_t whole = -7;
    nsec t = -7;
    int choice = -7;
    switch (reader) {
    case STRING:
        ok = conf_string(n, d, &text);
        *ret = (double)strlen(text);
        break;
    case BOOL:
        ok = conf_bool(n, d, &yes);
        *ret = yes;
        break;
    case INT:
        ok = conf_int(n, d, 1, 1000, &whole);
        *ret = (double)whole;
        break;
    case NUMBER:
        ok = conf_number(n, d, 0, 10, ret);
        break;
    case DURATION:
        ok = conf_duration(n, d, NSEC_PER_SEC, 3600 * NSEC_PER_SEC, &t);
        *ret = nsec_to_sec(t);
        break;
    case RATE:
        ok = conf_rate(n, d, 0, 1000, ret);
        break;
    case PERCENT:
        ok = conf_percent(n, d, ret);
        break;
    case CHOICE:
        ok = conf_choice(n, d, choices, COUNT(choices), &choice);
        *ret = choice;
        break;
    case NAME:
        ok = conf_name(n, d, &text);
        *ret = (double)strlen(text);
        break;
    }
    return ok;
}

static void test_good_values(void **state)
{
    (void)state;
    static const struct {
        enum reader reader;
        const char *text;
        double expected;
    } rows[] = {
        {STRING, "v: hello", 5},    {STRING, "v: ''", 0},      {STRING, "v: 'null'", 4},  {BOOL, "v: true", 1},
        {BOOL, "v: false", 0},      {INT, "v: 1", 1},          {INT, "v: 1000", 1000},    {INT, "v: '12'", 12},
        {NUMBER, "v: 2.5", 2.5},    {NUMBER, "v: 1e1", 10},
        {DURATION, "v: 20s", 20},   {DURATION, "v: 1m30s", 90}, {CHOICE, "v: closed", 1}, {NAME, "v: orfeas-3d", 9},
        {NAME, "v: 3d_x", 4},       {RATE, "v: 100/s", 100},   {RATE, "v: 6/min", 0.1},  {RATE, "v: 1800/h", 0.5},
        {RATE, "v: 2.5", 2.5},      {RATE, "v: 1e3/s", 1000},  {RATE, "v: 0/h", 0},      {PERCENT, "v: 10%", 0.1},
        {PERCENT, "v: 0%", 0},      {PERCENT, "v: 100%", 1},   {PERCENT, "v: 2.5%", 0.025},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        double value = -1;
        begin(&f, rows[i].text);
        if (!read_value(rows[i].reader, conf_get(f.root, "v"), &f.diags, &value))
            fail_msg("row %d: %s", i, told(&f));
        assert_near(value, rows[i].expected, 1e-12);
        end(&f);
    }
}

static void test_bad_values(void **state)
{
    (void)state;
    static const struct {
        enum reader reader;
        const char *text, *expected;
    } rows[] = {
        {STRING, "v: [a]", "f:1:4: 'v' must be a single value, not a list\n"},
        {STRING, "v: {a: 1}", "f:1:4: 'v' must be a single value, not a mapping (key: value)\n"},
        {STRING, "v:", "f:1:1: 'v' has no value\n"},
        {STRING, "v: ~", "f:1:1: 'v' has no value\n"},
        {BOOL, "v: yes", "f:1:4: 'v' must be true or false, not 'yes'\n    write true or false\n"},
        {INT, "v: 0", "f:1:4: 'v' must be from 1 to 1000, not '0'\n"},
        {INT, "v: -3", "f:1:4: 'v' must be from 1 to 1000, not '-3'\n"},
        {INT, "v: 1001", "must be from 1 to 1000"},
        {INT, "v: 99999999999999999999", "must be from 1 to 1000"},
        {INT, "v: 2.5", "f:1:4: 'v' must be a whole number, not '2.5'\n"},
        {INT, "v: 0x10", "must be a whole number"},
        {INT, "v: '-'", "must be a whole number"},
        {INT, "v: ''", "must be a whole number"},
        {NUMBER, "v: nan", "must be a number, not 'nan'"},
        {NUMBER, "v: 0x1p3", "must be a number"},
        {NUMBER, "v: ''", "must be a number"},
        {NUMBER, "v: 5%", "must be a number, not '5%'"},
        {NUMBER, "v: 11", "must be from 0 to 10, not '11'"},
        {NUMBER, "v: 1e999", "must be from 0 to 10"},
        {DURATION, "v: 20", "f:1:4: 'v' must be a duration, not '20'\n    write the unit too: 20s, or with ms, m, h\n"},
        {DURATION, "v: soon", "must be a duration, not 'soon'\n    write a number and a unit: 500ms, 20s"},
        {DURATION, "v: ''", "must be a duration"},
        {DURATION, "v: 1ms", "must be from 1 s to 1 h 00 m, not '1ms'"},
        {RATE, "v: 6/m", "f:1:4: 'v' must be a rate, not '6/m'\n    write 100/s, 6/min or 30/h"},
        {RATE, "v: /s", "must be a rate"},
        {RATE, "v: 6/", "must be a rate"},
        {RATE, "v: 6/s/s", "must be a rate"},
        {RATE, "v: 6 /s", "must be a rate"},
        {RATE, "v: ''", "must be a rate"},
        {RATE, "v: -1/s", "f:1:4: 'v' must be from 0 to 1000 a second, not '-1/s'\n"},
        {RATE, "v: 1001", "must be from 0 to 1000 a second"},
        {RATE, "v: [1/s]", "must be a single value"},
        {PERCENT, "v: 10", "f:1:4: 'v' must be a share from 0% to 100%, not '10'\n    write 10%\n"},
        {PERCENT, "v: 101%", "must be a share"},
        {PERCENT, "v: -1%", "must be a share"},
        {PERCENT, "v: '%'", "must be a share"},
        {PERCENT, "v: ''", "must be a share"},
        {CHOICE, "v: pased", "f:1:4: 'v' cannot be 'pased'\n    did you mean 'paced'?\n"},
        {CHOICE, "v: open", "f:1:4: 'v' cannot be 'open'\n    write one of: paced, closed\n"},
        {NAME, "v: ../etc", "'v': '../etc' cannot be a name\n    use 1 to 64 of"},
        {NAME, "v: -rf", "cannot be a name"},
        {NAME, "v: Peak", "cannot be a name"},
        {NAME, "v: ''", "cannot be a name"},
        {NAME, "v: \"a\\tb\\e[31m\"", "'a?b?[31m' cannot be a name"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        double value;
        begin(&f, rows[i].text);
        assert_false(read_value(rows[i].reader, conf_get(f.root, "v"), &f.diags, &value));
        assert_int_equal(f.diags.count, 1);
        if (!strstr(told(&f), rows[i].expected))
            fail_msg("row %d said: %s", i, buf_text(&f.out));
        end(&f);
    }
}

static void test_missing_is_no_mistake_and_broken_is_told_once(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "a: &x 1\nv: *x\n");
    assert_int_equal(f.diags.count, 1);
    for (enum reader r = STRING; r <= NAME; r++) {
        double value;
        assert_true(read_value(r, NULL, &f.diags, &value));
        assert_false(read_value(r, conf_get(f.root, "v"), &f.diags, &value));
    }
    assert_int_equal(f.diags.count, 1);
    end(&f);
}

static void test_keys(void **state)
{
    (void)state;
    static const struct conf_key keys[] = {
        {"users", "users: 10", true}, {"timeout", "timeout: 300s"}, {"think"}, {"name", NULL, true}};
    struct fixture f;
    begin(&f, "timeuot: 3s\nname: x\nzebra: 1\n");
    assert_false(conf_expect_keys(f.root, keys, COUNT(keys), &f.diags));
    assert_string_equal(told(&f), "f:1:1: unknown key 'timeuot'\n    did you mean 'timeout'?\n"
                                  "f:1:1: 'users' is missing\n    write users: 10\n"
                                  "f:3:1: unknown key 'zebra'\n    known keys: users, timeout, think, name\n");
    end(&f);
}

static void test_closest(void **state)
{
    (void)state;
    static const char *const names[] = {"timeout", "think", "users", "start_every", "p95"};
    static const struct {
        const char *word, *expected;
    } rows[] = {
        {"timeuot", "timeout"}, {"Timeout", "timeout"}, {"thinks", "think"}, {"user", "users"},
        {"start-every", "start_every"}, {"startevery", "start_every"}, {"p59", "p95"}, {"x", NULL}, {"", NULL},
        {"banana", NULL}, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        const char *found = conf_closest(rows[i].word, names, COUNT(names));
        if (!rows[i].expected)
            assert_null(found);
        else
            assert_string_equal(found ? found : "none", rows[i].expected);
    }
}

static void test_the_column_inside_a_text(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "a: \"äö x\"\nb: 'it''s'\n");
    conf_error_at(conf_get(f.root, "a"), 5, &f.diags, NULL, "one"); /* the x, behind two letters of two bytes */
    conf_error_at(conf_get(f.root, "b"), 3, &f.diags, NULL, "two");
    assert_string_equal(told(&f), "f:1:8: one\nf:2:4: two\n");
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_missing_is_no_mistake_and_broken_is_told_once),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_closest),
        cmocka_unit_test(test_the_column_inside_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
