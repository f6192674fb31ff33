#include "find.h"

#include <inttypes.h>
#include <math.h>

/* ---- jobs that never end ---- */

/*
 * A target that takes jobs in their order has begun with one before it began with a later one. So when a
 * later one has ended well, the earlier has been worked on at least since the later one's begin (its end,
 * where the begin is not told). A job that times out after twice the longest work of all that succeeded is
 * stuck, however long it may have waited before.
 */
enum { STUCK_LONGEST = 2 };

/* How long it was worked on as far as is told; else what that cannot exceed. */
static nsec work_of(const struct find *f, const struct record_job *j)
{
    return j->processing >= 0 ? j->processing : record_generation(f->record, j);
}

static nsec longest_work(const struct find *f)
{
    nsec longest = -1;
    for (int i = 0; i < f->record->job_count; i++) {
        const struct record_job *j = f->record->jobs[i];
        nsec took = j->outcome == JOB_OK ? work_of(f, j) : -1;
        longest = took > longest ? took : longest;
    }
    return longest;
}

/* Nothing came from the target in the last quarter of the job's age. */
static bool was_silent(const struct record_contact *c, const struct record_job *j)
{
    nsec from = j->ended - (j->ended - j->sent) / 4;
    if (c->last < from)
        return true;
    for (int i = 0; i < c->silence_count; i++)
        if (c->silences[i].start <= from && c->silences[i].end >= j->ended)
            return true;
    return false;
}

/* `later`: of the jobs that were sent after it and succeeded, the one that ended first; NULL: none. */
static bool is_stuck(const struct find *f, const struct record_job *j, const struct record_job *later,
                     nsec longest, int wait)
{
    if (j->phase < 0 || !record_timed_out_in(j, wait) || !later || later->ended > j->ended)
        return false;
    nsec begun = later->steps[wait].end - (later->processing >= 0 ? later->processing : 0);
    return j->ended - begun >= STUCK_LONGEST * longest && (j->polls || j->messages) &&
           !was_silent(&f->record->contact, j);
}

struct stuck {
    int64_t count;
    nsec first, last, longest;
    const struct record_job *example;
};

static void add_stuck(struct stuck *s, const struct record_job *j)
{
    s->count++;
    s->example = j;
    s->first = s->first < 0 || j->ended < s->first ? j->ended : s->first;
    s->last = j->ended > s->last ? j->ended : s->last;
}

/* Rows stand in the order of their start. */
static struct stuck stuck_jobs(const struct find *f)
{
    struct stuck s = {.first = -1, .last = -1, .longest = longest_work(f)};
    int wait = workflow_wait(&f->plan->workflow);
    const struct record_job *later = NULL;
    for (int i = f->record->job_count - 1; s.longest >= 0 && wait >= 0 && i >= 0; i--) {
        const struct record_job *j = f->record->jobs[i];
        if (is_stuck(f, j, later, s.longest, wait))
            add_stuck(&s, j);
        if (j->outcome == JOB_OK && (!later || j->ended < later->ended))
            later = j;
    }
    return s;
}

bool find_stuck(const struct find *f, struct finding *ret)
{
    struct stuck s = stuck_jobs(f);
    if (!s.count)
        return false;
    ret->says = "jobs never end";
    ret->jobs = s.count;
    ret->since = s.first;
    ret->evidence =
        arena_printf(f->arena,
                     "%s timed out while the target answered that they go on (job %d after %d polls, %d "
                     "messages); later jobs ended meanwhile, and no job took more than %s",
                     find_stretch(f, s.count, "job", s.first, s.last), s.example->number, s.example->polls,
                     s.example->messages, find_time(f, s.longest));
    return true;
}

bool find_timed_out(const struct find *f, struct finding *ret)
{
    int64_t count = f->counts.kinds[FAIL_TIMEOUT] - stuck_jobs(f).count;
    if (count <= 0 || !find_kind(f, ret, FAIL_TIMEOUT, "jobs took longer than the scenario's timeout"))
        return false;
    const struct record_failing *failing = &f->record->contact.failing[FAIL_TIMEOUT];
    ret->jobs = count;
    ret->evidence = arena_printf(f->arena, "%s, not done within %s",
                                 find_stretch(f, count, "job", failing->first, failing->last),
                                 find_time(f, f->plan->load.timeout));
    return true;
}

/* ---- jobs that fail ---- */

bool find_failed_jobs(const struct find *f, struct finding *ret)
{
    struct job_error *errors;
    int count = selection_errors((struct selection){.phase = PHASE_ALL}, f->record, f->arena, &errors);
    int64_t jobs = 0, most = 0;
    const char *message = "";
    for (int i = 0; i < count; i++) {
        const char *text = errors[i].error >= 0 ? f->record->messages[errors[i].error] : "";
        if (errors[i].kind != FAIL_JOB || find_is_memory(text))
            continue;
        jobs += errors[i].count;
        message = errors[i].count > most ? text : message;
        most = errors[i].count > most ? errors[i].count : most;
    }
    if (!jobs)
        return false;
    const struct record_failing *failing = &f->record->contact.failing[FAIL_JOB];
    ret->says = "the target says that jobs failed";
    ret->jobs = jobs;
    ret->since = failing->first;
    ret->evidence = arena_printf(f->arena, "%s, %" PRId64 " of them with '%s'",
                                 find_stretch(f, jobs, "job", failing->first, failing->last), most, message);
    return true;
}

bool find_invalid_models(const struct find *f, struct finding *ret)
{
    int64_t bad = f->counts.models_checked - f->counts.models_valid;
    if (bad <= 0)
        return false;
    ret->says = "downloads were no valid model";
    ret->jobs = f->counts.kinds[FAIL_MODEL];
    ret->since = f->record->contact.failing[FAIL_MODEL].first;
    ret->evidence = arena_printf(f->arena, "%" PRId64 " of %" PRId64 ", the first: '%s'", bad,
                                 f->counts.models_checked, find_message(f, FAIL_MODEL));
    return true;
}

bool find_critical_rate(const struct find *f, struct finding *ret)
{
    int64_t ended = f->counts.ok + f->counts.failed;
    double rate = ended ? 100.0 * (double)f->counts.failed / (double)ended : 0;
    if (!(rate > 10))
        return false;
    ret->says = "above 10 % of the jobs failed, a critical failure";
    ret->evidence = arena_printf(f->arena, "%.1f %%", rate);
    return true;
}

bool find_unfinished(const struct find *f, struct finding *ret)
{
    if (!f->counts.unfinished)
        return false;
    ret->says = "jobs did not end and stand in no rate";
    ret->evidence = find_count(f, f->counts.unfinished, "job");
    return true;
}
