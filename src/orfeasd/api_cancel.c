#include "api.h"

#include "backend.h"
#include "json_out.h"

#include <string.h>

static void send_state(struct exchange *x, int status, const char *job_id, const char *state,
                       const char *message)
{
    struct buf *b = exchange_text(x);
    json_open(b, NULL, '{');
    if (status >= 400)
        json_text(b, "error", message);
    json_text(b, "job_id", job_id);
    json_text(b, "status", state);
    json_text(b, "message", message);
    json_close(b, '}');
    exchange_send_json(x, status);
}

static void send_cancelled(struct exchange *x, const struct job *job)
{
    send_state(x, 200, job->id_text, job_state_name(JOB_CANCELLED),
               "The job was cancelled and its files removed");
}

static void send_deleted(struct exchange *x, const char *job_id)
{
    send_state(x, 200, job_id, "deleted", "The job and its files were removed");
}

static void finish(struct exchange *x)
{
    if (x->backend->closing &&
        !api_check_ready(x)) /* what ran is interrupted, but still in a thread's hands */
        return;
    struct job *job = api_find_job(x, x->params[0], strlen(x->params[0]));
    if (!job)
        return;
    if (job->state == JOB_CANCELLED) {
        send_state(x, 409, job->id_text, job_state_name(JOB_CANCELLED), "The job was cancelled already");
    } else if (job_has_ended(job) || job->state == JOB_UPLOADED) {
        job_table_drop(x->backend->jobs, job);
        send_deleted(x, x->params[0]);
    } else {
        schedule_cancel(&x->backend->schedule, job);
        if (job->state == JOB_CANCELLED)
            send_cancelled(x, job);
        else
            exchange_hold(x, &job->held, 0); /* its work is still under way, for some milliseconds */
    }
}

/* It has ended: as asked, or it came too late; then its files go as those of any job that has ended. */
static void resume(struct exchange *x)
{
    struct job *job = job_table_find(x->backend->jobs, &x->job);
    if (job->state == JOB_CANCELLED) {
        send_cancelled(x, job);
    } else if (job_has_ended(job) && !job_was_interrupted(job)) {
        job->unwanted = true;
        send_deleted(x, job->id_text);
    } else {
        api_check_ready(x); /* which sends why not */
    }
}

const struct handler api_cancel = {.finish = finish, .resume = resume};
