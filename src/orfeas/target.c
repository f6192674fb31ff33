#include "target.h"

#include "exit_code.h"
#include "process_find.h"
#include "tls.h"

#include <stdio.h>
#include <string.h>

static int secure(struct target *t, const struct options *o)
{
    struct tls_config config = {.cacert = o->cacert, .cert = o->cert, .key = o->key, .insecure = o->insecure};
    char why[TLS_ERROR_TEXT];
    t->tls = tls_context_create(&config, why);
    if (t->tls)
        return EXIT_PASS;
    fprintf(stderr, "orfeas: %s\n", why);
    return EXIT_USAGE;
}

static int read_url(struct target *t, const struct options *o)
{
    const char *why;
    if (!url_parse(t->text, &t->url, &why)) {
        fprintf(stderr, "orfeas: --target '%s': %s\n", t->text, why);
        return EXIT_USAGE;
    }
    if (t->url.tls && secure(t, o) != EXIT_PASS)
        return EXIT_USAGE;
    t->http = (struct http_target){
        .authority = t->url.authority, .prefix = t->url.path, .headers = buf_text(&o->headers)};
    memcpy(t->http.own, o->own_headers, sizeof t->http.own);
    struct conn_place *place = &t->http.place;
    place->host = t->url.host;
    place->port = t->url.port;
    place->tls = t->tls;
    return EXIT_PASS;
}

static int check_pid(const struct options *o)
{
    char why[PROCESS_TEXT];
    if (!o->pid || process_find_pid("/proc", o->pid, why))
        return EXIT_PASS;
    fprintf(stderr,
            "orfeas: --pid: %s\n    Name the target's process as `ss -ltnp` shows it, or leave --pid out: "
            "the one that listens\n    on the target's port is looked for.\n",
            why);
    return EXIT_USAGE;
}

int target_pid(const struct target *t, const struct options *o)
{
    return o->pid ? o->pid : t->embedded.pid;
}

int target_look_up(struct target *t, const char **ret_why)
{
    struct conn_place *place = &t->http.place;
    place->addr_count = addr_resolve(t->url.host, t->url.port, place->addrs, ret_why);
    return place->addr_count;
}

int target_begin(struct target *t, const struct options *o)
{
    *t = (struct target){0};
    if (check_pid(o) != EXIT_PASS)
        return EXIT_USAGE;
    if (!embedded_is(o->target)) {
        snprintf(t->text, sizeof t->text, "%s", o->target);
        return read_url(t, o);
    }
    char error[EMBEDDED_ERROR_TEXT];
    enum embedded_outcome outcome = embedded_start(&t->embedded, o->target, o->time_scale, error);
    if (outcome != EMBEDDED_LISTENS) {
        fprintf(stderr, "orfeas: %s\n", error);
        return outcome == EMBEDDED_USAGE ? EXIT_USAGE : EXIT_UNREACHABLE;
    }
    snprintf(t->text, sizeof t->text, "%s", t->embedded.url);
    return read_url(t, o);
}

int target_open(struct target *t, const struct options *o)
{
    const char *why;
    int code = target_begin(t, o);
    if (code != EXIT_PASS || target_look_up(t, &why))
        return code;
    fprintf(stderr,
            "orfeas: the host '%s' of --target has no address: %s\n    Check its spelling and your DNS.\n",
            t->url.host, why);
    return EXIT_UNREACHABLE;
}

static void tell_waiting(void *context, nsec waited)
{
    (void)context;
    if (waited >= NSEC_PER_SEC && waited % (2 * NSEC_PER_SEC) < 250 * NSEC_PER_MSEC)
        fprintf(stderr, "the target is loading its models (%d s)\n", (int)(waited / NSEC_PER_SEC));
}

struct preflight_config target_preflight(const struct target *t, const struct workflow *w,
                                         const struct options *o, const atomic_bool *cancel)
{
    return (struct preflight_config){.target = t->http,
                                     .url = t->text,
                                     .health_path = w->health_path,
                                     .healthy = w->healthy,
                                     .healthy_count = w->healthy_count,
                                     .ready_path = w->ready_path,
                                     .wait = o->wait,
                                     .cancel = cancel,
                                     .waiting = o->quiet ? NULL : tell_waiting};
}

void target_close(struct target *t)
{
    embedded_stop(&t->embedded);
    tls_context_destroy(t->tls);
}
