#include "sim_teller.h"

#include "container.h"
#include "engineio.h"
#include "websocket.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void deliver(struct sim_teller *t, int socket, const char *bytes, size_t len, nsec delay)
{
    t->deliveries++;
    loop_sim_reply(t->loop, socket, bytes, len, delay);
}

static void reply(struct sim_teller *t, int socket, const char *text)
{
    deliver(t, socket, text, strlen(text), 0);
}

static void answer(struct sim_teller *t, int socket, const char *body, size_t len)
{
    char out[8192];
    int n =
        snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s", len, (int)len, body);
    deliver(t, socket, out, (size_t)n, 0);
}

static void hear(struct sim_teller *t, const char *text, size_t len)
{
    buf_add(&t->heard, text, len);
    buf_add_text(&t->heard, "|");
}

static bool is_tell(const struct tell *tell)
{
    return tell->text || tell->kind;
}

/* The last one is played again. */
static const struct tell_attempt *next_attempt(struct sim_teller *t)
{
    t->began = t->begun ? t->began : loop_now(t->loop);
    const struct tell_attempt *next = t->begun++ ? t->attempt + 1 : t->attempts;
    bool is_there = t->begun == 1 || next->refusal || is_tell(next->tells);
    return t->attempt = is_there ? next : t->attempt;
}

/* ---- WebSockets ---- */

static void frame(struct sim_teller *t, int socket, unsigned char opcode, const char *text, size_t len,
                  nsec delay)
{
    char out[1024];
    size_t head = len < 126 ? 2 : 4;
    assert(len + head < sizeof out);
    out[0] = (char)(0x80 | opcode);
    out[1] = (char)(len < 126 ? len : 126);
    if (len >= 126) {
        out[2] = (char)(len >> 8);
        out[3] = (char)len;
    }
    memcpy(out + head, text, len);
    deliver(t, socket, out, head + len, delay);
}

static void tell_later(struct sim_teller *t, int socket, const struct tell *tell, bool framed)
{
    const char *text = tell->text ? tell->text : "";
    if (tell->kind == TELL_END)
        loop_sim_end(t->loop, socket, tell->at);
    else if (tell->kind == TELL_RESET)
        loop_sim_reset(t->loop, socket, tell->at);
    else if (tell->kind == TELL_PING)
        frame(t, socket, 9, "", 0, tell->at);
    else if (tell->kind == TELL_CLOSE)
        frame(t, socket, 8, "\x03\xf3", 2, tell->at);
    else if (framed && tell->kind == TELL_TEXT)
        frame(t, socket, 1, text, strlen(text), tell->at);
    else
        deliver(t, socket, text, tell->len ? tell->len : strlen(text), tell->at);
}

static void play(struct sim_teller *t, int socket, bool framed)
{
    for (const struct tell *tell = t->attempt->tells; is_tell(tell); tell++)
        tell_later(t, socket, tell, framed);
}

static void switch_over(struct sim_teller *t, int socket, const char *head)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    char key[25] = "", accept[WEBSOCKET_ACCEPT_TEXT], out[200];
    const char *at = strstr(head, name);
    assert(at && strstr(head, "Upgrade: websocket\r\n") && strstr(head, "Sec-WebSocket-Version: 13\r\n"));
    memcpy(key, at + sizeof name - 1, 24);
    assert(websocket_key_valid(key));
    snprintf(out, sizeof out,
             "HTTP/1.1 101 Switching\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
             "%s\r\n\r\n",
             websocket_accept(key, accept));
    t->framed[socket] = true;
    reply(t, socket, out);
}

/* ---- sessions of Engine.IO ---- */

#define HANDSHAKE    \
    "0{\"sid\":\"s " \
    "%d\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}"

static void answer_poll(struct sim_teller *t, const char *body, size_t len)
{
    answer(t, t->waiting, body, len);
    t->waiting = -1;
}

static void give_news(struct sim_teller *t)
{
    if (t->waiting < 0 || !t->news.len)
        return;
    answer_poll(t, t->news.bytes, t->news.len);
    buf_clear(&t->news);
}

static void send_packet(struct sim_teller *t, const char *packet)
{
    if (t->carrier >= 0) {
        frame(t, t->carrier, 1, packet, strlen(packet), 0);
        return;
    }
    engineio_add(&t->news, packet, strlen(packet));
    give_news(t);
}

static void end_session(struct sim_teller *t, bool reset)
{
    int sockets[] = {t->waiting, t->carrier};
    for (int i = 0; i < 2; i++)
        if (sockets[i] >= 0 && reset)
            loop_sim_reset(t->loop, sockets[i], 0);
        else if (sockets[i] >= 0)
            loop_sim_end(t->loop, sockets[i], 0);
    t->session = 0;
    t->waiting = t->carrier = -1;
}

static void on_tell(struct timer *timer)
{
    struct tell_timer *own = CONTAINER(struct tell_timer, timer, timer);
    struct sim_teller *t = own->teller;
    if (t->session != own->session)
        return;
    if (own->tell->kind == TELL_TEXT)
        send_packet(t, own->tell->text);
    else if (own->tell->kind == TELL_END || own->tell->kind == TELL_RESET)
        end_session(t, own->tell->kind == TELL_RESET);
    else if (own->tell->kind == TELL_RAW && t->waiting >= 0)
        answer_poll(t, own->tell->text, strlen(own->tell->text));
    else if (t->carrier >= 0)
        tell_later(t, t->carrier, &(struct tell){0, own->tell->text, own->tell->kind}, true);
}

static void begin_session(struct sim_teller *t)
{
    char handshake[200];
    t->session = t->begun;
    t->carrier = -1;
    buf_clear(&t->news);
    snprintf(handshake, sizeof handshake, HANDSHAKE, t->session);
    engineio_add(&t->news, handshake, strlen(handshake));
    for (const struct tell *tell = t->attempt->tells; is_tell(tell); tell++) {
        struct tell_timer *own = &t->timers[t->timer_count++ % TELLER_TIMERS];
        assert(!timer_armed(&own->timer));
        *own = (struct tell_timer){{.fire = on_tell}, t, tell, t->session};
        timer_set(t->loop, &own->timer, loop_now(t->loop) + tell->at);
    }
}

static bool of_session(const struct sim_teller *t, const char *head)
{
    char sid[20];
    snprintf(sid, sizeof sid, "sid=s%%20%d ", t->session);
    return t->session && strstr(head, sid);
}

static void on_engineio(struct sim_teller *t, int socket, const char *head, const char *body, size_t len)
{
    static const char unknown[] =
        "HTTP/1.1 400 X\r\nContent-Length: 41\r\n\r\n{\"code\":1,\"message\":\"Session ID unknown\"}";
    bool framed = strstr(head, "transport=websocket"), first = !strstr(head, "sid=");
    bool pull = !framed && strncmp(head, "GET", 3) == 0;
    assert(strstr(head, "EIO=4"));
    t->pulls += pull;
    if (first && next_attempt(t)->refusal) {
        reply(t, socket, t->attempt->refusal);
    } else if (!first && !of_session(t, head)) {
        reply(t, socket, unknown);
    } else if (framed && !first && t->attempt->no_probe) {
        reply(t, socket, "HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n");
    } else if (framed) {
        switch_over(t, socket, head);
        if (first) {
            begin_session(t);
            t->carrier = socket;
            frame(t, socket, 1, t->news.bytes, t->news.len, 0);
            buf_clear(&t->news);
        }
    } else if (strncmp(head, "POST", 4) == 0) {
        t->posts++;
        hear(t, body, len);
        answer(t, socket, "ok", 2);
    } else {
        if (first)
            begin_session(t);
        t->waiting = socket;
        give_news(t);
    }
}

/* The probe of a session, and what follows: the poll that waits is let go. */
static void on_message(struct sim_teller *t, int socket, const char *text, size_t len)
{
    hear(t, text, len);
    if (len == 6 && memcmp(text, "2probe", 6) == 0) {
        frame(t, socket, 1, "3probe", 6, 0);
        engineio_add(&t->news, "6", 1);
        give_news(t);
    } else if (len == 1 && *text == '5') {
        t->carrier = socket;
    }
}

/* ---- bytes ---- */

/* A client's frame, which is masked; its length, 0 when it is not whole. */
static size_t take_frame(struct sim_teller *t, int socket, unsigned char *at, size_t have)
{
    size_t len = have < 2 ? 0 : at[1] & 0x7f, head = len == 126 ? 8 : 6;
    if (have < head)
        return 0;
    if (len == 126)
        len = (size_t)at[2] << 8 | at[3];
    if (have < head + len)
        return 0;
    if (!(at[1] & 0x80))
        return have; /* what came before was lost: nothing can be read any more */
    for (size_t i = 0; i < len; i++)
        at[head + i] ^= at[head - 4 + i % 4];
    int opcode = at[0] & 0xf;
    if (opcode == 1)
        on_message(t, socket, (char *)at + head, len);
    else
        hear(t, opcode == 8 ? "close" : "pong", opcode == 8 ? 5 : 4);
    return head + len;
}

static void begin_stream(struct sim_teller *t, int socket, const char *head, bool framed)
{
    if (next_attempt(t)->refusal) {
        reply(t, socket, t->attempt->refusal);
        return;
    }
    if (framed)
        switch_over(t, socket, head);
    else
        reply(t, socket, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n");
    play(t, socket, framed);
}

static void on_status(struct sim_teller *t, int socket)
{
    static const char runs[] = "{\"state\":\"runs\"}";
    const char *said = loop_now(t->loop) - t->began >= t->ends_at ? t->ended : runs;
    t->pulls++;
    if (t->ended)
        answer(t, socket, said, strlen(said));
    else
        reply(t, socket, "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
}

static void on_request(struct sim_teller *t, int socket, const char *head, const char *body, size_t len)
{
    bool begins = strncmp(head, "POST", 4) != 0 && !strstr(head, "sid=") &&
                  strncmp(head, "GET /result", 11) != 0 && strncmp(head, "GET /status", 11) != 0;
    if (begins)
        snprintf(t->head, sizeof t->head, "%s", head);
    if (strncmp(head, "POST /jobs ", 11) == 0)
        answer(t, socket, "{\"id\":\"j1\"}", 11);
    else if (strncmp(head, "GET /status", 11) == 0)
        on_status(t, socket);
    else if (strncmp(head, "GET /result", 11) == 0 && ++t->results)
        answer(t, socket, "ok", 2);
    else if (strncmp(head, "GET /ws ", 8) == 0 || strncmp(head, "GET /events", 11) == 0)
        begin_stream(t, socket, head, head[5] == 'w');
    else
        on_engineio(t, socket, head, body, len);
}

/* A whole request's length; 0 when there is none. */
static size_t take_request(struct sim_teller *t, int socket, char *text, size_t have)
{
    char head[2048];
    const char *end = memmem(text, have, "\r\n\r\n", 4);
    size_t len = end ? (size_t)(end - text) + 4 : 0;
    const char *length = len ? memmem(text, len, "Content-Length: ", 16) : NULL;
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    if (!len || have < len + body)
        return 0;
    assert(len < sizeof head);
    memcpy(head, text, len);
    head[len] = '\0';
    on_request(t, socket, head, text + len, body);
    return len + body;
}

static void on_received(void *context, int socket, const void *bytes, size_t len)
{
    struct sim_teller *t = context;
    struct buf *in = &t->inbox[socket];
    buf_add(in, bytes, len);
    for (size_t took = 1; in->len && took;) {
        took = t->framed[socket] ? take_frame(t, socket, (unsigned char *)in->bytes, in->len)
                                 : take_request(t, socket, in->bytes, in->len);
        buf_consume(in, took);
    }
}

static int on_connected(void *context, int socket)
{
    struct sim_teller *t = context;
    assert(socket < TELLER_SOCKETS);
    buf_clear(&t->inbox[socket]);
    t->framed[socket] = false;
    return 0;
}

static void on_closed(void *context, int socket)
{
    struct sim_teller *t = context;
    if (socket == t->waiting)
        t->waiting = -1;
    if (socket == t->carrier)
        t->carrier = -1;
}

void sim_teller_init(struct sim_teller *t, const struct tell_attempt *attempts)
{
    *t = (struct sim_teller){.attempts = attempts, .waiting = -1, .carrier = -1};
    for (int i = 0; i < TELLER_SOCKETS; i++)
        buf_init(&t->inbox[i], 1 << 20);
    buf_init(&t->heard, 1 << 20);
    buf_init(&t->news, 1 << 20);
    struct sim_server server = {
        .context = t, .connected = on_connected, .received = on_received, .closed = on_closed};
    t->loop = loop_sim_create(&server);
}

void sim_teller_finish(struct sim_teller *t)
{
    loop_destroy(t->loop);
    for (int i = 0; i < TELLER_SOCKETS; i++)
        buf_finish(&t->inbox[i]);
    buf_finish(&t->heard);
    buf_finish(&t->news);
}
