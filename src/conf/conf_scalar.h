/*
 * conf_scalar - what the typed readers share; private to this layer.
 */
#pragma once

#include "conf.h"

/* A scalar with something in it; false after telling that it is none. */
bool conf_scalar_has_text(const struct conf_node *n, struct diag_list *diags, const char *hint);
/* Says that the value is wrong; false for the reader to return. */
bool conf_scalar_refuse(const struct conf_node *n, struct diag_list *diags, const char *hint,
                        const char *wanted);
/* Plain decimal notation only: no hexadecimal, no infinities. */
bool conf_scalar_decimal(const char *text, size_t len, double *ret);
