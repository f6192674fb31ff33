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

enum { EXIT_USAGE = 2, EXIT_FAULT = 70, ARENAS = 2, KEEP_BYTES = 4 << 20 };

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

static void print_sandbox(const struct decoders *decoders)
{
    printf("pictures are decoded in %s", decoders->layers ? "processes shut in by" : "the server itself");
    for (int i = 0; i < SANDBOX_LAYERS; i++)
        if (decoders->layers >> i & 1)
            printf(" %s", sandbox_layer_name((enum sandbox_layer)i));
    putchar('\n');
}

/* What a client sends is not to lie around on the disk after a crash. */
static void limit_core_dumps(const struct settings *settings)
{
    const struct rlimit none = {0, 0};
    if (!settings->core_dumps)
        setrlimit(RLIMIT_CORE, &none);
}

static void tell(const char *text)
{
    fprintf(stderr, "orfeasd: %s\n", text);
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
    limit_core_dumps(settings);
    bool ok = backend_init(&backend, loop, settings, diags);
    if (ok) {
        tell_restored(&backend.restored, diags);
        printf("orfeasd listening on http://%s:%d\n", settings->host, server_port(backend.server));
        print_sandbox(&backend.decoders);
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
    if (decoder_asked_for(argc, argv))
        return decoder_serve(argv, picture_decode);
    umask(077);
    signal(SIGXFSZ, SIG_IGN);                  /* a file that grows too large is an error of one write */
    mallopt(M_ARENA_MAX, ARENAS);              /* memory that one thread frees serves the others */
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);     /* what a large picture took goes back at once ... */
    mallopt(M_TRIM_THRESHOLD, 2 * KEEP_BYTES); /* ... and no size seen once changes these limits */
    diag_init(&diags);
    int status = EXIT_SUCCESS;
    switch (settings_read(&settings, argc, argv, &diags)) {
    case SETTINGS_RUN:
        settings.tell = tell;
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
