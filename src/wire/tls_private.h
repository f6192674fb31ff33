/*
 * tls_private - what the files of tls share: the three things, and how trouble becomes a sentence.
 */
#pragma once

#include "buf.h"
#include "tls.h"

#include <openssl/ssl.h>

struct tls_context {
    SSL_CTX *ssl_ctx;
    BIO_METHOD *pipe; /* between OpenSSL and the buffers of a `struct tls`, which is the BIO's data */
    bool has_cert;
};

struct tls_peer {
    struct tls_context *context;
    char *host;           /* without the dot at the end of an absolute name */
    bool is_address;      /* ... which is an IP address */
    SSL_SESSION *session; /* the last one, or NULL */
};

enum { TLS_SENTENCE_TEXT = 160, TLS_RECORD_HEAD = 5 };

struct tls {
    struct tls_peer *peer;
    SSL *ssl; /* its app data is this */
    enum tls_state state;
    bool ended;                          /* the network's stream */
    bool finished;                       /* we have sent close_notify */
    bool closed_clean;                   /* the server has */
    bool cert_asked;                     /* the server wanted a certificate of ours */
    unsigned char head[TLS_RECORD_HEAD]; /* the first bytes that came */
    int head_len;
    struct buf in; /* fed, not yet taken by OpenSSL from `in_at` on */
    size_t in_at;
    struct buf sending; /* handed out by tls_output(): stays in place until all of it went, up to `sent` */
    size_t sent;
    struct buf waiting; /* behind it */
    char error[TLS_SENTENCE_TEXT];
};

BIO_METHOD *tls_pipe_create(void); /* NULL without memory */

/* As printable ASCII: the names that a certificate is for, "a, b, ..." as far as they fit, and who issued it.
 */
void tls_sentence_names(const X509 *cert, char ret[TLS_FACT_TEXT]);
void tls_sentence_issuer(const X509 *cert, char ret[TLS_FACT_TEXT]);

/* SSL_set_verify's callback: puts the first complaint about a certificate into words, and lets it stand. */
int tls_sentence_verify(int ok, X509_STORE_CTX *store);
/* Fills t->error, if it is empty, from OpenSSL's error queue, which is empty then. */
void tls_sentence_failed(struct tls *t);
/* Fills t->error: the stream has ended in the handshake. */
void tls_sentence_cut(struct tls *t);
