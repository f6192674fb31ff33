#include "request_log.h"

#include "buf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const struct request_log_limits request_log_default_limits = {10 << 20, 5, 1 << 20};

static const nsec GATHER_TIME = 50 * NSEC_PER_MSEC; /* lines that come meanwhile are written together */

enum { NAME_MAX_BYTES = 4000, LINE_MAX_BYTES = 1024 };

struct request_log {
    char path[NAME_MAX_BYTES + 1];
    struct request_log_limits limits;
    void (*tell)(const char *text);
    pthread_t thread;
    pthread_mutex_t lock; /* guards waiting and stop */
    pthread_cond_t more;
    struct buf waiting;
    bool stop;
    atomic_llong lost;
    /* the thread's: */
    struct buf writing;
    int fd;
    int64_t size;
    bool torn; /* the file ends within a line */
    bool told;
};

/* ---- the file ---- */

static bool open_file(struct request_log *log)
{
    bool standard = strcmp(log->path, "-") == 0;
    struct stat st;
    log->fd = standard
                  ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
                  : open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
    log->size =
        log->fd >= 0 && !standard && fstat(log->fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
    return log->fd >= 0;
}

static void file_name(const struct request_log *log, int number, char out[NAME_MAX_BYTES + 16])
{
    snprintf(out, NAME_MAX_BYTES + 16, number ? "%s.%d" : "%s", log->path, number);
}

/* The oldest one is overwritten. A file that cannot be renamed goes on growing, rather than being lost. */
static void rotate(struct request_log *log)
{
    char from[NAME_MAX_BYTES + 16], to[NAME_MAX_BYTES + 16];
    for (int i = log->limits.files; i > 0; i--) {
        file_name(log, i - 1, from);
        file_name(log, i, to);
        rename(from, to);
    }
    int old = log->fd;
    if (open_file(log))
        close(old);
    else
        log->fd = old;
}

static int64_t count_lines(const char *bytes, size_t len)
{
    int64_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += bytes[i] == '\n';
    return count;
}

static void lose(struct request_log *log, int64_t lines, const char *why)
{
    atomic_fetch_add(&log->lost, lines);
    if (log->told || !log->tell)
        return;
    log->told = true;
    char text[NAME_MAX_BYTES + 120];
    snprintf(text, sizeof text, "the request log %s loses lines: %s (said once; /metrics counts them)",
             log->path, why);
    log->tell(text);
}

static void write_batch(struct request_log *log)
{
    const char *at = log->writing.bytes;
    size_t left = log->writing.len;
    if (log->size > 0 && log->size + (int64_t)left > log->limits.file_bytes)
        rotate(log);
    if (log->torn && write(log->fd, "\n", 1) == 1)
        log->torn = false;
    while (left) {
        ssize_t n = write(log->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            log->torn |= at > log->writing.bytes && at[-1] != '\n';
            lose(log, count_lines(at, left), strerror(errno));
            return;
        }
        at += n;
        left -= (size_t)n;
        log->size += log->size >= 0 ? n : 0;
    }
}

/* ---- the thread ---- */

/* False: there is nothing and nothing will come. */
static bool take_batch(struct request_log *log)
{
    pthread_mutex_lock(&log->lock);
    while (!log->stop && !log->waiting.len)
        pthread_cond_wait(&log->more, &log->lock);
    struct buf empty = log->writing;
    log->writing = log->waiting;
    log->waiting = empty;
    pthread_mutex_unlock(&log->lock);
    return log->writing.len;
}

static bool stopping(struct request_log *log)
{
    pthread_mutex_lock(&log->lock);
    bool stop = log->stop;
    pthread_mutex_unlock(&log->lock);
    return stop;
}

static void *run(void *context)
{
    struct request_log *log = context;
    const struct timespec gather = {0, GATHER_TIME};
    while (take_batch(log)) {
        write_batch(log);
        buf_clear(&log->writing);
        if (!stopping(log))
            nanosleep(&gather, NULL);
    }
    return NULL;
}

/* ---- for the server ---- */

struct request_log *request_log_create(const char *path, const struct request_log_limits *limits,
                                       void (*tell)(const char *text))
{
    struct request_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->limits = *limits;
    log->tell = tell;
    int len = snprintf(log->path, sizeof log->path, "%s", path);
    buf_init(&log->waiting, limits->wait_bytes);
    buf_init(&log->writing, limits->wait_bytes);
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->more, NULL);
    int error = len > NAME_MAX_BYTES ? ENAMETOOLONG : open_file(log) ? 0 : errno;
    if (!error && (error = pthread_create(&log->thread, NULL, run, log)) == 0)
        return log;
    if (log->fd > 0)
        close(log->fd);
    pthread_cond_destroy(&log->more);
    pthread_mutex_destroy(&log->lock);
    free(log);
    errno = error;
    return NULL;
}

void request_log_destroy(struct request_log *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->stop = true;
    pthread_cond_signal(&log->more);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    close(log->fd);
    pthread_cond_destroy(&log->more);
    pthread_mutex_destroy(&log->lock);
    buf_finish(&log->waiting);
    buf_finish(&log->writing);
    free(log);
}

static void escape(const char *text, char *out, size_t room)
{
    static const char DIGITS[] = "0123456789abcdef";
    size_t used = 0;
    for (; *text && used + sizeof "\\xNN" <= room; text++) {
        unsigned char c = (unsigned char)*text;
        if (c > ' ' && c <= '~' && c != '"' && c != '\\') {
            out[used++] = *text;
            continue;
        }
        memcpy(out + used, (const char[]){'\\', 'x', DIGITS[c >> 4], DIGITS[c & 15]}, 4);
        used += 4;
    }
    out[used] = '\0';
}

static const char *level_of(int status)
{
    return status >= 500 ? "ERROR" : status >= 400 ? "WARNING" : "INFO";
}

void request_log_add(struct request_log *log, const struct request_log_line *line)
{
    char time[TIMESTAMP_TEXT], address[INET_ADDRSTRLEN], path[LINE_MAX_BYTES / 2], text[LINE_MAX_BYTES];
    const struct in_addr in = {.s_addr = line->address};
    escape(line->path, path, sizeof path);
    int len =
        snprintf(text, sizeof text, "%s | %s | request | %s \"%s %s\" %d %lld %.3fms %s\n",
                 timestamp_text(clock_wall(), time), level_of(line->status),
                 inet_ntop(AF_INET, &in, address, sizeof address), line->method, path, line->status,
                 (long long)line->bytes, (double)line->lasted / NSEC_PER_MSEC, *line->job ? line->job : "-");
    pthread_mutex_lock(&log->lock);
    bool first = !log->waiting.len;
    buf_add(&log->waiting, text, (size_t)len);
    bool full = log->waiting.failed;
    log->waiting.failed = false;
    if (first)
        pthread_cond_signal(&log->more);
    pthread_mutex_unlock(&log->lock);
    if (full)
        atomic_fetch_add(&log->lost, 1);
}

int64_t request_log_lost(const struct request_log *log)
{
    return atomic_load(&log->lost);
}
