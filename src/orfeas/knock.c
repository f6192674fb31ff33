#include "knock.h"

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 50, SEEN = 512 }; /* how often `cancel` is looked at; bytes that tell who it is */

struct visitor {
    int fd;
    nsec deadline;
    const atomic_bool *cancel;
};

/* 0: it is ready; else an errno value. */
static int await(const struct visitor *v, short events)
{
    for (;;) {
        struct pollfd p = {.fd = v->fd, .events = events};
        if (v->cancel && atomic_load(v->cancel))
            return ECANCELED;
        if (clock_monotonic() > v->deadline)
            return ETIMEDOUT;
        int ready = poll(&p, 1, LOOK_MS);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return errno;
    }
}

static int reach(struct visitor *v, const struct loop_addr *addr)
{
    v->fd = socket(addr->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (v->fd < 0)
        return errno;
    if (connect(v->fd, (const struct sockaddr *)&addr->storage, addr->len) == 0)
        return 0;
    int error = errno == EINPROGRESS ? await(v, POLLOUT) : errno;
    socklen_t len = sizeof error;
    if (!error)
        getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

/* Bytes, 0 at the end of the stream, or -errno. */
static ssize_t hear(const struct visitor *v, void *bytes, size_t len)
{
    for (;;) {
        int error = await(v, POLLIN);
        if (error)
            return -error;
        ssize_t n = recv(v->fd, bytes, len, 0);
        if (n >= 0)
            return n;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
}

static int say(const struct visitor *v, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(v->fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        int error = n < 0 ? await(v, POLLOUT) : 0;
        if (error)
            return error;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* ---- who is it? ---- */

static void keep_line(const char *bytes, size_t len, char ret[60])
{
    size_t at = 0;
    for (; at < len && at < 59 && bytes[at] != '\r' && bytes[at] != '\n'; at++)
        ret[at] = bytes[at] >= ' ' && bytes[at] < 0x7f ? bytes[at] : '?';
    ret[at] = '\0';
}

/* An alert or a handshake of TLS; or, as some servers are polite, HTTP that says it. */
static bool wants_tls(const char *bytes, size_t len)
{
    if (len >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 3)
        return true;
    return len > 12 && memcmp(bytes + 8, " 400", 4) == 0 &&
           (memmem(bytes, len, "HTTPS port", 10) || memmem(bytes, len, "HTTPS server", 12));
}

static enum knock_answer judge(const char *bytes, size_t len, char banner[60])
{
    keep_line(bytes, len, banner);
    if (wants_tls(bytes, len))
        return KNOCK_TLS;
    return len >= 5 && memcmp(bytes, "HTTP/", 5) == 0 ? KNOCK_HTTP : KNOCK_BANNER;
}

/* Enough to tell, or all that comes. */
static void listen_to(const struct visitor *v, struct knock *ret)
{
    char bytes[SEEN];
    size_t len = 0;
    ssize_t n = 1;
    while (len < 5 && n > 0) {
        n = hear(v, bytes + len, sizeof bytes - len);
        len += n > 0 ? (size_t)n : 0;
    }
    if (len)
        ret->answer = judge(bytes, len, ret->banner);
    else
        ret->answer = n == -ETIMEDOUT || n == -ECANCELED ? KNOCK_SILENT : KNOCK_HANGS_UP;
}

void knock(const struct loop_addr *addr, const char *request, nsec timeout, const atomic_bool *cancel,
           struct knock *ret)
{
    nsec start = clock_monotonic();
    struct visitor v = {.deadline = start + timeout, .cancel = cancel};
    *ret = (struct knock){.error = reach(&v, addr)};
    ret->connected = clock_monotonic() - start;
    if (ret->error == ECONNRESET) /* it was taken, and let go before we looked */
        *ret = (struct knock){.answer = KNOCK_HANGS_UP, .connected = ret->connected};
    else if (!ret->error && !request)
        ret->answer = KNOCK_SILENT;
    else if (!ret->error) {
        say(&v, request, strlen(request)); /* who does not read it tells by what it says */
        listen_to(&v, ret);
    }
    if (v.fd >= 0)
        close(v.fd);
}

/* ---- TLS ---- */

static void shake_hands(const struct visitor *v, struct tls *t)
{
    char bytes[4096];
    while (tls_state(t) == TLS_HANDSHAKING) {
        size_t len;
        const void *out = tls_output(t, &len);
        if (out && say(v, out, len) != 0)
            return;
        if (out)
            tls_output_sent(t, len);
        ssize_t n = hear(v, bytes, sizeof bytes);
        if (n > 0)
            tls_feed(t, bytes, (size_t)n);
        else if (n == -ETIMEDOUT || n == -ECANCELED)
            return;
        else
            tls_feed_end(t);
    }
}

void knock_tls(const struct loop_addr *addr, struct tls_context *context, const char *host, nsec timeout,
               const atomic_bool *cancel, struct knock_tls *ret)
{
    struct visitor v = {.deadline = clock_monotonic() + timeout, .cancel = cancel};
    *ret = (struct knock_tls){0};
    int error = reach(&v, addr);
    if (error) {
        snprintf(ret->why, sizeof ret->why, "%s", strerror(error));
    } else {
        struct tls_peer *peer = tls_peer_create(context, host);
        struct tls *t = tls_create(peer);
        shake_hands(&v, t);
        ret->open = tls_state(t) == TLS_OPEN;
        ret->shown = tls_facts_of(t, &ret->facts);
        ret->silent = tls_state(t) == TLS_HANDSHAKING;
        snprintf(ret->why, sizeof ret->why, "%s",
                 ret->silent ? "the TLS handshake does not end" : tls_error(t));
        tls_destroy(t);
        tls_peer_destroy(peer);
    }
    if (v.fd >= 0)
        close(v.fd);
}

const char *knock_address(const struct loop_addr *addr, char ret[KNOCK_ADDRESS])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr->storage;
    bool is_v6 = addr->storage.ss_family == AF_INET6;
    char text[INET6_ADDRSTRLEN] = "?";
    inet_ntop(is_v6 ? AF_INET6 : AF_INET, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr,
              text, sizeof text);
    snprintf(ret, KNOCK_ADDRESS, is_v6 ? "[%s]:%d" : "%s:%d", text,
             ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    return ret;
}
