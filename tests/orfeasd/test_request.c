/* What comes with a request: ids, preferences, parameters, routes, rates; and the JSON that goes out. */
#include "test.h"

#include "file_name.h"
#include "json_out.h"
#include "params.h"
#include "prefer.h"
#include "rate_limit.h"
#include "route.h"
#include "uuid.h"

static void test_uuid(void **state)
{
    (void)state;
    char text[UUID_TEXT];
    for (int i = 0; i < 100; i++) {
        struct uuid id = uuid_make(), back;
        assert_true(uuid_parse(uuid_text(&id, text), UUID_TEXT - 1, &back));
        assert_memory_equal(&id, &back, sizeof id);
    }
    static const char *const bad[] = {
        "",
        "0e1f2e1d-a456-4de2-a5db-e6d50b18326",
        "0e1f2e1d-a456-4de2-a5db-e6d50b18326bb",
        "0E1f2e1d-a456-4de2-a5db-e6d50b18326b",
        "0e1f2e1da-456-4de2-a5db-e6d50b18326b",
        "0e1f2e1d-a456-1de2-a5db-e6d50b18326b",
        "0e1f2e1d-a456-4de2-c5db-e6d50b18326b",
        "../../../../../../../../../etc/passwd",
    };
    struct uuid id;
    for (int i = 0; i < COUNT(bad); i++)
        assert_false(uuid_parse(bad[i], strlen(bad[i]), &id));
}

static void test_prefer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool async, has_wait;
        int wait;
    } rows[] = {
        {"", false, false, 0},
        {"respond-async", true, false, 0},
        {"Respond-Async, wait=10", true, true, 10},
        {"wait=0", false, true, 0},
        {" wait=7 ; x=1 , respond-async;y", true, true, 7},
        {"wait=4, wait=5", false, true, 4},
        {"wait=99999", false, true, 86400},
        {"wait=", false, false, 0},
        {"wait=1x", false, false, 0},
        {"wait=-1", false, false, 0},
        {"wait=999999999999", false, false, 0},
        {"return=minimal,,;,", false, false, 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct prefer p = {0};
        prefer_read(&p, rows[i].text);
        assert_int_equal(p.respond_async, rows[i].async);
        assert_int_equal(p.has_wait, rows[i].has_wait);
        assert_int_equal(p.wait, rows[i].wait * NSEC_PER_SEC);
    }
    struct prefer p = {0};
    prefer_read(&p, "wait=3");
    prefer_read(&p, "respond-async, wait=9"); /* another line of the header */
    assert_true(p.respond_async);
    assert_int_equal(p.wait, 3 * NSEC_PER_SEC);
}

static void test_params(void **state)
{
    (void)state;
    static const char ID[] = "\"job_id\":\"0e1f2e1d-a456-4de2-a5db-e6d50b18326b\"";
    static const struct {
        const char *members, *mistakes; /* loc:type, in order */
    } rows[] = {
        {"", ""},
        {",\"format\":\"glb\",\"quality\":10,\"dimensions\":{\"width\":1000,\"height\":1,\"depth\":500}", ""},
        {",\"dimensions\":null,\"other\":[1]", ""},
        {",\"format\":null", "format:enum "},
        {",\"format\":\"STL\",\"quality\":0", "format:enum quality:greater_than_equal "},
        {",\"quality\":7.5", "quality:int_type "},
        {",\"dimensions\":7", "dimensions:dict_type "},
        {",\"dimensions\":{\"width\":1001,\"height\":true}",
         "dimensions.width:less_than_equal dimensions.height:int_type dimensions.depth:missing "},
        {",\"quality\":99999999999999999999", "body:json_invalid "},
        {",\"quality\":7,\"quality\":7", "body:json_invalid "},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf text, seen;
        buf_init(&text, 1 << 12);
        buf_init(&seen, 1 << 12);
        buf_printf(&text, "{%s%s}", ID, rows[i].members);
        struct params p;
        params_init(&p);
        params_from_json(&p, buf_text(&text), text.len);
        for (int k = 0; k < p.mistake_count; k++)
            buf_printf(&seen, "%s%s%s:%s ", p.mistakes[k].loc[0], p.mistakes[k].loc[1] ? "." : "",
                       p.mistakes[k].loc[1] ? p.mistakes[k].loc[1] : "", p.mistakes[k].type);
        assert_string_equal(buf_text(&seen), rows[i].mistakes);
        buf_finish(&text);
        buf_finish(&seen);
    }
}

static void test_batch(void **state)
{
    (void)state;
    static const char A[] = "0e1f2e1d-a456-4de2-a5db-e6d50b18326b",
                      B[] = "1e1f2e1d-a456-4de2-a5db-e6d50b18326b";
    static const struct {
        const char *list;
        int count, mistakes;
    } rows[] = {{"[A]", 1, 0},   {"[A,B,A]", 2, 0}, {"[]", 0, 1},       {"7", 0, 1},
                {"[A,7]", 1, 1}, {"[A,[B]]", 1, 1}, {"[A,\"B\"]", 1, 1}};
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf text;
        buf_init(&text, 1 << 12);
        buf_add_text(&text, "{\"job_ids\":");
        for (const char *at = rows[i].list; *at; at++)
            if ((*at == 'A' || *at == 'B') && at[1] != '"')
                buf_printf(&text, "\"%s\"", *at == 'A' ? A : B);
            else
                buf_add(&text, at, 1);
        buf_add_text(&text, ",\"quality\":3}");
        struct params p;
        struct uuid ids[PARAM_JOBS_MAX];
        params_init(&p);
        assert_int_equal(params_from_batch_json(&p, buf_text(&text), text.len, ids), rows[i].count);
        assert_int_equal(p.mistake_count, rows[i].mistakes);
        assert_int_equal(p.options.quality, 3);
        buf_finish(&text);
    }
}

static void test_batch_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int quality, mistakes;
    } rows[] = {
        {"quality", "low", 4, 0},     {"quality", "medium", 7, 0},  {"quality", "high", 10, 0},
        {"quality", "1", 1, 0},       {"quality", "best", 7, 1},    {"quality", "0", 7, 1},
        {"format_type", "glb", 7, 0}, {"format_type", "fbx", 7, 1}, {"batch_size", "64", 7, 0},
        {"batch_size", "65", 7, 1},   {"batch_size", "x", 7, 1},    {"width", "9", 7, 0},
        {"format", "fbx", 7, 0},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct params p;
        params_init(&p);
        params_from_batch_field(&p, rows[i].name, rows[i].value);
        assert_int_equal(p.options.quality, rows[i].quality);
        assert_int_equal(p.mistake_count, rows[i].mistakes);
    }
}

/* The object itself is one level; brackets in texts are none. */
static void test_depth(void **state)
{
    (void)state;
    for (int depth = PARAMS_JSON_DEPTH - 1; depth <= PARAMS_JSON_DEPTH; depth++) {
        char text[200] = "{\"job_id\":\"0e1f2e1d-a456-4de2-a5db-e6d50b18326b\",\"x\":[\"\\\"[[[[[[[[[[[[[[[[\",";
        size_t at = strlen(text);
        memset(text + at, '[', (size_t)depth - 1);
        memset(text + at + depth - 1, ']', (size_t)depth);
        text[at + 2 * (size_t)depth - 1] = '}';
        struct params p;
        params_init(&p);
        params_from_json(&p, text, strlen(text));
        assert_int_equal(p.mistake_count, depth == PARAMS_JSON_DEPTH);
    }
    char deep[60000];
    memset(deep, '[', sizeof deep);
    struct params p;
    params_init(&p);
    params_from_json(&p, deep, sizeof deep);
    assert_string_equal(p.mistakes[0].message, "nested deeper than 16");
}

static void test_fields(void **state)
{
    (void)state;
    struct params p;
    params_init(&p);
    params_from_field(&p, "format", "ply");
    params_from_field(&p, "quality", "9");
    params_from_field(&p, "depth", "500");
    params_from_field(&p, "unknown", "x");
    assert_int_equal(p.mistake_count, 0);
    assert_int_equal(p.options.format, MODEL_PLY);
    assert_int_equal(p.options.quality, 9);
    assert_int_equal(p.options.depth, 500);
    const char *const bad[] = {"", "x", "7x", "1.5", "99999999999999999999", "0", "501"};
    for (int i = 0; i < COUNT(bad); i++)
        params_from_field(&p, "depth", bad[i]);
    assert_int_equal(p.mistake_count, COUNT(bad));
    for (int i = 0; i < 100; i++) /* the list has an end */
        params_from_field(&p, "depth", "0");
    assert_int_equal(p.mistake_count, PARAM_MISTAKES_MAX);
}

static void test_routes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *template;
    } rows[] = {
        {"/health", "/health"},
        {"/api/job-status/abc", "/api/job-status/<id>"},
        {"/api/download/a/b", "/api/download/<id>/<file>"},
        {"/api/download/a/", NULL},
        {"/api/download/a/b/c", NULL},
        {"/api/job-status/", NULL},
        {"/healthy", NULL},
        {"/api/jobs", "/api/jobs"},
        {"/api/jobs/a", "/api/jobs/<id>"},
        {"/api/jobs/a/b", NULL},
        {"/api/preview-output/a/b", "/api/preview-output/<id>/<file>"},
        {"/api/job-status/0123456789012345678901234567890123456789012345678901234567890123", NULL},
        {"", NULL},
    };
    char params[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1];
    for (int i = 0; i < COUNT(rows); i++) {
        const struct route *route = route_find(route_table, rows[i].path, params);
        assert_int_equal(route != NULL, rows[i].template != NULL);
        if (route)
            assert_string_equal(route->path, rows[i].template);
    }
    assert_non_null(route_find(route_table, "/api/download/one/two", params));
    assert_string_equal(params[0], "one");
    assert_string_equal(params[1], "two");
}

static void test_file_name(void **state)
{
    (void)state;
#define BAD "\xef\xbf\xbd"
    static const struct {
        const char *name, *clean;
    } rows[] = {
        {"", ""},
        {"cat.png", "cat.png"},
        {"../\xc3\xa9 \"<\xe2\x82\xac>\".png", "../\xc3\xa9 \"<\xe2\x82\xac>\".png"},
        {"a\r\n\x1b\x7f", "a" BAD BAD BAD BAD},
        {"\xc2\x85|\xc2\xa0", BAD "|\xc2\xa0"},
        {"\xff\xc3", BAD BAD},
        {"\xc0\x80\xed\xa0\x80", BAD BAD BAD BAD BAD},
    };
    char out[FILE_NAME_MAX + 1];
    for (int i = 0; i < COUNT(rows); i++) {
        file_name_clean(rows[i].name, out);
        assert_string_equal(out, rows[i].clean);
    }
    char long_name[2 * 200 + 2] = "x"; /* x and two-byte characters: 1 + 2 * 127 is all that fits */
    for (int i = 0; i < 200; i++)
        memcpy(long_name + 1 + 2 * i, "\xc3\xa9", 3);
    file_name_clean(long_name, out);
    assert_int_equal(strlen(out), 255);
    file_name_clean(long_name + 1, out); /* whole characters only */
    assert_int_equal(strlen(out), 254);
}

static void test_rate(void **state)
{
    (void)state;
    struct rate_limit r;
    rate_limit_init(&r, 2);
    const nsec second = NSEC_PER_SEC;
    assert_int_equal(rate_limit_take(&r, 1, 0), 0);
    assert_int_equal(rate_limit_take(&r, 1, 10 * second), 0);
    assert_int_equal(rate_limit_take(&r, 1, 20 * second), 40 * second);
    assert_int_equal(rate_limit_take(&r, 2, 20 * second), 0);
    assert_int_equal(rate_limit_take(&r, 1, 60 * second), 0);
    assert_int_equal(rate_limit_take(&r, 1, 61 * second), 9 * second);
    for (uint32_t client = 100; client < 100 + 2 * RATE_CLIENTS_MAX; client++)
        assert_int_equal(rate_limit_take(&r, client, 100 * second + client), 0);
    assert_int_equal(r.count, RATE_CLIENTS_MAX);
    rate_limit_finish(&r);
}

static void test_json(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 12);
    json_open(&b, NULL, '{');
    json_text(&b, "t", "a\"\\\n\x01\xc3\xa9\xff\xed\xa0\x80");
    json_int(&b, "min", INT64_MIN);
    json_int(&b, "zero", 0);
    json_open(&b, "list", '[');
    json_bool(&b, NULL, true);
    json_seconds(&b, NULL, 1500000999);
    json_seconds(&b, NULL, 42999);
    json_fraction(&b, NULL, .25);
    json_close(&b, ']');
    json_open(&b, "empty", '{');
    json_close(&b, '}');
    json_close(&b, '}');
    json_end(&b);
    assert_string_equal(buf_text(&b),
                        "{\"t\":\"a\\\"\\\\\\u000a\\u0001\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbd\",\"min\":-9223372036854775808,\"zero\":0,"
                        "\"list\":[true,1.500000,0.000042,0.250],\"empty\":{}}");
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuid),   cmocka_unit_test(test_prefer),    cmocka_unit_test(test_params),
        cmocka_unit_test(test_depth),  cmocka_unit_test(test_fields),    cmocka_unit_test(test_batch),
        cmocka_unit_test(test_batch_fields), cmocka_unit_test(test_routes), cmocka_unit_test(test_rate),
        cmocka_unit_test(test_json),   cmocka_unit_test(test_file_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
