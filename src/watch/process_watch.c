#include "process_watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATIENCE (5 * NSEC_PER_SEC)

/* Times as long as a reading used a core, but for what it rations: a twentieth of one at most. */
enum { REST = 20 };

struct process_watch {
    struct process_follow follow;
    nsec every;
    pthread_t thread;
    bool started;
    bool hung; /* the thread did not end; what it writes may not be read */
    atomic_bool stopping;
    int stop, ended; /* events: the thread shall end, and does */
    int exit;        /* of the process, a descriptor that tells it; -1 */
    int exit_of;     /* whose */
};

struct process_watch *process_watch_create(const struct process_watch_config *config)
{
    struct process_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->every = config->every;
    w->exit = -1;
    w->stop = eventfd(0, EFD_CLOEXEC);
    w->ended = eventfd(0, EFD_CLOEXEC);
    process_follow_init(&w->follow, &config->follow);
    if (w->stop >= 0 && w->ended >= 0)
        return w;
    int error = errno;
    process_watch_destroy(w);
    errno = error;
    return NULL;
}

static void close_it(int fd)
{
    if (fd >= 0)
        close(fd);
}

void process_watch_destroy(struct process_watch *w)
{
    if (!w || w->hung)
        return;
    close_it(w->stop);
    close_it(w->ended);
    close_it(w->exit);
    process_follow_finish(&w->follow);
    free(w);
}

/* ---- the thread ---- */

/* Without pidfd_open() (Linux 5.3) its end is seen when it is next read. */
static void await_exit(struct process_watch *w)
{
    int pid = w->follow.tree.pid;
    if (pid == w->exit_of)
        return;
    close_it(w->exit);
    w->exit = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    w->exit_of = pid;
}

static void pause_until(struct process_watch *w, nsec due)
{
    for (;;) {
        nsec left = due - clock_monotonic();
        struct pollfd fds[] = {{.fd = w->stop, .events = POLLIN}, {.fd = w->exit, .events = POLLIN}};
        int ready = left > 0 ? poll(fds, 2, (int)(left / NSEC_PER_MSEC) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && fds[1].revents) { /* told once */
            close_it(w->exit);
            w->exit = -1;
        }
        return;
    }
}

/* `used`: of a core, by the reading. */
static nsec next_due(const struct process_watch *w, nsec due, nsec used)
{
    nsec now = clock_monotonic(), rested = now + REST * (used - w->follow.rationed);
    if (due <= now) /* else it ended between two of them */
        due = due + w->every > now ? due + w->every : now + w->every;
    return due > rested ? due : rested;
}

static void tell(int event)
{
    uint64_t one = 1;
    ssize_t written = write(event, &one, sizeof one);
    (void)written; /* of an event that nobody has told before nothing can fail */
}

static void *run(void *context)
{
    struct process_watch *w = context;
    nsec due = clock_monotonic();
    for (;;) {
        bool last = atomic_load(&w->stopping);
        nsec begun = clock_thread_cpu();
        process_follow_read(&w->follow, clock_monotonic(), last);
        if (last)
            break;
        await_exit(w);
        due = next_due(w, due, clock_thread_cpu() - begun);
        pause_until(w, due);
    }
    tell(w->ended);
    return NULL;
}

bool process_watch_start(struct process_watch *w)
{
    if (!process_follow_has_any(&w->follow))
        return true;
    int error = pthread_create(&w->thread, NULL, run, w);
    w->started = error == 0;
    errno = error;
    return w->started;
}

static bool has_ended(const struct process_watch *w)
{
    nsec until = clock_monotonic() + PATIENCE;
    for (;;) {
        nsec left = until - clock_monotonic();
        struct pollfd fd = {.fd = w->ended, .events = POLLIN};
        int ready = poll(&fd, 1, left > 0 ? (int)(left / NSEC_PER_MSEC) + 1 : 0);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

void process_watch_stop(struct process_watch *w)
{
    if (!w->started)
        return;
    w->started = false;
    atomic_store(&w->stopping, true);
    tell(w->stop);
    w->hung = !has_ended(w);
    if (w->hung)
        pthread_detach(w->thread);
    else
        pthread_join(w->thread, NULL);
}

/* ---- what was seen ---- */

void process_watch_collect(const struct process_watch *w, struct record *record, nsec zero)
{
    if (w->hung)
        process_follow_collect_none(record, "a reading of it hung: the kernel did not answer");
    else
        process_follow_collect(&w->follow, record, zero);
}

bool process_watch_is_here(const struct process_watch *w)
{
    return w->follow.here;
}

int process_watch_pid(const struct process_watch *w)
{
    return atomic_load(&w->follow.pid);
}

double process_watch_rss(const struct process_watch *w)
{
    return atomic_load(&w->follow.rss);
}
