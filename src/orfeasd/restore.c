#include "restore.h"

#include "file.h"
#include "job_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 512 << 20 };

struct search {
    const struct store *store;
    struct restored *found;
    struct diag_list *diags;
    struct job **jobs;
    int count, room, seen;
};

static void skip(struct search *s, const char *id, const char *why)
{
    s->found->skipped++;
    diag_add(s->diags, "", 0, 0, NULL, "%s/%s: left alone: %s", s->store->dir, id, why);
}

static void keep(struct search *s, struct job *job)
{
    if (s->count == s->room) {
        int room = s->room ? 2 * s->room : 64;
        struct job **jobs = realloc(s->jobs, (size_t)room * sizeof *jobs);
        if (!jobs)
            abort();
        s->jobs = jobs;
        s->room = room;
    }
    s->jobs[s->count++] = job;
    s->found->jobs++;
}

/* ---- a folder without a record: an upload, or less ---- */

static bool probe_input(const struct store *store, struct job *job)
{
    char path[STORE_PATH_MAX], error[PICTURE_ERROR_TEXT];
    struct stat st;
    struct buf bytes;
    store_input_path(store, &job->id, path);
    buf_init(&bytes, INPUT_MAX);
    bool ok = store_input_bytes(store, &job->id) > 0 && file_read(path, &bytes) == 0 &&
              picture_probe(bytes.bytes, bytes.len, &picture_default_limits, &job->picture, error);
    job->input_bytes = (int64_t)bytes.len;
    buf_finish(&bytes);
    if (ok && stat(path, &st) == 0) {
        job->created_wall = st.st_mtim.tv_sec * NSEC_PER_SEC + st.st_mtim.tv_nsec;
        timestamp_text(job->created_wall, job->created_at);
    }
    return ok;
}

static void restore_upload(struct search *s, const struct uuid *id)
{
    struct job *job = job_create(id);
    if (job && probe_input(s->store, job)) {
        store_tidy(s->store, id, MODEL_FORMATS);
        keep(s, job);
        return;
    }
    job_destroy(job);
    s->found->cleared += store_clear(s->store, id);
}

/* ---- a folder with a record ---- */

static void write_again(struct search *s, const struct job *job)
{
    struct buf text;
    buf_init(&text, JOB_RECORD_MAX);
    job_record_write(job, job->state, NULL, &text);
    store_write_record(s->store, &job->id, &text, true); /* or it is found interrupted once more */
    buf_finish(&text);
}

static void fail(struct search *s, struct job *job)
{
    bool had_started = job->state == JOB_PROCESSING;
    job->state = JOB_FAILED;
    job_stamp(&job->finished_wall, job->finished_at);
    job_set_interrupted(job, had_started);
    s->found->interrupted++;
}

/* What the record promises has to be there, whole. */
static void check_files(struct search *s, struct job *job)
{
    enum model_format format = job->work.options.format;
    bool whole =
        job->state == JOB_COMPLETED && store_model_bytes(s->store, &job->id, format) == job->model_bytes;
    store_tidy(s->store, &job->id, whole ? format : MODEL_FORMATS);
    int64_t input = store_input_bytes(s->store, &job->id);
    job->input_bytes = input > 0 ? input : 0;
    if (whole)
        return;
    if (job->state == JOB_COMPLETED) {
        job->state = JOB_FAILED;
        job_set_error(job, "model_missing", "The model's file is missing or not whole");
    } else if (!job_has_ended(job) && job->state != JOB_UPLOADED) {
        fail(s, job);
    } else {
        job->model_bytes = 0;
        return;
    }
    job->model_bytes = 0;
    write_again(s, job);
}

static void restore_record(struct search *s, const struct uuid *id, const struct buf *text)
{
    char error[JOB_RECORD_ERROR_TEXT], id_text[UUID_TEXT];
    struct job *job = job_record_read(buf_text(text), text->len, id, error);
    if (!job) {
        skip(s, uuid_text(id, id_text), error);
        return;
    }
    check_files(s, job);
    keep(s, job);
}

/* ---- all of them ---- */

static bool on_folder(void *context, const struct uuid *id)
{
    struct search *s = context;
    char id_text[UUID_TEXT];
    struct buf text;
    buf_init(&text, JOB_RECORD_MAX);
    int error = store_read_record(s->store, id, &text);
    if (error == ENOENT)
        restore_upload(s, id);
    else if (error && error != ELOOP && error != ENOTDIR)
        skip(s, uuid_text(id, id_text), strerror(error));
    else if (!error)
        restore_record(s, id, &text);
    buf_finish(&text);
    return ++s->seen < RESTORE_MAX;
}

static nsec last_change(const struct job *job)
{
    return job->finished_wall ? job->finished_wall : job->created_wall;
}

static int by_creation(const void *a, const void *b)
{
    nsec x = (*(struct job *const *)a)->created_wall, y = (*(struct job *const *)b)->created_wall;
    return (x > y) - (x < y);
}

static int by_last_change(const void *a, const void *b)
{
    nsec x = last_change(*(struct job *const *)a), y = last_change(*(struct job *const *)b);
    return (x > y) - (x < y);
}

static void sort(struct search *s, int (*order)(const void *a, const void *b))
{
    if (s->count)
        qsort(s->jobs, (size_t)s->count, sizeof *s->jobs, order);
}

void restore_jobs(const struct store *store, struct job_table *table, nsec now, struct restored *ret,
                  struct diag_list *diags)
{
    struct search s = {.store = store, .found = ret, .diags = diags};
    *ret = (struct restored){0};
    store_each(store, on_folder, &s);
    sort(&s, by_creation);
    for (int i = 0; i < s.count; i++)
        job_table_enter(table, s.jobs[i]);
    sort(&s, by_last_change);
    nsec wall = clock_wall();
    for (int i = 0; i < s.count; i++) {
        nsec ago = wall - last_change(s.jobs[i]);
        job_table_rest_since(table, s.jobs[i], ago > 0 ? now - ago : now);
    }
    free(s.jobs);
}
