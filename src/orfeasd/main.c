/*
 * orfeasd - a backend that turns a picture into a 3D model.
 */
#include "backend.h"
#include "server.h"

#include "rng.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_FAULT = 70, ARENAS = 2 };

struct signals {
    struct watch_fd watch;
    struct backend *backend;
};

static void on_signal(struct watch_fd *watch)
{
    struct signalfd_siginfo info;
    struct signals *signals = (struct signals *)watch;
    while (read(watch->fd, &info, sizeof info) == sizeof info)
        backend_stop(signals->backend);
}

/* Blocked before any thread exists, so that they come through the descriptor and nowhere else. */
static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void print_diags(const struct diag_list *diags)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    diag_write(diags, &text);
    fprintf(stderr, "orfeasd: %s", buf_text(&text));
    buf_finish(&text);
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

static void tell_restored(const struct restored *r, const struct diag_list *diags)
{
    if (r->jobs)
        fprintf(stderr, "orfeasd: %d job%s of an earlier run, %d of them interrupted\n", r->jobs,
                plural(r->jobs), r->interrupted);
    if (r->cleared)
        fprintf(stderr, "orfeasd: removed what was left of %d job%s of an earlier run\n", r->cleared,
                plural(r->cleared));
    if (diags->count)
        print_diags(diags);
}

static int serve(const struct settings *settings, struct diag_list *diags)
{
    struct backend backend;
    struct signals signals = {.watch = {on_signal, block_signals()}, .backend = &backend};
    struct loop *loop = loop_epoll_create();
    if (!loop || signals.watch.fd < 0 || !loop_watch_add(loop, &signals.watch)) {
        perror("orfeasd");
        return EXIT_FAULT;
    }
    bool ok = backend_init(&backend, loop, settings, diags);
    if (ok) {
        tell_restored(&backend.restored, diags);
        printf("orfeasd listening on http://%s:%d\n", settings->host, server_port(backend.server));
        fflush(stdout);
        loop_run(loop);
    } else {
        print_diags(diags);
    }
    backend_finish(&backend);
    loop_watch_remove(loop, &signals.watch);
    loop_destroy(loop);
    close(signals.watch.fd);
    return ok ? EXIT_SUCCESS : EXIT_USAGE;
}

static void help(void)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    settings_help(&text);
    fputs(buf_text(&text), stdout);
    buf_finish(&text);
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct diag_list diags;
    umask(077);
    mallopt(M_ARENA_MAX, ARENAS); /* memory that one thread frees serves the others */
    diag_init(&diags);
    int status = EXIT_SUCCESS;
    switch (settings_read(&settings, argc, argv, &diags)) {
    case SETTINGS_RUN:
        if (!settings.seed_given)
            settings.seed = rng_entropy();
        status = serve(&settings, &diags);
        break;
    case SETTINGS_HELP:
        help();
        break;
    case SETTINGS_VERSION:
        printf("orfeasd %s\n", ORFEAS_VERSION);
        break;
    case SETTINGS_BAD:
        print_diags(&diags);
        status = EXIT_USAGE;
        break;
    }
    diag_finish(&diags);
    return status;
}
