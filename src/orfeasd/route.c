#include "route.h"

#include "api.h"
#include "session.h"

#include <string.h>

const struct route route_table[] = {
    {"/api/job-status/<id>", .get = &api_job_status},
    {"/health", .get = &api_health, .access = ACCESS_OPEN},
    {"/ready", .get = &api_ready, .access = ACCESS_OPEN},
    {"/metrics", .get = &api_metrics, .access = ACCESS_LOOPBACK},
    {"/api/health", .get = &api_health_details},
    {"/api/upload-image", .post = &api_upload, .upload = true},
    {"/api/generate-3d", .post = &api_generate, .upload = true},
    {"/api/download/<id>/<file>", .get = &api_download},
    {"/api/preview/<file>", .get = &api_preview},
    {"/api/preview-output/<id>/<file>", .get = &api_preview_output},
    {"/api/batch-generate", .post = &api_batch, .upload = true},
    {"/api/jobs", .get = &api_jobs},
    {"/api/jobs/<id>", .get = &api_job_status, .remove = &api_cancel},
    {"/api/jobs/<id>/events", .get = &api_job_events, .access = ACCESS_QUERY},
    {"/ws/jobs/<id>", .get = &api_job_socket, .access = ACCESS_QUERY},
    {"/socket.io/", .get = &api_socketio, .post = &api_socketio_post, .other = &api_socketio,
     .body_max = SESSION_PAYLOAD_MAX, .access = ACCESS_QUERY},
    {"/api/v1/gpu/stats", .get = &api_gpu_stats},
    {"/api/gpu/status", .get = &api_gpu_status},
    {"/api/models-info", .get = &api_models_info},
};
const int route_count = sizeof route_table / sizeof route_table[0];

/* One segment of the path. Empty or longer than any that we give out: no match. */
static const char *take_segment(const char *path, char out[EXCHANGE_PARAM_MAX + 1])
{
    size_t len = strcspn(path, "/");
    if (len == 0 || len > EXCHANGE_PARAM_MAX)
        return NULL;
    memcpy(out, path, len);
    out[len] = '\0';
    return path + len;
}

static bool matches(const char *template, const char *path,
                    char params[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1])
{
    int taken = 0;
    while (*template) {
        if (*template != '<') {
            if (*template ++ != *path++)
                return false;
            continue;
        }
        path = take_segment(path, params[taken++]);
        if (!path)
            return false;
        template = strchr(template, '>') + 1;
    }
    return !*path;
}

const struct route *route_find(const struct route *table, const char *path,
                               char params[EXCHANGE_PARAMS][EXCHANGE_PARAM_MAX + 1])
{
    for (int i = 0; i < route_count; i++)
        if (matches(table[i].path, path, params))
            return &table[i];
    return NULL;
}

const struct handler *route_handler(const struct route *route, enum method method)
{
    switch (method) {
    case METHOD_GET:
    case METHOD_HEAD:
        return route->get;
    case METHOD_POST:
        return route->post ? route->post : route->other;
    case METHOD_DELETE:
        return route->remove ? route->remove : route->other;
    case METHOD_OPTIONS:
        return NULL;
    default:
        return route->other;
    }
}

const char *route_allow(const struct route *route)
{
    static const char *const ALLOW[] = {
        "OPTIONS",
        "GET, HEAD, OPTIONS",
        "POST, OPTIONS",
        "GET, HEAD, POST, OPTIONS",
        "DELETE, OPTIONS",
        "GET, HEAD, DELETE, OPTIONS",
        "POST, DELETE, OPTIONS",
        "GET, HEAD, POST, DELETE, OPTIONS",
    };
    return ALLOW[(route->get ? 1 : 0) + (route->post ? 2 : 0) + (route->remove ? 4 : 0)];
}
