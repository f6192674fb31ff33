/* record: what a disk says of a job of an earlier process; what is taken is written and read again the same.
 */
#include "fuzz.h"
#include "job_record.h"

static const char ID[] = "0e1f2e1d-a456-4de2-a5db-e6d50b18326b";

static void check_again(const struct job *job)
{
    struct buf text;
    char error[JOB_RECORD_ERROR_TEXT];
    buf_init(&text, 4 * JOB_RECORD_MAX);
    job_record_write(job, job->state, NULL, &text);
    struct job *again = job_record_read(buf_text(&text), text.len, &job->id, error);
    assert(again && again->state == job->state && again->model_bytes == job->model_bytes);
    assert(strcmp(again->finished_at, job->finished_at) == 0);
    assert(again->past->stages.count == job->past->stages.count);
    job_destroy(again);
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uuid id;
    char error[JOB_RECORD_ERROR_TEXT] = "";
    assert(uuid_parse(ID, sizeof ID - 1, &id));
    struct job *job = job_record_read((const char *)data, size, &id, error);
    assert(job || *error);
    if (job)
        check_again(job);
    job_destroy(job);
    return 0;
}
