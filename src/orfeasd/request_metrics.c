#include "request_metrics.h"

#include "families.h"
#include "route.h"
#include "server_impl.h"

#include <stdio.h>

static const char *endpoint_of(const struct exchange *x)
{
    return x->route ? x->route->path : "other";
}

/* The counters of errors of the routes that submit and serve jobs. */
void request_metrics_init(struct backend *b)
{
    for (int i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        enum method method = route->post ? METHOD_POST : METHOD_GET;
        const char *labels[] = {method_name(method), route->path, "500"};
        const char *errors[] = {"server_error", route->path};
        metrics_series(b->metrics, F_HTTP_ERRORS, labels);
        metrics_series(b->metrics, F_ERRORS, errors);
    }
}

static struct request_series *series_of(struct exchange *x)
{
    struct server *s = x->server;
    int row = x->route ? (int)(x->route - x->backend->routes) : route_count;
    return &s->series[row * METHODS + (int)x->method];
}

void request_metrics_began(struct exchange *x)
{
    struct request_series *series = series_of(x);
    if (!series->under_way) {
        const char *labels[] = {method_name(x->method), endpoint_of(x)};
        struct metrics *m = x->backend->metrics;
        series->under_way = metrics_series(m, F_HTTP_CONCURRENT, &labels[1]);
        series->duration = metrics_series(m, F_HTTP_DURATION, labels);
        series->request_bytes = metrics_series(m, F_HTTP_REQUEST_BYTES, labels);
        series->response_bytes = metrics_series(m, F_HTTP_RESPONSE_BYTES, labels);
    }
    metric_add(series->under_way, 1);
}

static struct metric_series *by_status(struct exchange *x, enum family_id family, struct metric_series **kept)
{
    char status[8];
    snprintf(status, sizeof status, "%d", x->status);
    const char *labels[] = {method_name(x->method), endpoint_of(x), status};
    struct metric_series **series = &kept[x->status];
    if (!*series)
        *series = metrics_series(x->backend->metrics, (int)family, labels);
    return *series;
}

static void count_error(struct exchange *x, struct request_series *series)
{
    const char *type = x->status == 499 ? "client_left" : x->status < 500 ? "client_error" : "server_error";
    const char *labels[] = {type, endpoint_of(x)};
    metric_add(by_status(x, F_HTTP_ERRORS, series->errors), 1);
    metric_add(metrics_series(x->backend->metrics, F_ERRORS, labels), 1);
}

void request_metrics_ended(struct exchange *x)
{
    struct request_series *series = series_of(x);
    metric_add(series->under_way, -1);
    metric_add(by_status(x, F_HTTP_REQUESTS, series->by_status), 1);
    metric_observe(series->duration, nsec_to_sec(loop_now(x->server->loop) - x->began));
    metric_observe(series->request_bytes, (double)x->body_bytes);
    metric_observe(series->response_bytes, (double)x->response_bytes);
    if (x->status >= 400)
        count_error(x, series);
}
