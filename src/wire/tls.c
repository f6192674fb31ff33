#include "tls_private.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD = 16 << 10, /* the largest one's plain text */
    /* Only a server that makes us answer (key updates) without reading gets there. */
    OUTPUT_MAX = 2 * TLS_OUTPUT_FULL,
};

/* ---- the pipe: OpenSSL's reads and writes ---- */

/* Buffers that get empty are given back, here and below: thousands of connections lie idle. */
static void add(struct buf *to, const void *bytes, size_t len)
{
    buf_add(to, bytes, len);
    if (to->failed)
        abort();
}

static int pipe_read(BIO *bio, char *bytes, size_t len, size_t *ret_len)
{
    struct tls *t = BIO_get_data(bio);
    size_t left = t->in.len - t->in_at;
    BIO_clear_retry_flags(bio);
    *ret_len = left < len ? left : len;
    if (!*ret_len) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(bytes, t->in.bytes + t->in_at, *ret_len);
    t->in_at += *ret_len;
    if (t->in_at == t->in.len) {
        buf_finish(&t->in);
        t->in_at = 0;
    }
    return 1;
}

static size_t output_len(const struct tls *t)
{
    return t->sending.len - t->sent + t->waiting.len;
}

static int pipe_write(BIO *bio, const char *bytes, size_t len, size_t *ret_len)
{
    struct tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *ret_len = 0;
    if (output_len(t) + len > OUTPUT_MAX) {
        snprintf(t->error, sizeof t->error, "the server asks for TLS answers and does not read them");
        return 0;
    }
    add(&t->waiting, bytes, len);
    *ret_len = len;
    return 1;
}

static long pipe_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_pipe_create(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "tls");
    if (method && BIO_meth_set_read_ex(method, pipe_read) && BIO_meth_set_write_ex(method, pipe_write) &&
        BIO_meth_set_ctrl(method, pipe_ctrl))
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- peers ---- */

static bool is_address(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

struct tls_peer *tls_peer_create(struct tls_context *context, const char *host)
{
    struct tls_peer *peer = calloc(1, sizeof *peer);
    if (!peer || !(peer->host = strdup(host)))
        abort();
    peer->context = context;
    size_t len = strlen(host);
    if (len && host[len - 1] == '.')
        peer->host[len - 1] = '\0';
    char *zone = strchr(peer->host, '%'); /* of this machine's interfaces: nothing to a certificate */
    if (zone)
        *zone = '\0';
    peer->is_address = is_address(peer->host);
    return peer;
}

void tls_peer_destroy(struct tls_peer *peer)
{
    if (!peer)
        return;
    SSL_SESSION_free(peer->session);
    free(peer->host);
    free(peer);
}

static void forget_session(struct tls_peer *peer)
{
    SSL_SESSION_free(peer->session);
    peer->session = NULL;
}

/* ---- the connection ---- */

static void failed(struct tls *t)
{
    if (t->state == TLS_HANDSHAKING)
        forget_session(t->peer); /* it may be what the server cannot bear */
    tls_sentence_failed(t);
    t->state = TLS_FAILED;
}

static void shake_hands(struct tls *t)
{
    ERR_clear_error();
    int ret = SSL_do_handshake(t->ssl);
    if (ret == 1)
        t->state = TLS_OPEN;
    else if (SSL_get_error(t->ssl, ret) != SSL_ERROR_WANT_READ)
        failed(t);
}

/* A host that OpenSSL takes for no name cannot be in a certificate, either. */
static bool aim_at(SSL *ssl, const struct tls_peer *peer)
{
    if (peer->is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), peer->host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(ssl, peer->host) == 1 && SSL_set1_host(ssl, peer->host) == 1;
}

static void connect_pipe(struct tls *t)
{
    BIO *bio = BIO_new(t->peer->context->pipe);
    if (!bio)
        abort();
    BIO_set_data(bio, t);
    BIO_set_init(bio, 1);
    SSL_set_bio(t->ssl, bio, bio);
}

struct tls *tls_create(struct tls_peer *peer)
{
    struct tls *t = calloc(1, sizeof *t);
    if (!t || !(t->ssl = SSL_new(peer->context->ssl_ctx)))
        abort();
    t->peer = peer;
    buf_init(&t->in, TLS_INPUT_MAX);
    buf_init(&t->sending, OUTPUT_MAX);
    buf_init(&t->waiting, OUTPUT_MAX);
    SSL_set_app_data(t->ssl, t);
    connect_pipe(t);
    SSL_set_connect_state(t->ssl);
    if (peer->session)
        SSL_set_session(t->ssl, peer->session);
    if (aim_at(t->ssl, peer)) {
        shake_hands(t);
    } else {
        snprintf(t->error, sizeof t->error, "%.63s is no name that a certificate can be for", peer->host);
        failed(t);
    }
    return t;
}

void tls_destroy(struct tls *t)
{
    if (!t)
        return;
    /* OpenSSL takes a connection that ends without close_notify as a reason not to resume its session. */
    if (t->state != TLS_FAILED)
        SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    buf_finish(&t->in);
    buf_finish(&t->sending);
    buf_finish(&t->waiting);
    free(t);
}

enum tls_state tls_state(const struct tls *t)
{
    return t->state;
}

const char *tls_error(const struct tls *t)
{
    return t->error;
}

bool tls_resumed(const struct tls *t)
{
    return SSL_session_reused(t->ssl) == 1;
}

bool tls_facts_of(const struct tls *t, struct tls_facts *ret)
{
    const X509 *cert = SSL_get0_peer_certificate(t->ssl);
    int days = 0, seconds;
    if (!cert)
        return false;
    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert));
    *ret = (struct tls_facts){.days_left = days};
    snprintf(ret->protocol, sizeof ret->protocol, "%s", SSL_get_version(t->ssl));
    tls_sentence_names(cert, ret->names);
    tls_sentence_issuer(cert, ret->issuer);
    return true;
}

bool tls_closed_cleanly(const struct tls *t)
{
    return t->closed_clean;
}

/* ---- in ---- */

static void note_head(struct tls *t, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len && t->head_len < TLS_RECORD_HEAD; i++)
        t->head[t->head_len++] = bytes[i];
}

bool tls_feed(struct tls *t, const void *bytes, size_t len)
{
    if (t->state == TLS_HANDSHAKING || t->state == TLS_OPEN) {
        note_head(t, bytes, len);
        buf_consume(&t->in, t->in_at);
        t->in_at = 0;
        assert(t->in.len + len <= TLS_INPUT_MAX);
        add(&t->in, bytes, len);
    }
    if (t->state == TLS_HANDSHAKING)
        shake_hands(t);
    return t->state != TLS_FAILED;
}

void tls_feed_end(struct tls *t)
{
    t->ended = true;
    if (t->state != TLS_HANDSHAKING)
        return;
    forget_session(t->peer);
    tls_sentence_cut(t);
    t->state = TLS_FAILED;
}

ssize_t tls_read(struct tls *t, void *bytes, size_t len)
{
    if (t->state != TLS_OPEN || !len)
        return t->state == TLS_FAILED ? -1 : 0;
    size_t n;
    ERR_clear_error();
    if (SSL_read_ex(t->ssl, bytes, len, &n) == 1)
        return (ssize_t)n;
    switch (SSL_get_error(t->ssl, 0)) {
    case SSL_ERROR_ZERO_RETURN:
        t->closed_clean = true;
        t->state = TLS_CLOSED;
        return 0;
    case SSL_ERROR_WANT_READ:
        if (t->ended)
            t->state = TLS_CLOSED;
        return 0;
    default:
        failed(t);
        return -1;
    }
}

/* ---- out ---- */

size_t tls_write(struct tls *t, const void *bytes, size_t len)
{
    size_t taken = 0;
    ERR_clear_error();
    while (t->state == TLS_OPEN && !t->finished && taken < len && output_len(t) < TLS_OUTPUT_FULL) {
        size_t piece = len - taken < RECORD ? len - taken : RECORD, n = 0;
        if (SSL_write_ex(t->ssl, (const char *)bytes + taken, piece, &n) != 1)
            failed(t);
        taken += n;
    }
    return taken;
}

const void *tls_output(struct tls *t, size_t *ret_len)
{
    if (t->sent == t->sending.len) {
        buf_finish(&t->sending);
        t->sent = 0;
        struct buf empty = t->sending;
        t->sending = t->waiting;
        t->waiting = empty;
    }
    *ret_len = t->sending.len - t->sent;
    return *ret_len ? t->sending.bytes + t->sent : NULL;
}

void tls_output_sent(struct tls *t, size_t len)
{
    assert(len <= t->sending.len - t->sent);
    t->sent += len;
    if (t->sent == t->sending.len) {
        buf_finish(&t->sending);
        t->sent = 0;
    }
}

void tls_finish(struct tls *t)
{
    if (t->finished || (t->state != TLS_OPEN && t->state != TLS_CLOSED))
        return;
    t->finished = true;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}
