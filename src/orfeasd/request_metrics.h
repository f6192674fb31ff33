/*
 * request_metrics - what is counted of requests, by method and route; ids are never labels. Main thread.
 */
#pragma once

#include "exchange.h"

/* Shows what has not happened yet as 0. */
void request_metrics_init(struct backend *b);
/* Its route is known. */
void request_metrics_began(struct exchange *x);
/* Its answer is out, or its client has left. */
void request_metrics_ended(struct exchange *x);
