/*
 * prefer - the header Prefer (RFC 7240), as far as it says how long a client wants to wait.
 */
#pragma once

#include "clock.h"

#include <stdbool.h>

struct prefer {
    bool respond_async;
    bool has_wait;
    nsec wait; /* at most a day */
};

/* `text` may be NULL. What is not understood is no preference. */
struct prefer prefer_parse(const char *text);
