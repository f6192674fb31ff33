#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* A pipe of this size is granted to everybody; it refers to so many bytes of pages, not holds them. */
enum { WANTED = 1 << 20 };

void spool_init(struct spool *s)
{
    int ends[2];
    *s = (struct spool){-1, -1, -1, 0};
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    s->out = ends[0];
    s->in = ends[1];
    s->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fcntl(s->in, F_SETPIPE_SZ, WANTED);
    int capacity = fcntl(s->in, F_GETPIPE_SZ);
    s->capacity = capacity > 0 ? (size_t)capacity : 0;
    if (s->nowhere < 0 || !s->capacity)
        spool_finish(s);
}

void spool_finish(struct spool *s)
{
    int *const fds[] = {&s->in, &s->out, &s->nowhere};
    for (int i = 0; i < 3; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

bool spool_usable(const struct spool *s)
{
    return s->in >= 0;
}

/* What the socket had no room for; it is offered again from where it lies. */
static void drop_rest(struct spool *s, size_t rest)
{
    while (rest) {
        ssize_t n = splice(s->out, NULL, s->nowhere, NULL, rest, 0);
        if (n <= 0 && errno != EINTR)
            return;
        if (n > 0)
            rest -= (size_t)n;
    }
}

static ssize_t refused(struct spool *s)
{
    spool_finish(s);
    errno = ENOSYS;
    return -1;
}

ssize_t spool_send(struct spool *s, int socket, const void *bytes, size_t len, bool more)
{
    struct iovec piece = {(void *)(size_t)bytes, len < s->capacity ? len : s->capacity};
    ssize_t held, sent;
    do
        held = vmsplice(s->in, &piece, 1, SPLICE_F_NONBLOCK);
    while (held < 0 && errno == EINTR);
    if (held <= 0)
        return refused(s);
    more = more || (size_t)held < len;
    do
        sent =
            splice(s->out, NULL, socket, NULL, (size_t)held, SPLICE_F_NONBLOCK | (more ? SPLICE_F_MORE : 0));
    while (sent < 0 && errno == EINTR);
    int error = errno;
    drop_rest(s, (size_t)held - (sent > 0 ? (size_t)sent : 0));
    if (sent < 0 && (error == EINVAL || error == ENOSYS || error == EPERM))
        return refused(s);
    errno = error;
    return sent;
}
