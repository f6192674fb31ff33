/*
 * tls_server - the other side for test_tls.c: certificates made when they are needed, and a server in memory.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct made {
    EVP_PKEY *key;
    X509 *cert;
};

struct wish {
    const char *name;         /* the subject's common name */
    const char *alt;          /* "DNS:localhost,IP:127.0.0.1", NULL: no other names */
    const struct made *maker; /* who signs it; NULL: itself */
    bool authority;           /* may sign others */
    int from_day, to_day;     /* from today on; both 0: valid today */
};

struct made made_create(const struct wish *wish);
void made_destroy(struct made *made);

struct tls_server {
    SSL *ssl;
    char *got; /* plain bytes */
    size_t got_len, got_capacity;
    bool ended; /* the client's close_notify came */
    bool failed;
};

/* A server's context for one version (TLS1_3_VERSION ...) that speaks HTTP/1.1 only. With `clients_of` it
 * wants a certificate of the client signed by that one. */
SSL_CTX *tls_server_context(const struct made *made, int version, const struct made *clients_of);

void tls_server_open(struct tls_server *s, SSL_CTX *context);
void tls_server_close(struct tls_server *s);
/* Cipher bytes from the client; what it does then waits in tls_server_take(). */
void tls_server_feed(struct tls_server *s, const void *bytes, size_t len);
/* At most len cipher bytes for the client. */
size_t tls_server_take(struct tls_server *s, void *bytes, size_t len);
void tls_server_say(struct tls_server *s, const void *bytes, size_t len);
