/*
 * images - the pictures that users upload: a file, all of a directory, or one drawn from the seed.
 *
 * Files are mapped once and sent from there; whatever the number of users, their bytes are there once.
 */
#pragma once

#include "options.h"
#include "payload.h"

struct image {
    const char *path; /* "" when it was drawn */
    const void *bytes;
    size_t len;
    bool mapped; /* else its bytes are ours */
};

enum { IMAGES_MAX = 10000, IMAGES_WRONG = 4800 };
#define IMAGES_HINT "Name another with --image FILE; PNG, JPEG and WebP are read."

struct images {
    struct image *list;
    int count;
    char wrong[IMAGES_WRONG]; /* a sentence for people; "": nothing */
};

/* A file that does not exist is made. Returns EXIT_PASS, EXIT_USAGE (then `wrong` says why) or EXIT_INTERNAL;
 * in any case finish it. */
int images_load(struct images *images, const struct options *o);
void images_finish(struct images *images);

/* One payload an image, as `unique` says, in an array that the caller frees; NULL: `wrong` says why. */
struct payload *images_payloads(struct images *images, bool unique);
