#include "station.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum change { ARRIVES, STARTS, ENDS };

struct event {
    nsec at;
    enum change change;
};

/* The station's life, from change to change. In which order those of one moment come does not matter: only
 * what lasts is looked at. */
struct sweep {
    struct event *events;
    int count, next;
    nsec lasts; /* since the change before: so long was it as it is now */
    int64_t waiting, running;
};

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    return (a->at > b->at) - (a->at < b->at);
}

static void sweep_begin(struct sweep *s, const struct station_job *jobs, int count, struct arena *arena)
{
    *s = (struct sweep){.events = arena_new(arena, struct event, 3 * (size_t)count)};
    for (int i = 0; i < count; i++) {
        s->events[s->count++] = (struct event){jobs[i].arrived, ARRIVES};
        s->events[s->count++] = (struct event){jobs[i].started, STARTS};
        s->events[s->count++] = (struct event){jobs[i].ended, ENDS};
    }
    if (s->count)
        qsort(s->events, (size_t)s->count, sizeof *s->events, by_time);
}

/* Goes to the next change, that is still to be made; false: there is none. */
static bool sweep_next(struct sweep *s)
{
    static const struct {
        int waiting, running;
    } makes[] = {[ARRIVES] = {1, 0}, [STARTS] = {-1, 1}, [ENDS] = {0, -1}};
    if (s->next) {
        s->waiting += makes[s->events[s->next - 1].change].waiting;
        s->running += makes[s->events[s->next - 1].change].running;
    }
    if (s->next == s->count)
        return false;
    s->lasts = s->next ? s->events[s->next].at - s->events[s->next - 1].at : 0;
    s->next++;
    return true;
}

void station_means(const struct station_job *jobs, int count, struct arena *arena, struct station_means *ret)
{
    struct sweep s;
    double waiting = 0, running = 0, seconds = 0;
    for (sweep_begin(&s, jobs, count, arena); sweep_next(&s);) {
        double lasts = nsec_to_sec(s.lasts);
        seconds += lasts;
        waiting += lasts * (double)s.waiting;
        running += lasts * (double)s.running;
    }
    *ret = (struct station_means){0, NAN, NAN, NAN, NAN};
    if (seconds > 0)
        *ret = (struct station_means){seconds, count / seconds, (waiting + running) / seconds,
                                      waiting / seconds, running / seconds};
}

/* The largest number that ran for more than a hundredth of the time, or that with all larger ones did. */
static int most_of(const double *at, int count, double contended)
{
    double above = 0;
    int most = count;
    while (most > 0 && (above += at[most]) <= contended / 100)
        most--;
    return most;
}

void station_load(const struct station_job *jobs, int count, struct arena *arena, struct station_load *ret)
{
    struct sweep s;
    double *at = arena_new(arena, double, count + 1), running = 0; /* seconds, of each number that ran */
    *ret = (struct station_load){.running = NAN};
    for (sweep_begin(&s, jobs, count, arena); sweep_next(&s);) {
        if (!s.lasts || s.waiting <= 0)
            continue;
        ret->contended += nsec_to_sec(s.lasts);
        running += nsec_to_sec(s.lasts) * (double)s.running;
        at[s.running] += nsec_to_sec(s.lasts);
    }
    if (ret->contended > 0) {
        ret->running = running / ret->contended;
        ret->most = most_of(at, count, ret->contended);
    }
}

/* ---- order ---- */

static int by_arrival(const void *left, const void *right)
{
    const struct station_job *a = left, *b = right;
    if (a->arrived != b->arrived)
        return a->arrived < b->arrived ? -1 : 1;
    return (a->started > b->started) - (a->started < b->started); /* who came together overtakes nobody */
}

/* How many of `count` ascending values are at or below `value`. */
static int64_t at_or_below(const nsec *values, int64_t count, nsec value)
{
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (values[middle] <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Counts pairs of the left half's and the right half's starts, both ascending, in which the right one began
 * first; then merges them. */
static int64_t merge_starts(nsec *starts, int left, int count, nsec *scratch)
{
    int64_t overtaken = 0;
    int a = 0, b = left, used = 0;
    while (a < left || b < count) {
        if (b == count || (a < left && starts[a] <= starts[b])) {
            scratch[used++] = starts[a++];
        } else {
            overtaken += left - a;
            scratch[used++] = starts[b++];
        }
    }
    memcpy(starts, scratch, (size_t)count * sizeof *starts);
    return overtaken;
}

static int64_t count_overtaken(nsec *starts, int count, nsec *scratch)
{
    int left = count / 2;
    if (count < 2)
        return 0;
    int64_t overtaken = count_overtaken(starts, left, scratch);
    overtaken += count_overtaken(starts + left, count - left, scratch);
    return overtaken + merge_starts(starts, left, count, scratch);
}

int64_t station_order(struct station_job *jobs, int count, struct arena *arena, int64_t *ret_in_order)
{
    nsec *starts = arena_new(arena, nsec, count), *scratch = arena_new(arena, nsec, count);
    int64_t pairs = 0;
    if (count)
        qsort(jobs, (size_t)count, sizeof *jobs, by_arrival);
    for (int i = 0; i < count; i++)
        scratch[i] = jobs[i].arrived;
    for (int i = 0; i < count; i++) { /* with those that came later, before it began */
        int64_t came = at_or_below(scratch, count, jobs[i].started - 1);
        pairs += came > i + 1 ? came - i - 1 : 0;
        starts[i] = jobs[i].started;
    }
    *ret_in_order = pairs - count_overtaken(starts, count, scratch); /* who is overtaken waits meanwhile */
    return pairs;
}

/* ---- at one time ---- */

static int by_value(const void *left, const void *right)
{
    nsec a = *(const nsec *)left, b = *(const nsec *)right;
    return (a > b) - (a < b);
}

void station_held(const struct station_job *jobs, int count, const nsec *at, int times, struct arena *arena,
                  int64_t *ret_waiting, int64_t *ret_running)
{
    nsec *changes[] = {arena_new(arena, nsec, count), arena_new(arena, nsec, count),
                       arena_new(arena, nsec, count)};
    for (int i = 0; i < count; i++) {
        changes[ARRIVES][i] = jobs[i].arrived;
        changes[STARTS][i] = jobs[i].started;
        changes[ENDS][i] = jobs[i].ended;
    }
    for (int i = 0; i < 3 && count; i++)
        qsort(changes[i], (size_t)count, sizeof(nsec), by_value);
    for (int i = 0; i < times; i++) {
        int64_t started = at_or_below(changes[STARTS], count, at[i]);
        ret_waiting[i] = at_or_below(changes[ARRIVES], count, at[i]) - started;
        ret_running[i] = started - at_or_below(changes[ENDS], count, at[i]);
    }
}

/* ---- side by side ---- */

/* The seconds that jobs have run, all together, until `at`. */
struct mark {
    nsec at;
    double run;
    int64_t running; /* from here on */
};

static double run_until(const struct mark *marks, int count, nsec at)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (marks[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    const struct mark *m = &marks[low - 1];
    return m->run + nsec_to_sec(at - m->at) * (double)m->running;
}

void station_beside(const struct station_job *jobs, int count, struct arena *arena, double *ret)
{
    struct sweep s;
    sweep_begin(&s, jobs, count, arena);
    struct mark *marks = arena_new(arena, struct mark, s.count);
    double run = 0;
    while (sweep_next(&s)) {
        int i = s.next - 1;
        run += nsec_to_sec(s.lasts) * (double)s.running;
        marks[i] = (struct mark){s.events[i].at, run, 0};
        if (i)
            marks[i - 1].running = s.running;
    }
    for (int i = 0; i < count; i++) {
        double took = nsec_to_sec(jobs[i].ended - jobs[i].started);
        double meanwhile =
            run_until(marks, s.count, jobs[i].ended) - run_until(marks, s.count, jobs[i].started);
        ret[i] = took > 0 ? meanwhile / took : 1;
    }
}
