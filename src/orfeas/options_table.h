/*
 * options_table - every option in one row: its names, what it takes, who takes it, what it does with its
 * value. Private to options.c.
 */
#pragma once

#include "options.h"

#include <stddef.h>

/* Takes a value; on a mistake returns what is wrong with it, else NULL. `name` is the option as it was given.
 */
typedef const char *take_value(struct options *o, const char *name, const char *value);

struct option {
    const char *name;
    char letter, other_letter; /* '\0': none */
    const char *argument;      /* NULL: a flag */
    const char *help;
    take_value *take; /* NULL: the value is kept as it is, in `field` */
    int commands;
    size_t field; /* where in struct options: a const char * of its own, or a flag's bool */
};

/* As take_value, of any option. */
const char *option_take(struct options *o, const struct option *option, const char *name, const char *value);

extern const struct option option_table[];
extern const int option_count;

/* --env-file is read before all others: options.c does it. */
const char *options_take_env_file(struct options *o, const char *name, const char *value);
