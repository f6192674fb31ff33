/*
 * target - what is tested: a URL made into addresses, or a backend of our own that is started for the run.
 */
#pragma once

#include "embedded.h"
#include "http_client.h"
#include "options.h"
#include "preflight.h"
#include "url.h"

struct target {
    char text[512];           /* its URL, as it is shown and stored */
    struct embedded embedded; /* pid 0: not ours */
    struct url url;
    struct http_target http;
    struct tls_context *tls; /* NULL: plain */
};

/* Says on standard error what is wrong. Returns EXIT_PASS, EXIT_USAGE or EXIT_UNREACHABLE. */
int target_open(struct target *t, const struct options *o);
/* Its process, where it is known; 0. */
int target_pid(const struct target *t, const struct options *o);
/* The same but for the addresses, which target_look_up() adds: 0 with a reason for people when there is none.
 */
int target_begin(struct target *t, const struct options *o);
int target_look_up(struct target *t, const char **ret_why);
/* What has to hold before anything is sent, as the workflow says it. While it loads that is told on standard
 * error, unless quiet. All of them outlive the preflight. */
struct preflight_config target_preflight(const struct target *t, const struct workflow *w,
                                         const struct options *o, const atomic_bool *cancel);
/* Also stops a backend of our own. */
void target_close(struct target *t);
