#include "decoder.h"

#include "decoder_protocol.h"
#include "proc_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const nsec START_TIME = 20 * NSEC_PER_SEC, END_TIME = NSEC_PER_SEC;

enum {
    WAIT_STEP_MS = 50,
    FIRST_FREE_FD = 10,   /* above those that the process gets, so that none is overwritten by another */
    KEEP_BYTES = 8 << 20, /* shared pixels beyond it go back to the system after use */
    LARGEST_BLOCK_MB = 512,
};

static const char *const REASONS[DECODER_REASONS] = {"crashed", "forbidden", "cpu",      "timeout",
                                                     "killed",  "exited",    "protocol", "cancelled"};

const char *decoder_reason_name(enum decoder_reason reason)
{
    return REASONS[reason];
}

/* ---- all of them ---- */

void decoders_init(struct decoders *all, int64_t max_input)
{
    memset(all, 0, sizeof *all);
    all->wanted = SANDBOX_ALL;
    all->max_input = max_input;
    all->timeout = 30 * NSEC_PER_SEC;
    all->cpu_seconds = 10;
}

int decoders_probe(struct decoders *all)
{
    struct decoder d;
    int error = decoder_init(&d, all);
    if (!error)
        error = decoder_start(&d);
    if (!error || error == ENOSYS) {
        all->layers = d.layers;
        all->landlock_abi = d.landlock_abi;
    }
    decoder_finish(&d);
    return error;
}

int decoders_running(const struct decoders *all)
{
    int running = 0;
    for (int i = 0; i < all->count && i < DECODERS_MAX; i++)
        running += all->pids[i] != 0;
    return running;
}

int64_t decoders_resident_bytes(const struct decoders *all)
{
    double bytes = 0;
    for (int i = 0; i < all->count && i < DECODERS_MAX; i++) {
        struct proc_stat stat;
        if (all->pids[i] && proc_stat_read("/proc", all->pids[i], &stat) == 0)
            bytes += stat.resident_bytes;
    }
    return (int64_t)bytes;
}

/* ---- one process ---- */

/* The shared memory can neither shrink nor grow: who reads it cannot be made to read behind its end. */
static int make_pixels(struct decoder *d)
{
    if (d->slot >= DECODERS_MAX)
        return EAGAIN;
    if (d->pixels_fd >= 0) /* of a try before */
        close(d->pixels_fd);
    int fd = memfd_create("pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return errno;
    d->pixels_fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(fd);
    if (d->pixels_fd < 0 || ftruncate(d->pixels_fd, DECODER_PIXEL_BYTES) < 0 ||
        fcntl(d->pixels_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return errno;
    void *pixels = mmap(NULL, (size_t)DECODER_PIXEL_BYTES, PROT_READ, MAP_SHARED, d->pixels_fd, 0);
    if (pixels == MAP_FAILED)
        return errno;
    d->pixels = pixels;
    return 0;
}

int decoder_init(struct decoder *d, struct decoders *all)
{
    *d = (struct decoder){.all = all, .socket = -1, .pixels_fd = -1};
    d->slot = atomic_fetch_add(&all->count, 1);
    return make_pixels(d);
}

/* An own descriptor stays with us, the other one goes to the process. */
static int make_socket(struct decoder *d, int *theirs)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return errno;
    d->socket = pair[0];
    *theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    close(pair[1]);
    return *theirs < 0 ? errno : 0;
}

/* What a sanitizer's allocator, which has no limit of its address space, gives at most for one block. */
static void allocator_options(const char *variable, char out[100])
{
    snprintf(out, 100, "%s=allocator_may_return_null=1:max_allocation_size_mb=%d", variable,
             LARGEST_BLOCK_MB);
}

/* Its standard descriptors lead nowhere, but for a sanitizer's report. */
static int spawn(struct decoder *d, int theirs)
{
    char layers[16], needed[4], input[24];
    snprintf(layers, sizeof layers, "%u", d->all->wanted);
    snprintf(needed, sizeof needed, "%d", d->all->all_needed);
    snprintf(input, sizeof input, "%lld", (long long)d->all->max_input);
    char name[] = "orfeasd", argument[] = DECODER_ARGUMENT, address[100], thread[100];
    allocator_options("ASAN_OPTIONS", address);
    allocator_options("TSAN_OPTIONS", thread);
    char *arguments[] = {name, argument, layers, needed, input, NULL};
    char *environment[] = {sandbox_sanitized() ? address : NULL, thread, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
    if (!sandbox_sanitized())
        posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&files, theirs, DECODER_SOCKET);
    posix_spawn_file_actions_adddup2(&files, d->pixels_fd, DECODER_PIXELS);
    int error = posix_spawn(&d->pid, "/proc/self/exe", &files, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    if (error)
        d->pid = 0;
    return error;
}

static enum decoder_reason reason_of(int status)
{
    if (!WIFSIGNALED(status))
        return DECODER_EXITED;
    switch (WTERMSIG(status)) {
    case SIGSYS:
        return DECODER_FORBIDDEN;
    case SIGXCPU:
        return DECODER_CPU;
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
        return DECODER_CRASHED;
    default:
        return DECODER_KILLED;
    }
}

/* How it ended. Who has let go of its socket need not end by itself. */
static enum decoder_reason wait_end(pid_t pid)
{
    int status = 0;
    for (nsec until = clock_monotonic() + END_TIME; clock_monotonic() < until; poll(NULL, 0, 1)) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return reason_of(status);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return DECODER_PROTOCOL;
}

/* Ends what runs, if it does, and says how it ended when nobody killed it here. */
static enum decoder_reason end_process(struct decoder *d)
{
    enum decoder_reason reason = DECODER_EXITED;
    if (d->socket >= 0)
        close(d->socket);
    d->socket = -1;
    if (d->pid) {
        atomic_store(&d->all->pids[d->slot], 0);
        reason = wait_end(d->pid);
    }
    d->pid = 0;
    return reason;
}

static void discard(struct decoder *d)
{
    if (d->pid)
        kill(d->pid, SIGKILL);
    end_process(d);
}

void decoder_finish(struct decoder *d)
{
    discard(d);
    if (d->pixels)
        munmap((void *)d->pixels, (size_t)DECODER_PIXEL_BYTES);
    d->pixels = NULL;
    if (d->pixels_fd >= 0)
        close(d->pixels_fd);
    d->pixels_fd = -1;
}

/* ---- messages ---- */

enum wait_result { WAIT_READY, WAIT_OVER, WAIT_STOPPED };

/* Readable also means that the other end is closed. */
static enum wait_result wait_readable(int socket, nsec until, bool (*go_on)(void *context), void *context)
{
    for (;;) {
        struct pollfd p = {.fd = socket, .events = POLLIN};
        int ready = poll(&p, 1, WAIT_STEP_MS);
        if (ready > 0)
            return WAIT_READY;
        if (go_on && !go_on(context))
            return WAIT_STOPPED;
        if (clock_monotonic() >= until)
            return WAIT_OVER;
    }
}

int decoder_start(struct decoder *d)
{
    int theirs = -1;
    int error = d->pixels ? 0 : make_pixels(d);
    if (!error)
        error = make_socket(d, &theirs);
    if (!error)
        error = spawn(d, theirs);
    if (theirs >= 0)
        close(theirs);
    struct decoder_hello hello;
    if (!error && (wait_readable(d->socket, clock_monotonic() + START_TIME, NULL, NULL) != WAIT_READY ||
                   recv(d->socket, &hello, sizeof hello, 0) != sizeof hello))
        error = EPROTO;
    if (!error) {
        d->layers = hello.layers & d->all->wanted;
        d->landlock_abi = hello.landlock_abi;
        if (d->all->all_needed && d->layers != d->all->wanted)
            error = ENOSYS;
    }
    if (!error) {
        atomic_store(&d->all->pids[d->slot], d->pid);
        return 0;
    }
    discard(d);
    return error;
}

static bool send_request(struct decoder *d, int fd, size_t len)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct decoder_request request = {++d->number, (int64_t)len};
    struct iovec data = {&request, sizeof request};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(d->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof request;
}

/* By its owner's clock, as it could not be trusted with it. */
static nsec cpu_of(const struct decoder *d)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(d->pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0;
    return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* The limit counts all that a process has used, so it moves on with every picture. */
static void grant_cpu(const struct decoder *d, nsec used)
{
    rlim_t seconds = (rlim_t)(used / NSEC_PER_SEC + 1 + d->all->cpu_seconds);
    struct rlimit limit = {seconds, RLIM_INFINITY};
    prlimit(d->pid, RLIMIT_CPU, &limit, NULL);
}

/* A process that was killed while it had nothing to do costs no picture: another one takes it. */
static bool hand_over(struct decoder *d, int fd, size_t len, nsec *cpu)
{
    for (int try = 0; try < 2; try++) {
        if (!d->pid && decoder_start(d) != 0)
            return false;
        *cpu = cpu_of(d);
        grant_cpu(d, *cpu);
        if (send_request(d, fd, len))
            return true;
        atomic_fetch_add(&d->all->restarts[end_process(d)], 1);
    }
    return false;
}

static bool sane(const struct decoder *d, const struct decoder_reply *r)
{
    if (r->number != d->number || r->status > DECODER_STATUS_TOO_LARGE ||
        !memchr(r->error, '\0', sizeof r->error))
        return false;
    return r->status != DECODER_STATUS_OK ||
           (r->width > 0 && r->height > 0 && r->width <= picture_default_limits.max_side &&
            r->height <= picture_default_limits.max_side &&
            (int64_t)r->width * r->height <= picture_default_limits.max_pixels);
}

static enum decoder_outcome lost(struct decoder *d, char *why, enum decoder_reason reason)
{
    atomic_fetch_add(&d->all->restarts[reason], 1);
    snprintf(why, PICTURE_ERROR_TEXT, "The process that decodes the picture ended: %s", REASONS[reason]);
    return DECODER_LOST;
}

static enum decoder_outcome give_up(struct decoder *d, char *why, enum decoder_reason reason)
{
    discard(d);
    return lost(d, why, reason);
}

static enum decoder_outcome take_pixels(struct decoder *d, const struct decoder_reply *reply,
                                        struct picture *ret, char *why)
{
    size_t bytes = (size_t)reply->width * (size_t)reply->height * 4;
    *ret = (struct picture){reply->width, reply->height, reply->has_alpha != 0, malloc(bytes)};
    if (ret->rgba)
        memcpy(ret->rgba, d->pixels, bytes);
    if (bytes > KEEP_BYTES)
        fallocate(d->pixels_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, DECODER_PIXEL_BYTES);
    if (ret->rgba)
        return DECODER_DONE;
    snprintf(why, PICTURE_ERROR_TEXT, "no memory for %d x %d pixels", reply->width, reply->height);
    return DECODER_BAD_PICTURE;
}

static enum decoder_outcome take_reply(struct decoder *d, struct picture *ret, char *why)
{
    struct decoder_reply reply;
    ssize_t n = recv(d->socket, &reply, sizeof reply, MSG_TRUNC);
    if (n <= 0)
        return lost(d, why, end_process(d));
    if (n != sizeof reply || !sane(d, &reply))
        return give_up(d, why, DECODER_PROTOCOL);
    if (reply.status == DECODER_STATUS_OK)
        return take_pixels(d, &reply, ret, why);
    memcpy(why, reply.error, sizeof reply.error);
    return reply.status == DECODER_STATUS_TOO_LARGE ? DECODER_TOO_LARGE : DECODER_BAD_PICTURE;
}

enum decoder_outcome decoder_decode(struct decoder *d, int fd, size_t len, bool (*go_on)(void *context),
                                    void *context, struct picture *ret, char why[PICTURE_ERROR_TEXT])
{
    nsec before;
    if (!hand_over(d, fd, len, &before)) {
        snprintf(why, PICTURE_ERROR_TEXT, "No process to decode the picture can be started");
        return DECODER_LOST;
    }
    switch (wait_readable(d->socket, clock_monotonic() + d->all->timeout, go_on, context)) {
    case WAIT_OVER:
        return give_up(d, why, DECODER_TIMEOUT);
    case WAIT_STOPPED:
        give_up(d, why, DECODER_CANCELLED);
        return DECODER_STOPPED;
    case WAIT_READY:
        break;
    }
    nsec after = cpu_of(d);
    if (after > before) /* 0 when it has ended */
        atomic_fetch_add(&d->all->cpu, after - before);
    return take_reply(d, ret, why);
}
