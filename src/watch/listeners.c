#include "listeners.h"

#include "proc_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN = 0x0a };

/* How well a socket fits, as the kernel chooses; a v6 socket that is bound to all addresses may take v4's. */
enum fit { FIT_NOT, FIT_ALL_FAMILIES, FIT_ALL, FIT_EXACT };

/* An address as 16 bytes: v4's as v6 has them; "any" is where a connection to it goes, the loopback. */
struct place {
    struct in6_addr addr;
    bool is_v4;
    int port;
};

static struct in6_addr mapped(uint32_t v4)
{
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(out.s6_addr + 12, &v4, 4);
    return out;
}

static bool place_of(const struct loop_addr *addr, struct place *ret)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr->storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr->storage;
    if (addr->storage.ss_family == AF_INET) {
        bool any = v4->sin_addr.s_addr == htonl(INADDR_ANY);
        *ret = (struct place){mapped(any ? htonl(INADDR_LOOPBACK) : v4->sin_addr.s_addr), true,
                              ntohs(v4->sin_port)};
        return true;
    }
    if (addr->storage.ss_family != AF_INET6)
        return false;
    *ret = (struct place){v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr), ntohs(v6->sin6_port)};
    if (IN6_IS_ADDR_UNSPECIFIED(&ret->addr))
        ret->addr = in6addr_loopback;
    return true;
}

bool listeners_are_here(const struct loop_addr *addr)
{
    struct loop_addr any_port = *addr;
    if (addr->storage.ss_family == AF_INET)
        ((struct sockaddr_in *)&any_port.storage)->sin_port = 0;
    else if (addr->storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&any_port.storage)->sin6_port = 0;
    else
        return false;
    int s = socket(addr->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ours = s >= 0 && bind(s, (struct sockaddr *)&any_port.storage, any_port.len) == 0;
    if (s >= 0)
        close(s);
    return ours;
}

const char *listeners_address(const struct loop_addr *addr, char out[LISTENERS_TEXT])
{
    struct place p;
    char text[INET6_ADDRSTRLEN];
    if (!place_of(addr, &p))
        return strcpy(out, "an unknown address");
    inet_ntop(p.is_v4 ? AF_INET : AF_INET6, p.is_v4 ? (void *)(p.addr.s6_addr + 12) : (void *)&p.addr, text,
              sizeof text);
    snprintf(out, LISTENERS_TEXT, p.is_v4 ? "%s:%d" : "[%s]:%d", text, p.port);
    return out;
}

/* ---- a line ---- */

struct row {
    struct in6_addr addr;
    bool is_v4; /* of the table of v4 */
    int port, state;
    unsigned user;
    uint64_t inode;
};

/* Words of 32 bits as they lie in memory, written as numbers. */
static bool parse_address(const char *hex, bool is_v4, struct in6_addr *ret)
{
    int words = is_v4 ? 1 : 4;
    uint32_t word[4];
    if (strspn(hex, "0123456789ABCDEFabcdef") != (size_t)(8 * words))
        return false;
    for (int i = 0; i < words; i++) {
        char digits[9];
        snprintf(digits, sizeof digits, "%s", hex + 8 * i);
        word[i] = (uint32_t)strtoul(digits, NULL, 16);
    }
    if (is_v4)
        *ret = mapped(word[0]);
    else
        memcpy(ret, word, sizeof *ret);
    return true;
}

/* "0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 ..." */
static bool parse_row(const char *line, bool is_v4, struct row *ret)
{
    char hex[33];
    unsigned port, state;
    *ret = (struct row){.is_v4 = is_v4};
    if (sscanf(line, " %*d: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u %*u %" SCNu64, hex,
               &port, &state, &ret->user, &ret->inode) != 5)
        return false;
    ret->port = (int)port;
    ret->state = (int)state;
    return parse_address(hex, is_v4, &ret->addr);
}

static enum fit fit_of(const struct row *r, const struct place *p)
{
    if (r->port != p->port || !r->inode)
        return FIT_NOT;
    if (memcmp(&r->addr, &p->addr, sizeof r->addr) == 0)
        return FIT_EXACT;
    struct in6_addr all = r->is_v4 ? mapped(htonl(INADDR_ANY)) : in6addr_any;
    if (memcmp(&r->addr, &all, sizeof all) != 0)
        return FIT_NOT;
    return r->is_v4 == p->is_v4 ? FIT_ALL : r->is_v4 ? FIT_NOT : FIT_ALL_FAMILIES;
}

/* ---- the tables ---- */

static void take(struct listeners *l, enum fit *best, enum fit fit, const struct row *r)
{
    if (fit == FIT_NOT || fit < *best)
        return;
    if (fit > *best) {
        *best = fit;
        l->count = 0;
        l->user = r->user;
    }
    if (l->count < LISTENERS_MAX)
        l->inodes[l->count++] = r->inode;
}

/* The kernel writes those that listen first; of the others there may be fifty thousand, and a tenth of a
 * second. */
static int read_table(const char *proc, const char *name, bool is_v4, const struct place *p,
                      struct listeners *ret, enum fit *best)
{
    char line[512], path[PROC_PATH];
    struct row r;
    FILE *f = fopen(proc_file_path(proc, 0, name, path), "re");
    if (!f)
        return errno;
    while (fgets(line, sizeof line, f)) {
        if (!parse_row(line, is_v4, &r))
            continue;
        if (r.state != LISTEN)
            break;
        take(ret, best, fit_of(&r, p), &r);
    }
    fclose(f);
    return 0;
}

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* A kernel without v6 has but one of them. */
int listeners_find(const char *proc, const struct loop_addr *addr, struct listeners *ret)
{
    struct place p;
    enum fit best = FIT_NOT;
    *ret = (struct listeners){0};
    if (!place_of(addr, &p))
        return EAFNOSUPPORT;
    int v4 = read_table(proc, "net/tcp", true, &p, ret, &best);
    int v6 = read_table(proc, "net/tcp6", false, &p, ret, &best);
    qsort(ret->inodes, (size_t)ret->count, sizeof *ret->inodes, ascending);
    return v4 && v6 ? v4 : 0;
}
