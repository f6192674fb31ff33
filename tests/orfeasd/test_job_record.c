/* What is written of a job is what is read of it; anything else is refused. */
#include "test.h"

#include "job_record.h"

#include <stdio.h>
#include <stdlib.h>

static const nsec AT = 1700000000 * NSEC_PER_SEC;

static struct job *make_job(const struct uuid *id)
{
    struct job *job = job_create(id);
    job->created_wall = AT;
    job->queued_wall = AT + 1;
    job->started_wall = AT + 2;
    job->finished_wall = AT + 1000 * NSEC_PER_MSEC;
    job->started = 5 * NSEC_PER_SEC;
    job->finished = 6 * NSEC_PER_SEC;
    job->input_bytes = 12345;
    job->picture = (struct picture_info){PICTURE_WEBP, 640, 480, true};
    job->work.options = (struct generator_options){MODEL_GLB, 9, 1000, 7, 500};
    return job;
}

static void end_stages(struct job *job, int count)
{
    for (int i = 0; i < count; i++)
        job->work.stage_end[i] = job->started + (i + 1) * 100 * NSEC_PER_MSEC;
    atomic_store(&job->work.progress, (unsigned)count << 16);
}

static void write_record(const struct job *job, enum job_state state, struct buf *text)
{
    buf_init(text, JOB_RECORD_MAX);
    job_record_write(job, state, NULL, text);
    assert_false(text->failed);
}

static struct job *write_and_read(const struct job *job, enum job_state state)
{
    struct buf text;
    char error[JOB_RECORD_ERROR_TEXT] = "";
    write_record(job, state, &text);
    struct job *back = job_record_read(buf_text(&text), text.len, &job->id, error);
    if (!back)
        fail_msg("%s: %s", error, buf_text(&text));
    assert_int_equal(back->state, state);
    buf_finish(&text);
    return back;
}

static void test_completed(void **state)
{
    (void)state;
    struct uuid id = uuid_make();
    struct job *job = make_job(&id);
    job->state = JOB_PROCESSING;
    job->work_done = true;
    end_stages(job, GENERATOR_STAGES);
    job->model_bytes = 777;
    job->work.result = (struct generator_result){
        .segmentation = "border", .confidence = 0.75, .vertices = 10, .triangles = 20};
    job->in_batch = true;
    job->batch = uuid_make();
    struct job *back = write_and_read(job, JOB_COMPLETED);
    assert_memory_equal(&back->picture, &job->picture, sizeof job->picture);
    assert_memory_equal(&back->work.options, &job->work.options, sizeof job->work.options);
    assert_memory_equal(&back->batch, &job->batch, sizeof job->batch);
    assert_true(back->in_batch);
    assert_int_equal(back->input_bytes, 12345);
    assert_int_equal(back->model_bytes, 777);
    assert_int_equal(back->finished - back->started, NSEC_PER_SEC);
    assert_int_equal(back->finished_wall, job->finished_wall);
    assert_string_equal(back->finished_at, "2023-11-14T22:13:21.000000Z");
    assert_string_equal(back->work.result.segmentation, "border");
    job->work.result.segmentation = NULL; /* without what is told of it, it is no model */
    struct buf text;
    char error[JOB_RECORD_ERROR_TEXT];
    write_record(job, JOB_COMPLETED, &text);
    assert_null(job_record_read(buf_text(&text), text.len, &id, error));
    buf_finish(&text);
    assert_near(back->work.result.confidence, 0.75, 0);
    assert_int_equal(back->work.result.triangles, 20);
    struct job_stages stages;
    job_stages(back, NULL, 0, &stages);
    assert_int_equal(stages.count, GENERATOR_STAGES);
    assert_int_equal(stages.percent, 100);
    assert_null(stages.current);
    assert_string_equal(stages.ended[4].name, "mesh_export");
    assert_int_equal(stages.ended[4].lasted, 100 * NSEC_PER_MSEC);
    job_destroy(back);
    job_destroy(job);
}

static void test_failed(void **state)
{
    (void)state;
    struct uuid id = uuid_make();
    struct job *job = make_job(&id);
    job->state = JOB_FAILED;
    end_stages(job, 2);
    job_set_error(job, "no_foreground", "a \"quoted\" text\n");
    struct job *back = write_and_read(job, JOB_FAILED);
    assert_string_equal(back->error_kind, "no_foreground");
    assert_string_equal(back->error, "a \"quoted\" text\n");
    struct job_stages stages, before;
    job_stages(job, NULL, job->finished, &before);
    job_stages(back, NULL, 0, &stages);
    assert_int_equal(stages.count, 2);
    assert_int_equal(stages.percent, before.percent);
    assert_string_equal(stages.current, "shape_generation");
    job_renew(back); /* and once more: nothing of the past is left */
    assert_null(back->past);
    assert_string_equal(back->error_kind, "");
    job_destroy(back);
    job_destroy(job);
}

static void test_on_its_way(void **state)
{
    (void)state;
    struct uuid id = uuid_make();
    struct job *job = make_job(&id);
    job->finished = 0;
    job->finished_wall = 0;
    job->state = JOB_PROCESSING;
    job_destroy(write_and_read(job, JOB_PROCESSING));
    job->started = job->started_wall = 0;
    job->state = JOB_QUEUED;
    struct job *back = write_and_read(job, JOB_QUEUED);
    assert_string_equal(back->started_at, "");
    assert_string_equal(back->finished_at, "");
    job_destroy(back);
    job_destroy(job);
}

/* Its deadlines are past and its work is done; it runs until that is written down, and goes back nowhere. */
static void test_all_but_written(void **state)
{
    (void)state;
    struct uuid id = uuid_make();
    struct job *job = make_job(&id);
    struct profile profile = {.stage_count = 2,
                              .stages = {{.name = "first", .covers = STAGE_IMAGE_LOADING},
                                         {.name = "last", .covers = STAGE_MESH_EXPORT}}};
    struct job_stages stages;
    job->state = JOB_PROCESSING;
    job->work_done = true;
    end_stages(job, GENERATOR_STAGES);
    job->ends[0] = NSEC_PER_SEC;
    job->ends[1] = 2 * NSEC_PER_SEC;
    job_stages(job, &profile, job->started + 2 * NSEC_PER_SEC - 1, &stages);
    assert_string_equal(stages.current, "last");
    assert_int_equal(stages.percent, 99);
    job_stages(job, &profile, job->started + 2 * NSEC_PER_SEC, &stages);
    assert_null(stages.current);
    assert_int_equal(stages.count, 2);
    assert_int_equal(stages.percent, 99);
    job_destroy(job);
}

/* Whatever a disk may have left of it. */
static void test_cut_and_changed(void **state)
{
    (void)state;
    struct uuid id = uuid_make();
    struct job *job = make_job(&id);
    struct buf text;
    char error[JOB_RECORD_ERROR_TEXT];
    job->state = JOB_FAILED;
    end_stages(job, 3);
    write_record(job, JOB_FAILED, &text);
    for (size_t len = 0; len < text.len; len++)
        assert_null(job_record_read(text.bytes, len, &id, error));
    char *copy = malloc(text.len);
    for (size_t at = 0; at < text.len; at++) {
        memcpy(copy, text.bytes, text.len);
        copy[at] ^= 0x04;
        job_destroy(job_record_read(copy, text.len, &id, error)); /* read or refused, never worse */
    }
    free(copy);
    buf_finish(&text);
    job_destroy(job);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *error;
    } rows[] = {
        {"\"orfeasd_job\":1", "\"orfeasd_job\":2", "not a record of this version"},
        {"\"orfeasd_job\":1,", "", "not a record of this version"},
        {"\"state\":\"failed\"", "\"state\":\"lost\"", "an unknown state"},
        {"\"format\":\"glb\"", "\"format\":\"../x\"", "an unknown format"},
        {"\"quality\":9", "\"quality\":11", "a number is missing or out of its range"},
        {"\"input_width\":640", "\"input_width\":-1", "a number is missing or out of its range"},
        {"\"model_bytes\":0", "\"model_bytes\":1e99", "a number is missing or out of its range"},
        {"\"created\":1700000000000000000", "\"created\":0", "a number is missing or out of its range"},
        {"\"finished\":1700000001000000000", "\"finished\":9223372036854775807",
         "a number is missing or out of its range"},
        {"\"stages\":[]", "\"stages\":[{\"name\":\"s\",\"lasted\":9223372036854775807}]",
         "a member is missing or not what it should be"},
        {"\"input_format\":\"webp\"", "\"input_format\":7", "a member is missing or not what it should be"},
        {"\"stages\":[]", "\"stages\":{}", "a member is missing or not what it should be"},
        {"\"stages\":[]", "\"stages\":[7]", "a member is missing or not what it should be"},
        {"\"error_kind\":\"\"", "\"error_kind\":\"0123456789012345678901234567890123456789\"",
         "a member is missing or not what it should be"},
        {"{", "[", "no JSON"},
    };
    struct uuid id = uuid_make(), other = uuid_make();
    struct job *job = make_job(&id);
    struct buf text, changed;
    char error[JOB_RECORD_ERROR_TEXT];
    write_record(job, JOB_FAILED, &text);
    assert_null(job_record_read(buf_text(&text), text.len, &other, error));
    assert_string_equal(error, "the record of another job");
    for (int i = 0; i < COUNT(rows); i++) {
        const char *at = strstr(buf_text(&text), rows[i].from);
        assert_non_null(at);
        buf_init(&changed, JOB_RECORD_MAX);
        buf_add(&changed, text.bytes, (size_t)(at - text.bytes));
        buf_add_text(&changed, rows[i].to);
        buf_add_text(&changed, at + strlen(rows[i].from));
        assert_null(job_record_read(buf_text(&changed), changed.len, &id, error));
        assert_string_equal(error, rows[i].error);
        buf_finish(&changed);
    }
    buf_finish(&text);
    job_destroy(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_completed),       cmocka_unit_test(test_failed),
        cmocka_unit_test(test_on_its_way),      cmocka_unit_test(test_all_but_written),
        cmocka_unit_test(test_cut_and_changed), cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
