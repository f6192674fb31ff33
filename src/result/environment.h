/*
 * environment - the machine on which a result was measured, without anything that names it. Any thread.
 */
#pragma once

struct environment {
    int cpus;        /* on which this process may run */
    char system[66]; /* "Linux" */
    char kernel[66]; /* "6.1.0-18-amd64" */
    char arch[66];   /* "x86_64" */
};

void environment_read(struct environment *ret);
