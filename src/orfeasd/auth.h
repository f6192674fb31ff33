/*
 * auth - who may come in: the token that a client shows as `Authorization: Bearer TOKEN` (RFC 6750).
 *
 * One token for all. Compared in a time that depends on its length only; never written anywhere.
 */
#pragma once

#include "diag.h"
#include "settings.h"

#include <stdbool.h>
#include <stddef.h>

enum { AUTH_TOKEN_MAX = 256 };

struct auth {
    char token[AUTH_TOKEN_MAX + 1];
    size_t len; /* 0: none is asked for */
};

/* Takes the token from the settings or from the file that they name, whose last line end is not part of it.
 * False with the reason in `diags`. */
bool auth_init(struct auth *a, const struct settings *settings, struct diag_list *diags);
/* Whether the header's value (NULL: there is none) shows the token, or none is asked for. */
bool auth_check(const struct auth *a, const char *authorization);
/* The same of the bare token. */
bool auth_check_token(const struct auth *a, const char *shown);
