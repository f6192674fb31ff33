#include "tls_private.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * What went wrong, for people. Whatever the server sent (names in its certificate) is cut to a length and to
 * printable ASCII before it gets into a sentence.
 */

#define TRUST_IT "trust it with --cacert, or anybody with --insecure"

/* ---- certificates ---- */

static void add_name(struct buf *to, const void *name, int len)
{
    if (to->len)
        buf_add_text(to, ", ");
    for (int i = 0; i < len; i++) {
        char c = ((const char *)name)[i];
        buf_add(to, c >= ' ' && c < 127 ? &c : "?", 1);
    }
}

static void add_general_name(struct buf *to, const GENERAL_NAME *name)
{
    if (name->type == GEN_DNS) {
        add_name(to, ASN1_STRING_get0_data(name->d.dNSName), ASN1_STRING_length(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
        char text[INET6_ADDRSTRLEN] = "?";
        int len = ASN1_STRING_length(name->d.iPAddress);
        if (len == 4 || len == 16)
            inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress), text,
                      sizeof text);
        add_name(to, text, (int)strlen(text));
    }
}

static void add_common_name(struct buf *to, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    if (text)
        add_name(to, ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
}

/* The names that a certificate is for, "a, b, ..." as far as they fit; the subject's only if there are no
 * others, as the check of the host does it. */
void tls_sentence_names(const X509 *cert, char ret[TLS_FACT_TEXT])
{
    struct buf names;
    buf_init(&names, 1 << 16);
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && names.len < TLS_FACT_TEXT; i++)
        add_general_name(&names, sk_GENERAL_NAME_value(all, i));
    GENERAL_NAMES_free(all);
    if (!names.len)
        add_common_name(&names, X509_get_subject_name(cert));
    if (names.len < TLS_FACT_TEXT)
        snprintf(ret, TLS_FACT_TEXT, "%s", names.len ? buf_text(&names) : "nobody");
    else
        snprintf(ret, TLS_FACT_TEXT, "%.*s...", TLS_FACT_TEXT - 4, buf_text(&names));
    buf_finish(&names);
}

void tls_sentence_issuer(const X509 *cert, char ret[TLS_FACT_TEXT])
{
    struct buf name;
    buf_init(&name, 1 << 16);
    add_common_name(&name, X509_get_issuer_name(cert));
    snprintf(ret, TLS_FACT_TEXT, "%s", name.len ? buf_text(&name) : "nobody");
    buf_finish(&name);
}

static void day_of(const ASN1_TIME *time, char ret[TLS_FACT_TEXT])
{
    struct tm tm;
    if (!time || ASN1_TIME_to_tm(time, &tm) != 1 || !strftime(ret, TLS_FACT_TEXT, "%Y-%m-%d", &tm))
        snprintf(ret, TLS_FACT_TEXT, "a day that is none");
}

static void say_certificate(struct tls *t, int trouble, const X509 *cert, bool is_servers)
{
    const char *whose = is_servers ? "certificate" : "the certificate of its authority";
    char *to = t->error, text[TLS_FACT_TEXT] = "";
    switch (trouble) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        snprintf(to, TLS_SENTENCE_TEXT, "certificate is not trusted: self-signed certificate; " TRUST_IT);
        return;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        tls_sentence_issuer(cert, text);
        snprintf(to, TLS_SENTENCE_TEXT,
                 "certificate is not trusted: issued by %.40s, unknown here; " TRUST_IT, text);
        return;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        day_of(X509_get0_notAfter(cert), text);
        snprintf(to, TLS_SENTENCE_TEXT, "%s expired on %s: renew it, or go on with --insecure", whose, text);
        return;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        day_of(X509_get0_notBefore(cert), text);
        snprintf(to, TLS_SENTENCE_TEXT, "%s is valid from %s only: is the clock of this machine right?",
                 whose, text);
        return;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        tls_sentence_names(cert, text);
        snprintf(to, TLS_SENTENCE_TEXT, "certificate is for %s, not %.63s", text, t->peer->host);
        return;
    default:
        snprintf(to, TLS_SENTENCE_TEXT, "%s is not accepted: %s", whose,
                 X509_verify_cert_error_string(trouble));
    }
}

int tls_sentence_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *t = SSL_get_app_data(ssl);
    const X509 *cert = X509_STORE_CTX_get_current_cert(store);
    if (!ok && !t->error[0] && cert)
        say_certificate(t, X509_STORE_CTX_get_error(store), cert, X509_STORE_CTX_get_error_depth(store) == 0);
    return ok;
}

/* ---- the handshake and after ---- */

static const struct {
    int reason;
    const char *text;
} reasons[] = {
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
     "the server asks for a client certificate: give it with --cert"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the server does not trust our certificate: unknown authority"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the server does not accept our certificate (see --cert)"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "the server does not accept our kind of certificate (see --cert)"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "the server says that our certificate was revoked (see --cert)"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the server says that our certificate has expired (see --cert)"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the server does not accept our certificate (see --cert)"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the server denies access to our certificate (see --cert)"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the server speaks neither TLS 1.2 nor 1.3"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the server speaks neither TLS 1.2 nor 1.3"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the server offers no HTTP/1.1 on this port"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "the server does not know the name that it was asked for"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the server refused the TLS handshake: no cipher in common?"},
    {SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "the server broke the TLS connection off: internal error"},
    {SSL_R_NO_RENEGOTIATION, "the server wants to renegotiate TLS, which is refused"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
     "what came is not what the server sent: a TLS record is damaged"},
};

static const char *reason_text(unsigned long error)
{
    if (ERR_GET_LIB(error) == ERR_LIB_SSL)
        for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
            if (reasons[i].reason == ERR_GET_REASON(error))
                return reasons[i].text;
    return NULL;
}

/* Every record begins with its type, of four. */
static bool speaks_tls(const struct tls *t)
{
    return !t->head_len ||
           (t->head[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && t->head[0] <= SSL3_RT_APPLICATION_DATA);
}

static const char *no_tls_text(const struct tls *t)
{
    bool http = t->head_len == TLS_RECORD_HEAD && memcmp(t->head, "HTTP/", TLS_RECORD_HEAD) == 0;
    return http ? "the server speaks no TLS on this port but plain HTTP: try http://"
                : "the server speaks no TLS on this port";
}

/* TLS 1.2 has no alert of its own for a missing certificate. */
static bool misses_our_certificate(const struct tls *t, unsigned long error)
{
    return t->cert_asked && !t->peer->context->has_cert && ERR_GET_LIB(error) == ERR_LIB_SSL &&
           ERR_GET_REASON(error) == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
}

void tls_sentence_failed(struct tls *t)
{
    unsigned long first = ERR_peek_error(), error;
    const char *known = NULL;
    while ((error = ERR_get_error())) {
        if (misses_our_certificate(t, error))
            known = reasons[0].text;
        if (!known)
            known = reason_text(error);
    }
    if (t->error[0])
        return;
    const char *reason = first ? ERR_reason_error_string(first) : NULL;
    if (!speaks_tls(t))
        snprintf(t->error, sizeof t->error, "%s", no_tls_text(t));
    else if (known)
        snprintf(t->error, sizeof t->error, "%s", known);
    else
        snprintf(t->error, sizeof t->error, "TLS failed %s: %s",
                 t->state == TLS_HANDSHAKING ? "in the handshake" : "on an open connection",
                 reason ? reason : "no reason given");
}

void tls_sentence_cut(struct tls *t)
{
    const char *text = !speaks_tls(t) ? no_tls_text(t)
                       : t->head_len
                           ? "the server closed the connection in the TLS handshake"
                           : "the server closed the connection without a word of TLS: is it the right port?";
    snprintf(t->error, sizeof t->error, "%s", text);
}
