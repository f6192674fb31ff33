/*
 * settings - what the command line and the environment ask for.
 */
#pragma once

#include "clock.h"
#include "diag.h"
#include "fault_plan.h"
#include "job_table.h"

#include <netinet/in.h>
#include <stdbool.h>

enum gpu_full { GPU_FULL_PROFILE, GPU_FULL_SHRINK, GPU_FULL_REFUSE };
enum { SETTINGS_FAULTS_MAX = 32 };
/* Of the processes that decode pictures: all layers or none; those that there are; no processes. */
enum settings_sandbox { SANDBOX_REQUIRE, SANDBOX_AUTO, SANDBOX_OFF };

struct settings {
    char host[64]; /* as written, "127.0.0.1" */
    int port;      /* 0: a free one */
    struct in_addr address;
    const char *data; /* NULL: a new directory in $TMPDIR */
    int jobs;
    int queue;
    const char *profile; /* NULL: none */
    double time_scale;
    uint64_t seed;
    bool seed_given;
    nsec load_time;
    bool load_time_given;
    struct job_limits kept;
    nsec drain;          /* that running jobs have when the server stops */
    double gpu_limit_mb; /* of the simulated card; 0: the profile's share */
    enum gpu_full gpu_full;
    int64_t max_upload_bytes;
    const char *cors_origins;
    const char *fault_texts[SETTINGS_FAULTS_MAX]; /* as given */
    int fault_text_count;
    struct fault_plan faults;
    nsec ping_interval, ping_timeout; /* of live connections */
    bool rate_limiting;
    int rate_per_minute;
    enum settings_sandbox sandbox;
    const char *token, *token_file; /* who may come in; NULL: everybody, or see the other */
    int connections_per_address;
    bool core_dumps;
    const char *log;                /* the request log's file; NULL: none; "-": standard error */
    void (*tell)(const char *text); /* a line to whoever runs it, from any thread; NULL: nobody listens */
};

enum settings_action { SETTINGS_RUN, SETTINGS_HELP, SETTINGS_VERSION, SETTINGS_BAD };

/* Defaults, then the environment, then the arguments. All mistakes are in `diags` when SETTINGS_BAD is
 * returned. Texts point into argv and the environment. */
enum settings_action settings_read(struct settings *s, int argc, char **argv, struct diag_list *diags);
void settings_help(struct buf *out);
