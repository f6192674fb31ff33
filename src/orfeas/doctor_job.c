#include "doctor.h"

#include "engine.h"
#include "exit_code.h"
#include "interrupt.h"
#include "machine.h"
#include "picture.h"
#include "test_image.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_TEXT = 900, LISTED = 8 };

/* What a warm generation of the engine takes that `orfeas-3d` is about, and the most that `baseline` lets it.
 */
#define WARM_SECONDS 82.0
#define WARM_MOST 90.0

/* ---- the picture ---- */

/* A run draws a picture where none is; the doctor writes nothing. False: it could not, and `r` says why. */
static bool allow_missing(struct doctor *d, struct doctor_result *r)
{
    struct stat st;
    const char *path = d->options->image;
    if (!path || stat(path, &st) == 0 || errno != ENOENT)
        return true;
    char *copy = strdup(path);
    const char *dir = copy ? dirname(copy) : ".";
    bool can = access(dir, W_OK | X_OK) == 0;
    if (!can)
        doctor_tell(r, DOCTOR_FAILED,
                    "Name one that exists, or a directory that can be written to: a run draws a test "
                    "picture there.",
                    "%s does not exist, and nothing can be written to %s: %s", path, dir, strerror(errno));
    free(copy);
    d->options->image = NULL;
    return can;
}

static void add_bad(char list[LIST_TEXT], int number, const char *path, const char *why)
{
    size_t len = strlen(list);
    if (number < LISTED)
        snprintf(list + len, LIST_TEXT - len, "%s%s: %s", number ? "; " : "", path, why);
}

struct pictures {
    int bad, other_sides, smallest, largest;
    size_t bytes;
    char list[LIST_TEXT]; /* of the bad ones, the first */
    struct picture_info first;
};

static void look_at(struct pictures *p, const struct image *image)
{
    struct picture picture;
    struct picture_info info;
    char why[PICTURE_ERROR_TEXT];
    if (!picture_probe(image->bytes, image->len, &picture_default_limits, &info, why) ||
        !picture_decode(image->bytes, image->len, &picture_default_limits, &picture, why)) {
        add_bad(p->list, p->bad++, image->path, why);
        return;
    }
    picture_finish(&picture);
    p->first = p->first.width ? p->first : info;
    p->bytes += image->len;
    p->other_sides += info.width != TEST_IMAGE_SIDE || info.height != TEST_IMAGE_SIDE;
}

/* Whether each can be made different in every upload, as the scenario wants it. */
static bool make_payloads(struct doctor *d, struct doctor_result *r)
{
    d->payloads = images_payloads(&d->images, doctor_plan(d)->load.unique_images);
    if (!d->payloads)
        doctor_tell(r, DOCTOR_FAILED, IMAGES_HINT, "%s", d->images.wrong);
    return d->payloads;
}

static void tell_pictures(struct doctor *d, struct doctor_result *r, const struct pictures *p,
                          const char *source)
{
    char what[200];
    const struct image *first = &d->images.list[0];
    if (d->images.count == 1)
        snprintf(what, sizeof what, "%s, %d×%d%s, %.3g kB", picture_format_name(p->first.format),
                 p->first.width, p->first.height, p->first.has_alpha ? " with alpha" : "",
                 (double)first->len / 1e3);
    else
        snprintf(what, sizeof what, "%d pictures, %.3g MB", d->images.count, (double)p->bytes / 1e6);
    bool unique = doctor_plan(d)->load.unique_images;
    doctor_tell(
        r, p->other_sides ? DOCTOR_WARNING : DOCTOR_OK,
        p->other_sides ? "512×512 is what the figures of such backends are about; others take another time."
                       : NULL,
        "%s%s; %s", source, what, unique ? "every upload differs in its pixels" : "every upload is the same");
}

void doctor_picture(struct doctor *d, struct doctor_result *r)
{
    const char *path = d->options->image;
    struct pictures p = {0};
    if (!workflow_uploads(&doctor_plan(d)->workflow)) {
        doctor_tell(r, DOCTOR_INAPPLICABLE, NULL, "the workflow uploads none");
        return;
    }
    if (!allow_missing(d, r))
        return;
    bool drawn = !d->options->image;
    if (images_load(&d->images, d->options) != EXIT_PASS) {
        doctor_tell(r, DOCTOR_FAILED, IMAGES_HINT, "%s", d->images.wrong);
        return;
    }
    for (int i = 0; i < d->images.count && !interrupt_signal(); i++)
        look_at(&p, &d->images.list[i]);
    if (p.bad)
        doctor_tell(
            r, DOCTOR_FAILED, "Take them away, or name others with --image: PNG, JPEG and WebP are read.",
            "%d of %d cannot be read: %s%s", p.bad, d->images.count, p.list, p.bad > LISTED ? "; ..." : "");
    else if (make_payloads(d, r))
        tell_pictures(d, r, &p, drawn && path ? "a run makes it: " : drawn ? "drawn from the seed: " : "");
}

/* ---- one job ---- */

static const struct {
    enum fail_kind kind;
    const char *next;
} job_hints[] = {
    {FAIL_STATUS,
     "Look into the backend's log for this request; another kind of backend needs a workflow of its own."},
    {FAIL_BODY,
     "The answer has another shape than the workflow says: correct its pointers (capture, until)."},
    {FAIL_JOB, "Look into the backend's log; GPU out of memory? Lower MAX_CONCURRENT_JOBS."},
    {FAIL_MODEL, "Open the downloaded file in a viewer: a user would have got just that."},
    {FAIL_TIMEOUT,
     "The first generation loads the model: try again. If it stays so, look at the GPU's use, or raise "
     "--timeout."},
};

static const char *job_hint(enum fail_kind kind)
{
    for (size_t i = 0; i < sizeof job_hints / sizeof job_hints[0]; i++)
        if (job_hints[i].kind == kind)
            return job_hints[i].next;
    return preflight_hint(kind);
}

/* The plan with a single user who does one job: all else is as in a run. It borrows, and is not freed. */
static struct plan plan_of_one(const struct plan *p, struct plan_phase *phase)
{
    struct plan one = *p;
    *phase = (struct plan_phase){.name = "doctor", .users = 1, .duration = NSEC_NEVER};
    one.load.users = USERS_CLOSED;
    one.load.jobs = 1;
    one.load.phases = phase;
    one.load.phase_count = 1;
    one.load.warmup_jobs = 0;
    one.load.concurrent = 0;
    one.load.arrivals = ARRIVALS_CONSTANT;
    one.load.replay = NULL;
    one.load.replay_count = 0;
    return one;
}

static bool play(struct doctor *d, const struct plan *one)
{
    struct progress progress;
    struct engine_config config = {.workers = 1,
                                   .plan = one,
                                   .target = d->target.http,
                                   .payloads = d->payloads,
                                   .payload_count = d->payloads ? d->images.count : 0,
                                   .connections = machine_connections(),
                                   .seed = d->options->seed,
                                   .record = &d->record,
                                   .progress = &progress};
    progress_init(&progress, 1);
    struct engine *e = engine_create(&config);
    d->recorded = e;
    interrupt_attach(e);
    bool played = e && engine_run(e);
    interrupt_attach(NULL);
    d->zero = played ? engine_zero(e) : 0;
    engine_destroy(e);
    progress_finish(&progress);
    return played;
}

/* Three digits. */
static const char *length_text(nsec time, char ret[DURATION_TEXT])
{
    bool seconds = time >= NSEC_PER_SEC;
    snprintf(ret, DURATION_TEXT, seconds ? "%.3g s" : "%.3g ms",
             (double)time / (seconds ? NSEC_PER_SEC : NSEC_PER_MSEC));
    return ret;
}

static void add_steps(const struct workflow *w, const struct record_job *job, char text[300])
{
    for (int i = 0; i < w->step_count; i++) {
        nsec took = record_step_took(job, i);
        size_t len = strlen(text);
        char length[DURATION_TEXT];
        if (took >= 0)
            snprintf(text + len, 300 - len, "%s%s %s", len ? ", " : "", w->steps[i].name,
                     length_text(took, length));
    }
}

static bool makes_models(const struct workflow *w)
{
    for (int i = 0; i < w->step_count; i++)
        if (w->steps[i].model_valid)
            return workflow_wait(w) >= 0;
    return false;
}

/* The backend is meant to need 82 s; the wish of --time-scale is taken out again. */
static void tell_generation(const struct plan *p, struct doctor_result *r, const struct record_job *job,
                            nsec generation)
{
    double seconds = (double)generation / NSEC_PER_SEC * p->time_scale;
    bool slow = makes_models(&p->workflow) && seconds > WARM_MOST;
    size_t len = strlen(r->text);
    if (job->model_valid)
        snprintf(r->text + len, sizeof r->text - len,
                 "; a model of %" PRId64 " triangles in %.4g kB, watertight", job->model_triangles,
                 (double)job->model_bytes / 1e3);
    len = strlen(r->text);
    if (makes_models(&p->workflow))
        snprintf(r->text + len, sizeof r->text - len,
                 "; generation %.3g s%s, a warm one is meant to take %.0f s", seconds,
                 p->time_scale != 1 ? " without the time scale" : "", WARM_SECONDS);
    if (!slow)
        return;
    r->state = DOCTOR_WARNING;
    snprintf(r->next, sizeof r->next,
             "The first generation loads the model: look once more. If all are slow, look at the GPU's use.");
}

static void tell_row(const struct doctor *d, struct doctor_result *r, const struct plan *p,
                     const struct record_job *job)
{
    char steps[300] = "", length[DURATION_TEXT];
    add_steps(&p->workflow, job, steps);
    if (job->outcome == JOB_OK) {
        doctor_tell(r, DOCTOR_OK, NULL, "done in %s: %s", length_text(job->ended - job->sent, length), steps);
        tell_generation(p, r, job, record_generation(&d->record, job));
        return;
    }
    const char *why = job->error >= 0 ? d->record.messages[job->error] : "no reason given";
    doctor_tell(r, DOCTOR_FAILED, job_hint(job->fail), "failed (%s): %s%s%s", fail_kind_name(job->fail), why,
                *steps ? "; before: " : "", steps);
}

static const char *tallied_error(const struct record *r, const struct record_tally *t,
                                 enum fail_kind *ret_kind)
{
    for (int kind = 0; kind < FAIL_KINDS; kind++)
        for (int i = 0; i < r->message_count; i++)
            if (t->errors[kind][i]) {
                *ret_kind = (enum fail_kind)kind;
                return r->messages[i];
            }
    return "no reason given";
}

static void tell_tally(const struct doctor *d, struct doctor_result *r)
{
    const struct record_tally *t = &d->record.tallies[0];
    enum fail_kind kind = FAIL_NONE;
    if (t->ok)
        doctor_tell(r, DOCTOR_OK, NULL, "answered in %.3g ms", hist_mean(t->generation) / NSEC_PER_MSEC);
    else {
        const char *why = tallied_error(&d->record, t, &kind);
        doctor_tell(r, DOCTOR_FAILED, job_hint(kind), "failed (%s): %s", fail_kind_name(kind), why);
    }
}

void doctor_job(struct doctor *d, struct doctor_result *r)
{
    struct plan_phase phase;
    struct plan one = plan_of_one(doctor_plan(d), &phase);
    if (!play(d, &one))
        doctor_tell(r, DOCTOR_FAILED, "Raise the limits of descriptors and threads (ulimit -a).",
                    "no job could be started: %s", strerror(errno));
    else if (d->record.shape.keeping == RECORD_TALLIES)
        tell_tally(d, r);
    else if (d->record.job_count)
        tell_row(d, r, &one, d->record.jobs[0]);
    else
        doctor_tell(r, DOCTOR_FAILED, NULL, "no job was started");
}
