#include "sim_plain.h"

#include <stdlib.h>
#include <string.h>

static const char usual_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

nsec sim_plain_takes(const struct sim_plain *p, nsec at)
{
    nsec moves_on = p->still_at + p->still_for;
    if (at >= p->still_at && at < moves_on)
        return moves_on - at + p->service;
    return at < p->still_at && at + p->service > p->still_at ? p->service + p->still_for : p->service;
}

/* The first room is ample: where allocations are counted it is enough. */
static void note(struct sim_plain *p, nsec at)
{
    enum { FIRST_ROOM = 65536 };
    if (p->requests == p->room) {
        p->room = p->room ? 2 * p->room : FIRST_ROOM;
        p->came = realloc(p->came, (size_t)p->room * sizeof *p->came);
        if (!p->came)
            abort();
    }
    p->came[p->requests++] = at;
}

static void on_request(struct sim_plain *p, int socket)
{
    nsec at = loop_now(p->loop) - p->zero;
    note(p, at);
    bool refuse = p->refuse_every && p->requests % p->refuse_every == 0;
    const char *answer = refuse ? p->refusal : p->answer ? p->answer : usual_answer;
    p->refused += refuse;
    loop_sim_reply(p->loop, socket, answer, strlen(answer), sim_plain_takes(p, at));
}

static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    static const char end[] = "\r\n\r\n";
    struct sim_plain *p = context;
    for (size_t i = 0; i < len; i++) {
        char byte = ((const char *)bytes)[i];
        unsigned char *matched = &p->matched[socket];
        *matched = (unsigned char)(byte == end[*matched] ? *matched + 1 : byte == '\r');
        if (*matched == 4) {
            *matched = 0;
            on_request(p, socket);
        }
    }
}

static int on_connected(void *context, int socket)
{
    struct sim_plain *p = context;
    if (socket >= p->sockets) {
        p->sockets = 2 * socket + 64;
        p->matched = realloc(p->matched, (size_t)p->sockets);
        if (!p->matched)
            abort();
    }
    p->matched[socket] = 0;
    p->connections++;
    if (++p->open > p->most_open)
        p->most_open = p->open;
    return 0;
}

static void on_closed(void *context, int socket)
{
    struct sim_plain *p = context;
    (void)socket;
    p->open--;
}

void sim_plain_init(struct sim_plain *p)
{
    struct sim_server server = {
        .context = p, .connected = on_connected, .received = on_received, .closed = on_closed};
    p->loop = loop_sim_create(&server);
    p->zero = loop_now(p->loop);
}

void sim_plain_finish(struct sim_plain *p)
{
    loop_destroy(p->loop);
    free(p->came);
    free(p->matched);
}
