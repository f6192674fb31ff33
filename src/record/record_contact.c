#include "record_contact.h"

#include "utf8.h"

#include "utf8.h"

#include <string.h>

void record_contact_init(struct record_contact *c)
{
    *c = (struct record_contact){.first = -1, .last = -1};
    for (int i = 0; i < FAIL_KINDS; i++)
        c->failing[i] = (struct record_failing){.first = -1, .last = -1};
}

/* ---- silences ---- */

static nsec length(struct record_silence s)
{
    return s.end - s.start;
}

static int shortest(const struct record_silence *spans, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++)
        at = length(spans[i]) < length(spans[at]) ? i : at;
    return at;
}

/* The last one in time; when there is no room the shortest goes. */
static void keep_silence(struct record_contact *c, struct record_silence silence)
{
    if (c->silence_count == RECORD_SILENCES_MAX) {
        int at = shortest(c->silences, c->silence_count);
        if (length(silence) <= length(c->silences[at]))
            return;
        memmove(&c->silences[at], &c->silences[at + 1],
                (size_t)(--c->silence_count - at) * sizeof *c->silences);
    }
    c->silences[c->silence_count++] = silence;
}

void record_contact_heard(struct record_contact *c, nsec asked, nsec at)
{
    if (c->last >= 0 && at > c->last)
        keep_silence(c, (struct record_silence){c->last, at, asked});
    if (c->first < 0)
        c->first = at;
    c->last = at > c->last ? at : c->last;
}

/* Also before the first answer and after the last one a writer hears nothing. Returns how many. */
static int all_silences(const struct record_contact *c, struct record_silence out[RECORD_SILENCES_MAX + 2])
{
    int count = 0;
    out[count++] = (struct record_silence){-NSEC_NEVER, c->first, NSEC_NEVER};
    for (int i = 0; i < c->silence_count; i++)
        out[count++] = c->silences[i];
    out[count++] = (struct record_silence){c->last, NSEC_NEVER, NSEC_NEVER};
    return count;
}

/* What ends one of them was under way to the end of what both have in common. */
static struct record_silence in_common(const struct record_silence *a, const struct record_silence *b)
{
    return (struct record_silence){.start = a->start > b->start ? a->start : b->start,
                                   .end = a->end < b->end ? a->end : b->end,
                                   .asked = a->asked < b->asked ? a->asked : b->asked};
}

static void merge_silences(struct record_contact *into, const struct record_contact *from)
{
    struct record_silence ours[RECORD_SILENCES_MAX + 2], theirs[RECORD_SILENCES_MAX + 2];
    int our_count = all_silences(into, ours), their_count = all_silences(from, theirs), a = 0, b = 0;
    into->silence_count = 0;
    while (a < our_count && b < their_count) {
        struct record_silence both = in_common(&ours[a], &theirs[b]);
        if (both.start > -NSEC_NEVER && both.end < NSEC_NEVER && both.end > both.start)
            keep_silence(into, both);
        if (ours[a].end < theirs[b].end)
            a++;
        else
            b++;
    }
}

static void merge_heard(struct record_contact *into, const struct record_contact *from)
{
    if (from->last < 0)
        return;
    if (into->last < 0) {
        memcpy(into->silences, from->silences, sizeof into->silences);
        into->silence_count = from->silence_count;
        into->first = from->first;
        into->last = from->last;
        return;
    }
    merge_silences(into, from);
    into->first = from->first < into->first ? from->first : into->first;
    into->last = from->last > into->last ? from->last : into->last;
}

/* ---- failures and refusals ---- */

static nsec earlier(nsec a, nsec b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

void record_contact_failed(struct record_contact *c, enum fail_kind kind, nsec at)
{
    struct record_failing *f = &c->failing[kind];
    f->count++;
    f->first = earlier(f->first, at);
    f->last = at > f->last ? at : f->last;
}

/* As much as has room, in whole characters; what no terminal should see becomes '?'. */
static void take_text(char *to, size_t size, const char *text)
{
    size_t len = text ? strlen(text) : 0, used = 0;
    for (size_t at = 0; at < len;) {
        int n = utf8_sequence(text + at, len - at);
        bool control = n == 1 && ((unsigned char)text[at] < 0x20 || text[at] == 0x7f);
        size_t takes = n > 0 ? (size_t)n : 1;
        if (used + takes >= size)
            break;
        memcpy(to + used, n > 0 && !control ? text + at : "?", takes);
        used += takes;
        at += takes;
    }
    to[used] = '\0';
}

static struct record_refusal *refusal_of(struct record_contact *c, int status)
{
    for (int i = 0; i < c->refusal_count; i++)
        if (c->refusals[i].status == status)
            return &c->refusals[i];
    if (c->refusal_count == RECORD_REFUSALS_MAX)
        return NULL;
    struct record_refusal *r = &c->refusals[c->refusal_count++];
    *r = (struct record_refusal){.status = status, .first = -1, .last = -1};
    return r;
}

void record_contact_refused(struct record_contact *c, nsec at, int status, const char *said,
                            const char *server, const char *via)
{
    struct record_refusal *r = refusal_of(c, status);
    if (!r)
        return;
    if (!r->count++) {
        take_text(r->said, sizeof r->said, said);
        take_text(r->server, sizeof r->server, server);
        take_text(r->via, sizeof r->via, via);
    }
    r->first = earlier(r->first, at);
    r->last = at > r->last ? at : r->last;
}

static void merge_refusal(struct record_contact *into, const struct record_refusal *from)
{
    struct record_refusal *r = refusal_of(into, from->status);
    if (!r)
        return;
    int64_t count = r->count + from->count;
    nsec last = from->last > r->last ? from->last : r->last;
    if (r->first < 0 || from->first < r->first)
        *r = *from;
    r->count = count;
    r->last = last;
}

void record_contact_merge(struct record_contact *into, const struct record_contact *from)
{
    merge_heard(into, from);
    for (int i = 0; i < FAIL_KINDS; i++) {
        struct record_failing *f = &into->failing[i];
        f->count += from->failing[i].count;
        f->first = earlier(f->first, from->failing[i].first);
        f->last = from->failing[i].last > f->last ? from->failing[i].last : f->last;
    }
    for (int i = 0; i < from->refusal_count; i++)
        merge_refusal(into, &from->refusals[i]);
}

const struct record_refusal *record_contact_refusal(const struct record_contact *c, int status)
{
    for (int i = 0; i < c->refusal_count; i++)
        if (c->refusals[i].status == status)
            return &c->refusals[i];
    return NULL;
}
