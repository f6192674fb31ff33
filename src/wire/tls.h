/*
 * tls - the client's side of a TLS connection without I/O: cipher bytes in and plain bytes out, and back.
 *
 * Three things: a context (what is trusted, who we are; one a run), a peer (a host, and the last session with
 * it, for resumption; one a target and thread), and the connections to it. TLS 1.2 or 1.3, ALPN "http/1.1",
 * no renegotiation. The certificate must be trusted, be valid today and be for the host, unless `insecure`.
 *
 * The caller moves bytes: whatever tls_output() gives goes out, whatever comes in goes to tls_feed(), and
 * after each of those tls_read() is called until it gives nothing more. Like this:
 *
 *     t = tls_create(peer);                     the client's hello waits in tls_output()
 *     bytes came:     tls_feed(t, bytes, n);    then tls_read() until <= 0, then send what tls_output() has
 *     the end came:   tls_feed_end(t);          then tls_read() until <= 0: it is closed or failed now
 *     bytes went:     tls_output_sent(t, n);    then tls_output() again, and tls_write() the rest
 *
 * An idle connection keeps no buffers: it costs 13 to 16 KB of heap (OpenSSL 3.0, a certificate and its
 * root).
 *
 * Ownership: a context outlives its peers, a peer its connections. Threads: a context is not changed after it
 * was made and is shared by all; a peer and its connections belong to one thread. Without memory all of them
 * abort.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_context;
struct tls_peer;
struct tls;

enum {
    TLS_ERROR_TEXT = 320,
    TLS_OUTPUT_FULL = 64 << 10, /* tls_write() takes nothing while so much cipher text waits */
    TLS_INPUT_MAX = 1 << 20,    /* of cipher text that was fed and not read yet */
};

struct tls_config {     /* as curl's options; NULL: not given */
    const char *cacert; /* PEM file of what is trusted instead of the system's store */
    const char *cert;   /* PEM file: our certificate, and those between it and its root */
    const char *key;    /* PEM file of its key; not given: it is in `cert`, too */
    bool insecure;      /* whoever answers is trusted */
};

/* NULL with a sentence for people that names the file and what is wrong with it. The config is not kept. */
struct tls_context *tls_context_create(const struct tls_config *config, char ret_error[TLS_ERROR_TEXT]);
void tls_context_destroy(struct tls_context *context);

/* `host` is a name (sent as SNI, wanted in the certificate) or an IP address without brackets (wanted in the
 * certificate). It is copied. */
struct tls_peer *tls_peer_create(struct tls_context *context, const char *host);
void tls_peer_destroy(struct tls_peer *peer);

enum tls_state {
    TLS_HANDSHAKING,
    TLS_OPEN,
    TLS_CLOSED, /* nothing more comes, and everything that came was read */
    TLS_FAILED, /* tls_error() says why; an alert for the server may wait in tls_output() */
};

/* Resumes the peer's last session where the server lets it. */
struct tls *tls_create(struct tls_peer *peer);
/* Says nothing to the server: that is tls_finish(). */
void tls_destroy(struct tls *t);

enum tls_state tls_state(const struct tls *t);
/* "" or a sentence for people that says what to do, below 160 bytes of plain text. Valid as long as `t`. */
const char *tls_error(const struct tls *t);
/* The handshake was an abbreviated one; meaningful once it is over. */
bool tls_resumed(const struct tls *t);

enum { TLS_FACT_TEXT = 64 };

struct tls_facts {
    char protocol[16];         /* "TLSv1.3" */
    char names[TLS_FACT_TEXT]; /* that the server's certificate is for, cut where they are many */
    char issuer[TLS_FACT_TEXT];
    int days_left; /* until it expires; negative: it has */
};

/* What the server has shown; false as long as it has shown no certificate. */
bool tls_facts_of(const struct tls *t, struct tls_facts *ret);

/* Cipher bytes from the network: all are taken. False when the connection has failed. Not more than
 * TLS_INPUT_MAX without tls_read() in between, which is asserted. */
bool tls_feed(struct tls *t, const void *bytes, size_t len);
/* The network's end of the stream. */
void tls_feed_end(struct tls *t);
/* Plain bytes: how many; 0: none now (or none ever: see the state); -1: failed. Fewer than `len` does not
 * mean that there are no more. What came before a failure is given first. */
ssize_t tls_read(struct tls *t, void *bytes, size_t len);
/* The server said that it sends no more (close_notify). A connection that is TLS_CLOSED without it may have
 * been cut by anybody: only what frames the content can tell whether something is missing. */
bool tls_closed_cleanly(const struct tls *t);

/* Takes plain bytes: how many, from 0 to len. 0 in any state but TLS_OPEN, after tls_finish(), and while
 * TLS_OUTPUT_FULL bytes wait. */
size_t tls_write(struct tls *t, const void *bytes, size_t len);
/* Cipher bytes that have to go out, NULL when there are none. They stay where they are, whatever else is
 * called, until tls_output_sent() was told of all of them; more may come behind them. */
const void *tls_output(struct tls *t, size_t *ret_len);
/* At most what tls_output() gave. */
void tls_output_sent(struct tls *t, size_t len);
/* No more is written: close_notify waits in tls_output(). Reading goes on. */
void tls_finish(struct tls *t);
