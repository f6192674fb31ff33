#include "preflight.h"

#include "fetch.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>

#define ANSWER_TIMEOUT (4 * NSEC_PER_SEC)
#define READY_EVERY (200 * NSEC_PER_MSEC)

struct session {
    const struct preflight_config *config;
    struct preflight *result;
    struct loop *loop;
    struct http_pool pool;
    struct fetch fetch;
};

static void on_done(struct fetch *f)
{
    loop_stop(f->exchange.pool->loop);
}

static void get(struct session *s, const char *path)
{
    fetch_start(&s->fetch, &s->pool, &s->config->target, path, ANSWER_TIMEOUT);
    loop_run(s->loop);
}

struct pause {
    struct timer timer;
    struct loop *loop;
};

static void on_pause(struct timer *timer)
{
    loop_stop(((struct pause *)timer)->loop);
}

static void pause_for(struct session *s, nsec time)
{
    struct pause pause = {.timer.fire = on_pause, .loop = s->loop};
    timer_set(s->loop, &pause.timer, loop_now(s->loop) + time);
    loop_run(s->loop);
}

static bool fail(struct session *s, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct session *s, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->result->message, sizeof s->result->message, format, args);
    va_end(args);
    snprintf(s->result->hint, sizeof s->result->hint, "%s", hint);
    return false;
}

static const struct {
    enum fail_kind kind;
    const char *hint;
} hints[] = {
    {FAIL_REFUSED, "Start the backend, or name another with --target (--target embedded brings its own)."},
    {FAIL_NETWORK, "Check the host and the port in --target."},
    {FAIL_RESET, "Something listens there and hangs up; is it the backend's port?"},
    {FAIL_PROTOCOL, "Something listens there that does not speak HTTP/1.1; is it the backend's port?"},
    {FAIL_TOO_LARGE, "Something listens there that is not the backend; check the port in --target."},
    {FAIL_TIMEOUT, "Something listens there and does not answer; look into the backend's log."},
};

static bool fail_exchange(struct session *s, const char *path)
{
    const struct http_exchange *x = &s->fetch.exchange;
    const char *hint = "";
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].kind == x->fail)
            hint = hints[i].hint;
    return fail(s, hint, "The target %s cannot be reached: %s (GET %s).", s->config->url, x->error, path);
}

static void keep_clean(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

/* What the answer says of the target's health, in *ret; whether that is enough. */
static bool says_healthy(const struct session *s, char *ret, size_t size)
{
    const struct preflight_config *c = s->config;
    json_t *root = json_loadb(buf_text(&s->fetch.body), s->fetch.body.len, JSON_ALLOW_NUL, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    bool enough = c->healthy_count == 0 || jsonptr_any(root, c->healthy, c->healthy_count);
    if (status)
        keep_clean(ret, size, status);
    else
        snprintf(ret, size, root ? "status %d" : "status %d, no JSON", s->fetch.exchange.status);
    json_decref(root);
    return enough;
}

static bool check_health(struct session *s)
{
    const char *path = s->config->health_path;
    if (!path[0])
        return true;
    get(s, path);
    if (s->fetch.exchange.fail != FAIL_NONE)
        return fail_exchange(s, path);
    memcpy(s->result->server, s->fetch.exchange.server, sizeof s->result->server);
    if (!fetch_ok(&s->fetch))
        return fail(s, "Is it an ORFEAS backend? Another kind needs a workflow with its own `health:` path.",
                    "The target %s is not healthy: GET %s answers with status %d.", s->config->url, path,
                    s->fetch.exchange.status);
    if (says_healthy(s, s->result->health, sizeof s->result->health))
        return true;
    return fail(
        s,
        "Is it an ORFEAS backend? Look into its log; another kind needs a workflow with its own `healthy:`.",
        "The target %s does not say that it is healthy: GET %s answers '%s'.", s->config->url, path,
        s->result->health);
}

static bool cancelled(const struct session *s)
{
    return s->config->cancel && atomic_load(s->config->cancel);
}

/* Waits until the models are loaded. */
static bool check_ready(struct session *s)
{
    const char *path = s->config->ready_path;
    nsec start = loop_now(s->loop);
    while (path[0]) {
        get(s, path);
        const struct http_exchange *x = &s->fetch.exchange;
        if (x->fail != FAIL_NONE)
            return fail_exchange(s, path);
        if (fetch_ok(&s->fetch) || x->status == 404 || x->status == 405)
            break;
        nsec waited = loop_now(s->loop) - start;
        char limit[DURATION_TEXT];
        if (cancelled(s))
            return fail(s, "", "Interrupted while the target was loading.");
        if (waited >= s->config->wait)
            return fail(s, "Wait longer with --wait 5m, or look into the backend's log.",
                        "The target %s is still loading after %s (GET %s answers with status %d).",
                        s->config->url, duration_text(s->config->wait, limit), path, x->status);
        if (s->config->waiting)
            s->config->waiting(s->config->context, waited);
        pause_for(s, READY_EVERY);
    }
    return true;
}

/* Without a health path, that somebody listens must do. */
static bool check_listens(struct session *s)
{
    if (s->config->health_path[0])
        return true;
    get(s, "/");
    return s->fetch.exchange.fail == FAIL_NONE ? true : fail_exchange(s, "/");
}

bool preflight_run(const struct preflight_config *config, struct preflight *ret)
{
    *ret = (struct preflight){0};
    struct session s = {.config = config, .result = ret, .loop = loop_epoll_create()};
    if (!s.loop)
        return fail(&s, "", "No event loop: %s.", strerror(errno));
    http_pool_init(&s.pool, s.loop, config->addrs, config->addr_count);
    fetch_init(&s.fetch, on_done, 1 << 20);
    bool ok = check_listens(&s) && check_health(&s) && check_ready(&s);
    ret->addr = s.pool.addrs[s.pool.addr_at];
    fetch_finish(&s.fetch);
    http_pool_finish(&s.pool);
    loop_destroy(s.loop);
    return ok;
}
