#include "test.h"

#include "job_table.h"
#include "loop_sim.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct job *add(struct job_table *t, int64_t bytes)
{
    struct uuid id = uuid_make();
    int fd = store_create_input(t->store, &id);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_commit_input(t->store, &id), 0);
    struct job *job = job_create(&id);
    job->input_bytes = bytes;
    job_table_add(t, job);
    return job;
}

static bool has_files(const struct job_table *t, const struct uuid *id)
{
    char path[STORE_PATH_MAX];
    store_input_path(t->store, id, path);
    return access(path, R_OK) == 0;
}

static void test_oldest_goes(void **state)
{
    (void)state;
    struct store store;
    assert_int_equal(store_init(&store, NULL), 0);
    struct loop *loop = loop_sim_create(&(struct sim_server){0});
    struct job_table *t = job_table_create(loop, &store, &(struct job_limits){3, 1000, 0});
    struct uuid first = add(t, 1)->id, second = add(t, 1)->id;
    struct job *awake = add(t, 1);
    job_table_wake(t, awake);
    struct uuid third = add(t, 1)->id, fourth = add(t, 1)->id;
    assert_null(job_table_find(t, &first));
    assert_false(has_files(t, &first));
    assert_true(has_files(t, &second));
    assert_ptr_equal(job_table_find(t, &awake->id), awake);
    awake->model_bytes = 990;
    job_table_rest(t, awake); /* now the newest; by number the second goes, and by size nothing more */
    assert_null(job_table_find(t, &second));
    assert_non_null(job_table_find(t, &third));
    assert_int_equal(t->bytes, 993);
    struct uuid large = add(t, 5000)->id; /* more than all may have: it alone stays */
    assert_null(job_table_find(t, &fourth));
    assert_non_null(job_table_find(t, &large));
    assert_int_equal(t->count, 1);
    assert_int_equal(t->evicted, 5);
    job_table_destroy(t);
    loop_destroy(loop);
    char dir[STORE_DIR_MAX];
    memcpy(dir, store.dir, sizeof dir);
    store_finish(&store);
    assert_int_not_equal(access(dir, F_OK), 0);
}

/* ---- time ---- */

struct watch {
    struct timer timer;
    struct loop *loop;
    struct job_table *table;
    struct job *awake;
    nsec at[8];
    int lying[8], count;
};

/* Every half second: how many lie. The one that is awake goes to rest after two. */
static void on_look(struct timer *timer)
{
    struct watch *w = (struct watch *)timer;
    nsec now = loop_now(w->loop);
    if (w->count == 4)
        job_table_rest(w->table, w->awake);
    w->lying[w->count] = w->table->lying;
    w->at[w->count++] = now;
    if (w->count < 8)
        timer_set(w->loop, timer, now + NSEC_PER_SEC / 2);
}

static void test_time(void **state)
{
    (void)state;
    struct store store;
    assert_int_equal(store_init(&store, NULL), 0);
    struct loop *loop = loop_sim_create(&(struct sim_server){0});
    struct job_table *t = job_table_create(loop, &store, &(struct job_limits){10, 1000, NSEC_PER_SEC});
    nsec start = loop_now(loop);
    struct watch w = {.timer = {.fire = on_look}, .loop = loop, .table = t, .awake = add(t, 1)};
    job_table_wake(t, w.awake);
    struct uuid first = add(t, 1)->id;
    struct job *old = job_create(&(struct uuid){{1}});
    job_table_enter(t, old);
    job_table_rest_since(t, old, start - NSEC_PER_SEC / 4); /* it goes sooner, but not before the first */
    timer_set(loop, &w.timer, start + NSEC_PER_SEC / 4);
    loop_run(loop);
    static const int LYING[] = {2, 2, 0, 0, 1, 1, 0, 0}; /* at 0.25, 0.75 ... s; the last rests from 2.25 s */
    assert_int_equal(w.count, 8);
    assert_memory_equal(w.lying, LYING, sizeof LYING);
    assert_null(job_table_find(t, &first));
    assert_false(has_files(t, &first));
    assert_int_equal(t->expired, 3);
    assert_int_equal(t->evicted, 0);
    assert_int_equal(t->bytes, 0);
    assert_int_equal(t->count, 0);
    job_table_destroy(t);
    loop_destroy(loop);
    store_finish(&store);
}

static void test_order_and_dropping(void **state)
{
    (void)state;
    struct store store;
    assert_int_equal(store_init(&store, NULL), 0);
    struct loop *loop = loop_sim_create(&(struct sim_server){0});
    struct job_table *t = job_table_create(loop, &store, &(struct job_limits){10, 1000, 0});
    struct job *jobs[5];
    for (int i = 0; i < 5; i++)
        jobs[i] = add(t, 1);
    static const int DROPPED[] = {2, 4, 0}; /* from the middle, the last, the first */
    for (int i = 0; i < COUNT(DROPPED); i++) {
        struct uuid id = jobs[DROPPED[i]]->id;
        job_table_drop(t, jobs[DROPPED[i]]);
        assert_null(job_table_find(t, &id));
        assert_false(has_files(t, &id));
    }
    assert_ptr_equal(t->first, jobs[3]);
    assert_ptr_equal(jobs[3]->table_next, jobs[1]);
    assert_null(jobs[1]->table_next);
    assert_int_equal(t->evicted, 0);
    job_table_destroy(t);
    loop_destroy(loop);
    store_finish(&store);
}

static void test_store_refuses_twice(void **state)
{
    (void)state;
    struct store store;
    assert_int_equal(store_init(&store, NULL), 0);
    struct uuid id = uuid_make();
    int fd = store_create_input(&store, &id);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_create_input(&store, &id), -EEXIST);
    store_remove(&store, &id);
    fd = store_create_input(&store, &id);
    assert_true(fd >= 0);
    close(fd);
    store_finish(&store);
}

static void test_store_is_locked(void **state)
{
    (void)state;
    char dir[] = "/tmp/test-store-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct store one, two;
    assert_int_equal(store_init(&one, dir), 0);
    assert_int_equal(store_init(&two, dir), EBUSY);
    store_finish(&two); /* harmless */
    assert_int_equal(store_init(&two, dir), EBUSY);
    store_finish(&one);
    assert_int_equal(store_init(&two, dir), 0);
    store_finish(&two);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oldest_goes),        cmocka_unit_test(test_time),
        cmocka_unit_test(test_order_and_dropping), cmocka_unit_test(test_store_refuses_twice),
        cmocka_unit_test(test_store_is_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
