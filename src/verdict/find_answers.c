#include "find.h"

#include <inttypes.h>
#include <string.h>

enum { TOO_MANY_REQUESTS = 429, UNAVAILABLE = 503, INSUFFICIENT_STORAGE = 507 };

/* ", by 'nginx', a proxy before the target: 'Too many requests'" */
static const char *by_whom(const struct find *f, const struct record_refusal *r)
{
    const char *who = "";
    if (find_is_proxy(f, r))
        who = arena_printf(f->arena,
                           ", by a proxy before the target (%s '%s'; the target's own server is '%s')",
                           r->via[0] ? "Via" : "Server", r->via[0] ? r->via : r->server,
                           f->record->peer.server ? f->record->peer.server : "");
    return r->said[0] ? arena_printf(f->arena, "%s: '%s'", who, r->said) : who;
}

static bool refused_with(const struct find *f, struct finding *ret, const struct record_refusal *r,
                         const char *says)
{
    ret->says = says;
    ret->jobs = find_failed_with(f, r->status);
    ret->since = r->first;
    ret->evidence =
        arena_printf(f->arena, "%s with status %d%s", find_stretch(f, r->count, "answer", r->first, r->last),
                     r->status, by_whom(f, r));
    if (find_is_proxy(f, r)) {
        ret->culprit = CULPRIT_NETWORK;
        ret->next = "look at the limits and the log of the proxy, or name the target itself in --target";
    }
    return true;
}

static bool speaks_of_queue(const struct record_refusal *r)
{
    return find_contains(r->said, "queue") || find_contains(r->said, "capacity");
}

bool find_queue_full(const struct find *f, struct finding *ret)
{
    static const int statuses[] = {TOO_MANY_REQUESTS, UNAVAILABLE};
    for (int i = 0; i < 2; i++) {
        const struct record_refusal *r = record_contact_refusal(&f->record->contact, statuses[i]);
        if (r && speaks_of_queue(r))
            return refused_with(f, ret, r, "the target's queue was full");
    }
    return false;
}

bool find_rate_limited(const struct find *f, struct finding *ret)
{
    const struct record_refusal *r = record_contact_refusal(&f->record->contact, TOO_MANY_REQUESTS);
    return r && !speaks_of_queue(r) && refused_with(f, ret, r, "requests were limited by their rate");
}

bool find_unavailable(const struct find *f, struct finding *ret)
{
    const struct record_refusal *r = record_contact_refusal(&f->record->contact, UNAVAILABLE);
    return r && !speaks_of_queue(r) && refused_with(f, ret, r, "the target was unavailable for a time");
}

/* Has another finding: who looks at errors in general leaves it out. */
static bool is_told_apart(const struct record_refusal *r)
{
    return r->status == TOO_MANY_REQUESTS || r->status == UNAVAILABLE || find_is_memory(r->said);
}

/* With 4xx the target finds fault with what it was asked. */
bool find_errors(const struct find *f, struct finding *ret)
{
    const struct record_contact *c = &f->record->contact;
    const struct record_refusal *most = NULL;
    int64_t others = 0;
    for (int i = 0; i < c->refusal_count; i++) {
        const struct record_refusal *r = &c->refusals[i];
        if (is_told_apart(r))
            continue;
        others += r->count;
        most = !most || r->count > most->count ? r : most;
    }
    if (!most) /* one that was told in another way, as Socket.IO does */
        return c->refusal_count == 0 &&
               find_kind(f, ret, FAIL_STATUS, "requests were answered with an error");
    bool blames_us = most->status >= 400 && most->status < 500;
    refused_with(f, ret, most, "requests were answered with an error");
    if (blames_us && ret->culprit == CULPRIT_TARGET) {
        ret->culprit = CULPRIT_WORKLOAD;
        ret->next = "compare the workflow with what the target expects: path, fields, credentials";
    }
    if (most->status == INSUFFICIENT_STORAGE)
        ret->next = "look how much room the target's disk has, and its GPU";
    if (!f->counts.kinds[FAIL_STATUS]) /* tried again, with success */
        ret->severity = SEVERITY_WARNING;
    if (others > most->count)
        ret->evidence = arena_printf(f->arena, "%s; %" PRId64 " more with other statuses", ret->evidence,
                                     others - most->count);
    return true;
}

/* ---- answers that do not come, or cannot be read ---- */

static enum fail_kind worst_of(const struct find *f, const enum fail_kind *kinds, int count)
{
    enum fail_kind most = kinds[0];
    for (int i = 1; i < count; i++)
        most = f->counts.kinds[kinds[i]] > f->counts.kinds[most] ? kinds[i] : most;
    return most;
}

bool find_late_answers(const struct find *f, struct finding *ret)
{
    static const enum fail_kind kinds[] = {FAIL_FIRST_BYTE, FAIL_IDLE};
    return find_kind(f, ret, worst_of(f, kinds, 2), "answers did not come in time");
}

bool find_broken_answers(const struct find *f, struct finding *ret)
{
    static const enum fail_kind kinds[] = {FAIL_BODY, FAIL_PROTOCOL, FAIL_TOO_LARGE};
    return find_kind(f, ret, worst_of(f, kinds, 3), "answers were not what the workflow reads");
}
