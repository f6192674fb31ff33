#include "command.h"
#include "test_image.h"

#include <stdio.h>
#include <string.h>

int cmd_image(struct options *o)
{
    if (o->word_count != 1) {
        fprintf(stderr, "orfeas image: name one file to write\n");
        return EXIT_USAGE;
    }
    int error = test_image_write(o->words[0], o->seed);
    if (error) {
        fprintf(stderr, "orfeas image: %s cannot be written: %s\n", o->words[0],
                error > 0 ? strerror(error) : "no memory");
        return error > 0 ? EXIT_USAGE : EXIT_INTERNAL;
    }
    if (!o->quiet)
        printf("%s: %dx%d PNG, seed %llu\n", o->words[0], TEST_IMAGE_SIDE, TEST_IMAGE_SIDE,
               (unsigned long long)o->seed);
    return EXIT_PASS;
}
