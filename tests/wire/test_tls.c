#include "test.h"
#include "tls.h"
#include "tls_server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what all tests need: an authority, a server's certificate, files ---- */

static struct made authority, local, expired, future, other, alone, client;
static char folder[] = "/tmp/test_tls.XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][80]; /* for as many at a time */
    static int at;
    char *path = paths[at++ % COUNT(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static FILE *file_of(const char *name)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    return file;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = file_of(name);
    fputs(text, file);
    fclose(file);
}

static void write_made(const char *cert, const char *key, const struct made *made)
{
    FILE *file = file_of(cert);
    assert_int_equal(PEM_write_X509(file, made->cert), 1);
    fclose(file);
    file = file_of(key);
    assert_int_equal(PEM_write_PrivateKey(file, made->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    authority = made_create(&(struct wish){.name = "Test authority", .authority = true});
    local = made_create(
        &(struct wish){.name = "x", .alt = "DNS:localhost,IP:127.0.0.1,IP:::1", .maker = &authority});
    expired = made_create(&(struct wish){
        .name = "x", .alt = "DNS:localhost", .maker = &authority, .from_day = -20, .to_day = -10});
    future = made_create(&(struct wish){
        .name = "x", .alt = "DNS:localhost", .maker = &authority, .from_day = 10, .to_day = 20});
    other = made_create(
        &(struct wish){.name = "x", .alt = "DNS:other.example,DNS:*.more.example", .maker = &authority});
    alone = made_create(&(struct wish){.name = "localhost", .alt = "DNS:localhost"});
    client = made_create(&(struct wish){.name = "a load tester", .maker = &authority});
    write_made("ca.pem", "ca.key", &authority);
    write_made("client.pem", "client.key", &client);
    write_made("alone.pem", "alone.key", &alone);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    struct made *all[] = {&authority, &local, &expired, &future, &other, &alone, &client};
    for (int i = 0; i < COUNT(all); i++)
        made_destroy(all[i]);
    char command[80];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* ---- both sides, connected ---- */

struct pair {
    SSL_CTX *server_context;
    struct tls_context *context;
    struct tls_peer *peer;
    struct tls_server server;
    struct tls *t;
    char *got; /* what the client has read */
    size_t got_len;
};

enum { GOT_MAX = 1 << 20 };

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct setting { /* the zeros are the usual */
    const struct made *made;
    int version;
    const char *host;
    const char *cacert;
    const char *cert, *key;
    bool insecure;
    bool no_cacert;
    bool asks_clients;
};

static void pair_open(struct pair *p)
{
    tls_server_open(&p->server, p->server_context);
    p->t = tls_create(p->peer);
    p->got_len = 0;
}

static void pair_close(struct pair *p)
{
    tls_destroy(p->t);
    tls_server_close(&p->server);
}

static void pair_start(struct pair *p, const struct setting *s)
{
    char error[TLS_ERROR_TEXT] = "";
    struct tls_config config = {.cacert = s->no_cacert ? NULL : path_of(s->cacert ? s->cacert : "ca.pem"),
                                .cert = s->cert ? path_of(s->cert) : NULL,
                                .key = s->key ? path_of(s->key) : NULL,
                                .insecure = s->insecure};
    *p = (struct pair){.got = malloc(GOT_MAX)};
    p->server_context =
        tls_server_context(s->made ? s->made : &local, s->version ? s->version : TLS1_3_VERSION,
                           s->asks_clients ? &authority : NULL);
    p->context = tls_context_create(&config, error);
    assert_string_equal(error, "");
    p->peer = tls_peer_create(p->context, s->host ? s->host : "localhost");
    pair_open(p);
}

static void pair_stop(struct pair *p)
{
    pair_close(p);
    tls_peer_destroy(p->peer);
    tls_context_destroy(p->context);
    SSL_CTX_free(p->server_context);
    free(p->got);
    assert_int_equal(ERR_peek_error(), 0); /* whatever happened: nothing is left for others to stumble over */
}

static void read_all(struct pair *p)
{
    ssize_t n;
    while ((n = tls_read(p->t, p->got + p->got_len, GOT_MAX - p->got_len)) > 0)
        p->got_len += (size_t)n;
    assert_int_equal(n, tls_state(p->t) == TLS_FAILED ? -1 : 0);
}

static bool client_to_server(struct pair *p, size_t piece)
{
    size_t len;
    const void *bytes = tls_output(p->t, &len);
    if (!bytes)
        return false;
    len = len < piece ? len : piece;
    tls_server_feed(&p->server, bytes, len);
    tls_output_sent(p->t, len);
    return true;
}

static bool server_to_client(struct pair *p, size_t piece)
{
    char bytes[100000];
    size_t len = tls_server_take(&p->server, bytes, piece < sizeof bytes ? piece : sizeof bytes);
    if (!len)
        return false;
    bool ok = tls_feed(p->t, bytes, len);
    assert_int_equal(ok, tls_state(p->t) != TLS_FAILED);
    read_all(p);
    return true;
}

/* Until nobody has anything to say, at most `piece` bytes at a time. */
static void talk(struct pair *p, size_t piece)
{
    for (bool more = true; more;) {
        more = client_to_server(p, piece);
        more |= server_to_client(p, piece);
    }
}

static void say(struct pair *p, const char *bytes, size_t len, size_t piece)
{
    while (len) {
        size_t n = tls_write(p->t, bytes, len);
        bytes += n;
        len -= n;
        talk(p, piece);
        assert_int_equal(tls_state(p->t), TLS_OPEN);
    }
}

/* ---- tests ---- */

static void test_data_both_ways_in_any_pieces(void **state)
{
    (void)state;
    static const struct {
        size_t piece, bytes;
    } rows[] = {{1, 20000}, {2, 20000}, {5, 20000}, {1000, 300000}, {16389, 300000}, {100000, 700000}};
    static char bytes[700000];
    for (int i = 0; i < COUNT(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (int v = 0; v < COUNT(versions); v++) {
        for (int r = 0; r < COUNT(rows); r++) {
            struct pair p;
            pair_start(&p, &(struct setting){.version = versions[v]});
            assert_int_equal(tls_state(p.t), TLS_HANDSHAKING);
            assert_int_equal(tls_write(p.t, bytes, 1), 0);
            talk(&p, rows[r].piece);
            assert_int_equal(tls_state(p.t), TLS_OPEN);
            say(&p, bytes, rows[r].bytes, rows[r].piece);
            assert_int_equal(p.server.got_len, rows[r].bytes);
            assert_memory_equal(p.server.got, bytes, rows[r].bytes);
            tls_server_say(&p.server, bytes, rows[r].bytes);
            talk(&p, rows[r].piece);
            assert_int_equal(p.got_len, rows[r].bytes);
            assert_memory_equal(p.got, bytes, rows[r].bytes);
            pair_stop(&p);
        }
    }
}

static void test_who_is_trusted(void **state)
{
    (void)state;
    static const struct {
        struct setting setting;
        const char *error; /* "": it is; "...": what follows may be anything, a date */
    } rows[] = {
        {{.made = &local}, ""},
        {{.made = &local, .host = "LOCALHOST"}, ""},
        {{.made = &local, .host = "localhost."}, ""},
        {{.made = &local, .host = "127.0.0.1"}, ""},
        {{.made = &local, .host = "::1"}, ""},
        {{.made = &local, .host = "127.0.0.2"},
         "certificate is for localhost, 127.0.0.1, ::1, not 127.0.0.2"},
        {{.made = &other}, "certificate is for other.example, *.more.example, not localhost"},
        {{.made = &other, .host = "a.more.example"}, ""},
        {{.made = &other, .host = "other.example"}, ""},
        {{.made = &other, .insecure = true}, ""},
        {{.made = &expired}, "certificate expired on ..."},
        {{.made = &expired, .insecure = true}, ""},
        {{.made = &future}, "certificate is valid from ..."},
        {{.made = &alone},
         "certificate is not trusted: self-signed certificate; trust it with --cacert, "
         "or anybody with --insecure"},
        {{.made = &alone, .cacert = "alone.pem"}, ""},
        {{.made = &alone, .insecure = true}, ""},
        {{.made = &local, .no_cacert = true},
         "certificate is not trusted: issued by Test authority, unknown here; "
         "trust it with --cacert, or anybody with --insecure"},
        {{.made = &local, .no_cacert = true, .insecure = true}, ""},
    };
    for (int v = 0; v < COUNT(versions); v++) {
        for (int r = 0; r < COUNT(rows); r++) {
            struct setting setting = rows[r].setting;
            setting.version = versions[v];
            struct pair p;
            pair_start(&p, &setting);
            talk(&p, 1000);
            assert_int_equal(tls_state(p.t), rows[r].error[0] ? TLS_FAILED : TLS_OPEN);
            char text[TLS_ERROR_TEXT];
            snprintf(text, sizeof text, "%s", tls_error(p.t));
            const char *open = strstr(rows[r].error, "...");
            if (open)
                strcpy(text + (open - rows[r].error), "...");
            assert_string_equal(text, rows[r].error);
            assert_int_equal(p.server.failed, rows[r].error[0] != '\0'); /* it was told */
            pair_stop(&p);
        }
    }
}

static void test_the_server_is_asked_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *host, *asked;
    } rows[] = {{"localhost", "localhost"}, {"localhost.", "localhost"}, {"127.0.0.1", NULL}, {"::1", NULL}};
    for (int r = 0; r < COUNT(rows); r++) {
        struct pair p;
        pair_start(&p, &(struct setting){.host = rows[r].host});
        talk(&p, 1000);
        const char *asked = SSL_get_servername(p.server.ssl, TLSEXT_NAMETYPE_host_name);
        assert_int_equal(!asked, !rows[r].asked);
        if (asked)
            assert_string_equal(asked, rows[r].asked);
        const unsigned char *protocol;
        unsigned len;
        SSL_get0_alpn_selected(p.server.ssl, &protocol, &len);
        assert_int_equal(len, 8);
        assert_memory_equal(protocol, "http/1.1", 8);
        pair_stop(&p);
    }
}

static void test_client_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *cert, *key, *error;
    } rows[] = {
        {"client.pem", "client.key", ""},
        {NULL, NULL, "the server asks for a client certificate: give it with --cert"},
        {"alone.pem", "alone.key", "the server does not trust our certificate: unknown authority"},
    };
    for (int v = 0; v < COUNT(versions); v++) {
        for (int r = 0; r < COUNT(rows); r++) {
            struct pair p;
            pair_start(&p, &(struct setting){.version = versions[v],
                                             .cert = rows[r].cert,
                                             .key = rows[r].key,
                                             .asks_clients = true});
            talk(&p, 1000);
            assert_string_equal(tls_error(p.t), rows[r].error);
            assert_int_equal(tls_state(p.t), rows[r].error[0] ? TLS_FAILED : TLS_OPEN);
            pair_stop(&p);
        }
    }
}

static void test_the_second_connection_resumes(void **state)
{
    (void)state;
    for (int v = 0; v < COUNT(versions); v++) {
        struct pair p;
        pair_start(&p, &(struct setting){.version = versions[v]});
        for (int i = 0; i < 5; i++) {
            talk(&p, 1000);
            say(&p, "x", 1, 1000);
            assert_int_equal(tls_resumed(p.t), i > 0);
            assert_int_equal(SSL_session_reused(p.server.ssl), i > 0);
            if (i % 2) /* one that ends without a word is resumed as well */
                tls_finish(p.t);
            talk(&p, 1000);
            pair_close(&p);
            pair_open(&p);
        }
        pair_stop(&p);
    }
}

static void test_a_failed_handshake_forgets_the_session(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    talk(&p, 1000);
    for (int i = 0; i < 2; i++) {
        pair_close(&p);
        pair_open(&p);
        if (i == 0) {
            tls_feed_end(p.t);
            continue;
        }
        talk(&p, 1000);
        assert_int_equal(tls_state(p.t), TLS_OPEN);
        assert_false(tls_resumed(p.t));
    }
    pair_stop(&p);
}

static void test_a_server_of_another_version(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){.version = TLS1_1_VERSION});
    talk(&p, 1000);
    assert_int_equal(tls_state(p.t), TLS_FAILED);
    assert_string_equal(tls_error(p.t), "the server speaks neither TLS 1.2 nor 1.3");
    pair_stop(&p);
}

static int choose_nothing(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                          const unsigned char *offered, unsigned offered_len, void *context)
{
    (void)ssl, (void)ret, (void)ret_len, (void)offered, (void)offered_len, (void)context;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void test_a_server_of_another_protocol(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    SSL_CTX_set_alpn_select_cb(p.server_context, choose_nothing, NULL);
    pair_close(&p);
    pair_open(&p);
    talk(&p, 1000);
    assert_string_equal(tls_error(p.t), "the server offers no HTTP/1.1 on this port");
    pair_stop(&p);
}

static void test_closing(void **state)
{
    (void)state;
    for (int v = 0; v < COUNT(versions); v++) {
        for (int clean = 0; clean < 2; clean++) {
            struct pair p;
            pair_start(&p, &(struct setting){.version = versions[v]});
            talk(&p, 1000);
            tls_server_say(&p.server, "the rest", 8);
            if (clean)
                SSL_shutdown(p.server.ssl);
            talk(&p, 1);
            assert_int_equal(tls_state(p.t), clean ? TLS_CLOSED : TLS_OPEN);
            tls_feed_end(p.t);
            read_all(&p);
            assert_int_equal(p.got_len, 8);
            assert_int_equal(tls_state(p.t), TLS_CLOSED);
            assert_int_equal(tls_closed_cleanly(p.t), clean);
            assert_string_equal(tls_error(p.t), "");
            assert_int_equal(tls_write(p.t, "x", 1), 0);
            assert_true(tls_feed(p.t, "what comes now is nobody's", 26));
            assert_int_equal(tls_read(p.t, p.got, 1), 0);
            pair_stop(&p);
        }
    }
}

static void test_a_record_cut_in_two_is_a_truncation(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    talk(&p, 1000);
    tls_server_say(&p.server, "whole", 5);
    assert_true(server_to_client(&p, 1000));
    tls_server_say(&p.server, "cut", 3);
    assert_true(server_to_client(&p, 10));
    tls_feed_end(p.t);
    read_all(&p);
    assert_int_equal(p.got_len, 5);
    assert_int_equal(tls_state(p.t), TLS_CLOSED);
    assert_false(tls_closed_cleanly(p.t));
    pair_stop(&p);
}

static void test_finish_tells_the_server_and_reads_on(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    tls_finish(p.t); /* nothing to finish yet */
    talk(&p, 1000);
    say(&p, "bye", 3, 1000);
    tls_finish(p.t);
    tls_finish(p.t);
    assert_int_equal(tls_write(p.t, "x", 1), 0);
    talk(&p, 1000);
    assert_true(p.server.ended);
    assert_int_equal(tls_state(p.t), TLS_OPEN);
    tls_server_say(&p.server, "bye, too", 8);
    SSL_shutdown(p.server.ssl);
    talk(&p, 1000);
    assert_int_equal(p.got_len, 8);
    assert_int_equal(tls_state(p.t), TLS_CLOSED);
    assert_true(tls_closed_cleanly(p.t));
    pair_stop(&p);
}

static void test_servers_that_speak_no_tls(void **state)
{
    (void)state;
    static const char http[] = "the server speaks no TLS on this port but plain HTTP: try http://";
    static const char none[] = "the server speaks no TLS on this port";
    static const struct {
        const char *bytes, *error;
    } rows[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", http},
        {"HTTP/", http},
        {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", none},
        {"220 mail.example ESMTP\r\n", none},
        {"\xff\xfe\xfd", none},
        {"\x16\x03", "the server closed the connection in the TLS handshake"},
        {"", "the server closed the connection without a word of TLS: is it the right port?"},
    };
    for (int r = 0; r < COUNT(rows); r++) {
        for (size_t piece = 1; piece <= 100; piece += 99) {
            struct pair p;
            pair_start(&p, &(struct setting){0});
            size_t len = strlen(rows[r].bytes);
            for (size_t at = 0; at < len; at += piece)
                tls_feed(p.t, rows[r].bytes + at, len - at < piece ? len - at : piece);
            tls_feed_end(p.t);
            read_all(&p);
            assert_int_equal(tls_state(p.t), TLS_FAILED);
            assert_string_equal(tls_error(p.t), rows[r].error);
            pair_stop(&p);
        }
    }
}

/* Every byte of the server's first flight is wrong once: it fails, or goes on, and nothing worse. */
static void test_damage_in_the_handshake(void **state)
{
    (void)state;
    static char flight[10000];
    for (int v = 0; v < COUNT(versions); v++) {
        size_t len = 1;
        for (size_t wrong = 0; wrong < len; wrong += 3) {
            struct pair p;
            pair_start(&p, &(struct setting){.version = versions[v]});
            while (client_to_server(&p, sizeof flight))
                ;
            len = tls_server_take(&p.server, flight, sizeof flight);
            assert_in_range(len, 100, sizeof flight - 1);
            if (wrong < len)
                flight[wrong] ^= 0x55;
            tls_feed(p.t, flight, len);
            read_all(&p);
            assert_int_equal(tls_state(p.t) == TLS_FAILED, tls_error(p.t)[0] != '\0');
            tls_feed_end(p.t);
            read_all(&p);
            assert_true(tls_state(p.t) == TLS_FAILED || tls_state(p.t) == TLS_CLOSED);
            pair_stop(&p);
        }
    }
}

static void test_damage_on_an_open_connection(void **state)
{
    (void)state;
    for (int v = 0; v < COUNT(versions); v++) {
        struct pair p;
        pair_start(&p, &(struct setting){.version = versions[v]});
        talk(&p, 1000);
        char bytes[100];
        tls_server_say(&p.server, "good", 4);
        size_t len = tls_server_take(&p.server, bytes, sizeof bytes);
        tls_server_say(&p.server, "bad", 3);
        len += tls_server_take(&p.server, bytes + len, sizeof bytes - len);
        bytes[len - 1] ^= 1;
        assert_true(tls_feed(p.t, bytes, len));
        read_all(&p);
        assert_int_equal(p.got_len, 4);
        assert_memory_equal(p.got, "good", 4);
        assert_int_equal(tls_state(p.t), TLS_FAILED);
        assert_string_equal(tls_error(p.t), "what came is not what the server sent: a TLS record is damaged");
        pair_stop(&p);
    }
}

static void test_output_is_bounded_and_stays_in_place(void **state)
{
    (void)state;
    static char bytes[1 << 20];
    struct pair p;
    pair_start(&p, &(struct setting){0});
    talk(&p, 1000);
    assert_int_equal(tls_write(p.t, bytes, 1000), 1000);
    size_t len, again;
    const char *out = tls_output(p.t, &len);
    char *copy = malloc(len);
    memcpy(copy, out, len);
    size_t taken = tls_write(p.t, bytes, sizeof bytes);
    assert_in_range(taken, TLS_OUTPUT_FULL - 2000, TLS_OUTPUT_FULL + (16 << 10));
    assert_int_equal(tls_write(p.t, bytes, 1), 0);
    assert_ptr_equal(tls_output(p.t, &again), out);
    assert_int_equal(again, len);
    assert_memory_equal(out, copy, len);
    free(copy);
    tls_server_feed(&p.server, out, 10);
    tls_output_sent(p.t, 10);
    assert_ptr_equal(tls_output(p.t, &again), out + 10);
    talk(&p, 5000);
    assert_int_equal(p.server.got_len, 1000 + taken);
    assert_int_equal(tls_write(p.t, bytes, 1), 1);
    pair_stop(&p);
}

static void test_a_server_that_makes_us_answer_for_ever(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    talk(&p, 1000);
    for (int i = 0; i < 20000 && tls_state(p.t) == TLS_OPEN; i++) {
        assert_int_equal(SSL_key_update(p.server.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(p.server.ssl), 1);
        server_to_client(&p, 1000);
    }
    size_t len;
    tls_output(p.t, &len);
    assert_in_range(len, 1, 2 * TLS_OUTPUT_FULL);
    assert_int_equal(tls_state(p.t), TLS_FAILED);
    assert_string_equal(tls_error(p.t), "the server asks for TLS answers and does not read them");
    pair_stop(&p);
}

enum { THREADS = 4, CONNECTIONS = 20 };

/* Without cmocka, which is for one thread only. Returns its argument when all went well. */
static void *connect_often(void *context)
{
    struct pair p = *(const struct pair *)context;
    p.peer = tls_peer_create(p.context, "localhost");
    bool ok = true;
    for (int i = 0; i < CONNECTIONS; i++) {
        pair_open(&p);
        char bytes[10000];
        for (bool more = true; more;) {
            more = client_to_server(&p, sizeof bytes);
            size_t len = tls_server_take(&p.server, bytes, sizeof bytes);
            more |= len > 0;
            tls_feed(p.t, bytes, len);
            while (tls_read(p.t, bytes, sizeof bytes) > 0)
                ;
        }
        ok &= tls_state(p.t) == TLS_OPEN && tls_resumed(p.t) == (i > 0);
        pair_close(&p);
    }
    tls_peer_destroy(p.peer);
    return ok ? context : NULL;
}

static void test_threads_share_a_context(void **state)
{
    (void)state;
    struct pair p;
    pair_start(&p, &(struct setting){0});
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, connect_often, &p), 0);
    for (int i = 0; i < THREADS; i++) {
        void *ret;
        assert_int_equal(pthread_join(threads[i], &ret), 0);
        assert_ptr_equal(ret, &p);
    }
    pair_stop(&p);
}

static void write_encrypted_key(void)
{
    FILE *file = file_of("secret.key");
    assert_int_equal(
        PEM_write_PrivateKey(file, client.key, EVP_aes_256_cbc(), NULL, 0, NULL, (void *)"secret"), 1);
    fclose(file);
}

static void test_files_that_cannot_be_used(void **state)
{
    (void)state;
    write_text("empty", "");
    write_text("damaged", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write_encrypted_key();
    static const struct {
        const char *cacert, *cert, *key;
        const char *error; /* without the folder */
    } rows[] = {
        {"none", NULL, NULL, "--cacert DIR/none cannot be read: No such file or directory"},
        {".", NULL, NULL, "--cacert DIR/. cannot be read: Is a directory"},
        {"empty", NULL, NULL,
         "--cacert DIR/empty has no certificate in it: wanted is PEM (-----BEGIN CERTIFICATE-----)"},
        {"ca.key", NULL, NULL,
         "--cacert DIR/ca.key has no certificate in it: wanted is PEM (-----BEGIN CERTIFICATE-----)"},
        {"damaged", NULL, NULL, "--cacert DIR/damaged has a damaged certificate in it: ..."},
        {NULL, "none", NULL, "--cert DIR/none cannot be read: No such file or directory"},
        {NULL, "empty", NULL,
         "--cert DIR/empty has no certificate in it: wanted is PEM (-----BEGIN CERTIFICATE-----)"},
        {NULL, "damaged", NULL, "--cert DIR/damaged cannot be used: ..."},
        {NULL, "client.pem", "none", "--key DIR/none cannot be read: No such file or directory"},
        {NULL, "client.pem", NULL,
         "DIR/client.pem has no private key in it: wanted is PEM (-----BEGIN PRIVATE KEY-----)"},
        {NULL, "client.pem", "alone.key",
         "the key in DIR/alone.key does not belong to the certificate in DIR/client.pem"},
        {NULL, "client.pem", "secret.key",
         "the key in DIR/secret.key has a passphrase: take it off first (openssl pkey -in DIR/secret.key "
         "-out FILE)"},
        {NULL, NULL, "client.key", "--key DIR/client.key needs the certificate that it belongs to: --cert"},
    };
    for (int r = 0; r < COUNT(rows); r++) {
        struct tls_config config = {.cacert = rows[r].cacert ? path_of(rows[r].cacert) : NULL,
                                    .cert = rows[r].cert ? path_of(rows[r].cert) : NULL,
                                    .key = rows[r].key ? path_of(rows[r].key) : NULL};
        char error[TLS_ERROR_TEXT] = "";
        assert_null(tls_context_create(&config, error));
        char text[TLS_ERROR_TEXT] = "";
        for (const char *at = error, *next; at; at = next ? next + strlen(folder) : NULL) {
            next = strstr(at, folder);
            snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s%s",
                     next ? (int)(next - at) : (int)strlen(at), at, next ? "DIR" : "");
        }
        const char *open = strstr(rows[r].error, "...");
        if (open)
            strcpy(text + (open - rows[r].error), "...");
        assert_string_equal(text, rows[r].error);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void test_what_is_destroyed_may_be_null(void **state)
{
    (void)state;
    tls_destroy(NULL);
    tls_peer_destroy(NULL);
    tls_context_destroy(NULL);
}

static void test_a_host_that_is_no_name(void **state)
{
    (void)state;
    char host[300];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    struct pair p;
    pair_start(&p, &(struct setting){.host = host});
    assert_int_equal(tls_state(p.t), TLS_FAILED);
    assert_non_null(strstr(tls_error(p.t), "is no name that a certificate can be for"));
    pair_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_both_ways_in_any_pieces),
        cmocka_unit_test(test_who_is_trusted),
        cmocka_unit_test(test_the_server_is_asked_by_name),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_the_second_connection_resumes),
        cmocka_unit_test(test_a_failed_handshake_forgets_the_session),
        cmocka_unit_test(test_a_server_of_another_version),
        cmocka_unit_test(test_a_server_of_another_protocol),
        cmocka_unit_test(test_closing),
        cmocka_unit_test(test_a_record_cut_in_two_is_a_truncation),
        cmocka_unit_test(test_finish_tells_the_server_and_reads_on),
        cmocka_unit_test(test_servers_that_speak_no_tls),
        cmocka_unit_test(test_damage_in_the_handshake),
        cmocka_unit_test(test_damage_on_an_open_connection),
        cmocka_unit_test(test_output_is_bounded_and_stays_in_place),
        cmocka_unit_test(test_a_server_that_makes_us_answer_for_ever),
        cmocka_unit_test(test_threads_share_a_context),
        cmocka_unit_test(test_files_that_cannot_be_used),
        cmocka_unit_test(test_what_is_destroyed_may_be_null),
        cmocka_unit_test(test_a_host_that_is_no_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
