#include "command.h"

#include <stdio.h>

int cmd_version(struct options *o)
{
    if (o->word_count) {
        fprintf(stderr, "orfeas version: takes no arguments\n");
        return EXIT_USAGE;
    }
    printf("orfeas " ORFEAS_VERSION "\n");
    printf("build: %s, %s\n", ORFEAS_BUILD, __VERSION__);
    printf("features: +tls -h2 -nvml -mpi\n");
    return EXIT_PASS;
}
