/*
 * spool - sends bytes that never change without copying them: through a pipe (vmsplice, splice) the socket
 * refers to the pages where they lie.
 *
 * For uploads of hundreds of kilobytes from one mapping it takes 0.7 to 0.85 of the CPU time of send() on
 * loopback. The bytes have to stay as they are until the peer has confirmed them, which nobody here learns:
 * so as long as the socket is open. One thread; the pipe is empty between two calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { SPOOL_WORTH = 16 << 10 }; /* bytes from which on it pays */

struct spool {
    int in, out; /* of the pipe; -1: there is none */
    int nowhere;
    size_t capacity;
};

/* Without a pipe spool_usable() is false, and that is all. */
void spool_init(struct spool *s);
void spool_finish(struct spool *s);
bool spool_usable(const struct spool *s);

/* Sends as many of them as fit at once: how many, or -1 with errno (EAGAIN: none). `more`: others follow
 * right behind. When the system refuses such calls altogether it is ENOSYS, and the spool is not usable any
 * more. */
ssize_t spool_send(struct spool *s, int socket, const void *bytes, size_t len, bool more);
