/*
 * fail - the kinds of failure of a target. What the target does wrong is data: it is counted by kind.
 */
#pragma once

enum fail_kind {
    FAIL_NONE,
    FAIL_DNS,        /* the host has no address */
    FAIL_REFUSED,    /* nobody listens */
    FAIL_NETWORK,    /* unreachable, no route ... */
    FAIL_LOCAL,      /* this machine has no local port or no descriptor left */
    FAIL_CONNECT,    /* no connection in time */
    FAIL_TLS,        /* none that can be trusted, or none at all */
    FAIL_RESET,      /* connection closed or reset before the whole answer */
    FAIL_FIRST_BYTE, /* no byte of an answer in time */
    FAIL_IDLE,       /* an answer that stood still in the middle */
    FAIL_PROTOCOL,   /* what came is not HTTP/1.1 */
    FAIL_TOO_LARGE,
    FAIL_STATUS,    /* an answer with a status that the workflow does not expect */
    FAIL_BODY,      /* the answer's body lacks what the workflow needs */
    FAIL_JOB,       /* the target says that the job failed */
    FAIL_CANCELLED, /* the target says that the job was cancelled */
    FAIL_MODEL,     /* what was downloaded is no valid model */
    FAIL_TIMEOUT,   /* the job's time was up: its age is a censored value */
    FAIL_KINDS
};
const char *fail_kind_name(enum fail_kind kind); /* "refused" ... */
