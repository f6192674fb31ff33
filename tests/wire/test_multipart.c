#include "test.h"

#include "buf.h"
#include "multipart.h"

#include <stdio.h>

/* Events as text: "<name>" or "<name!file name>" for a file, the data, "</>". */
static bool on_part(void *context, const struct multipart_part *part)
{
    buf_printf(context, "<%s%s%s>", part->name, part->has_filename ? "!" : "", part->filename);
    return strcmp(part->name, "refuse") != 0;
}

static bool on_data(void *context, const char *bytes, size_t len)
{
    buf_add(context, bytes, len);
    return true;
}

static bool on_part_end(void *context)
{
    buf_add_text(context, "</>");
    return true;
}

static const struct multipart_events EVENTS = {on_part, on_data, on_part_end};

enum { PARTS_MAX = 16 };

#define DISPOSITION "Content-Disposition: form-data; "
#define TEN "0123456789"

static const struct {
    const char *body, *events, *error;
    bool complete;
} BODIES[] = {
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\nx\r\n--B--\r\n", "<a>x</>", NULL, true},
    {"--B\r\n" DISPOSITION "name=a\r\n\r\nx\r\n--B--", "<a>x</>", NULL, true},
    {"preamble\r\n--B \t\r\n" DISPOSITION "name=\"a\"\r\n\r\nx\r\n--B--epilogue\r\n--B", "<a>x</>", NULL,
     true},
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\n\r\n--B--", "<a></>", NULL, true},
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\n--B--", "<a>--B--", NULL, false},
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\n\r\n\r\n--\r\n--\r\r\n-B\r\n--B--",
     "<a>\r\n\r\n--\r\n--\r\r\n-B</>", NULL, true},
    {"--B\r\n" DISPOSITION
     "name=\"i\"; filename=\"a\\\"b;c\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--B\r\n"
     "content-disposition:form-data;name=q\r\n\r\n7\r\n--B--",
     "<i!a\"b;c>PNG</><q>7</>", NULL, true},
    {"--B\r\n" DISPOSITION "name=\"i\"; filename=\"\"\r\n\r\n\r\n--B--", "<i!></>", NULL, true},
    {"--B\r\n" DISPOSITION "name=i; filename*=UTF-8''x.png\r\n\r\nx\r\n--B--", "<i>x</>", NULL, true},
    {"--B\r\n" DISPOSITION "name=" TEN TEN TEN TEN TEN TEN TEN "\r\n\r\nx\r\n--B--",
     "<" TEN TEN TEN TEN TEN TEN "012>x</>", NULL, true},
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\nx\r\n--C--\r\n", "<a>x\r\n--C--", NULL, false},
    {"--B\r\n" DISPOSITION "name=\"a\"\r\n\r\nx\r\n--B-x", "<a>x</>",
     "neither a line end nor \"--\" behind a boundary", false},
    {"--B\r\n\r\nx\r\n--B--", "", "a part without a usable name", false},
    {"--B\r\nnonsense\r\n\r\nx\r\n--B--", "", "a part's header line without a colon", false},
    {"--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--", "", "a part without a usable name",
     false},
    {"--B\r\n" DISPOSITION "name=\"a\r\n\r\nx\r\n--B--", "", "a part without a usable name", false},
    {"--B\r\n" DISPOSITION "name=refuse\r\n\r\nx\r\n--B--", "<refuse>", "refused", false},
};

static void check_body(int row, size_t split)
{
    const char *body = BODIES[row].body;
    struct buf seen;
    buf_init(&seen, 1 << 16);
    struct multipart m;
    multipart_init(&m, "B", PARTS_MAX, &EVENTS, &seen);
    bool ok = multipart_feed(&m, body, split) && multipart_feed(&m, body + split, strlen(body) - split);
    /* the delimiter that an empty part's header runs into closes the part, so one row ends in its error later
     */
    if (BODIES[row].error) {
        assert_false(ok);
        assert_string_equal(m.error, BODIES[row].error);
    } else {
        assert_true(ok);
        assert_string_equal(buf_text(&seen), BODIES[row].events);
    }
    assert_int_equal(multipart_complete(&m), BODIES[row].complete);
    buf_finish(&seen);
}

static void test_bodies_split_at_every_byte(void **state)
{
    (void)state;
    for (int row = 0; row < COUNT(BODIES); row++)
        for (size_t split = 0; split <= strlen(BODIES[row].body); split++)
            check_body(row, split);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    for (int row = 0; row < COUNT(BODIES); row++) {
        struct buf seen;
        buf_init(&seen, 1 << 16);
        struct multipart m;
        multipart_init(&m, "B", PARTS_MAX, &EVENTS, &seen);
        bool ok = true;
        for (const char *at = BODIES[row].body; *at && ok; at++)
            ok = multipart_feed(&m, at, 1);
        assert_int_equal(ok, BODIES[row].error == NULL);
        if (ok)
            assert_string_equal(buf_text(&seen), BODIES[row].events);
        buf_finish(&seen);
    }
}

static void test_boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *type, *boundary;
    } rows[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;charset=x; boundary=\"a b'c\"", "a b'c"},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"x", NULL},
        {"multipart/form-data; boundary=\"x \"", NULL},
        {"multipart/mixed; boundary=x", NULL},
        {"multipart/form-datax; boundary=x", NULL},
        {"multipart/form-data; "
         "boundary=12345678901234567890123456789012345678901234567890123456789012345678901",
         NULL},
        {"multipart/form-data; boundary=\"a\\\r\"", NULL},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        char boundary[MULTIPART_BOUNDARY_MAX + 1] = "";
        assert_int_equal(multipart_boundary(rows[i].type, boundary), rows[i].boundary != NULL);
        if (rows[i].boundary)
            assert_string_equal(boundary, rows[i].boundary);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct buf seen;
    buf_init(&seen, 1 << 16);
    struct multipart m;
    multipart_init(&m, "B", PARTS_MAX, &EVENTS, &seen);
    bool ok = true;
    for (int i = 0; i <= PARTS_MAX && ok; i++) {
        const char *part = "\r\n--B\r\n" DISPOSITION "name=a\r\n\r\n";
        ok = multipart_feed(&m, part, strlen(part));
    }
    assert_false(ok);
    assert_string_equal(m.error, "too many parts");
    multipart_init(&m, "B", PARTS_MAX, &EVENTS, &seen);
    assert_true(multipart_feed(&m, "--B\r\n", 5));
    for (int i = 0; i < MULTIPART_HEADER_MAX; i++)
        assert_true(multipart_feed(&m, "h", 1));
    assert_false(multipart_feed(&m, "h", 1));
    assert_string_equal(m.error, "a part's header is too long");
    buf_finish(&seen);
}

static void test_nul_in_a_header(void **state)
{
    (void)state;
    static const char body[] = "--B\r\n" DISPOSITION "name=\"image\0x\"\r\n\r\nx\r\n--B--";
    struct buf seen;
    buf_init(&seen, 1 << 10);
    struct multipart m;
    multipart_init(&m, "B", PARTS_MAX, &EVENTS, &seen);
    assert_false(multipart_feed(&m, body, sizeof body - 1));
    assert_string_equal(m.error, "a NUL in a part's header");
    assert_int_equal(seen.len, 0);
    buf_finish(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_split_at_every_byte),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_nul_in_a_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
