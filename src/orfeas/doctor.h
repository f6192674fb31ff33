/*
 * doctor - what a run needs, looked at piece by piece: a table of checks, each with what it found and what to
 * do.
 *
 * A check looks at one thing and tells its result with doctor_tell(), once, from the main thread. Checks run
 * in the order of the table; one whose needs are not met is skipped. A check ends soon after interrupt_flag()
 * is set.
 */
#pragma once

#include "images.h"
#include "plans.h"
#include "preflight.h"
#include "record.h"
#include "scrape.h"
#include "target.h"

enum doctor_check_id {
    CHECK_NAME,
    CHECK_PORT,
    CHECK_TLS,
    CHECK_HEALTH,
    CHECK_MODELS,
    CHECK_METRICS,
    CHECK_CLOCK,
    CHECK_GPU,
    CHECK_PICTURE,
    CHECK_JOB,
    CHECK_COUNTS,
    CHECK_DESCRIPTORS,
    CHECK_PORTS,
    CHECK_MACHINE,
    CHECK_RESULTS,
    DOCTOR_CHECKS
};

enum doctor_state {
    DOCTOR_SKIPPED,      /* something that it needs is not as it should be, or --quick */
    DOCTOR_INAPPLICABLE, /* there is no such thing here */
    DOCTOR_OK,
    DOCTOR_WARNING, /* a run is possible, and may measure something else than was meant */
    DOCTOR_FAILED
};

struct doctor_result {
    enum doctor_state state;
    bool unreachable; /* of a failure: the target cannot be reached or is not ready */
    char text[1200];
    char next[500]; /* what to do; "": nothing */
};

struct doctor {
    struct options *options;
    struct plan *plans[SCENARIOS_MAX];
    int plan_count;
    struct target target;
    struct preflight preflight;
    struct preflight_visit *visit; /* from the first check that asks the target */
    bool closes;                   /* the target ends each connection after an answer */
    struct scrape scrape;          /* of the target's metrics: before the job, and after it */
    struct record log;             /* the scrape's */
    bool scraping;                 /* both are there */
    nsec scraped_at, rescraped_at; /* when the first had ended, and when the last was sent */
    struct images images;
    struct payload *payloads; /* one an image; NULL: none are needed */
    struct record record;     /* of the job */
    bool recorded;
    nsec zero; /* of the record, in loop time */
    struct doctor_result results[DOCTOR_CHECKS];
};

/* The first scenario's: its workflow is what is asked for. */
const struct plan *doctor_plan(const struct doctor *d);

/* `next` NULL: there is nothing to do. */
void doctor_tell(struct doctor_result *r, enum doctor_state state, const char *next, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The target does not answer as it should: exit code 4. */
void doctor_tell_unreachable(struct doctor_result *r, const char *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef void doctor_check(struct doctor *d, struct doctor_result *r);

/* doctor_network.c */
doctor_check doctor_name, doctor_port, doctor_tls;
/* doctor_backend.c */
doctor_check doctor_health, doctor_models, doctor_metrics, doctor_counts, doctor_clock, doctor_gpu;
/* doctor_job.c */
doctor_check doctor_picture, doctor_job;
/* doctor_machine.c */
doctor_check doctor_descriptors, doctor_ports, doctor_machine, doctor_results;

/* Runs all checks and prints each as soon as it is known, and the end line. Returns the exit code. */
int doctor_run(struct doctor *d);
/* Frees what the checks have left. */
void doctor_finish(struct doctor *d);
