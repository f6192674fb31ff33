#include "doctor.h"

#include "clock.h"
#include "interrupt.h"
#include "knock.h"
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KNOCK_TIMEOUT (4 * NSEC_PER_SEC) /* as the preflight's */
#define PORT_TIMEOUT (10 * NSEC_PER_SEC) /* of all addresses together */

enum { EXPIRES_SOON = 14 /* days */, LIST_TEXT = 600 };

static double ms(nsec time)
{
    return (double)time / NSEC_PER_MSEC;
}

static void add_item(char list[LIST_TEXT], const char *item)
{
    size_t len = strlen(list);
    snprintf(list + len, LIST_TEXT - len, "%s%s", len ? ", " : "", item);
}

/* ---- the name ---- */

void doctor_name(struct doctor *d, struct doctor_result *r)
{
    const char *why, *host = d->target.url.host;
    char list[LIST_TEXT] = "", one[KNOCK_ADDRESS];
    nsec start = clock_monotonic();
    int count = target_look_up(&d->target, &why);
    nsec took = clock_monotonic() - start;
    if (!count) {
        doctor_tell_unreachable(r, "Check the host's spelling in --target, and your DNS.",
                                "the host '%s' has no address: %s (%.3g ms)", host, why, ms(took));
        return;
    }
    for (int i = 0; i < count; i++)
        add_item(list, knock_address(&d->target.http.place.addrs[i], one));
    struct in6_addr any;
    if (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "%s is an address: there is nothing to look up", host);
        return;
    }
    bool slow = took > NSEC_PER_SEC;
    doctor_tell(
        r, slow ? DOCTOR_WARNING : DOCTOR_OK,
        slow ? "A name server that does not answer? With --resolve connection every connection waits for it."
             : NULL,
        "%s is %s%s (%.3g ms)", host, list, count > 1 ? ", tried in this order" : "", ms(took));
}

/* ---- the port ---- */

struct knocks {
    int open;            /* the first address that takes connections; -1: none */
    bool before_is_mute; /* one that is tried before it does not answer at all */
    char list[LIST_TEXT];
    struct knock answer; /* of the open one, else of the last */
};

static const char *unconnected_text(const struct knock *k)
{
    return k->error == ECONNREFUSED ? "refuses"
           : k->error == ETIMEDOUT  ? "does not answer"
                                    : strerror(k->error);
}

/* The very request that the preflight sends; of TLS the connection alone. */
static void render(const struct doctor *d, struct buf *out)
{
    char path[2048];
    const char *health = doctor_plan(d)->workflow.health_path;
    snprintf(path, sizeof path, "%s%s", d->target.http.prefix, *health ? health : "/");
    http_render_head(out, "GET", &d->target.http, path);
    buf_add_text(out, "\r\n");
}

static void note(struct knocks *ks, const struct loop_addr *addr, const struct knock *k, int i)
{
    char address[KNOCK_ADDRESS], item[200];
    bool taken = k->answer != KNOCK_UNCONNECTED;
    snprintf(item, sizeof item, "%s %s", knock_address(addr, address),
             taken ? "takes connections" : unconnected_text(k));
    add_item(ks->list, item);
    if (ks->open < 0)
        ks->answer = *k;
    if (ks->open < 0 && taken)
        ks->open = i;
    ks->before_is_mute |= ks->open < 0 && k->error == ETIMEDOUT;
}

static void knock_at_all(const struct doctor *d, struct knocks *ks)
{
    const struct conn_place *place = &d->target.http.place;
    struct buf request;
    nsec deadline = clock_monotonic() + PORT_TIMEOUT;
    *ks = (struct knocks){.open = -1};
    buf_init(&request, 64 << 10);
    render(d, &request);
    for (int i = 0; i < place->addr_count && !interrupt_signal(); i++) {
        nsec left = deadline - clock_monotonic();
        struct knock k;
        if (left <= 0)
            break;
        bool asks = !d->target.url.tls && ks->open < 0;
        knock(&place->addrs[i], asks ? buf_text(&request) : NULL, left < KNOCK_TIMEOUT ? left : KNOCK_TIMEOUT,
              interrupt_flag(), &k);
        note(ks, &place->addrs[i], &k, i);
    }
    buf_finish(&request);
}

static const char *unconnected_hint(int error)
{
    static const char hidden[] =
        "A firewall drops the connections, or the host is off: check the host and the port in "
        "--target, and what lies between.";
    enum fail_kind kind = error == ECONNREFUSED ? FAIL_REFUSED : FAIL_NETWORK;
    return error == ETIMEDOUT ? hidden : preflight_hint(kind);
}

/* A server of TLS that is asked in plain may just hang up: does it shake hands when it is asked to? */
static bool shows_certificate(const struct doctor *d, const struct loop_addr *addr)
{
    struct tls_config anybody = {.insecure = true};
    char why[TLS_ERROR_TEXT];
    struct knock_tls k = {0};
    struct tls_context *context = tls_context_create(&anybody, why);
    if (context)
        knock_tls(addr, context, d->target.url.host, KNOCK_TIMEOUT, interrupt_flag(), &k);
    tls_context_destroy(context);
    return k.shown;
}

static void tell_stranger(const struct doctor *d, struct doctor_result *r, const struct knocks *ks)
{
    const struct knock *k = &ks->answer;
    char next[400];
    bool secure = k->answer == KNOCK_HANGS_UP && shows_certificate(d, &d->target.http.place.addrs[ks->open]);
    switch (secure ? KNOCK_TLS : k->answer) {
    case KNOCK_TLS:
        snprintf(next, sizeof next, "Write https:// in --target: https://%s", d->target.url.authority);
        doctor_tell_unreachable(r, next, "%s, but this port wants TLS and was asked in plain HTTP", ks->list);
        break;
    case KNOCK_BANNER:
        doctor_tell_unreachable(r, preflight_hint(FAIL_PROTOCOL), "%s, but speaks no HTTP%s: '%s'", ks->list,
                                strncmp(k->banner, "SSH-", 4) == 0 ? " (it is an SSH server)" : "",
                                k->banner);
        break;
    case KNOCK_SILENT:
        doctor_tell_unreachable(r, preflight_hint(FAIL_TIMEOUT), "%s, and says nothing for %d s", ks->list,
                                (int)(KNOCK_TIMEOUT / NSEC_PER_SEC));
        break;
    default:
        doctor_tell_unreachable(r, preflight_hint(FAIL_RESET), "%s, and hangs up without an answer",
                                ks->list);
    }
}

void doctor_port(struct doctor *d, struct doctor_result *r)
{
    struct knocks ks;
    knock_at_all(d, &ks);
    if (ks.open < 0)
        doctor_tell_unreachable(r, unconnected_hint(ks.answer.error), "%s", ks.list);
    else if (!d->target.url.tls && ks.answer.answer != KNOCK_HTTP)
        tell_stranger(d, r, &ks);
    else if (ks.before_is_mute)
        doctor_tell(r, DOCTOR_WARNING,
                    "Name the address that answers in --target: who tries the other first waits.",
                    "%s (%.3g ms)", ks.list, ms(ks.answer.connected));
    else
        doctor_tell(r, DOCTOR_OK, NULL, "%s (%.3g ms)", ks.list, ms(ks.answer.connected));
}

/* ---- TLS ---- */

static void tell_certificate(struct doctor_result *r, const struct tls_facts *f, bool insecure)
{
    bool soon = f->days_left < EXPIRES_SOON;
    const char *next =
        insecure ? "Nobody knows who answers: name the authority with --cacert instead of --insecure."
        : soon   ? "Renew it before the test, at least before it expires."
                 : NULL;
    doctor_tell(r, next ? DOCTOR_WARNING : DOCTOR_OK, next, "%s, certificate for %s by %s, %d day%s left%s",
                f->protocol, f->names, f->issuer, f->days_left, f->days_left == 1 ? "" : "s",
                insecure ? ", not checked" : "");
}

/* The first address that takes the handshake, as connections do it. */
void doctor_tls(struct doctor *d, struct doctor_result *r)
{
    const struct conn_place *place = &d->target.http.place;
    struct knock_tls k = {0};
    if (!d->target.url.tls) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "none: the target is plain http");
        return;
    }
    nsec deadline = clock_monotonic() + PORT_TIMEOUT;
    for (int i = 0; i < place->addr_count && !k.open && clock_monotonic() < deadline; i++)
        knock_tls(&place->addrs[i], d->target.tls, d->target.url.host, KNOCK_TIMEOUT, interrupt_flag(), &k);
    if (k.open && k.shown)
        tell_certificate(r, &k.facts, d->options->insecure);
    else
        doctor_tell_unreachable(
            r, k.silent ? "Does this port speak TLS? Try http:// in --target." : preflight_hint(FAIL_TLS),
            "%s", k.why);
}
