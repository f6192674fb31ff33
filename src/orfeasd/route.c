#include "route.h"

#include "api.h"

#include <string.h>

const struct route route_table[] = {
    {"/api/job-status/<id>", &api_job_status, NULL, false},
    {"/health", &api_health, NULL, false},
    {"/ready", &api_ready, NULL, false},
    {"/metrics", &api_metrics, NULL, false},
    {"/api/health", &api_health_details, NULL, false},
    {"/api/upload-image", NULL, &api_upload, true},
    {"/api/generate-3d", NULL, &api_generate, true},
    {"/api/download/<id>/<file>", &api_download, NULL, false},
    {"/api/preview/<file>", &api_preview, NULL, false},
    {"/api/preview-output/<id>/<file>", &api_preview_output, NULL, false},
    {"/api/batch-generate", NULL, &api_batch, true},
    {"/api/jobs", &api_jobs, NULL, false},
    {"/api/jobs/<id>", &api_job_status, NULL, false, &api_cancel},
    {"/api/v1/gpu/stats", &api_gpu_stats, NULL, false},
    {"/api/gpu/status", &api_gpu_status, NULL, false},
    {"/api/models-info", &api_models_info, NULL, false},
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
        return route->post;
    case METHOD_DELETE:
        return route->remove;
    default:
        return NULL;
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
