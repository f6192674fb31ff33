#include "api.h"

#include "backend.h"
#include "json_out.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 50, PAGE_MAX = 500 };

struct page {
    int limit;
    bool by_state;
    enum job_state state;
    const struct job *from; /* the first to be looked at */
};

static bool read_limit(const char *text, int *ret)
{
    char *end;
    long limit = strtol(text, &end, 10);
    *ret = (int)limit;
    return end != text && !*end && limit >= 1 && limit <= PAGE_MAX;
}

/* Answers and returns false when the query makes no sense. */
static bool read_page(struct exchange *x, struct page *ret)
{
    const char *limit = exchange_query(x, "limit"), *state = exchange_query(x, "status"),
               *after = exchange_query(x, "after");
    *ret = (struct page){.limit = PAGE, .by_state = state, .from = x->backend->jobs->first};
    if (limit && !read_limit(limit, &ret->limit)) {
        exchange_send_error(x, 400, "limit should be an integer from 1 to %d", PAGE_MAX);
        return false;
    }
    if (state && !job_state_parse(state, &ret->state)) {
        exchange_send_error(x, 400,
                            "status should be uploaded, queued, processing, completed, failed or cancelled");
        return false;
    }
    const struct job *last = after ? api_find_job(x, after, strlen(after)) : NULL;
    if (after && !last)
        return false;
    if (last)
        ret->from = last->table_next;
    return true;
}

static void write_row(const struct job *job, struct buf *out)
{
    json_open(out, NULL, '{');
    json_text(out, "job_id", job->id_text);
    json_text(out, "status", job_state_name(job->state));
    api_write_times(job, out);
    json_close(out, '}');
}

/* The one that came last first. Following `next` until it is null meets every job that stays that long. */
static void list_jobs(struct exchange *x)
{
    struct page page;
    if (!read_page(x, &page))
        return;
    struct buf *b = exchange_text(x);
    int count = 0;
    const struct job *last = NULL, *job = page.from;
    json_open(b, NULL, '{');
    json_open(b, "jobs", '[');
    for (; job && count < page.limit; job = job->table_next) {
        if (page.by_state && job->state != page.state)
            continue;
        write_row(job, b);
        last = job;
        count++;
    }
    json_close(b, ']');
    json_int(b, "count", count);
    json_int(b, "total", x->backend->jobs->count);
    if (job && last)
        json_text(b, "next", last->id_text);
    else
        json_none(b, "next");
    json_close(b, '}');
    exchange_send_json(x, 200);
    exchange_add_header(x, "Cache-Control", "no-store");
}

const struct handler api_jobs = {.finish = list_jobs};
