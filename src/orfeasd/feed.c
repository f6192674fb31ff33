#include "feed.h"

#include "families.h"

static const char *const TYPES[FEED_TYPES] = {"socketio_polling", "socketio_websocket", "websocket", "sse"};

static void add_active(struct metrics *m, enum feed_type type, double amount)
{
    metric_add(metrics_series(m, F_WEBSOCKET_ACTIVE, &TYPES[type]), amount);
}

void feed_opened(struct metrics *m, enum feed_type type)
{
    add_active(m, type, 1);
}

void feed_closed(struct metrics *m, enum feed_type type, nsec lasted)
{
    add_active(m, type, -1);
    metric_observe(metrics_series(m, F_WEBSOCKET_DURATION, NULL), nsec_to_sec(lasted));
}

void feed_upgraded(struct metrics *m)
{
    add_active(m, FEED_SOCKETIO_POLLING, -1);
    add_active(m, FEED_SOCKETIO_WEBSOCKET, 1);
}

void feed_sent(struct metrics *m, const char *event)
{
    metric_add(metrics_series(m, F_WEBSOCKET_SENT, &event), 1);
}

void feed_error(struct metrics *m, const char *kind)
{
    metric_add(metrics_series(m, F_WEBSOCKET_ERRORS, &kind), 1);
}
