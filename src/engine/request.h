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

/*
 * Fills iov with the request of `step`; it stays valid until the next call. `values` are the variables'
 * (NULL: not known). Returns false with a sentence in `error` when the path is none that can be asked of the
 * target: a URL of another host, say.
 */
bool request_render(struct request *r, const struct http_target *target, const struct plan_step *step,
                    const char *const *values, const struct payload *payload, uint64_t nonce,
                    char error[REQUEST_ERROR_TEXT]);
