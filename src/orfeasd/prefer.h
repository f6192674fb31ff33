/*
 * prefer - the header Prefer (RFC 7240), as far as it says how long a client wants to wait.
 */
#pragma once

#include "clock.h"

#include <stdbool.h>

/* Zero it before the first line. */
struct prefer {
    bool respond_async;
    bool has_wait;
    nsec wait; /* at most a day */
};

/* Adds what one line of the header says; of a preference that comes twice the first counts. What is not
 * understood is no preference. */
void prefer_read(struct prefer *p, const char *text);
