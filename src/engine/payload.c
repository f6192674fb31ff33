#include "payload.h"

#include <stdio.h>

static const struct {
    const char *mime;
    const char *file_name;
} kinds[] = {
    [PICTURE_UNKNOWN] = {"application/octet-stream", "image"},
    [PICTURE_PNG] = {"image/png", "image.png"},
    [PICTURE_JPEG] = {"image/jpeg", "image.jpg"},
    [PICTURE_WEBP] = {"image/webp", "image.webp"},
};

static bool make_template(struct payload *p, const void *bytes, size_t len, char error[PAYLOAD_ERROR_TEXT])
{
    enum { FAST = 3 }; /* zlib's level: the target's time to decode matters, not the bytes on loopback */
    struct picture picture;
    char why[PICTURE_ERROR_TEXT];
    if (!picture_decode(bytes, len, &picture_default_limits, &picture, why)) {
        snprintf(error, PAYLOAD_ERROR_TEXT, "%s", why);
        return false;
    }
    bool ok = png_template_init(&p->template, &picture, FAST);
    picture_finish(&picture);
    if (!ok)
        snprintf(error, PAYLOAD_ERROR_TEXT, "the picture is too large to be encoded again");
    return ok;
}

bool payload_init(struct payload *p, const void *bytes, size_t len, bool unique,
                  char error[PAYLOAD_ERROR_TEXT])
{
    enum picture_format format = unique ? PICTURE_PNG : picture_sniff(bytes, len);
    *p = (struct payload){.unique = unique, .mime = kinds[format].mime, .file_name = kinds[format].file_name};
    if (unique) {
        if (!make_template(p, bytes, len, error))
            return false;
        p->tail_bytes = p->template.tail_bytes;
        return true;
    }
    p->file = bytes;
    p->file_bytes = len;
    if (len <= PAYLOAD_MAX_BYTES)
        return true;
    snprintf(error, PAYLOAD_ERROR_TEXT, "the file is larger than %d MiB", PAYLOAD_MAX_BYTES >> 20);
    return false;
}

void payload_finish(struct payload *p)
{
    if (p->unique)
        png_template_finish(&p->template);
}

int payload_pieces(const struct payload *p, uint64_t nonce, unsigned char *tail, struct iovec ret[2])
{
    if (!p->unique) {
        ret[0] = (struct iovec){(void *)(uintptr_t)p->file, p->file_bytes};
        return 1;
    }
    png_template_tail(&p->template, nonce, tail);
    ret[0] = (struct iovec){p->template.head.bytes, p->template.head.len};
    ret[1] = (struct iovec){tail, p->tail_bytes};
    return 2;
}

size_t payload_bytes(const struct payload *p)
{
    return (p->unique ? p->template.head.len : p->file_bytes) + p->tail_bytes;
}
