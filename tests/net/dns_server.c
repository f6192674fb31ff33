#include "dns_server.h"

#include "container.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE = 512, HEAD = 12, TYPE_A = 1, TYPE_AAAA = 28, TRUNCATED = 0x02, FOR_EVER = 60 };

/* ---- messages (RFC 1035, section 4.1) ---- */

struct message {
    unsigned char bytes[MESSAGE];
    size_t len;
};

/* The question's name with dots; returns where it ends, 0 when it is none. */
static size_t read_name(const struct message *m, char ret[256])
{
    size_t at = HEAD;
    ret[0] = '\0';
    while (at < m->len && m->bytes[at]) {
        size_t len = m->bytes[at];
        if (len > 63 || at + 1 + len > m->len || strlen(ret) + len + 2 > 256)
            return 0;
        snprintf(ret + strlen(ret), len + 2, "%s%.*s", ret[0] ? "." : "", (int)len,
                 (const char *)m->bytes + at + 1);
        at += 1 + len;
    }
    return at + 5 <= m->len ? at + 1 : 0;
}

static void add(struct message *m, const void *bytes, size_t len)
{
    assert(m->len + len <= MESSAGE);
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static void add_record(struct message *m, int type, const char *address)
{
    unsigned char data[16];
    size_t len = type == TYPE_A ? 4 : 16;
    int ok = inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address, data);
    assert(ok == 1);
    const unsigned char head[] = {0xc0, HEAD,     0, (unsigned char)type, 0, 1, 0, 0,
                                  0,    FOR_EVER, 0, (unsigned char)len};
    add(m, head, sizeof head);
    add(m, data, len);
    m->bytes[7]++;
}

static void add_records(struct message *m, int type, const char *addresses)
{
    char text[256], *rest = text;
    snprintf(text, sizeof text, "%s", addresses ? addresses : "");
    for (char *one; (one = strsep(&rest, " "));)
        if (*one)
            add_record(m, type, one);
}

static const struct dns_zone *find(const struct dns_server *s, const char *name)
{
    const struct dns_zone *zone = s->zone;
    while (zone->name && strcasecmp(zone->name, name) != 0)
        zone++;
    return zone;
}

/* Turns a question into the answer; false: there is none. */
static bool answer(const struct dns_server *s, struct message *m, bool tcp)
{
    char name[256];
    size_t end = m->len > HEAD ? read_name(m, name) : 0;
    if (!end)
        return false;
    const struct dns_zone *zone = find(s, name);
    int type = m->bytes[end + 1];
    m->len = end + 4;
    m->bytes[2] |= 0x80; /* an answer */
    m->bytes[3] = (unsigned char)(0x80 | (zone->name ? zone->rcode : 3));
    memset(m->bytes + 6, 0, 6);
    if (zone->manner == DNS_TCP_ONLY && !tcp)
        m->bytes[2] |= TRUNCATED;
    else if (zone->name)
        add_records(m, type, type == TYPE_A ? zone->a : type == TYPE_AAAA ? zone->aaaa : NULL);
    if (zone->manner == DNS_CUT_RECORD)
        m->len -= 3;
    if (zone->manner == DNS_NOISE)
        memset(m->bytes, 0xa5, m->len);
    return zone->manner != DNS_SILENT;
}

/* ---- transport ---- */

static void on_udp(struct watch_fd *watch)
{
    struct dns_server *s = CONTAINER(struct dns_server, udp, watch);
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    struct message m;
    ssize_t n = recvfrom(watch->fd, m.bytes, MESSAGE, 0, (struct sockaddr *)&from, &from_len);
    if (n <= 0)
        return;
    m.len = (size_t)n;
    s->asked++;
    if (answer(s, &m, false))
        sendto(watch->fd, m.bytes, m.len, 0, (struct sockaddr *)&from, from_len);
}

static void end_talk(struct dns_server *s)
{
    if (s->talk.fd < 0)
        return;
    loop_watch_remove(s->loop, &s->talk);
    close(s->talk.fd);
    s->talk.fd = -1;
}

static ssize_t read_all(int fd, void *bytes, size_t len)
{
    return recv(fd, bytes, len, MSG_WAITALL);
}

/* Questions come whole, each behind its length; so do the answers. */
static void on_talk(struct watch_fd *watch)
{
    struct dns_server *s = CONTAINER(struct dns_server, talk, watch);
    struct message m;
    unsigned char head[2];
    if (read_all(watch->fd, head, 2) != 2 || (m.len = (size_t)head[0] << 8 | head[1]) > MESSAGE ||
        read_all(watch->fd, m.bytes, m.len) != (ssize_t)m.len) {
        end_talk(s);
        return;
    }
    s->asked_tcp++;
    if (!answer(s, &m, true))
        return;
    struct message whole = {.bytes = {(unsigned char)(m.len >> 8), (unsigned char)m.len}, .len = 2};
    add(&whole, m.bytes, m.len);
    ssize_t n = send(watch->fd, whole.bytes, whole.len, MSG_NOSIGNAL);
    assert(n == (ssize_t)whole.len);
}

static void on_tcp(struct watch_fd *watch)
{
    struct dns_server *s = CONTAINER(struct dns_server, tcp, watch);
    end_talk(s);
    s->talk = (struct watch_fd){.ready = on_talk, .fd = accept(watch->fd, NULL, NULL)};
    bool ok = s->talk.fd >= 0 && loop_watch_add(s->loop, &s->talk);
    assert(ok);
}

void dns_server_start(struct dns_server *s, struct loop *loop, const struct dns_zone *zone)
{
    *s = (struct dns_server){.loop = loop, .zone = zone, .talk.fd = -1};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    s->tcp = (struct watch_fd){.ready = on_tcp, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    s->udp = (struct watch_fd){.ready = on_udp, .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    bool ok = bind(s->tcp.fd, (struct sockaddr *)&in, len) == 0 && listen(s->tcp.fd, 8) == 0 &&
              getsockname(s->tcp.fd, (struct sockaddr *)&in, &len) == 0 &&
              bind(s->udp.fd, (struct sockaddr *)&in, len) == 0 && loop_watch_add(loop, &s->udp) &&
              loop_watch_add(loop, &s->tcp);
    assert(ok);
    snprintf(s->address, sizeof s->address, "127.0.0.1:%d", ntohs(in.sin_port));
}

void dns_server_stop(struct dns_server *s)
{
    end_talk(s);
    loop_watch_remove(s->loop, &s->udp);
    loop_watch_remove(s->loop, &s->tcp);
    close(s->udp.fd);
    close(s->tcp.fd);
}
