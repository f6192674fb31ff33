#include "api.h"

#include "backend.h"
#include "job_feed.h"
#include "ws_conn.h"

#include <string.h>

static void socket_finish(struct exchange *x)
{
    struct job *job = api_find_job(x, x->params[0], strlen(x->params[0]));
    if (job)
        job_feed_open_socket(x, job);
}

const struct handler api_job_socket = {.finish = socket_finish, .end = ws_conn_end};

/* A browser connects again when the stream has ended; 204 tells it to stop, once it has seen the end. */
static bool has_seen_end(const struct exchange *x, const struct job *job)
{
    char end[JOB_FEED_ID];
    const char *last = exchange_header(x, "Last-Event-ID");
    return last && job_has_ended(job) && strcmp(last, job_feed_end_id(job, end)) == 0;
}

static void stream_finish(struct exchange *x)
{
    struct job *job = api_find_job(x, x->params[0], strlen(x->params[0]));
    if (!job)
        return;
    if (!has_seen_end(x, job) && x->method == METHOD_GET) {
        job_feed_open_stream(x, job);
        return;
    }
    exchange_text(x);
    exchange_send(x, x->method == METHOD_GET ? 204 : 200, NULL);
    exchange_add_header(x, "Content-Type", "text/event-stream");
}

const struct handler api_job_events = {
    .finish = stream_finish, .end = job_feed_end, .drained = job_feed_drained};
