#include "server_impl.h"

#include <fcntl.h>

/* The 101 is out. MHD has forgotten the socket but for closing it. */
static void on_upgraded(void *context, struct MHD_Connection *connection, void *request, const char *bytes,
                        size_t len, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    (void)context;
    (void)connection;
    struct exchange *x = request;
    request_upgraded(x);
    if (x->server->ending) { /* who wanted it is told by its end() */
        MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
        return;
    }
    struct upgraded upgraded = {fd, handle, bytes, len};
    void *state = x->state;
    x->state = NULL;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    x->taken(state, &upgraded);
}

void exchange_upgrade(struct exchange *x, const char *protocol,
                      void (*taken)(void *state, const struct upgraded *upgraded))
{
    x->taken = taken;
    x->status = MHD_HTTP_SWITCHING_PROTOCOLS;
    x->response = MHD_create_response_for_upgrade(on_upgraded, NULL);
    exchange_add_header(x, "Upgrade", protocol);
}

void exchange_close_upgraded(struct server *server, const struct upgraded *upgraded)
{
    MHD_upgrade_action(upgraded->handle, MHD_UPGRADE_ACTION_CLOSE);
    timer_set(server->loop, &server->pump, loop_now(server->loop));
}
