#include "test.h"
#include "buf.h"
#include "checker.h"
#include "loop_sim.h"
#include "rng.h"

#include <sched.h>
#include <stdlib.h>
#include <xxhash.h>

enum { KIB = 1 << 10, MIB = 1 << 20, PIECE = 64 * KIB };

/* A checker with its thread and the loop it wakes. */
struct bench {
    struct loop *loop;
    struct checker *checker;
    int ended, awaited;
};

struct subject {
    struct check check;
    struct bench *bench;
    int ended;
};

static void on_wake(void *context)
{
    struct bench *b = context;
    checker_collect(b->checker);
    if (b->ended == b->awaited)
        loop_stop(b->loop);
}

static void on_done(struct check *check)
{
    struct subject *s = (struct subject *)check;
    s->ended++;
    s->bench->ended++;
}

static void bench_init(struct bench *b)
{
    *b = (struct bench){.loop = loop_epoll_create()};
    assert_non_null(b->loop);
    b->checker = checker_create(b->loop, true);
    assert_non_null(b->checker);
    loop_on_wake(b->loop, on_wake, b);
}

static void bench_finish(struct bench *b)
{
    loop_on_wake(b->loop, NULL, NULL);
    checker_destroy(b->checker);
    loop_destroy(b->loop);
}

static struct subject subject_of(struct bench *b)
{
    return (struct subject){.check.done = on_done, .bench = b};
}

/* Until so many checks have ended, of all. */
static void await(struct bench *b, int count)
{
    b->awaited = count;
    loop_wake(b->loop);
    loop_run(b->loop);
    assert_int_equal(b->ended, count);
}

/* As many tetrahedra beside each other, as text; the last may lack a side. */
static void add_tetrahedra(struct buf *out, int count, bool broken)
{
    for (int i = 0; i < count; i++)
        buf_printf(out, "v %d 0 0\nv %d.5 0 0\nv %d 1 0\nv %d 0 1\nf -4 -2 -3\nf -4 -3 -1\nf -3 -2 -1\n%s", i,
                   i, i, i, broken && i == count - 1 ? "" : "f -4 -1 -2\n");
}

static struct buf make_file(int tetrahedra, bool broken)
{
    struct buf file;
    buf_init(&file, 16 * MIB);
    add_tetrahedra(&file, tetrahedra, broken);
    assert_false(file.failed);
    return file;
}

static void assert_checked(const struct subject *s, const struct buf *file)
{
    struct model_report whole;
    model_check(file->bytes, file->len, &model_default_limits, &whole);
    const struct model_report *r = &s->check.report;
    assert_int_equal(s->ended, 1);
    assert_string_equal(r->why, whole.why);
    assert_int_equal(r->valid, whole.valid);
    assert_int_equal(r->triangles, whole.triangles);
    assert_int_equal(r->vertices, whole.vertices);
    assert_true(s->check.hash == XXH3_64bits(file->bytes, file->len));
    assert_true(s->check.took > 0);
}

static void test_many_at_once(void **state)
{
    (void)state;
    enum { CHECKS = 40 };
    struct bench b;
    struct buf files[CHECKS];
    struct subject subjects[CHECKS];
    size_t fed[CHECKS] = {0};
    bench_init(&b);
    for (int i = 0; i < CHECKS; i++) {
        files[i] = make_file(i * 40, i % 3 == 0);
        subjects[i] = subject_of(&b);
        if (files[i].len)
            checker_begin(b.checker, &subjects[i].check);
    }
    struct rng rng;
    rng_init(&rng, 3, 1);
    for (int left = CHECKS; left;) {
        int i = (int)rng_range(&rng, 0, CHECKS - 1);
        size_t rest = files[i].len - fed[i], n = (size_t)rng_range(&rng, 1, 100 * KIB);
        if (fed[i] == SIZE_MAX)
            continue;
        n = n < rest ? n : rest;
        if (n)
            checker_feed(b.checker, &subjects[i].check, files[i].bytes + fed[i], n);
        fed[i] += n;
        if (n < rest)
            continue;
        checker_end(b.checker, &subjects[i].check);
        fed[i] = SIZE_MAX;
        left--;
    }
    await(&b, CHECKS);
    for (int i = 0; i < CHECKS; i++) {
        assert_checked(&subjects[i], &files[i]);
        buf_finish(&files[i]);
    }
    bench_finish(&b);
}

/* A check is the caller's again when it has ended, or was abandoned. */
static void test_one_check_again_and_again(void **state)
{
    (void)state;
    struct bench b;
    struct buf file = make_file(100, false);
    bench_init(&b);
    struct subject s = subject_of(&b);
    for (int i = 0; i < 50; i++) {
        checker_begin(b.checker, &s.check);
        checker_feed(b.checker, &s.check, file.bytes, file.len);
        if (i % 2)
            checker_abandon(b.checker, &s.check);
        else
            checker_end(b.checker, &s.check);
        if (i % 2 == 0)
            await(&b, i / 2 + 1);
        s.ended = 1;
        assert_checked(&s, &file);
    }
    buf_finish(&file);
    bench_finish(&b);
}

/* ---- abandoned ---- */

/* At one point: begun, or fed so many pieces, or ended. Meanwhile the thread does what it does. */
static void play_until(struct bench *b, struct subject *s, const struct buf *file, int point)
{
    checker_begin(b->checker, &s->check);
    for (size_t at = 0; at < file->len && point--; at += PIECE)
        checker_feed(b->checker, &s->check, file->bytes + at,
                     file->len - at < PIECE ? file->len - at : PIECE);
    if (point > 0)
        checker_end(b->checker, &s->check);
}

static void test_abandoned_at_every_point(void **state)
{
    (void)state;
    enum { POINTS = 9, ROUNDS = 12 };
    struct bench b;
    struct buf file = make_file(4000, false);
    assert_in_range(file.len, 4 * PIECE, 7 * PIECE);
    bench_init(&b);
    struct rng rng;
    rng_init(&rng, 8, 1);
    for (int round = 0; round < ROUNDS; round++) {
        struct subject subjects[POINTS];
        for (int i = 0; i < POINTS; i++) {
            subjects[i] = subject_of(&b);
            play_until(&b, &subjects[i], &file, i);
        }
        for (int64_t spins = rng_range(&rng, 0, 300); spins; spins--)
            sched_yield();
        for (int i = 0; i < POINTS; i++) {
            checker_abandon(b.checker, &subjects[i].check);
            checker_abandon(b.checker, &subjects[i].check);
        }
        checker_collect(b.checker);
        for (int i = 0; i < POINTS; i++)
            assert_int_equal(subjects[i].ended, 0);
        memset(subjects, 0xff, sizeof subjects); /* ours again, and nobody looks at it */
    }
    assert_int_equal(b.ended, 0);
    buf_finish(&file);
    bench_finish(&b);
}

static void test_those_beside_an_abandoned_one_end(void **state)
{
    (void)state;
    enum { CHECKS = 40 };
    struct bench b;
    struct buf file = make_file(1000, true);
    struct subject subjects[CHECKS];
    bench_init(&b);
    for (int i = 0; i < CHECKS; i++) {
        subjects[i] = subject_of(&b);
        checker_begin(b.checker, &subjects[i].check);
        checker_feed(b.checker, &subjects[i].check, file.bytes, file.len);
        checker_end(b.checker, &subjects[i].check);
        if (i % 4 == 3)
            checker_abandon(b.checker, &subjects[i - i % 3].check);
    }
    int left = 0;
    for (int i = 0; i < CHECKS; i++)
        left += subjects[i].check.checking != NULL;
    assert_in_range(left, 1, CHECKS - 1);
    await(&b, left);
    for (int i = 0; i < CHECKS; i++)
        if (subjects[i].ended)
            assert_checked(&subjects[i], &file);
    buf_finish(&file);
    bench_finish(&b);
}

/* ---- more than is kept ---- */

/* Each of these has begun a piece, and there are more of them than pieces: the rest is read by the loop. */
static void test_more_checks_than_pieces(void **state)
{
    (void)state;
    enum { CHECKS = 1100 };
    struct bench b;
    struct buf file = make_file(20, false);
    struct subject *subjects = calloc(CHECKS, sizeof *subjects);
    assert_non_null(subjects);
    bench_init(&b);
    for (size_t at = 0; at < file.len; at += 500)
        for (int i = 0; i < CHECKS; i++) {
            size_t n = file.len - at < 500 ? file.len - at : 500;
            if (!at) {
                subjects[i] = subject_of(&b);
                checker_begin(b.checker, &subjects[i].check);
            }
            checker_feed(b.checker, &subjects[i].check, file.bytes + at, n);
        }
    for (int i = 0; i < CHECKS; i++)
        checker_end(b.checker, &subjects[i].check);
    await(&b, CHECKS);
    for (int i = 0; i < CHECKS; i++)
        assert_checked(&subjects[i], &file);
    free(subjects);
    buf_finish(&file);
    bench_finish(&b);
}

/* Piece by piece, with so much time between them, more or less, that the thread has begun with one or has
 * not. */
static void feed_slowly(struct bench *b, struct subject *s, const struct buf *file, int round)
{
    checker_begin(b->checker, &s->check);
    for (size_t at = 0; at < file->len; at += PIECE) {
        checker_feed(b->checker, &s->check, file->bytes + at,
                     file->len - at < PIECE ? file->len - at : PIECE);
        for (size_t spins = (at / PIECE * 61 + (size_t)round * 7) % 90 * 100; spins; spins--)
            loop_now(b->loop);
    }
    checker_end(b->checker, &s->check);
}

/* Of the 64 MiB one piece is left, which has to do for all of a large file: the loop waits for it while the
 * thread reads it, and reads itself what the thread has not got to. */
static void test_one_piece_for_a_large_file(void **state)
{
    (void)state;
    enum { HOLDING = 1023, ROUNDS = 8 };
    struct bench b;
    struct buf file = make_file(10000, true), tetrahedron = make_file(1, false);
    struct subject *holding = calloc(HOLDING, sizeof *holding);
    assert_non_null(holding);
    bench_init(&b);
    for (int i = 0; i < HOLDING; i++) {
        holding[i] = subject_of(&b);
        checker_begin(b.checker, &holding[i].check);
        checker_feed(b.checker, &holding[i].check, tetrahedron.bytes, 10);
    }
    for (int i = 0; i < ROUNDS; i++) {
        struct subject large = subject_of(&b);
        feed_slowly(&b, &large, &file, i);
        await(&b, i + 1);
        assert_checked(&large, &file);
    }
    for (int i = 0; i < HOLDING; i++) {
        checker_feed(b.checker, &holding[i].check, tetrahedron.bytes + 10, tetrahedron.len - 10);
        checker_end(b.checker, &holding[i].check);
    }
    await(&b, HOLDING + ROUNDS);
    for (int i = 0; i < HOLDING; i++)
        assert_checked(&holding[i], &tetrahedron);
    free(holding);
    buf_finish(&tetrahedron);
    buf_finish(&file);
    bench_finish(&b);
}

/* ---- without a thread ---- */

static void test_in_virtual_time(void **state)
{
    (void)state;
    struct sim_server nobody = {0};
    struct bench b = {.loop = loop_sim_create(&nobody)};
    struct buf file = make_file(10, true);
    b.checker = checker_create(b.loop, false);
    loop_on_wake(b.loop, on_wake, &b);
    struct subject whole = subject_of(&b), none = subject_of(&b), abandoned = subject_of(&b);
    checker_begin(b.checker, &whole.check);
    for (size_t i = 0; i < file.len; i++)
        checker_feed(b.checker, &whole.check, &file.bytes[i], 1);
    checker_end(b.checker, &whole.check);
    checker_begin(b.checker, &abandoned.check);
    checker_feed(b.checker, &abandoned.check, file.bytes, file.len);
    checker_end(b.checker, &abandoned.check);
    checker_abandon(b.checker, &abandoned.check);
    checker_end(b.checker, &none.check);
    assert_int_equal(b.ended, 0);
    await(&b, 2);
    assert_string_equal(whole.check.report.why, "the surface is not closed: 3 open edges");
    assert_true(whole.check.hash == XXH3_64bits(file.bytes, file.len));
    assert_int_equal(whole.check.took, 0);
    assert_string_equal(none.check.report.why, "it is empty");
    assert_int_equal(abandoned.ended, 0);
    buf_finish(&file);
    loop_on_wake(b.loop, NULL, NULL);
    checker_destroy(b.checker);
    loop_destroy(b.loop);
}

static void test_nothing_under_way(void **state)
{
    (void)state;
    struct check check = {0};
    checker_abandon(NULL, &check);
    checker_destroy(NULL);
    struct bench b;
    bench_init(&b);
    checker_collect(b.checker);
    bench_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_one_check_again_and_again),
        cmocka_unit_test(test_abandoned_at_every_point),
        cmocka_unit_test(test_those_beside_an_abandoned_one_end),
        cmocka_unit_test(test_more_checks_than_pieces),
        cmocka_unit_test(test_one_piece_for_a_large_file),
        cmocka_unit_test(test_in_virtual_time),
        cmocka_unit_test(test_nothing_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
