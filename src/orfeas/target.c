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

static int resolve(struct target *t, const struct options *o)
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
    place->addr_count = addr_resolve(t->url.host, t->url.port, place->addrs, &why);
    if (place->addr_count)
        return EXIT_PASS;
    fprintf(stderr,
            "orfeas: the host '%s' of --target has no address: %s\n    Check its spelling and your DNS.\n",
            t->url.host, why);
    return EXIT_UNREACHABLE;
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

int target_open(struct target *t, const struct options *o)
{
    *t = (struct target){0};
    if (check_pid(o) != EXIT_PASS)
        return EXIT_USAGE;
    if (!embedded_is(o->target)) {
        snprintf(t->text, sizeof t->text, "%s", o->target);
        return resolve(t, o);
    }
    char error[EMBEDDED_ERROR_TEXT];
    enum embedded_outcome outcome = embedded_start(&t->embedded, o->target, o->time_scale, error);
    if (outcome != EMBEDDED_LISTENS) {
        fprintf(stderr, "orfeas: %s\n", error);
        return outcome == EMBEDDED_USAGE ? EXIT_USAGE : EXIT_UNREACHABLE;
    }
    snprintf(t->text, sizeof t->text, "%s", t->embedded.url);
    return resolve(t, o);
}

void target_close(struct target *t)
{
    embedded_stop(&t->embedded);
    tls_context_destroy(t->tls);
}
