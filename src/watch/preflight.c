#include "preflight.h"

#include "container.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_TIMEOUT (4 * NSEC_PER_SEC)
#define READY_EVERY (200 * NSEC_PER_MSEC)
#define CANCEL_EVERY (50 * NSEC_PER_MSEC)

enum { BODY_MAX = 32 << 20 }; /* metrics may be asked for, too */

struct preflight_visit {
    struct preflight_config config;
    struct preflight *result;
    struct loop *loop;
    struct http_pool pool;
    struct fetch fetch;
    struct timer cancel;
};

static void on_done(struct fetch *f)
{
    loop_stop(f->exchange.pool->route.loop);
}

static bool cancelled(const struct preflight_visit *v)
{
    return v->config.cancel && atomic_load(v->config.cancel);
}

static void on_cancel_timer(struct timer *timer)
{
    struct preflight_visit *v = CONTAINER(struct preflight_visit, cancel, timer);
    if (cancelled(v))
        loop_stop(v->loop);
    else
        timer_set(v->loop, timer, loop_now(v->loop) + CANCEL_EVERY);
}

/* Until somebody stops the loop: what was waited for, or the user. */
static void wait(struct preflight_visit *v)
{
    v->cancel.fire = on_cancel_timer;
    if (v->config.cancel)
        timer_set(v->loop, &v->cancel, loop_now(v->loop) + CANCEL_EVERY);
    loop_run(v->loop);
    timer_cancel(v->loop, &v->cancel);
}

struct pause {
    struct timer timer;
    struct loop *loop;
};

static void on_pause(struct timer *timer)
{
    loop_stop(((struct pause *)timer)->loop);
}

static void pause_for(struct preflight_visit *v, nsec time)
{
    struct pause pause = {.timer.fire = on_pause, .loop = v->loop};
    timer_set(v->loop, &pause.timer, loop_now(v->loop) + time);
    wait(v);
    timer_cancel(v->loop, &pause.timer);
}

static bool fail(struct preflight_visit *v, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct preflight_visit *v, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->result->message, sizeof v->result->message, format, args);
    va_end(args);
    snprintf(v->result->hint, sizeof v->result->hint, "%s", hint);
    return false;
}

static const struct {
    enum fail_kind kind;
    const char *hint;
} hints[] = {
    {FAIL_REFUSED, "Start the backend, or name another with --target (--target embedded brings its own)."},
    {FAIL_NETWORK, "Check the host and the port in --target."},
    {FAIL_DNS, "Check the host's spelling in --target, and your DNS."},
    {FAIL_CONNECT, "Nothing answers there; check the host and the port in --target, and what lies between."},
    {FAIL_TLS, "Check host and port in --target, and --cacert, --cert; --insecure trusts whoever answers."},
    {FAIL_RESET, "Something listens there and hangs up; is it the backend's port?"},
    {FAIL_PROTOCOL, "Something listens there that does not speak HTTP/1.1; is it the backend's port?"},
    {FAIL_TOO_LARGE, "Something listens there that is not the backend; check the port in --target."},
    {FAIL_TIMEOUT, "Something listens there and does not answer; look into the backend's log."},
};

const char *preflight_hint(enum fail_kind kind)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].kind == kind)
            return hints[i].hint;
    return "";
}

bool preflight_get(struct preflight_visit *v, const char *path)
{
    const struct http_exchange *x = &v->fetch.exchange;
    fetch_start(&v->fetch, &v->pool, &v->config.target, path, ANSWER_TIMEOUT);
    wait(v);
    if (cancelled(v)) {
        fetch_cancel(&v->fetch);
        return fail(v, "", "Interrupted while the target was asked.");
    }
    if (x->fail == FAIL_NONE)
        return true;
    return fail(v, preflight_hint(x->fail), "The target %s cannot be reached: %s (GET %s).", v->config.url,
                v->fetch.error, path);
}

static void keep_clean(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
}

/* What the answer says of the target's health, in *ret; whether that is enough. */
static bool says_healthy(const struct preflight_visit *v, char *ret, size_t size)
{
    const struct preflight_config *c = &v->config;
    json_t *root = json_loadb(buf_text(&v->fetch.body), v->fetch.body.len, JSON_ALLOW_NUL, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    bool enough = c->healthy_count == 0 || jsonptr_any(root, c->healthy, c->healthy_count);
    if (status)
        keep_clean(ret, size, status);
    else
        snprintf(ret, size, root ? "status %d" : "status %d, no JSON", v->fetch.exchange.status);
    json_decref(root);
    return enough;
}

bool preflight_health(struct preflight_visit *v)
{
    const char *path = v->config.health_path;
    if (!path[0])
        return true;
    if (!preflight_get(v, path))
        return false;
    memcpy(v->result->server, v->fetch.names.server, sizeof v->result->server);
    memcpy(v->result->via, v->fetch.names.via, sizeof v->result->via);
    if (!fetch_ok(&v->fetch))
        return fail(v, "Is it an ORFEAS backend? Another kind needs a workflow with its own `health:` path.",
                    "The target %s is not healthy: GET %s answers with status %d.", v->config.url, path,
                    v->fetch.exchange.status);
    if (says_healthy(v, v->result->health, sizeof v->result->health))
        return true;
    return fail(
        v,
        "Is it an ORFEAS backend? Look into its log; another kind needs a workflow with its own `healthy:`.",
        "The target %s does not say that it is healthy: GET %s answers '%s'.", v->config.url, path,
        v->result->health);
}

/* Waits until the models are loaded. */
bool preflight_ready(struct preflight_visit *v)
{
    const char *path = v->config.ready_path;
    nsec start = loop_now(v->loop);
    while (path[0]) {
        if (!preflight_get(v, path))
            return false;
        const struct http_exchange *x = &v->fetch.exchange;
        if (fetch_ok(&v->fetch) || x->status == 404 || x->status == 405)
            break;
        nsec waited = loop_now(v->loop) - start;
        char limit[DURATION_TEXT];
        if (cancelled(v))
            return fail(v, "", "Interrupted while the target was loading.");
        if (waited >= v->config.wait)
            return fail(v, "Wait longer with --wait 5m, or look into the backend's log.",
                        "The target %s is still loading after %s (GET %s answers with status %d).",
                        v->config.url, duration_text(v->config.wait, limit), path, x->status);
        if (v->config.waiting)
            v->config.waiting(v->config.context, waited);
        pause_for(v, READY_EVERY);
    }
    return true;
}

/* Without a health path, that somebody listens must do. */
bool preflight_listens(struct preflight_visit *v)
{
    return v->config.health_path[0] || preflight_get(v, "/");
}

struct preflight_visit *preflight_begin(const struct preflight_config *config, struct preflight *ret)
{
    struct preflight_visit *v = calloc(1, sizeof *v);
    *ret = (struct preflight){0};
    if (!v)
        return NULL;
    v->config = *config;
    v->result = ret;
    v->loop = loop_epoll_create();
    if (!v->loop) {
        free(v);
        return NULL;
    }
    struct http_pool_config pool = {.loop = v->loop, .place = &v->config.target.place};
    http_pool_init(&v->pool, &pool);
    fetch_init(&v->fetch, on_done, BODY_MAX);
    return v;
}

void preflight_end(struct preflight_visit *v)
{
    if (!v)
        return;
    v->result->addr = v->pool.route.place.addrs[v->pool.route.addr_at];
    fetch_finish(&v->fetch);
    http_pool_finish(&v->pool);
    loop_destroy(v->loop);
    free(v);
}

const struct fetch *preflight_answer(const struct preflight_visit *v)
{
    return &v->fetch;
}

int64_t preflight_connects(const struct preflight_visit *v)
{
    return v->pool.traffic.connects;
}

bool preflight_run(const struct preflight_config *config, struct preflight *ret)
{
    struct preflight_visit *v = preflight_begin(config, ret);
    if (!v) {
        snprintf(ret->message, sizeof ret->message, "No event loop: %s.", strerror(errno));
        return false;
    }
    bool ok = preflight_listens(v) && preflight_health(v) && preflight_ready(v);
    preflight_end(v);
    return ok;
}
