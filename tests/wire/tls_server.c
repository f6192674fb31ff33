#include "tls_server.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- certificates ---- */

static void must(bool ok)
{
    if (!ok) {
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static void set_days(X509 *cert, const struct wish *wish)
{
    bool today = !wish->from_day && !wish->to_day;
    must(X509_time_adj_ex(X509_getm_notBefore(cert), today ? -1 : wish->from_day, 0, NULL) &&
         X509_time_adj_ex(X509_getm_notAfter(cert), today ? 1 : wish->to_day, 0, NULL));
}

struct made made_create(const struct wish *wish)
{
    struct made made = {.key = EVP_EC_gen("P-256"), .cert = X509_new()};
    must(made.key && made.cert);
    const struct made *maker = wish->maker ? wish->maker : &made;
    X509_NAME *name = X509_get_subject_name(made.cert);
    must(
        X509_set_version(made.cert, 2) && X509_set_pubkey(made.cert, made.key) &&
        ASN1_INTEGER_set(X509_get_serialNumber(made.cert), 1 + wish->authority) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish->name, -1, -1, 0) &&
        X509_set_issuer_name(made.cert, X509_get_subject_name(maker->cert)));
    set_days(made.cert, wish);
    extend(made.cert, NID_basic_constraints, wish->authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (wish->alt)
        extend(made.cert, NID_subject_alt_name, wish->alt);
    must(X509_sign(made.cert, maker->key, EVP_sha256()));
    return made;
}

void made_destroy(struct made *made)
{
    EVP_PKEY_free(made->key);
    X509_free(made->cert);
    *made = (struct made){0};
}

/* ---- the server ---- */

static int choose_http1(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                        const unsigned char *offered, unsigned offered_len, void *context)
{
    (void)ssl, (void)context;
    static const unsigned char ours[] = "\x08http/1.1";
    return SSL_select_next_proto((unsigned char **)ret, ret_len, ours, sizeof ours - 1, offered,
                                 offered_len) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *tls_server_context(const struct made *made, int version, const struct made *clients_of)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(context && SSL_CTX_set_min_proto_version(context, version) &&
         SSL_CTX_set_max_proto_version(context, version) && SSL_CTX_use_certificate(context, made->cert) &&
         SSL_CTX_use_PrivateKey(context, made->key));
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_alpn_select_cb(context, choose_http1, NULL);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"test", 4);
    if (clients_of) {
        must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), clients_of->cert));
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return context;
}

void tls_server_open(struct tls_server *s, SSL_CTX *context)
{
    *s = (struct tls_server){.ssl = SSL_new(context)};
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    must(s->ssl && in && out);
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(s->ssl, in, out);
    SSL_set_accept_state(s->ssl);
}

void tls_server_close(struct tls_server *s)
{
    SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(s->ssl);
    free(s->got);
}

static char *room_for(struct tls_server *s, size_t len)
{
    if (s->got_capacity - s->got_len < len) {
        s->got_capacity = 2 * (s->got_len + len);
        s->got = realloc(s->got, s->got_capacity);
        must(s->got);
    }
    return s->got + s->got_len;
}

void tls_server_feed(struct tls_server *s, const void *bytes, size_t len)
{
    enum { PIECE = 16 << 10 };
    if (s->failed)
        return;
    must(BIO_write(SSL_get_rbio(s->ssl), bytes, (int)len) == (int)len);
    int n;
    while ((n = SSL_read(s->ssl, room_for(s, PIECE), PIECE)) > 0)
        s->got_len += (size_t)n;
    int error = SSL_get_error(s->ssl, n);
    s->ended = error == SSL_ERROR_ZERO_RETURN;
    s->failed = error != SSL_ERROR_WANT_READ && !s->ended;
    ERR_clear_error();
}

size_t tls_server_take(struct tls_server *s, void *bytes, size_t len)
{
    int n = BIO_read(SSL_get_wbio(s->ssl), bytes, (int)len);
    return n > 0 ? (size_t)n : 0;
}

void tls_server_say(struct tls_server *s, const void *bytes, size_t len)
{
    must(SSL_write(s->ssl, bytes, (int)len) == (int)len);
}
