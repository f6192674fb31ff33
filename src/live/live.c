#include "live.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define REDRAW_EVERY (250 * NSEC_PER_MSEC)
#define LINE_EVERY (5 * NSEC_PER_SEC)

enum { BAR = 12 };

struct live {
    struct live_config config;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stop;
    bool stopping;
};

/* ---- the line ---- */

/* How much of the scenario is done, 0 to 1, and how long it still takes (-1: not known). */
static double fraction_done(const struct plan_load_model *load, const struct progress_view *v, nsec now,
                            nsec *ret_left)
{
    nsec planned = 0;
    *ret_left = -1;
    for (int i = 0; i < load->phase_count && planned != NSEC_NEVER; i++)
        planned = load->phases[i].duration == NSEC_NEVER ? NSEC_NEVER : planned + load->phases[i].duration;
    if (v->load_began == 0)
        return 0;
    if (planned != NSEC_NEVER && planned > 0) {
        nsec gone = now - v->load_began;
        *ret_left = gone < planned ? planned - gone : 0;
        return fmin(1, (double)gone / (double)planned);
    }
    return load->jobs ? fmin(1, (double)(v->ok + v->failed) / (double)load->jobs) : 0;
}

static void add_bar(struct buf *out, double fraction)
{
    int full = (int)(fraction * BAR + 0.5);
    for (int i = 0; i < BAR; i++)
        buf_add_text(out, i < full ? "█" : "░");
}

/* Nearest rank: a value that was seen. */
static int rank(int count, int percent)
{
    return (count * percent + 99) / 100 - 1;
}

static void add_recent(struct buf *out, const struct progress *p)
{
    enum { ROOM = 8 * PROGRESS_RECENT };
    nsec recent[ROOM];
    char p50[DURATION_TEXT], p95[DURATION_TEXT];
    int count = progress_recent(p, recent, ROOM);
    if (count == 0)
        return;
    buf_printf(out, " · p50 %s · p95 %s", duration_text(recent[rank(count, 50)], p50),
               duration_text(recent[rank(count, 95)], p95));
}

/* Cuts to `width` columns; every character of ours is one column wide. */
static void cut(struct buf *line, int width)
{
    size_t at = 0;
    for (int column = 0; at < line->len; column++) {
        if (column == width) {
            line->len = at;
            line->bytes[at] = '\0';
            return;
        }
        at++;
        while (at < line->len && ((unsigned char)line->bytes[at] & 0xc0) == 0x80)
            at++;
    }
}

void live_render(const struct live_config *c, nsec now, int width, struct buf *out)
{
    struct progress_view v;
    nsec left;
    char text[DURATION_TEXT];
    progress_read(c->progress, &v);
    double fraction = fraction_done(&c->plan->load, &v, now, &left);
    buf_printf(out, "%-9s ", c->plan->scenario);
    add_bar(out, fraction);
    buf_printf(out, " %3d %%", (int)(fraction * 100));
    if (v.draining)
        buf_add_text(out, " · waiting for running jobs");
    else if (v.phase < 0)
        buf_add_text(out, " · warm-up");
    else if (c->plan->load.phase_count > 1)
        buf_printf(out, " · %s", c->plan->load.phases[v.phase].name);
    if (left > 0)
        buf_printf(out, " · %s left",
                   duration_text((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC * NSEC_PER_SEC, text));
    if (c->plan->load.users != USERS_OPEN)
        buf_printf(out, " · %d user%s", v.users, v.users == 1 ? "" : "s");
    buf_printf(out, " · %lld in flight · %lld done · %lld failed", (long long)v.in_flight, (long long)v.ok,
               (long long)v.failed);
    add_recent(out, c->progress);
    double memory = c->watch ? watch_latest(c->watch, FIGURE_MEMORY) : NAN;
    if (isfinite(memory))
        buf_printf(out, " · %.0f MB", memory / 1e6);
    double gpu = c->watch ? watch_latest(c->watch, FIGURE_GPU_MEMORY) : NAN;
    if (isfinite(gpu))
        buf_printf(out, " · GPU %.1f GB", gpu / 1e3);
    cut(out, width);
}

/* ---- the thread ---- */

static int columns(FILE *out)
{
    struct winsize size;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col - 1 : 100;
}

static void draw(const struct live *l)
{
    const struct live_config *c = &l->config;
    struct buf line;
    buf_init(&line, 4096);
    live_render(c, clock_monotonic(), c->terminal ? columns(c->out) : 400, &line);
    if (c->terminal)
        fprintf(c->out, "\r\033[K%s", buf_text(&line));
    else
        fprintf(c->out, "%s\n", buf_text(&line));
    fflush(c->out);
    buf_finish(&line);
}

static void *run(void *context)
{
    struct live *l = context;
    nsec every = l->config.terminal ? REDRAW_EVERY : LINE_EVERY;
    nsec next = clock_monotonic() + every;
    pthread_mutex_lock(&l->mutex);
    while (!l->stopping) {
        struct timespec until = {.tv_sec = next / NSEC_PER_SEC, .tv_nsec = next % NSEC_PER_SEC};
        if (pthread_cond_timedwait(&l->stop, &l->mutex, &until) != ETIMEDOUT)
            continue;
        draw(l);
        next += every;
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

struct live *live_start(const struct live_config *config)
{
    struct live *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->config = *config;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    int error = pthread_create(&l->thread, NULL, run, l);
    if (!error)
        return l;
    free(l);
    errno = error;
    return NULL;
}

void live_stop(struct live *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->mutex);
    l->stopping = true;
    pthread_cond_signal(&l->stop);
    pthread_mutex_unlock(&l->mutex);
    pthread_join(l->thread, NULL);
    if (l->config.terminal)
        fprintf(l->config.out, "\r\033[K");
    pthread_cond_destroy(&l->stop);
    pthread_mutex_destroy(&l->mutex);
    free(l);
}
