/* What an earlier process left in its directory, found again. */
#include "test.h"

#include "file.h"
#include "job_record.h"
#include "loop_sim.h"
#include "restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char dir[40];
    struct store store;
    struct loop *loop;
    struct job_table *table;
    struct diag_list diags;
    struct restored restored;
};

static void set_up(struct world *w)
{
    *w = (struct world){.dir = "/tmp/test-restore-XXXXXX"};
    assert_non_null(mkdtemp(w->dir));
    assert_int_equal(store_init(&w->store, w->dir), 0);
    w->loop = loop_sim_create(&(struct sim_server){0});
    w->table = job_table_create(w->loop, &w->store, &job_default_limits);
    diag_init(&w->diags);
}

static void tear_down(struct world *w)
{
    diag_finish(&w->diags);
    while (w->table->first)
        job_table_drop(w->table, w->table->first);
    job_table_destroy(w->table);
    loop_destroy(w->loop);
    store_finish(&w->store);
    assert_int_equal(rmdir(w->dir), 0);
}

static void put(struct world *w, const struct uuid *id, const char *name, const char *text)
{
    char path[STORE_PATH_MAX], id_text[UUID_TEXT];
    snprintf(path, sizeof path, "%s/%s", w->dir, uuid_text(id, id_text));
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", w->dir, id_text, name);
    assert_int_equal(file_write(path, text, strlen(text)), 0);
}

static bool there(const struct world *w, const struct uuid *id, const char *name)
{
    char path[STORE_PATH_MAX], id_text[UUID_TEXT];
    snprintf(path, sizeof path, "%s/%s/%s", w->dir, uuid_text(id, id_text), name);
    return access(path, F_OK) == 0;
}

/* A job that ended, or did not, so many seconds ago; its model has five bytes. */
static struct uuid leave(struct world *w, enum job_state state, int seconds_ago)
{
    struct uuid id = uuid_make();
    struct job *job = job_create(&id);
    struct buf text;
    buf_init(&text, JOB_RECORD_MAX);
    job->state = state;
    job->picture.format = PICTURE_PNG;
    job->work.result.segmentation = "alpha";
    job->model_bytes = state == JOB_COMPLETED ? 5 : 0;
    job->created_wall = clock_wall() - 1000 * NSEC_PER_SEC;
    if (state >= JOB_COMPLETED)
        job->finished_wall = clock_wall() - seconds_ago * NSEC_PER_SEC;
    job_record_write(job, state, NULL, &text);
    put(w, &id, "record", buf_text(&text));
    put(w, &id, "input", "picture");
    buf_finish(&text);
    job_destroy(job);
    return id;
}

static void restore(struct world *w)
{
    restore_jobs(&w->store, w->table, loop_now(w->loop), &w->restored, &w->diags);
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        enum job_state left, found;
        const char *model, *kind;
    } rows[] = {
        {JOB_COMPLETED, JOB_COMPLETED, "12345", ""},
        {JOB_COMPLETED, JOB_FAILED, "1234", "model_missing"},
        {JOB_COMPLETED, JOB_FAILED, NULL, "model_missing"},
        {JOB_FAILED, JOB_FAILED, "12345", ""},
        {JOB_CANCELLED, JOB_CANCELLED, NULL, ""},
        {JOB_QUEUED, JOB_FAILED, NULL, "interrupted"},
        {JOB_PROCESSING, JOB_FAILED, "12345", "interrupted"},
    };
    for (int i = 0; i < COUNT(rows); i++) {
        struct world w;
        set_up(&w);
        struct uuid id = leave(&w, rows[i].left, 10);
        if (rows[i].model)
            put(&w, &id, "model.stl", rows[i].model);
        put(&w, &id, "model.ply", "another");
        put(&w, &id, "model.stl.12.tmp", "half");
        for (int again = 0; again < 2; again++) { /* what it did the first time holds the second */
            restore(&w);
            struct job *job = job_table_find(w.table, &id);
            assert_non_null(job);
            assert_int_equal(job->state, rows[i].found);
            assert_string_equal(job->error_kind, rows[i].kind);
            assert_int_equal(there(&w, &id, "model.stl"), rows[i].found == JOB_COMPLETED);
            assert_int_equal(job->input_bytes, 7);
            assert_int_equal(w.restored.jobs, 1);
            assert_int_equal(w.restored.interrupted, again == 0 && strcmp(rows[i].kind, "interrupted") == 0);
            assert_false(there(&w, &id, "model.ply") || there(&w, &id, "model.stl.12.tmp"));
            if (again == 0) {
                job_table_destroy(w.table);
                w.table = job_table_create(w.loop, &w.store, &job_default_limits);
            }
        }
        tear_down(&w);
    }
}

static void test_order(void **state)
{
    (void)state;
    struct world w;
    set_up(&w);
    static const int AGO[] = {30, 10, 50, 20, 40};
    struct uuid ids[COUNT(AGO)];
    for (int i = 0; i < COUNT(AGO); i++)
        ids[i] = leave(&w, JOB_CANCELLED, AGO[i]);
    restore(&w);
    static const int OLDEST_FIRST[] = {2, 4, 0, 3, 1};
    const struct job *job = w.table->oldest;
    for (int i = 0; i < COUNT(AGO); i++, job = job->next) {
        assert_memory_equal(&job->id, &ids[OLDEST_FIRST[i]], sizeof job->id);
        assert_near(nsec_to_sec(loop_now(w.loop) - job->rested), AGO[OLDEST_FIRST[i]], 5);
    }
    assert_null(job);
    tear_down(&w);
}

static void test_left_alone(void **state)
{
    (void)state;
    struct world w;
    set_up(&w);
    struct uuid corrupt = leave(&w, JOB_COMPLETED, 1), bare = uuid_make(), foreign = uuid_make();
    put(&w, &corrupt, "record", "{\"orfeasd_job\":");
    put(&w, &corrupt, "model.stl", "12345");
    put(&w, &bare, "input", "no picture");
    put(&w, &foreign, "notes", "mine");
    restore(&w);
    assert_int_equal(w.restored.jobs, 0);
    assert_int_equal(w.restored.skipped, 1);
    assert_int_equal(w.restored.cleared, 1);
    assert_int_equal(w.diags.count, 1);
    assert_true(there(&w, &corrupt, "model.stl") && there(&w, &corrupt, "input"));
    assert_false(there(&w, &bare, ""));
    assert_true(there(&w, &foreign, "notes"));
    char path[STORE_PATH_MAX], text[UUID_TEXT];
    snprintf(path, sizeof path, "%s/%s/notes", w.dir, uuid_text(&foreign, text));
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    assert_true(store_clear(&w.store, &corrupt));
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
