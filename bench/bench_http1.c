/*
 * bench_http1 - what parsing a response costs: CPU nanoseconds a response, the best of several rounds.
 *
 *   bench_http1 [RESPONSES]     of each kind in each round; a million without it
 */
#include "http1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 5 };

#define OK                                                                               \
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Fri, 02 Jan 2026 10:20:30 GMT\r\n" \
    "Content-Type: application/octet-stream\r\n"
#define MORE                                                                                             \
    "Last-Modified: Fri, 02 Jan 2026 08:00:00 GMT\r\nETag: \"69578a00-5\"\r\nConnection: keep-alive\r\n" \
    "Accept-Ranges: bytes\r\n"

static const struct kind {
    const char *name, *response;
    size_t first_piece; /* 0: fed whole */
    bool names;
} kinds[] = {
    {"short answer", OK "Content-Length: 5\r\n" MORE "\r\nhello", 0, false},
    {"the same, keeping Server and Date", OK "Content-Length: 5\r\n" MORE "\r\nhello", 0, true},
    {"the same in two pieces", OK "Content-Length: 5\r\n" MORE "\r\nhello", 100, false},
    {"chunked", OK "Transfer-Encoding: chunked\r\n" MORE "\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 0,
     false},
};

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void on_body(void *context, const char *bytes, size_t len)
{
    (void)bytes;
    *(size_t *)context += len;
}

/* Nanoseconds a response; negative when one was not understood. */
static double parse(const struct kind *kind, long responses)
{
    struct http1_names names;
    struct http1 p = {.names = kind->names ? &names : NULL};
    size_t len = strlen(kind->response), first = kind->first_piece ? kind->first_piece : len, body = 0;
    bool done = true;
    double started = cpu_ns();
    for (long i = 0; i < responses; i++) {
        http1_init(&p, false);
        http1_feed(&p, kind->response, first, on_body, &body);
        if (first < len)
            http1_feed(&p, kind->response + first, len - first, on_body, &body);
        done &= p.state == HTTP1_DONE;
    }
    double took = cpu_ns() - started;
    http1_finish(&p);
    return done && body ? took / (double)responses : -1;
}

int main(int argc, char **argv)
{
    long responses = argc > 1 ? atol(argv[1]) : 1000000;
    if (responses < 1)
        return 2;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        double best = parse(&kinds[k], responses);
        for (int round = 1; round < ROUNDS; round++) {
            double ns = parse(&kinds[k], responses);
            best = ns < best ? ns : best;
        }
        printf("%-36s %3zu bytes %7.1f ns\n", kinds[k].name, strlen(kinds[k].response), best);
        if (best < 0)
            return 1;
    }
    return 0;
}
