/* socketio: a packet that is taken is taken again from what is written of it, and is the same. */
#include "fuzz.h"
#include "socketio.h"

#include <stdio.h>

static char *write_again(const struct socketio_packet *p, size_t *ret_len)
{
    struct buf out;
    char count[16] = "", *json = p->data ? json_dumps(p->data, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    buf_init(&out, 1 << 20);
    socketio_write(&out, p->type, p->namespace, p->ack);
    if (p->type >= SOCKETIO_BINARY_EVENT)
        snprintf(count, sizeof count, "%d-", p->attachments);
    buf_add_text(&out, json ? json : "");
    char *text = malloc(out.len + sizeof count);
    assert(text && out.len);
    *ret_len =
        (size_t)sprintf(text, "%c%s", out.bytes[0], count); /* the writer makes none with attachments */
    memcpy(text + *ret_len, out.bytes + 1, out.len - 1);
    *ret_len += out.len - 1;
    free(json);
    buf_finish(&out);
    return text;
}

static void check(const struct socketio_packet *p)
{
    struct socketio_packet again;
    size_t len;
    assert(p->attachments >= 0 && p->attachments <= SOCKETIO_ATTACHMENTS_MAX && p->namespace[0] == '/');
    bool event = p->type == SOCKETIO_EVENT || p->type == SOCKETIO_BINARY_EVENT;
    assert(!event || socketio_event(p));
    char *text = write_again(p, &len);
    assert(socketio_parse(text, len, &again));
    assert(again.type == p->type && again.ack == p->ack && again.attachments == p->attachments);
    assert(strcmp(again.namespace, p->namespace) == 0);
    assert(p->data ? json_equal(p->data, again.data) : !again.data);
    socketio_finish(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socketio_packet packet;
    char *text = fuzz_copy(data, size);
    if (socketio_parse(text, size, &packet)) {
        check(&packet);
        socketio_finish(&packet);
    }
    free(text);
    return 0;
}
