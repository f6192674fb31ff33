/*
 * request - a step of the workflow as the bytes of one HTTP/1.1 request.
 *
 * The texts are rendered into the request's own buffers; a picture is referred to, not copied, but for its
 * short tail. A request that is rendered again needs no more memory, unless it is larger than all before.
 */
#pragma once

#include "http_client.h"
#include "payload.h"
#include "plan.h"

struct request {
    struct buf given, path; /* the rendered path, and as the target is asked for it */
    struct buf head;
    struct buf body;
    unsigned char *tail; /* of the picture; made when the first one is uploaded */
    size_t tail_bytes;
    struct iovec iov[HTTP_IOV_MAX];
    int iov_count;
    unsigned stable; /* a bit a piece: the picture's own bytes, which nobody changes */
};

enum { REQUEST_ERROR_TEXT = 160 };

void request_init(struct request *r);
void request_finish(struct request *r);

/* Appends the text, the variables' values as they are where they are not JSON's. */
void request_text(struct buf *out, const struct template *t, const char *const *values);
/* Appends all but letters, digits and -._~ percent-encoded. */
void request_encode(struct buf *out, const char *text);

/* A request that is no step's own. */
struct request_form {
    enum http_method method;
    const struct template *path;
    const char *query;   /* appended to the path's; "" for none */
    const char *headers; /* further ones, each ended by CR LF */
    const char *body;    /* of a post */
    size_t body_len;
};

/* Fills iov with it, as request_render() does. */
bool request_render_form(struct request *r, const struct http_target *target, const struct request_form *form,
                         const char *const *values, char error[REQUEST_ERROR_TEXT]);

/*
 * Fills iov with the request of `step`; it stays valid until the next call. `values` are the variables'
 * (NULL: not known). Returns false with a sentence in `error` when the path is none that can be asked of the
 * target: a URL of another host, say.
 */
bool request_render(struct request *r, const struct http_target *target, const struct plan_step *step,
                    const char *const *values, const struct payload *payload, uint64_t nonce,
                    char error[REQUEST_ERROR_TEXT]);
