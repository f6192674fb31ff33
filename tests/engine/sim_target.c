#include "sim_target.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool every(int count, int number)
{
    return count && number % count == 0;
}

/* Allocates nothing itself: allocations are counted. */
/* Of the body the last `unsent` bytes do not come. */
static void answer_part(struct sim_target *t, int socket, int status, const char *headers, const void *body, size_t len,
                        size_t unsent)
{
    char out[4 << 10];
    int head = snprintf(out, sizeof out, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n", status,
                        headers ? headers : "", len);
    assert((size_t)head + len <= sizeof out);
    memcpy(out + head, body, len);
    loop_sim_reply(t->loop, socket, out, (size_t)head + len - unsent, t->latency);
}

static void answer_with(struct sim_target *t, int socket, int status, const char *headers, const void *body, size_t len)
{
    answer_part(t, socket, status, headers, body, len, 0);
}

static void answer_json(struct sim_target *t, int socket, int status, const char *json)
{
    answer_with(t, socket, status, NULL, json, strlen(json));
}

static void refuse(struct sim_target *t, int socket, int status)
{
    static const char json[] = "{\"error\":\"no room\"}";
    answer_with(t, socket, status, t->refusal_headers, json, sizeof json - 1);
}

static uint64_t hash(const char *bytes, size_t len)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)bytes[i]) * 1099511628211u;
    return h;
}

static void on_upload(struct sim_target *t, int socket, const char *body, size_t len)
{
    char json[64];
    assert(t->uploads < SIM_JOBS_MAX);
    t->upload_hashes[t->uploads] = hash(body, len);
    snprintf(json, sizeof json, "{\"job_id\":\"job-%d\"}", t->uploads++);
    answer_json(t, socket, 200, json);
}

static void schedule(struct sim_target *t, struct sim_job *job, int number)
{
    int slot = 0;
    for (int i = 1; i < t->slots; i++)
        if (t->slot_free[i] < t->slot_free[slot])
            slot = i;
    job->created = job->last_poll = loop_now(t->loop);
    job->started = t->slots && t->slot_free[slot] > job->created ? t->slot_free[slot] : job->created;
    job->finished = every(t->stuck_every, number) ? NSEC_NEVER : job->started + t->service;
    job->failed = every(t->fail_every, number);
    job->corrupt = every(t->corrupt_every, number);
    job->half = every(t->half_every, number);
    t->slot_free[slot] = job->finished;
}

static void on_submit(struct sim_target *t, int socket, const char *body)
{
    const char *id = strstr(body, "\"job-");
    int number = ++t->submits;
    assert(id);
    if (every(t->reset_every, number)) {
        loop_sim_reset(t->loop, socket, 0);
        return;
    }
    if (every(t->reject_every, number)) {
        refuse(t, socket, t->reject_status ? t->reject_status : 503);
        return;
    }
    schedule(t, &t->jobs[atoi(id + 5)], number);
    answer_json(t, socket, 200, "{\"status\":\"generating_3d\"}");
}

static void note_poll(struct sim_job *job, nsec now)
{
    nsec gap = job->last_gap = now - job->last_poll;
    job->last_poll = now;
    if (job->polls++ == 0)
        job->first_gap = job->shortest_gap = job->longest_gap = gap;
    job->shortest_gap = gap < job->shortest_gap ? gap : job->shortest_gap;
    job->longest_gap = gap > job->longest_gap ? gap : job->longest_gap;
}

static void answer_not_yet(struct sim_target *t, int socket, const char *status)
{
    char json[60];
    int len = snprintf(json, sizeof json, "{\"status\":\"%s\"}", status);
    answer_with(t, socket, 200, t->poll_headers, json, (size_t)len);
}

static void on_status(struct sim_target *t, int socket, int id)
{
    struct sim_job *job = &t->jobs[id];
    nsec now = loop_now(t->loop);
    char json[3 << 10];
    note_poll(job, now);
    if (every(t->reject_poll_every, ++t->polls)) {
        refuse(t, socket, 429);
        return;
    }
    if (now < job->finished) {
        answer_not_yet(t, socket, now < job->started ? "queued" : "processing");
        return;
    }
    if (job->failed)
        snprintf(json, sizeof json, "{\"status\":\"failed\",\"error\":\"No foreground\"%s%s}", t->told ? "," : "",
                 t->told ? t->told : "");
    else
        snprintf(json, sizeof json,
                 "{\"status\":\"completed\",\"download_url\":\"/api/download/job-%d/model.stl\",\"queued_at\":%.9f,"
                 "\"started_at\":%.9f,\"finished_at\":%.9f%s%s}",
                 id, nsec_to_sec(job->created), nsec_to_sec(job->started), nsec_to_sec(job->finished),
                 t->told ? "," : "", t->told ? t->told : "");
    answer_json(t, socket, 200, json);
}

static void put_float(unsigned char *at, float value)
{
    memcpy(at, &value, 4);
}

/* A tetrahedron as binary STL; the broken one lacks its last side. */
static void on_download(struct sim_target *t, int socket, int id)
{
    static const float corner[4][3] = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    static const int side[4][3] = {{0, 2, 1}, {0, 1, 3}, {0, 3, 2}, {1, 2, 3}};
    unsigned char stl[84 + 4 * 50] = {0};
    unsigned count = t->jobs[id].corrupt ? 3 : 4;
    t->downloads++;
    memcpy(stl + 80, &count, 4);
    for (unsigned i = 0; i < count; i++)
        for (int k = 0; k < 3; k++)
            for (int axis = 0; axis < 3; axis++)
                put_float(stl + 84 + 50 * i + 12 + 12 * k + 4 * axis, corner[side[i][k]][axis]);
    size_t len = 84 + 50 * count;
    answer_part(t, socket, 200, NULL, stl, len, t->jobs[id].half ? len / 2 : 0);
}

static void on_request(struct sim_target *t, int socket, const char *request, const char *body, size_t body_len)
{
    if (strncmp(request, "POST /api/upload-image ", 23) == 0)
        on_upload(t, socket, body, body_len);
    else if (strncmp(request, "POST /api/generate-3d ", 22) == 0)
        on_submit(t, socket, body);
    else if (strncmp(request, "GET /api/job-status/job-", 24) == 0)
        on_status(t, socket, atoi(request + 24));
    else if (strncmp(request, "GET /api/download/job-", 22) == 0)
        on_download(t, socket, atoi(request + 22));
    else
        answer_json(t, socket, 404, "{\"error\":\"Not found\"}");
}

/* Takes whole requests off the socket's inbox. */
static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    struct sim_target *t = context;
    struct buf *in = &t->inbox[socket];
    buf_add(in, bytes, len);
    for (;;) {
        const char *text = buf_text(in);
        const char *end = memmem(text, in->len, "\r\n\r\n", 4);
        if (!end)
            return;
        size_t head = (size_t)(end - text) + 4;
        const char *length = memmem(text, head, "Content-Length: ", 16);
        size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
        if (in->len < head + body)
            return;
        on_request(t, socket, text, text + head, body);
        buf_consume(in, head + body);
    }
}

static int on_connected(void *context, int socket)
{
    struct sim_target *t = context;
    assert(socket < SIM_SOCKETS_MAX);
    buf_clear(&t->inbox[socket]);
    return t->refuse_after && t->submits >= t->refuse_after ? -ECONNREFUSED : 0;
}

void sim_target_init(struct sim_target *t)
{
    for (int i = 0; i < SIM_SOCKETS_MAX; i++)
        buf_init(&t->inbox[i], 1 << 20);
    struct sim_server server = {.context = t, .connected = on_connected, .received = on_received};
    t->loop = loop_sim_create(&server);
}

void sim_target_finish(struct sim_target *t)
{
    loop_destroy(t->loop);
    for (int i = 0; i < SIM_SOCKETS_MAX; i++)
        buf_finish(&t->inbox[i]);
}
