#include "admission.h"

#include "events.h"
#include "families.h"

enum { RETRY_LOADING = 5, RETRY_MAX = 3600 };

static const struct {
    int status;
    const char *error, *kind;
    const char *reason; /* of the metric */
} REFUSALS[] = {
    [ADMISSION_LOADING] = {503, "AI models are still loading, please try again", "models_loading", "loading"},
    [ADMISSION_STOPPING] = {503, "The server is stopping", "stopping", "stopping"},
    [ADMISSION_QUEUE_FULL] = {429, "The queue is full, please try again later", "queue_full", "queue_full"},
    [ADMISSION_GPU_FULL] = {507, "GPU memory exceeded, please try again later", "gpu_memory_full",
                            "gpu_memory"},
};

static enum admission decide(const struct backend *b)
{
    const struct schedule *s = &b->schedule;
    if (b->readiness == BACKEND_LOADING)
        return ADMISSION_LOADING;
    if (b->readiness == BACKEND_STOPPING)
        return ADMISSION_STOPPING;
    if (!schedule_has_room(s))
        return ADMISSION_QUEUE_FULL;
    /* One that has to wait takes the memory of one that has ended. */
    bool starts = s->running < s->slots;
    if (backend_simulates_gpu(b) && starts && !gpu_sim_fits(&b->gpu, s->running + 1))
        return ADMISSION_GPU_FULL;
    return ADMISSION_OK;
}

/* Rounded up to whole seconds: who comes then finds room, if jobs take as long as they did. */
static int retry_seconds(const struct backend *b, enum admission why)
{
    if (why < ADMISSION_QUEUE_FULL)
        return RETRY_LOADING;
    nsec wait = schedule_next_end(&b->schedule, loop_now(b->loop));
    int seconds =
        wait >= RETRY_MAX * NSEC_PER_SEC ? RETRY_MAX : (int)((wait + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
    return seconds ? seconds : 1;
}

enum admission admission_check(const struct backend *b, struct refusal *ret)
{
    enum admission a = decide(b);
    if (a == ADMISSION_OK)
        return a;
    *ret = (struct refusal){REFUSALS[a].status, REFUSALS[a].error, REFUSALS[a].kind, retry_seconds(b, a)};
    return a;
}

void admission_count(struct backend *b, enum admission why)
{
    if (why != ADMISSION_OK)
        metric_add(metrics_series(b->metrics, F_JOBS_REFUSED, &REFUSALS[why].reason), 1);
}

void admission_submit(struct backend *b, struct job *job, const struct generator_options *options)
{
    job_table_wake(b->jobs, job); /* with the size that it was counted with */
    if (job->state != JOB_UPLOADED)
        store_remove_models(&b->store, &job->id);
    job_renew(job);
    job->work.options = *options;
    metric_add(metrics_series(b->metrics, F_SUBMITTED, NULL), 1);
    schedule_submit(&b->schedule, job);
    if (job->state != JOB_QUEUED) /* it has started, which was told already */
        return;
    ledger_note(&b->ledger, job);
    events_changed(b->events, job);
}
