#include "record.h"

#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX_BYTES = 1 << 30 };

void record_init(struct record *r, int step_count, int phase_count)
{
    *r = (struct record){.step_count = step_count, .phase_count = phase_count};
    arena_init(&r->arena, "record", RECORD_MAX_BYTES);
    r->phases = arena_new(&r->arena, struct record_span, phase_count > 0 ? phase_count : 1);
    for (int i = 0; i < phase_count; i++)
        r->phases[i] = (struct record_span){-1, -1};
    r->messages = arena_new(&r->arena, const char *, RECORD_MESSAGES_MAX);
    r->load_ended = r->ended = -1;
}

void record_finish(struct record *r)
{
    arena_finish(&r->arena);
    *r = (struct record){0};
}

/* Room for one more in an array of the arena's; the old array stays behind until the record ends, at most as
 * much again as is used. */
static void *grown(struct record *r, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity ? *capacity * 2 : 64;
    void *more = arena_alloc(&r->arena, (size_t)*capacity, size);
    if (count)
        memcpy(more, items, (size_t)count * size);
    return more;
}

struct record_job *record_add_job(struct record *r)
{
    struct record_job *job = arena_new(&r->arena, struct record_job, 1);
    *job = (struct record_job){
        .number = r->job_count,
        .phase = -1,
        .failed_step = -1,
        .error = -1,
        .due = -1,
        .sent = -1,
        .ended = -1,
        .queue = -1,
        .processing = -1,
        .validate = -1,
        .steps = arena_new(&r->arena, struct record_span, r->step_count),
    };
    for (int i = 0; i < r->step_count; i++)
        job->steps[i] = (struct record_span){-1, -1};
    r->jobs = grown(r, r->jobs, r->job_count, &r->job_capacity, sizeof(struct record_job *));
    r->jobs[r->job_count++] = job;
    return job;
}

nsec record_generation(const struct record_job *job, int first_step, int last_step)
{
    nsec start = job->steps[first_step].start, end = job->steps[last_step].end;
    return start < 0 || end < 0 ? -1 : end - start;
}

/* The length of the UTF-8 sequence at `s` (RFC 3629), 0 when it is none or a control character. */
static int utf8_sequence(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    int len = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
              : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
              : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                            : 0;
    for (int i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static const char *cleaned(struct record *r, const char *text)
{
    enum { LONGEST = 300 };
    size_t len = strlen(text);
    unsigned char *copy = (unsigned char *)arena_copy(&r->arena, text, len);
    size_t at = 0;
    while (copy[at] && at < LONGEST) {
        int n = utf8_sequence(copy + at);
        if (n == 0)
            copy[at++] = '?';
        else
            at += (size_t)n;
    }
    copy[at] = '\0';
    return (const char *)copy;
}

int record_message(struct record *r, const char *text)
{
    const char *clean = cleaned(r, text);
    for (int i = 0; i < r->message_count; i++)
        if (strcmp(r->messages[i], clean) == 0)
            return i;
    if (r->message_count == RECORD_MESSAGES_MAX)
        return RECORD_MESSAGES_MAX - 1;
    r->messages[r->message_count] = r->message_count == RECORD_MESSAGES_MAX - 1 ? "other errors" : clean;
    return r->message_count++;
}

void record_add_users(struct record *r, nsec at, int users)
{
    r->users = grown(r, r->users, r->user_changes, &r->user_capacity, sizeof *r->users);
    r->users[r->user_changes++] = (struct record_point){at, users};
}

struct record_series *record_add_series(struct record *r, const char *name, const char *unit)
{
    r->series = grown(r, r->series, r->series_count, &r->series_capacity, sizeof *r->series);
    struct record_series *s = &r->series[r->series_count++];
    *s = (struct record_series){.name = arena_copy(&r->arena, name, strlen(name)),
                                .unit = arena_copy(&r->arena, unit, strlen(unit)),
                                .state = SERIES_ABSENT,
                                .why = ""};
    return s;
}

void record_add_point(struct record *r, struct record_series *s, nsec at, double value)
{
    s->points = grown(r, s->points, s->count, &s->capacity, sizeof *s->points);
    s->points[s->count++] = (struct record_point){at, value};
    s->state = SERIES_PRESENT;
}

void record_add_probe(struct record *r, struct record_probe probe)
{
    r->probes = grown(r, r->probes, r->probe_count, &r->probe_capacity, sizeof *r->probes);
    r->probes[r->probe_count++] = probe;
}

const struct record_series *record_find_series(const struct record *r, const char *name)
{
    for (int i = 0; i < r->series_count; i++)
        if (strcmp(r->series[i].name, name) == 0)
            return &r->series[i];
    return NULL;
}

static const char *check_job(const struct record *r, const struct record_job *j)
{
    if (j->outcome == JOB_RUNNING)
        return "every job has ended";
    if ((j->outcome == JOB_FAILED) != (j->fail != FAIL_NONE))
        return "a failed job, and no other, has a kind of failure";
    if (j->sent < j->due || j->ended < j->sent)
        return "due <= sent <= ended";
    for (int i = 0; i < r->step_count; i++)
        if (j->steps[i].end >= 0 && (j->steps[i].start < 0 || j->steps[i].end < j->steps[i].start))
            return "a step starts before it ends";
    if (j->outcome == JOB_OK && r->step_count && j->steps[r->step_count - 1].end < 0)
        return "a job that succeeded has ended its last step";
    return NULL;
}

const char *record_check(const struct record *r)
{
    int64_t started = 0;
    for (int i = 0; i < r->job_count; i++) {
        const char *broken = check_job(r, r->jobs[i]);
        if (broken)
            return broken;
        started += r->jobs[i]->phase >= 0;
    }
    return r->generator.scheduled == started + r->generator.skipped ? NULL : "scheduled = started + skipped";
}
