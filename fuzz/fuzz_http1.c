/* http1: a response comes to the same end whole as in two pieces. Two bytes say where it is cut; the top bit
 * of the first, that it answers a HEAD; of the second, that the connection ends behind it. The lowest bit of
 * the first is also that another protocol was asked for. */
#include "fuzz.h"
#include "http1.h"

struct seen {
    struct http1_names names;
    struct http1 p;
    size_t used, body_len, body_sum;
};

static void on_body(void *context, const char *bytes, size_t len)
{
    struct seen *s = context;
    s->body_len += len;
    for (size_t i = 0; i < len; i++)
        s->body_sum = s->body_sum * 31 + (unsigned char)bytes[i];
}

static void feed(struct seen *s, const uint8_t *bytes, size_t len)
{
    char *copy = fuzz_copy(bytes, len);
    if (s->p.state < HTTP1_DONE)
        s->used += http1_feed(&s->p, copy, len, on_body, s);
    assert(s->p.state >= HTTP1_DONE ? !s->p.kept.bytes : true);
    free(copy);
}

static void run(struct seen *s, const uint8_t *head, const uint8_t *bytes, size_t len, size_t cut)
{
    *s = (struct seen){.p.names = &s->names, .p.may_switch = head[0] & 1};
    http1_init(&s->p, head[0] & 0x80);
    feed(s, bytes, cut);
    feed(s, bytes + cut, len - cut);
    assert(s->p.state >= HTTP1_DONE || s->used == len);
    if (head[1] & 0x80)
        http1_end(&s->p);
    http1_finish(&s->p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole, split;
    if (size < 2)
        return 0;
    size_t len = size - 2, cut = ((data[0] & 0x7fu) << 7 | (data[1] & 0x7fu)) % (len + 1);
    run(&whole, data, data + 2, len, len);
    run(&split, data, data + 2, len, cut);
    const struct http1 *p = &whole.p, *q = &split.p;
    assert(p->state == q->state && p->error == q->error && p->status == q->status);
    assert(p->content_length == q->content_length && p->retry_after == q->retry_after);
    assert(p->keep_alive == q->keep_alive && (p->state != HTTP1_DONE || whole.used == split.used));
    assert(whole.body_len == split.body_len && whole.body_sum == split.body_sum);
    assert(strcmp(whole.names.server, split.names.server) == 0);
    assert(strcmp(whole.names.date, split.names.date) == 0);
    return 0;
}
