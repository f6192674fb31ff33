#include "test.h"
#include "container.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* Models are read while they come: in whatever pieces, and also when the rest does not come. */

#define SEC NSEC_PER_SEC
enum { DOWNLOAD = 3, STL_HEADER = 84, STL_TRIANGLE = 50 };

static const char scenario[] =
    "scenario: downloads\nworkflow: orfeas-3d\n"
    "load: {users: closed, concurrent: 2, jobs: 12, timeout: 60s, idle_timeout: 600s}\n";

static void init(struct world *w, struct sim_target target)
{
    target.slots = 64;
    target.service = 10 * SEC;
    world_init(w, scenario, &target, 1, NULL, 0);
}

/* ---- in pieces ---- */

static void check_model(const struct record_job *j, int triangles)
{
    bool whole = triangles == 4;
    assert_true(j->model_checked);
    assert_int_equal(j->model_valid, whole);
    assert_int_equal(j->outcome, whole ? JOB_OK : JOB_FAILED);
    assert_int_equal(j->fail, whole ? FAIL_NONE : FAIL_MODEL);
    assert_int_equal(j->model_triangles, triangles);
    assert_int_equal(j->model_bytes, STL_HEADER + triangles * STL_TRIANGLE);
    assert_true(j->model_hash);
    assert_int_equal(j->validate, 0);
    assert_int_equal(j->ended, j->steps[DOWNLOAD].end);
}

static void test_models_in_pieces(void **state)
{
    (void)state;
    static const size_t chunks[] = {0, 1, 7, 50, 100};
    uint64_t hashes[2] = {0};
    for (int i = 0; i < COUNT(chunks); i++) {
        struct world w;
        init(&w, (struct sim_target){.corrupt_every = 3});
        loop_sim_chunk(w.target->loop, chunks[i]);
        world_run(&w);
        assert_int_equal(w.record.job_count, 12);
        assert_int_equal(count_fail(&w.record, FAIL_MODEL), 4);
        assert_int_equal(count_outcome(&w.record, JOB_OK), 8);
        assert_int_equal(w.record.message_count, 1);
        assert_string_equal(w.record.messages[0], "download: the surface is not closed: 3 open edges");
        for (int k = 0; k < w.record.job_count; k++) {
            const struct record_job *j = w.record.jobs[k];
            uint64_t *hash = &hashes[j->model_valid];
            check_model(j, j->model_valid ? 4 : 3);
            *hash = *hash ? *hash : j->model_hash;
            assert_true(j->model_hash == *hash);
        }
        world_finish(&w);
    }
    assert_true(hashes[0] != hashes[1]);
}

/* ---- in the middle ---- */

static void check_unchecked(const struct record_job *j)
{
    assert_false(j->model_checked);
    assert_false(j->model_valid);
    assert_int_equal(j->model_hash, 0);
    assert_int_equal(j->steps[DOWNLOAD].end, -1);
}

static void test_a_download_that_does_not_end(void **state)
{
    (void)state;
    static const size_t chunks[] = {0, 1, 60};
    for (int i = 0; i < COUNT(chunks); i++) {
        struct world w;
        init(&w, (struct sim_target){.half_every = 2});
        loop_sim_chunk(w.target->loop, chunks[i]);
        world_run(&w);
        assert_int_equal(count_outcome(&w.record, JOB_OK), 6);
        assert_int_equal(count_fail(&w.record, FAIL_TIMEOUT), 6);
        assert_string_equal(w.record.messages[0], "download: not done within 60 s");
        for (int k = 0; k < w.record.job_count; k++) {
            const struct record_job *j = w.record.jobs[k];
            if (j->outcome == JOB_OK) {
                check_model(j, 4);
                continue;
            }
            check_unchecked(j);
            assert_int_equal(j->failed_step, DOWNLOAD);
            assert_int_equal(j->ended - j->sent, 60 * SEC);
        }
        world_finish(&w);
    }
}

static void test_stopped_in_the_middle(void **state)
{
    (void)state;
    struct world w;
    init(&w, (struct sim_target){.half_every = 1});
    world_run_with(&w, 30 * SEC, engine_stop);
    assert_true(w.record.interrupted);
    assert_int_equal(w.record.ended, 30 * SEC);
    assert_int_equal(w.record.job_count, 2);
    assert_int_equal(w.target->downloads, 2);
    assert_int_equal(count_outcome(&w.record, JOB_UNFINISHED), 2);
    for (int k = 0; k < 2; k++)
        check_unchecked(w.record.jobs[k]);
    world_finish(&w);
}

/* ---- one answer, whatever it is ---- */

/* A server whose only answer is a head and then as many mebibytes as it takes, one in a virtual millisecond.
 */
struct giver {
    struct loop *loop;
    struct timer timer;
    const char *head;
    int socket;
    int mebibytes; /* left */
    char *mebibyte;
};

enum { MIB = 1 << 20 };

static void give(struct timer *timer)
{
    struct giver *g = CONTAINER(struct giver, timer, timer);
    if (g->socket < 0 || !g->mebibytes)
        return;
    g->mebibytes--;
    loop_sim_reply(g->loop, g->socket, g->mebibyte, MIB, 0);
    timer_set(g->loop, &g->timer, loop_now(g->loop) + NSEC_PER_MSEC);
}

static int on_connected(void *context, int socket)
{
    ((struct giver *)context)->socket = socket;
    return 0;
}

static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    struct giver *g = context;
    if (len < 4 || memcmp((const char *)bytes + len - 4, "\r\n\r\n", 4) != 0)
        return;
    loop_sim_reply(g->loop, socket, g->head, strlen(g->head), 0);
    give(&g->timer);
}

static void on_closed(void *context, int socket)
{
    struct giver *g = context;
    if (g->socket == socket)
        g->socket = -1;
}

static void test_one_answer(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int mebibytes;
        enum fail_kind fail;
        const char *why;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, FAIL_MODEL, "get: it is empty"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", 0, FAIL_MODEL,
         "get: it is no STL, OBJ, GLB or PLY file"},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 16\r\n\r\n{\"error\":\"full\"}", 0, FAIL_STATUS,
         "get: status 500, full"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 268435463\r\n\r\nsolid  ", 256, FAIL_TOO_LARGE,
         "get: the answer is larger than is taken"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 268435456\r\n\r\n", 256, FAIL_MODEL, "get: it is no STL"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct giver g = {.timer.fire = give,
                          .head = rows[i].head,
                          .mebibytes = rows[i].mebibytes,
                          .socket = -1,
                          .mebibyte = calloc(1, MIB)};
        struct sim_server server = {&g, on_connected, on_received, on_closed};
        memset(g.mebibyte, 'a', MIB);
        g.loop = loop_sim_create(&server);
        struct world w;
        world_init_served(
            &w,
            "scenario: one\nworkflow: get\nload: {users: closed, concurrent: 1, jobs: 1, timeout: 60s, "
            "idle_timeout: 20s}\n",
            "model.yaml", g.loop);
        world_run(&w);
        const struct record_tally *t = &w.record.tallies[0];
        assert_int_equal(t->kinds[rows[i].fail], 1);
        assert_int_equal(t->models_checked, rows[i].fail == FAIL_MODEL);
        if (strncmp(w.record.messages[0], rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %d: '%s', expected '%s'", i, w.record.messages[0], rows[i].why);
        world_finish(&w);
        loop_destroy(g.loop);
        free(g.mebibyte);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_in_pieces),
        cmocka_unit_test(test_a_download_that_does_not_end),
        cmocka_unit_test(test_stopped_in_the_middle),
        cmocka_unit_test(test_one_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
