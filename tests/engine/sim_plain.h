/*
 * sim_plain - a server of plain requests in virtual time: each gets the same answer, a fixed time after it
 * came.
 *
 * It has as many hands as it needs. While it stands still nothing is done: what is in its hands then, and
 * what comes then, takes that much longer. Requests have no body. What goes wrong goes wrong for requests
 * counted from 1.
 */
#pragma once

#include "loop_sim.h"

#include <stdint.h>

struct sim_plain {
    /* set before the run: */
    nsec service;
    const char *answer;       /* NULL: 200 and "ok" */
    int refuse_every;         /* every so many-th request; 0: none */
    const char *refusal;      /* what it is answered with */
    nsec still_at, still_for; /* from the loop's beginning */
    /* what it saw: */
    int64_t requests, refused, connections;
    int open, most_open;
    nsec *came; /* each request, from the loop's beginning */
    struct loop *loop;
    /* private: */
    nsec zero;
    int64_t room;           /* in `came` */
    unsigned char *matched; /* by socket: bytes of the end of a head that have come in a row */
    int sockets;
};

/* On zeroed memory with the settings made; makes the loop. */
void sim_plain_init(struct sim_plain *p);
void sim_plain_finish(struct sim_plain *p);
/* How long a request that comes at `at` (from the loop's beginning) has to wait for its answer. */
nsec sim_plain_takes(const struct sim_plain *p, nsec at);
