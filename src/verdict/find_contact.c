#include "find.h"

#include <inttypes.h>
#include <math.h>

/* An answer that was there already may be read so long after another connection was refused. */
#define TOGETHER (100 * NSEC_PER_MSEC)

/* A target stands still when nothing is answered for so long, and for 20 times the probes' median, while a
 * probe waits for half of it at least: probes go once a second, and meet the end of a short standstill only.
 * Where there are none it is a request of a job's that waits, and the median is that of the generations. */
#define STILL_LEAST NSEC_PER_SEC

enum { STILL_MEDIANS = 20 };

static nsec later(nsec a, nsec b)
{
    return a > b ? a : b;
}

static nsec earlier(nsec a, nsec b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* ---- probes ---- */

static int count_probes(const struct find *f, enum fail_kind kind, nsec *ret_first)
{
    int count = 0;
    for (int i = 0; i < f->record->probe_count; i++) {
        const struct record_probe *p = &f->record->probes[i];
        if (p->ok || p->fail != kind)
            continue;
        count++;
        *ret_first = earlier(*ret_first, p->at);
    }
    return count;
}

/* The last sign of life; -1: none. */
static nsec last_heard(const struct find *f)
{
    const struct record *r = f->record;
    nsec last = r->contact.last;
    for (int i = 0; i < r->probe_count; i++)
        if (r->probes[i].ok)
            last = later(last, r->probes[i].at + r->probes[i].took);
    return r->metrics.readable ? later(last, r->metrics.last) : last;
}

static nsec first_refused(const struct find *f)
{
    nsec first = f->record->contact.failing[FAIL_REFUSED].first;
    count_probes(f, FAIL_REFUSED, &first);
    return first;
}

/* ---- gone, and come back ---- */

static int restarts(const struct find *f)
{
    int metrics = f->record->metrics.restarts, process = f->record->process.restarts;
    return metrics > process ? metrics : process;
}

static bool is_known(const struct find *f)
{
    return f->record->process.pid > 0;
}

/* Was it there after it had refused a connection? What was asked then, and answered, says so; an answer to a
 * job may have been under way. */
static bool is_heard_after(const struct find *f, nsec refused)
{
    const struct record *r = f->record;
    for (int i = 0; i < r->probe_count; i++)
        if (r->probes[i].ok && r->probes[i].at > refused)
            return true;
    return r->contact.last > refused + TOGETHER || (r->metrics.readable && r->metrics.last > refused);
}

/* Where its process is not known: it was there, then nobody listened, and nothing was heard any more, on kept
 * connections neither. */
static bool is_silenced(const struct find *f)
{
    nsec refused = first_refused(f);
    return last_heard(f) >= 0 && refused >= 0 && !is_heard_after(f, refused);
}

static bool is_gone(const struct find *f)
{
    if (restarts(f))
        return false;
    return is_known(f) ? f->record->process.gone >= 0 : is_silenced(f);
}

static const char *memory_next(const struct find *f, nsec at)
{
    return arena_printf(
        f->arena,
        "its GPU had hardly any memory left: lower MAX_CONCURRENT_JOBS of the target below %d, the "
        "jobs under way; the end of its log should say so",
        find_under_way(f, at));
}

bool find_crashed(const struct find *f, struct finding *ret)
{
    if (!is_gone(f))
        return false;
    const struct record_process *p = &f->record->process;
    nsec heard = last_heard(f);
    const char *seen =
        is_known(f) ? arena_printf(f->arena, "the process %d was gone at %s", p->pid, find_time(f, p->gone))
                    : arena_printf(f->arena, "connections are refused since %s, and nothing came on others",
                                   find_time(f, first_refused(f)));
    ret->says = "the target died during the run";
    ret->since = is_known(f) ? earlier(p->gone, heard) : heard;
    ret->evidence = arena_printf(f->arena, "%s; it was last heard at %s%s", seen,
                                 heard >= 0 ? find_time(f, heard) : "no time", find_memory_pressure(f));
    if (*find_memory_pressure(f))
        ret->next = memory_next(f, ret->since);
    return true;
}

static nsec restarted_since(const struct find *f)
{
    const struct record *r = f->record;
    return earlier(r->metrics.restarts ? r->metrics.restart.start : -1, r->process.gone);
}

bool find_restarted(const struct find *f, struct finding *ret)
{
    const struct record *r = f->record;
    if (!restarts(f))
        return false;
    ret->says = "the target was restarted during the run";
    ret->since = restarted_since(f);
    ret->evidence = find_count(f, restarts(f), "time");
    if (r->metrics.restarts)
        ret->evidence =
            arena_printf(f->arena, "%s, its start time changed between %s and %s", ret->evidence,
                         find_time(f, r->metrics.restart.start), find_time(f, r->metrics.restart.end));
    if (r->process.restarts && r->process.gone >= 0)
        ret->evidence = arena_printf(f->arena, "%s, a process was gone at %s and another, %d, took its place",
                                     ret->evidence, find_time(f, r->process.gone), r->process.pid);
    ret->evidence = arena_printf(f->arena, "%s%s", ret->evidence, find_memory_pressure(f));
    return true;
}

/* ---- nobody listens ---- */

bool find_refuses(const struct find *f, struct finding *ret)
{
    int64_t jobs = f->counts.kinds[FAIL_REFUSED];
    nsec none = -1, heard = last_heard(f), first = first_refused(f);
    int probes = count_probes(f, FAIL_REFUSED, &none);
    if (!jobs && !probes)
        return false;
    const char *alive = "";
    if (is_known(f) && !is_gone(f))
        alive = arena_printf(f->arena, "; the process %d is there", f->record->process.pid);
    else if (is_heard_after(f, first))
        alive = arena_printf(f->arena, "; it was heard until %s", find_time(f, heard));
    ret->says = "the target refuses connections";
    ret->jobs = jobs;
    ret->since = first;
    const char *what = jobs && probes ? arena_printf(f->arena, "%s and %s", find_count(f, jobs, "job"),
                                                     find_count(f, probes, "health probe"))
                       : jobs         ? find_count(f, jobs, "job")
                                      : find_count(f, probes, "health probe");
    ret->evidence = arena_printf(f->arena, "%s since %s%s", what, find_time(f, first), alive);
    return true;
}

/* ---- it stands still ---- */

static nsec still_threshold(const struct find *f)
{
    const struct record *r = f->record;
    double *took = arena_new(f->arena, double, r->probe_count + 1);
    int count = 0;
    for (int i = 0; i < r->probe_count; i++)
        if (r->probes[i].ok)
            took[count++] = (double)r->probes[i].took;
    struct sample s = sample_of(took, count);
    double median = count ? sample_percentile(&s, 50) : 0;
    return later(STILL_LEAST, (nsec)(STILL_MEDIANS * median));
}

static struct record_span overlap(nsec start, nsec end, struct record_span span)
{
    return (struct record_span){later(start, span.start), end < span.end ? end : span.end};
}

/* The longest part of the span in which no answer came to any job; a request of a job's that waited in the
 * same silence may have begun to wait before. */
static struct record_span silent_part(const struct record_contact *c, struct record_span span)
{
    if (c->last < 0)
        return span;
    struct record_span longest = overlap(span.start, c->first, span),
                       after = overlap(c->last, span.end, span);
    for (int i = 0; i <= c->silence_count; i++) {
        const struct record_silence *silence = i < c->silence_count ? &c->silences[i] : NULL;
        struct record_span s = after;
        if (silence)
            s = overlap(silence->start, silence->end,
                        (struct record_span){earlier(silence->asked, span.start), span.end});
        if (s.end > span.start && s.end - s.start > longest.end - longest.start)
            longest = s;
    }
    return longest;
}

static nsec length(struct record_span s)
{
    return s.end - s.start;
}

/* Probes that waited, one stretch for those that waited at the same time; of all stretches the one with the
 * longest silence. Probes stand in the order of their ends. */
static struct record_span still_longest(const struct find *f)
{
    const struct record *r = f->record;
    struct record_span now = {-1, -1}, longest = {-1, -1};
    nsec threshold = still_threshold(f);
    for (int i = 0; i < r->probe_count; i++) {
        const struct record_probe *p = &r->probes[i];
        if (p->took < threshold / 2 || !(p->ok || p->fail == FAIL_TIMEOUT))
            continue;
        nsec start = now.start >= 0 && p->at <= now.end ? earlier(now.start, p->at) : p->at;
        now = (struct record_span){start, p->at + p->took};
        struct record_span silent = silent_part(&r->contact, now);
        if (length(silent) >= threshold && length(silent) > length(longest))
            longest = silent;
    }
    return longest;
}

/* Without probes: the longest time that a job's request waited while none was answered. */
static struct record_span unanswered_longest(const struct find *f)
{
    const struct record_contact *c = &f->record->contact;
    struct record_span longest = {-1, -1};
    double median = sample_percentile(&f->generations.seconds, 50);
    nsec threshold =
        isfinite(median) ? later(STILL_LEAST, nsec_from_sec(STILL_MEDIANS * median)) : NSEC_NEVER;
    for (int i = 0; i < c->silence_count; i++) {
        struct record_span s = {later(c->silences[i].start, c->silences[i].asked), c->silences[i].end};
        if (length(s) >= threshold && length(s) > length(longest))
            longest = s;
    }
    return longest;
}

/* A silence for which we had no ear ourselves is not the target's. */
bool find_frozen(const struct find *f, struct finding *ret)
{
    struct record_span still = f->record->probe_count ? still_longest(f) : unanswered_longest(f);
    if (still.start < 0 || hist_max(f->record->generator.loop_lag) > length(still) / 2)
        return false;
    bool went_on = last_heard(f) >= still.end;
    ret->says = went_on ? "the target stood still and then went on" : "the target answers nothing any more";
    ret->since = still.start;
    ret->severity = went_on ? SEVERITY_WARNING : SEVERITY_CRITICAL;
    ret->evidence =
        went_on
            ? arena_printf(f->arena, "no answer to any request for %s, from %s to %s",
                           find_time(f, length(still)), find_time(f, still.start), find_time(f, still.end))
            : arena_printf(f->arena, "no answer to any request since %s", find_time(f, still.start));
    return true;
}

/* ---- connections ---- */

/* Between two programs on one machine lies no network. */
bool find_reset(const struct find *f, struct finding *ret)
{
    if (!find_kind(f, ret, FAIL_RESET, "connections were reset before the answer"))
        return false;
    if (!f->record->peer.local)
        return true;
    ret->culprit = CULPRIT_TARGET;
    ret->next = "look in the target's log at these times: it, or its server, closes connections on requests";
    return true;
}

bool find_resent(const struct find *f, struct finding *ret)
{
    const struct record_traffic *t = &f->record->traffic;
    if (!t->resent)
        return false;
    ret->says = "kept connections were closed without a word";
    ret->evidence =
        arena_printf(f->arena,
                     "%" PRId64 " of %" PRId64
                     " requests got no answer on a kept connection and were sent again on a new one",
                     t->resent, t->requests);
    return true;
}

bool find_unresolved(const struct find *f, struct finding *ret)
{
    return find_kind(f, ret, FAIL_DNS, "the target's name has no address");
}

bool find_unreachable(const struct find *f, struct finding *ret)
{
    return find_kind(f, ret, FAIL_NETWORK, "the target is not reachable");
}

bool find_connect_timeouts(const struct find *f, struct finding *ret)
{
    return find_kind(f, ret, FAIL_CONNECT, "connections were not taken in time");
}

bool find_tls(const struct find *f, struct finding *ret)
{
    return find_kind(f, ret, FAIL_TLS, "no trusted TLS connection came about");
}

bool find_failed_probes(const struct find *f, struct finding *ret)
{
    int bad = 0;
    for (int i = 0; i < f->record->probe_count; i++) {
        const struct record_probe *p = &f->record->probes[i];
        if (p->ok)
            continue;
        bad++;
        ret->since = earlier(ret->since, p->at);
    }
    if (!bad)
        return false;
    ret->says = "health probes failed";
    ret->evidence = arena_printf(f->arena, "%d of %d, the first at %s", bad, f->record->probe_count,
                                 find_time(f, ret->since));
    return true;
}
