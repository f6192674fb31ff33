/* websocket: a stream comes to the same messages and answers whole as in two pieces. The first byte says on
 * which side we are, the next where the stream is cut. */
#include "fuzz.h"
#include "websocket.h"

enum { CLOSE_FRAME = 0x88 };
enum { MESSAGE_MAX = 300, OUT_MAX = 1 << 20 }; /* more than the answers to one input */

struct seen {
    int messages, pongs;
    size_t len, sum, out, out_sum;
    bool good;
    int sent, closed;
};

static void on_message(void *context, bool text, const char *bytes, size_t len)
{
    struct seen *s = context;
    assert(len <= MESSAGE_MAX);
    s->messages++;
    s->len += len;
    for (size_t i = 0; i < len; i++)
        s->sum = s->sum * 31 + (unsigned char)bytes[i] + text;
}

static void on_pong(void *context)
{
    struct seen *s = context;
    s->pongs++;
}

static bool feed(struct websocket *w, const uint8_t *bytes, size_t len)
{
    char *copy = fuzz_copy(bytes, len);
    bool good = websocket_feed(w, copy, len);
    assert(w->held <= len + MESSAGE_MAX + OUT_MAX);
    free(copy);
    return good;
}

static struct seen run(enum websocket_side side, const uint8_t *bytes, size_t len, size_t cut)
{
    static const struct websocket_events EVENTS = {on_message, on_pong};
    struct seen s;
    struct websocket w;
    memset(&s, 0, sizeof s);
    assert(websocket_init(&w, side, &EVENTS, &s, MESSAGE_MAX, OUT_MAX));
    s.good = feed(&w, bytes, cut) && feed(&w, bytes + cut, len - cut);
    s.sent = websocket_sent_code(&w);
    s.closed = websocket_closed_code(&w);
    assert(w.out.len <= OUT_MAX);
    for (size_t i = 0; side == WEBSOCKET_SERVER && i < w.out.len; i++) /* a client's are masked at random */
        s.out_sum = s.out_sum * 31 + (unsigned char)w.out.bytes[i];
    s.out = w.out.len;
    websocket_finish(&w);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    enum websocket_side side = data[0] & 1 ? WEBSOCKET_CLIENT : WEBSOCKET_SERVER;
    size_t len = size - 2;
    struct seen whole = run(side, data + 2, len, len), split = run(side, data + 2, len, data[1] % (len + 1));
    assert(whole.messages == split.messages && whole.pongs == split.pongs && whole.sum == split.sum);
    /* wslay looks at the reason of a close piece by piece, and skips the code's two bytes in each: whether it
     * takes the reason for UTF-8 follows from the cut. The stream is over either way. */
    if (!memchr(data + 2, CLOSE_FRAME, len))
        assert(whole.good == split.good && whole.closed == split.closed);
    return 0;
}
