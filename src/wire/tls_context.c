#include "tls_private.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- trouble with files ---- */

static bool refuse(char error[TLS_ERROR_TEXT], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(char error[TLS_ERROR_TEXT], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error, TLS_ERROR_TEXT, format, args);
    va_end(args);
    ERR_clear_error();
    return false;
}

static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_error());
    return text ? text : "no reason given";
}

/* The file lacks what is wanted, and is not just damaged. */
static bool has_none(void)
{
    unsigned long error = ERR_peek_error();
    int lib = ERR_GET_LIB(error), code = ERR_GET_REASON(error);
    return (lib == ERR_LIB_PEM && code == PEM_R_NO_START_LINE) ||
           (lib == ERR_LIB_X509 && code == X509_R_NO_CERTIFICATE_OR_CRL_FOUND);
}

static bool can_read(const char *what, const char *path, char error[TLS_ERROR_TEXT])
{
    FILE *file = fopen(path, "r");
    /* A directory is opened, but not read. */
    bool ok = file && (fgetc(file) != EOF || !ferror(file));
    int trouble = errno;
    if (file)
        fclose(file);
    return ok || refuse(error, "%s %s cannot be read: %s", what, path, strerror(trouble));
}

/* ---- what is trusted ---- */

static bool load_cacert(SSL_CTX *ctx, const char *path, char error[TLS_ERROR_TEXT])
{
    if (!can_read("--cacert", path, error))
        return false;
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(ctx, path) == 1)
        return true;
    if (has_none())
        return refuse(
            error, "--cacert %s has no certificate in it: wanted is PEM (-----BEGIN CERTIFICATE-----)", path);
    return refuse(error, "--cacert %s has a damaged certificate in it: %s", path, reason());
}

static bool load_trust(SSL_CTX *ctx, const struct tls_config *config, char error[TLS_ERROR_TEXT])
{
    SSL_CTX_set_verify(ctx, config->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       config->insecure ? NULL : tls_sentence_verify);
    if (config->cacert)
        return load_cacert(ctx, config->cacert, error);
    if (!config->insecure && SSL_CTX_set_default_verify_paths(ctx) != 1)
        return refuse(error, "the system's store of trusted certificates cannot be read: %s", reason());
    return true;
}

/* ---- who we are ---- */

/* Instead of OpenSSL's own, which asks on the terminal. */
static int no_passphrase(char *to, int size, int writing, void *asked)
{
    (void)to, (void)size, (void)writing;
    *(bool *)asked = true;
    return -1;
}

static EVP_PKEY *read_key(const char *path, char error[TLS_ERROR_TEXT])
{
    if (!can_read("--key", path, error))
        return NULL;
    ERR_clear_error();
    bool asked = false;
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, no_passphrase, &asked) : NULL;
    BIO_free(file);
    if (asked)
        refuse(error, "the key in %s has a passphrase: take it off first (openssl pkey -in %s -out FILE)",
               path, path);
    else if (!key)
        refuse(error, "%s has no private key in it: wanted is PEM (-----BEGIN PRIVATE KEY-----)", path);
    return key;
}

static bool load_key(SSL_CTX *ctx, const struct tls_config *config, char error[TLS_ERROR_TEXT])
{
    const char *path = config->key ? config->key : config->cert;
    EVP_PKEY *key = read_key(path, error);
    if (!key)
        return false;
    bool fits = SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    return fits ||
           refuse(error, "the key in %s does not belong to the certificate in %s", path, config->cert);
}

static bool load_cert(SSL_CTX *ctx, const struct tls_config *config, char error[TLS_ERROR_TEXT])
{
    if (!config->cert)
        return !config->key ||
               refuse(error, "--key %s needs the certificate that it belongs to: --cert", config->key);
    if (!can_read("--cert", config->cert, error))
        return false;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, config->cert) == 1)
        return load_key(ctx, config, error);
    if (has_none())
        return refuse(error,
                      "--cert %s has no certificate in it: wanted is PEM (-----BEGIN CERTIFICATE-----)",
                      config->cert);
    return refuse(error, "--cert %s cannot be used: %s", config->cert, reason());
}

/* ---- for all connections ---- */

static int note_cert_asked(SSL *ssl, void *context)
{
    (void)context;
    ((struct tls *)SSL_get_app_data(ssl))->cert_asked = true;
    return 1;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_peer *peer = ((struct tls *)SSL_get_app_data(ssl))->peer;
    SSL_SESSION_free(peer->session);
    peer->session = session;
    return 1; /* it is ours now */
}

static void set_up(SSL_CTX *ctx)
{
    static const unsigned char alpn[] = "\x08http/1.1";
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_alpn_protos(ctx, alpn, sizeof alpn - 1);
    /* Sessions are kept by peers, not by the context: the threads share nothing that changes. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    SSL_CTX_set_cert_cb(ctx, note_cert_asked, NULL);
}

struct tls_context *tls_context_create(const struct tls_config *config, char ret_error[TLS_ERROR_TEXT])
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (!context || !(context->ssl_ctx = SSL_CTX_new(TLS_client_method())) ||
        !(context->pipe = tls_pipe_create()))
        abort();
    set_up(context->ssl_ctx);
    context->has_cert = config->cert;
    if (load_trust(context->ssl_ctx, config, ret_error) && load_cert(context->ssl_ctx, config, ret_error)) {
        ERR_clear_error();
        return context;
    }
    tls_context_destroy(context);
    return NULL;
}

void tls_context_destroy(struct tls_context *context)
{
    if (!context)
        return;
    SSL_CTX_free(context->ssl_ctx);
    BIO_meth_free(context->pipe);
    free(context);
}
