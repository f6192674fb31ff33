#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 64 << 10, BODY_MAX = 1 << 20, PATH_MAX_BYTES = 8 << 10 };

void request_init(struct request *r)
{
    *r = (struct request){0};
    buf_init(&r->given, PATH_MAX_BYTES);
    buf_init(&r->path, PATH_MAX_BYTES);
    buf_init(&r->head, HEAD_MAX);
    buf_init(&r->body, BODY_MAX);
}

void request_finish(struct request *r)
{
    buf_finish(&r->given);
    buf_finish(&r->path);
    buf_finish(&r->head);
    buf_finish(&r->body);
    free(r->tail);
}

/* ---- templates ---- */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
}

void request_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (is_unreserved(*text))
            buf_add(out, text, 1);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

static void add_json_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < ' ')
            buf_printf(out, "\\u%04x", c);
        else
            buf_add(out, text, 1);
    }
}

/* RFC 8259's grammar of numbers. */
static bool is_json_number(const char *text)
{
    const char *at = text + (*text == '-');
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || (digits > 1 && *at == '0'))
        return false;
    at += digits;
    if (*at == '.') {
        digits = strspn(at + 1, "0123456789");
        at += digits + 1;
        if (digits == 0)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        digits = strspn(at, "0123456789");
        at += digits;
        if (digits == 0)
            return false;
    }
    return *at == '\0';
}

static void add_json_value(struct buf *out, const char *text)
{
    if (is_json_number(text) || !strcmp(text, "true") || !strcmp(text, "false") || !strcmp(text, "null")) {
        buf_add_text(out, text);
        return;
    }
    buf_add_text(out, "\"");
    add_json_escaped(out, text);
    buf_add_text(out, "\"");
}

static void add_template(struct buf *out, const struct template *t, const char *const *values, bool is_path)
{
    for (int i = 0; i < t->count; i++) {
        const struct segment *s = &t->segments[i];
        const char *value = s->kind == SEGMENT_TEXT ? NULL : values[s->variable] ? values[s->variable] : "";
        if (s->kind == SEGMENT_TEXT)
            buf_add(out, s->text, s->len);
        else if (s->kind == SEGMENT_JSON)
            add_json_value(out, value);
        else if (s->kind == SEGMENT_JSON_PART)
            add_json_escaped(out, value);
        else if (is_path && out->len && value[0] != '/')
            request_encode(out, value);
        else
            buf_add_text(out, value);
    }
}

void request_text(struct buf *out, const struct template *t, const char *const *values)
{
    add_template(out, t, values, false);
}

/* ---- the path ---- */

/* A URL that the target gave us is followed only to the target itself. Returns its path, or NULL. */
static const char *own_path(const char *url, const struct http_target *target)
{
    const char *authority = strstr(url, "://");
    if (!authority)
        return NULL;
    authority += 3;
    size_t len = strlen(target->authority);
    if (strncmp(authority, target->authority, len) != 0 || (authority[len] != '/' && authority[len] != '\0'))
        return NULL;
    return authority[len] ? authority + len : "/";
}

static bool render_path(struct request *r, const struct http_target *target, const struct template *t,
                        const char *const *values, char error[REQUEST_ERROR_TEXT])
{
    buf_clear(&r->given);
    buf_clear(&r->path);
    add_template(&r->given, t, values, true);
    const char *given = buf_text(&r->given);
    const char *path = given[0] == '/' ? given : own_path(given, target);
    for (const char *c = given; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            path = NULL;
    bool ok = path && !r->given.failed;
    if (ok)
        buf_printf(&r->path, "%s%s", path == given ? target->prefix : "", path);
    else
        snprintf(error, REQUEST_ERROR_TEXT, "cannot ask the target for '%.80s'", given);
    return ok;
}

/* ---- the body ---- */

/* Where a picture stands in a multipart body: between body[..at) and what follows. */
struct image_place {
    size_t at;
    bool present;
};

static void add_boundary(struct buf *out, uint64_t nonce)
{
    buf_printf(out, "--------orfeas-%016llx", (unsigned long long)nonce);
}

static struct image_place render_multipart(struct request *r, const struct plan_step *step,
                                           const char *const *values, const struct payload *payload,
                                           uint64_t nonce)
{
    struct image_place place = {0};
    for (int i = 0; i < step->part_count; i++) {
        const struct plan_part *part = &step->parts[i];
        buf_add_text(&r->body, "--");
        add_boundary(&r->body, nonce);
        buf_printf(&r->body, "\r\nContent-Disposition: form-data; name=\"%s\"", part->name);
        if (part->is_image) {
            buf_printf(&r->body, "; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n", payload->file_name,
                       payload->mime);
            place = (struct image_place){r->body.len, true};
        } else {
            buf_add_text(&r->body, "\r\n\r\n");
            add_template(&r->body, &part->value, values, false);
        }
        buf_add_text(&r->body, "\r\n");
    }
    buf_add_text(&r->body, "--");
    add_boundary(&r->body, nonce);
    buf_add_text(&r->body, "--\r\n");
    return place;
}

static void add_piece(struct request *r, const void *bytes, size_t len)
{
    if (len)
        r->iov[r->iov_count++] = (struct iovec){(void *)(uintptr_t)bytes, len};
}

/* After all texts are rendered, since the buffers move while they grow. */
static void assemble(struct request *r, struct image_place place, const struct payload *payload,
                     uint64_t nonce)
{
    r->iov_count = 0;
    r->stable = 0;
    add_piece(r, r->head.bytes, r->head.len);
    if (!place.present) {
        add_piece(r, r->body.bytes, r->body.len);
        return;
    }
    if (payload->tail_bytes > r->tail_bytes) { /* pictures may differ in it */
        r->tail = realloc(r->tail, payload->tail_bytes);
        if (!r->tail)
            abort();
        r->tail_bytes = payload->tail_bytes;
    }
    struct iovec pieces[2];
    int count = payload_pieces(payload, nonce, r->tail, pieces);
    add_piece(r, r->body.bytes, place.at);
    r->stable = 1u << r->iov_count; /* the first piece is shared by all, the tail is not */
    for (int i = 0; i < count; i++)
        add_piece(r, pieces[i].iov_base, pieces[i].iov_len);
    add_piece(r, r->body.bytes + place.at, r->body.len - place.at);
}

static bool fits(const struct request *r, char error[REQUEST_ERROR_TEXT])
{
    bool good = !r->path.failed && !r->head.failed && !r->body.failed;
    if (!good)
        snprintf(error, REQUEST_ERROR_TEXT, "the request is too large");
    return good;
}

bool request_render_form(struct request *r, const struct http_target *target, const struct request_form *form,
                         const char *const *values, char error[REQUEST_ERROR_TEXT])
{
    buf_clear(&r->head);
    buf_clear(&r->body);
    if (!render_path(r, target, form->path, values, error))
        return false;
    if (form->query[0])
        buf_printf(&r->path, "%c%s", strchr(buf_text(&r->path), '?') ? '&' : '?', form->query);
    http_render_head(&r->head, http_method_name(form->method), target, buf_text(&r->path));
    buf_add_text(&r->head, form->headers);
    if (form->method == METHOD_POST)
        buf_printf(&r->head, "Content-Length: %zu\r\n", form->body_len);
    buf_add_text(&r->head, "\r\n");
    buf_add(&r->body, form->body, form->body_len);
    if (!fits(r, error))
        return false;
    assemble(r, (struct image_place){0}, NULL, 0);
    return true;
}

bool request_render(struct request *r, const struct http_target *target, const struct plan_step *step,
                    const char *const *values, const struct payload *payload, uint64_t nonce,
                    char error[REQUEST_ERROR_TEXT])
{
    struct image_place place = {0};
    buf_clear(&r->head);
    buf_clear(&r->body);
    if (!render_path(r, target, &step->path, values, error))
        return false;
    http_render_head(&r->head, http_method_name(step->method), target, buf_text(&r->path));
    if (step->body == BODY_JSON) {
        add_template(&r->body, &step->json, values, false);
        buf_add_text(&r->head, "Content-Type: application/json\r\n");
    } else if (step->body == BODY_MULTIPART) {
        place = render_multipart(r, step, values, payload, nonce);
        buf_add_text(&r->head, "Content-Type: multipart/form-data; boundary=");
        add_boundary(&r->head, nonce);
        buf_add_text(&r->head, "\r\n");
    }
    if (step->body != BODY_NONE || step->method == METHOD_POST || step->method == METHOD_PUT)
        buf_printf(&r->head, "Content-Length: %zu\r\n",
                   r->body.len + (place.present ? payload_bytes(payload) : 0));
    buf_add_text(&r->head, "\r\n");
    if (!fits(r, error))
        return false;
    assemble(r, place, payload, nonce);
    return true;
}
