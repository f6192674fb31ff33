#include "tiny_server.h"

#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECTIONS = 600, REQUEST = 4096 };

struct connection {
    int fd;
    size_t len;
    char text[REQUEST];
};

static const char *answer_of(struct tiny_server *s, const char *request)
{
    for (int i = 0; s->routes[i].path; i++) {
        size_t len = strlen(s->routes[i].path);
        if (strncmp(request, "GET ", 4) != 0 || strncmp(request + 4, s->routes[i].path, len) != 0 ||
            request[4 + len] != ' ')
            continue;
        int turn = atomic_fetch_add(&s->asked[i], 1);
        return s->routes[i].then && turn >= s->routes[i].turns ? s->routes[i].then : s->routes[i].answer;
    }
    return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
}

/* Returns false when the connection has ended. */
static bool serve(struct tiny_server *s, struct connection *c)
{
    ssize_t n = read(c->fd, c->text + c->len, REQUEST - 1 - c->len);
    if (n <= 0)
        return false;
    c->len += (size_t)n;
    c->text[c->len] = '\0';
    if (!strstr(c->text, "\r\n\r\n"))
        return c->len < REQUEST - 1;
    const char *answer = answer_of(s, c->text);
    c->len = 0;
    return !answer || write(c->fd, answer, strlen(answer)) == (ssize_t)strlen(answer);
}

static void *run(void *context)
{
    struct tiny_server *s = context;
    struct connection *connections = calloc(CONNECTIONS, sizeof *connections);
    int count = 0;
    while (connections) {
        struct pollfd polls[CONNECTIONS + 2] = {{.fd = s->stop[0], .events = POLLIN},
                                                {.fd = s->listener, .events = POLLIN}};
        for (int i = 0; i < count; i++)
            polls[i + 2] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
        poll(polls, (nfds_t)count + 2, -1);
        if (polls[0].revents)
            break;
        for (int i = count - 1; i >= 0; i--) {
            if (!polls[i + 2].revents || serve(s, &connections[i]))
                continue;
            close(connections[i].fd);
            connections[i] = connections[--count];
        }
        if (polls[1].revents && count < CONNECTIONS)
            connections[count++] = (struct connection){.fd = accept(s->listener, NULL, NULL)};
    }
    while (count)
        close(connections[--count].fd);
    free(connections);
    return NULL;
}

void tiny_server_start(struct tiny_server *s, const struct tiny_route *routes)
{
    *s = (struct tiny_server){.routes = routes, .addr.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)&s->addr.storage;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    int ok = bind(s->listener, (struct sockaddr *)in, s->addr.len) == 0 && listen(s->listener, CONNECTIONS) == 0 &&
             getsockname(s->listener, (struct sockaddr *)in, &s->addr.len) == 0 && pipe(s->stop) == 0 &&
             pthread_create(&s->thread, NULL, run, s) == 0;
    assert(ok);
    (void)ok;
}

void tiny_server_stop(struct tiny_server *s)
{
    ssize_t n = write(s->stop[1], "x", 1);
    assert(n == 1);
    (void)n;
    pthread_join(s->thread, NULL);
    close(s->listener);
    close(s->stop[0]);
    close(s->stop[1]);
}
