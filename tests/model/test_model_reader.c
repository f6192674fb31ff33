#include "test.h"
#include "file.h"
#include "pieces.h"
#include "rng.h"
#include "shapes.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIB = 1 << 20 };

static struct model_report check_whole(const void *bytes, size_t len)
{
    struct model_report r;
    model_check(bytes, len, &model_default_limits, &r);
    return r;
}

/* Whole it has to give the same as in these pieces. */
static void check_pieces(const struct buf *file, size_t first, size_t step, const char *what)
{
    struct model_report whole = check_whole(file->bytes, file->len), pieces;
    check_in_pieces(file->bytes, file->len, first, step, &model_default_limits, &pieces);
    assert_same_report(&whole, &pieces, what, first, step);
}

static void check_every_cut(const struct buf *file, const char *what)
{
    for (size_t cut = 0; cut <= file->len; cut++)
        check_pieces(file, cut, file->len, what);
    check_pieces(file, 0, 1, what);
}

/* ---- files of all kinds ---- */

static void test_the_corpus_cut_at_every_byte(void **state)
{
    (void)state;
    static const char folder[] = SOURCE_ROOT "/fuzz/corpus/model";
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        struct buf file;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        buf_init(&file, MIB);
        assert_int_equal(file_read(path, &file), 0);
        check_every_cut(&file, entry->d_name);
        buf_finish(&file);
        count++;
    }
    closedir(dir);
    assert_true(count >= 10);
}

static void test_models_in_random_pieces(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 5, 1);
    for (int i = 0; i < SHAPES * MODEL_FORMATS; i++) {
        enum model_format format = (enum model_format)(i / SHAPES);
        struct mesh m = shapes[i % SHAPES].make();
        struct buf file;
        buf_init(&file, MIB);
        assert_true(model_write(&m, format, NULL, &file));
        assert_true(check_whole(file.bytes, file.len).valid);
        for (int round = 0; round < 20; round++)
            check_pieces(&file, (size_t)rng_range(&rng, 0, 200), (size_t)rng_range(&rng, 1, 1 + 50 * round),
                         model_format_name(format));
        buf_finish(&file);
        shape_finish(&m);
    }
}

#define TRIANGLE "facet normal 0 0 0 outer loop vertex 0 0 0 vertex 1 0 0 vertex 0 1 0 endloop endfacet\n"
#define PLY_ROW "element vertex 1\nproperty float x\nproperty float y\nproperty float z\n"

/* What only the end can tell, and what is wrong in two ways: the same reason counts as for the whole. */
static void test_texts_cut_at_every_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum model_format format;
        const char *why;
    } rows[] = {
        {"   \n\n", MODEL_FORMATS, "it is no STL"},
        {" \n solid a\n" TRIANGLE "endsolid", MODEL_STL, "not a facet, behind facet 0"},
        {" solid a\n" TRIANGLE "endsolid behind it anything", MODEL_STL, "3 open edges"},
        {"soli", MODEL_FORMATS, "it is no STL"},
        {"solid", MODEL_STL, "the text ends behind facet 0"},
        {"solid\n" TRIANGLE "facet normal 0 0", MODEL_STL, "facet 2 has no normal"},
        {"solid\n" TRIANGLE "facet normal 0 0 0 outer loop vertex 0 0", MODEL_STL, "facet 2 is not three"},
        {"# a\n\n  \n#\nv 0 0\nv 0 0 0", MODEL_OBJ, "line 5: a vertex needs three numbers"},
        {"v 0 0 0\nf 1 2 3", MODEL_OBJ, "triangle 1 names vertex 2"},
        {"v 0 0 0\nf 1 2", MODEL_OBJ, "line 2: a face needs three corners"},
        {"<html>", MODEL_FORMATS, "it is no STL"},
        {"ply", MODEL_FORMATS, "it is no STL"},
        {"ply\r\nformat ascii 1.0\r\n" PLY_ROW "end_header\n0 0 0", MODEL_PLY, "no triangles"},
        {"ply\nformat ascii 1.0\n" PLY_ROW "end_header\n0 0 zero", MODEL_PLY, "or holds no number"},
        {"ply\nformat ascii 1.0\n" PLY_ROW "element a 9\nproperty int b\nend_header\n0 0 zero", MODEL_PLY,
         "more elements are declared"},
        {"ply\nformat ascii 1.0\nelement face 1\nproperty list int int vertex_index\nend_header\n99 0 x 2\n",
         MODEL_PLY, "a list is longer than the file"},
        {"ply\nformat ascii 1.0\nelement face 1\nproperty list int int vertex_index\nend_header\n4 0 x 2\n",
         MODEL_PLY, "or holds no number"},
        {"ply\nformat ascii 1.0\nelement a 1\nproperty list int int b\nend_header\n0.5", MODEL_PLY,
         "a list is longer than the file"},
        {"ply\nformat ascii 1.0\n" PLY_ROW "end_header", MODEL_PLY, "more elements are declared"},
        {"ply\nformat ascii 1.0\nelement vertex 0\nend_header", MODEL_PLY, "without x, y and z"},
        {"ply\nformat ascii 1.0\nelement a 1\nend_header\n", MODEL_PLY, "more elements are declared"},
        {"glTF", MODEL_GLB, "ends in its header"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf file;
        buf_init(&file, MIB);
        buf_add_text(&file, rows[i].text);
        struct model_report r = check_whole(file.bytes, file.len);
        if (r.format != rows[i].format || !strstr(r.why, rows[i].why))
            fail_msg("row %d: format %d, '%s', expected '%s'", i, (int)r.format, r.why, rows[i].why);
        check_every_cut(&file, rows[i].text);
        buf_finish(&file);
    }
}

/* A NUL is what is wrong with an OBJ file, also when it comes behind another mistake. */
static void test_a_nul_in_a_text(void **state)
{
    (void)state;
    static const char text[] = "v 0 0 0\nv wrong\nv 0 0 0\n\0\nv 0 0 0\n";
    struct buf file;
    buf_init(&file, MIB);
    buf_add(&file, text, sizeof text - 1);
    assert_string_equal(check_whole(file.bytes, file.len).why, "a text file must not hold NUL bytes");
    check_every_cut(&file, "a NUL");
    buf_finish(&file);
}

static void add_many(struct buf *file, char c, int count)
{
    for (int i = 0; i < count; i++)
        buf_add(file, &c, 1);
}

static void put_word(struct buf *file, size_t at, uint32_t word)
{
    memcpy(file->bytes + at, &word, sizeof word);
}

/* It begins with "solid", and where the count of binary STL would be is one that could be: only the size
 * tells. */
static void test_both_readings_of_solid(void **state)
{
    (void)state;
    struct buf file;
    buf_init(&file, MIB);
    buf_add_text(&file, "solid ");
    add_many(&file, '-', 78);
    buf_add_text(&file, "\n");
    buf_add_text(&file, TRIANGLE "endsolid\n");
    put_word(&file, 80, 4);
    assert_string_equal(check_whole(file.bytes, file.len).why, "the surface is not closed: 3 open edges");
    assert_int_equal(check_whole(file.bytes, file.len).triangles, 1);
    check_every_cut(&file, "text");
    char records[4 * 50] = {0};
    put_word(&file, 80, 4);
    file.len = 84;
    buf_add(&file, records, sizeof records);
    assert_string_equal(check_whole(file.bytes, file.len).why, "no triangle has three different corners");
    check_every_cut(&file, "binary");
    file.len = 84;
    put_word(&file, 80, 0);
    assert_string_equal(check_whole(file.bytes, file.len).why, "no triangles");
    check_every_cut(&file, "none");
    buf_finish(&file);
}

/* ---- what is kept ---- */

static void test_long_lines(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        char c;
        int count;
        const char *after;
        const char *why;
    } rows[] = {
        {"#", 'a', 100000, "\nv 0 0 0\n", "no triangles"},
        {"", ' ', 100000, "\nv 0 0 0\n", "line 1 is longer than 64 KiB"},
        {"v 0 0 ", '0', 65530, "\n", "line 1: a vertex needs three numbers"},
        {"v 0 0 0", ' ', 65529, "\n", "no triangles"},
        {"v 0 0 0", ' ', 65530, "\n", "line 1 is longer than 64 KiB"},
        {"v 0 0 0", ' ', 65530, "", "line 1 is longer than 64 KiB"},
        {"v 0 0 0\nf ", '1', 100000, " 1 1\n", "line 2 is longer than 64 KiB"},
        {"", 'v', 100000, "\n", "it is no STL"},
        {"solid ", 'a', 1000000, "\nendsolid", "no triangles"},
        {"solid\n", 'a', 100000, "\nendsolid", "not a facet, behind facet 0"},
        {"solid\nfacet normal 0 0 ", '0', 100000, "\n", "facet 1 has no normal"},
        {"ply\ncomment ", 'a', 100000, "\nformat ascii 1.0\nend_header\n", "no triangles"},
        {"ply\nformat ascii 1.0 ", 'a', 100000, "\nend_header\n",
         "a line of the header is longer than 64 KiB"},
        {"ply\nformat ascii 1.0\nelement a 1\nproperty int b\nend_header\n", '1', 100000, "",
         "holds no number"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct buf file;
        buf_init(&file, 2 * MIB);
        buf_add_text(&file, rows[i].before);
        add_many(&file, rows[i].c, rows[i].count);
        buf_add_text(&file, rows[i].after);
        struct model_report r = check_whole(file.bytes, file.len);
        if (!strstr(r.why, rows[i].why))
            fail_msg("row %d: '%s', expected '%s'", i, r.why, rows[i].why);
        static const size_t cuts[] = {0, 5, 60000, 65536, 65537, 65543, 65544};
        for (int k = 0; k < COUNT(cuts); k++)
            check_pieces(&file, cuts[k], file.len, rows[i].before);
        check_pieces(&file, 0, 1000, rows[i].before);
        buf_finish(&file);
    }
}

/* Of the process; 0 under sanitizers, which do not tell. */
static size_t allocated(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void check_small(const struct buf *file, enum model_format format, const char *why)
{
    static const struct model_limits wide = {.max_triangles = 500000000};
    struct model_report report;
    size_t before = allocated();
    struct model_reader *r = model_reader_create(&wide);
    model_reader_feed(r, file->bytes, file->len);
    assert_true(allocated() - before < 64 << 10);
    model_reader_end(r, &report);
    assert_true(allocated() - before < 64 << 10);
    model_reader_destroy(r);
    assert_true(allocated() <= before);
    assert_int_equal(report.format, format);
    if (!strstr(report.why, why))
        fail_msg("'%s', expected '%s'", report.why, why);
}

static void test_memory_grows_with_what_comes(void **state)
{
    (void)state;
    char kilobyte[1024] = {0};
    struct buf file;
    buf_init(&file, MIB);
    add_many(&file, '-', 84);
    put_word(&file, 80, 100000000);
    buf_add(&file, kilobyte, sizeof kilobyte);
    check_small(&file, MODEL_STL, "100000000 triangles take 5000000084 bytes, the file has 1108");
    buf_clear(&file);
    buf_add_text(&file, "ply\nformat binary_little_endian 1.0\nelement vertex 100000000\nproperty float x\n"
                        "property float y\nproperty float z\nelement face 100000000\n"
                        "property list uint int vertex_index\nend_header\n");
    buf_add(&file, kilobyte, sizeof kilobyte);
    check_small(&file, MODEL_PLY, "more elements are declared");
    buf_clear(&file);
    buf_add(&file, (uint32_t[]){0x46546c67, 2, 2000000000, 4, 0x4e4f534a, 0x20207d7b, 1900000000, 0x004e4942},
            32);
    buf_add(&file, kilobyte, sizeof kilobyte);
    check_small(&file, MODEL_GLB, "2000000000 bytes are declared, the file has 1056");
    buf_finish(&file);
}

static void test_the_limit_on_what_is_kept(void **state)
{
    (void)state;
    struct mesh m = shapes[3].make();
    struct buf file;
    struct model_report r;
    uint32_t json, bin;
    buf_init(&file, MIB);
    assert_true(model_write(&m, MODEL_GLB, NULL, &file));
    memcpy(&json, file.bytes + 12, sizeof json);
    memcpy(&bin, file.bytes + 20 + json, sizeof bin);
    struct model_limits limits = {.max_triangles = 1000000, .max_kept_bytes = bin};
    check_in_pieces(file.bytes, file.len, 0, 100, &limits, &r);
    assert_true(r.valid);
    limits.max_kept_bytes = bin - 1;
    check_in_pieces(file.bytes, file.len, 0, 100, &limits, &r);
    assert_false(r.valid);
    assert_non_null(strstr(r.why, "too large to check"));
    buf_finish(&file);
    shape_finish(&m);
}

/* Nothing is left behind when the rest does not come, wherever that is. */
static void test_given_up_anywhere(void **state)
{
    (void)state;
    for (int f = 0; f < MODEL_FORMATS; f++) {
        struct mesh m = shapes[0].make();
        struct buf file;
        buf_init(&file, MIB);
        assert_true(model_write(&m, (enum model_format)f, NULL, &file));
        size_t before = allocated();
        for (size_t len = 0; len <= file.len; len++) {
            struct model_reader *r = model_reader_create(&model_default_limits);
            model_reader_feed(r, file.bytes, len);
            model_reader_destroy(r);
        }
        assert_true(allocated() <= before);
        buf_finish(&file);
        shape_finish(&m);
    }
}

static void test_without_a_reader(void **state)
{
    (void)state;
    struct model_report r;
    model_reader_feed(NULL, "v", 1);
    model_reader_end(NULL, &r);
    assert_false(r.valid);
    assert_string_equal(r.why, "no memory to check it");
    model_reader_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_corpus_cut_at_every_byte),
        cmocka_unit_test(test_models_in_random_pieces),
        cmocka_unit_test(test_texts_cut_at_every_byte),
        cmocka_unit_test(test_a_nul_in_a_text),
        cmocka_unit_test(test_both_readings_of_solid),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_memory_grows_with_what_comes),
        cmocka_unit_test(test_the_limit_on_what_is_kept),
        cmocka_unit_test(test_given_up_anywhere),
        cmocka_unit_test(test_without_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
