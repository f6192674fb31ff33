#include "websocket.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

enum { FRAME_COST = 100 };

/* ---- what wslay asks for ---- */

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *to, size_t room, int flags, void *context)
{
    (void)flags;
    struct websocket *w = context;
    if (w->in_len == 0) {
        wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    size_t len = room < w->in_len ? room : w->in_len;
    memcpy(to, w->in, len);
    w->in += len;
    w->in_len -= len;
    return (ssize_t)len;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *bytes, size_t len, int flags,
                       void *context)
{
    (void)flags;
    struct websocket *w = context;
    buf_add(&w->out, bytes, len);
    if (!w->out.failed)
        return (ssize_t)len;
    wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static int on_mask(wslay_event_context_ptr wslay, uint8_t *to, size_t len, void *context)
{
    (void)wslay;
    (void)context;
    return RAND_bytes(to, (int)len) == 1 ? 0 : -1;
}

static void on_message(wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *arg,
                       void *context)
{
    struct websocket *w = context;
    if (!wslay_is_ctrl_frame(arg->opcode))
        w->held = 0;
    if (wslay_event_get_close_sent(wslay) || wslay_event_get_close_received(wslay))
        return;
    if (arg->opcode == WSLAY_PONG && w->events->pong)
        w->events->pong(w->context);
    else if (arg->opcode == WSLAY_TEXT_FRAME || arg->opcode == WSLAY_BINARY_FRAME)
        w->events->message(w->context, arg->opcode == WSLAY_TEXT_FRAME, (const char *)arg->msg,
                           arg->msg_length);
}

/* It takes memory for all of a frame at its beginning, and some for each. */
static void on_frame(wslay_event_context_ptr wslay, const struct wslay_event_on_frame_recv_start_arg *arg,
                     void *context)
{
    (void)wslay;
    struct websocket *w = context;
    if (!wslay_is_ctrl_frame(arg->opcode))
        w->held += (size_t)arg->payload_length + FRAME_COST;
}

static const struct wslay_event_callbacks CALLBACKS = {
    .recv_callback = on_recv,
    .send_callback = on_send,
    .genmask_callback = on_mask,
    .on_frame_recv_start_callback = on_frame,
    .on_msg_recv_callback = on_message,
};

/* ---- life ---- */

bool websocket_init(struct websocket *w, enum websocket_side side, const struct websocket_events *events,
                    void *context, size_t message_max, size_t out_max)
{
    *w = (struct websocket){.events = events, .context = context, .message_max = message_max};
    buf_init(&w->out, out_max);
    return websocket_restart(w, side);
}

bool websocket_restart(struct websocket *w, enum websocket_side side)
{
    if (w->wslay)
        wslay_event_context_free(w->wslay);
    w->wslay = NULL;
    w->held = w->in_len = 0;
    buf_clear(&w->out);
    int error = side == WEBSOCKET_SERVER ? wslay_event_context_server_init(&w->wslay, &CALLBACKS, w)
                                         : wslay_event_context_client_init(&w->wslay, &CALLBACKS, w);
    if (error)
        return false;
    wslay_event_config_set_max_recv_msg_length(w->wslay, w->message_max);
    return true;
}

void websocket_finish(struct websocket *w)
{
    if (w->wslay)
        wslay_event_context_free(w->wslay);
    w->wslay = NULL;
    buf_finish(&w->out);
}

/* Whatever wslay has queued goes into `out` at once, so that `out` is the whole backlog. */
static bool flush(struct websocket *w)
{
    return wslay_event_send(w->wslay) == 0 && !w->out.failed;
}

bool websocket_feed(struct websocket *w, const char *bytes, size_t len)
{
    w->in = bytes;
    w->in_len = len;
    bool good = true;
    while (good && w->in_len && wslay_event_want_read(w->wslay))
        good = wslay_event_recv(w->wslay) == 0;
    w->in_len = 0;
    good = flush(w) && good;
    return good && wslay_event_want_read(w->wslay) && !wslay_event_get_close_received(w->wslay);
}

static bool queue(struct websocket *w, uint8_t opcode, const char *bytes, size_t len)
{
    static const size_t HEADER_MAX = 14;
    struct wslay_event_msg message = {opcode, (const uint8_t *)bytes, len};
    if (w->out.failed || len + HEADER_MAX > w->out.max_bytes - w->out.len)
        return false;
    return wslay_event_queue_msg(w->wslay, &message) == 0 && flush(w);
}

bool websocket_send_text(struct websocket *w, const char *text, size_t len)
{
    return queue(w, WSLAY_TEXT_FRAME, text, len);
}

bool websocket_send_ping(struct websocket *w)
{
    return queue(w, WSLAY_PING, NULL, 0);
}

void websocket_close(struct websocket *w, enum websocket_code code)
{
    if (!wslay_event_get_close_sent(w->wslay) &&
        wslay_event_queue_close(w->wslay, (uint16_t)code, NULL, 0) == 0)
        flush(w);
}

int websocket_closed_code(const struct websocket *w)
{
    return wslay_event_get_close_received(w->wslay) ? wslay_event_get_status_code_received(w->wslay)
                                                    : WEBSOCKET_NO_CODE;
}

bool websocket_was_closed(const struct websocket *w)
{
    return wslay_event_get_close_received(w->wslay);
}

int websocket_sent_code(const struct websocket *w)
{
    return wslay_event_get_close_sent(w->wslay) ? wslay_event_get_status_code_sent(w->wslay) : 0;
}

/* ---- the opening handshake ---- */

char *websocket_make_key(char out[WEBSOCKET_KEY_TEXT])
{
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        abort();
    EVP_EncodeBlock((unsigned char *)out, bytes, sizeof bytes);
    return out;
}

bool websocket_key_valid(const char *key)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return strlen(key) == 24 && strspn(key, ALPHABET) == 22 && strchr("AQgw", key[21]) &&
           strcmp(key + 22, "==") == 0;
}

char *websocket_accept(const char *key, char out[WEBSOCKET_ACCEPT_TEXT])
{
    static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + sizeof GUID];
    unsigned char digest[SHA_DIGEST_LENGTH];
    memcpy(text, key, 24);
    memcpy(text + 24, GUID, sizeof GUID);
    SHA1((const unsigned char *)text, sizeof text - 1, digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof digest);
    return out;
}
