/*
 * options - the command line, the environment and an --env-file, all by one table.
 *
 * The command line wins over the environment, the environment over the file. Every option has a variable
 * ORFEAS_<NAME>, in capitals, with '_' for '-'.
 */
#pragma once

#include "buf.h"
#include "clock.h"
#include "diag.h"
#include "http_client.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

enum command_bit {
    COMMAND_RUN = 1,
    COMMAND_CHECK = 2,
    COMMAND_IMAGE = 4,
    COMMAND_VERSION = 8,
    COMMAND_DOCTOR = 16,
    COMMAND_TARGET = COMMAND_RUN | COMMAND_DOCTOR /* those that turn to a target */
};

enum { SETTINGS_MAX = 100, WORDS_MAX = 1000, WORKERS_MAX = 256 };

struct options {
    struct arena arena;
    const char *target;
    double time_scale;
    nsec wait;
    nsec scrape; /* between two scrapes, before the time scale */
    int pid;     /* the target's process; 0: looked for */
    const char *workflow;
    struct plan_setting settings[SETTINGS_MAX];
    int setting_count;
    int workers;                     /* 0: as many as the cores that this process may use */
    const char *cacert, *cert, *key; /* PEM files; NULL: none named */
    bool insecure;
    const char *image;
    const char *results;
    uint64_t seed;
    bool seed_given;
    bool quick; /* the doctor sends no job */
    bool quiet, verbose, no_color, help;
    struct buf headers;                   /* "Name: value" CR LF, each */
    bool own_headers[HTTP_USUAL_HEADERS]; /* among them */
    const char *words[WORDS_MAX];         /* what is no option */
    int word_count;
    char command_line[2000]; /* as given, quoted for a shell where needed */
};

/* Reads what stands behind the command's name. Every mistake goes to `diags`; true when there was none. */
bool options_parse(struct options *o, enum command_bit command, int argc, char **argv,
                   struct diag_list *diags);
void options_finish(struct options *o);

/* The options that the command takes, as lines for its help. */
void options_help(enum command_bit command, struct buf *out);
