#include "fail.h"

static const char *const fail_names[FAIL_KINDS] = {
    [FAIL_NONE] = "none",
    [FAIL_DNS] = "dns",
    [FAIL_REFUSED] = "refused",
    [FAIL_NETWORK] = "network",
    [FAIL_LOCAL] = "local_limit",
    [FAIL_CONNECT] = "connect_timeout",
    [FAIL_TLS] = "tls",
    [FAIL_RESET] = "reset",
    [FAIL_FIRST_BYTE] = "first_byte_timeout",
    [FAIL_IDLE] = "idle_timeout",
    [FAIL_PROTOCOL] = "protocol",
    [FAIL_TOO_LARGE] = "too_large",
    [FAIL_STATUS] = "status",
    [FAIL_BODY] = "body",
    [FAIL_JOB] = "job_failed",
    [FAIL_CANCELLED] = "cancelled",
    [FAIL_MODEL] = "model",
    [FAIL_TIMEOUT] = "timeout",
};

const char *fail_kind_name(enum fail_kind kind)
{
    return fail_names[kind];
}
