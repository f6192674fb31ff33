/*
 * decoder - pictures decoded in processes of their own, which can do nothing else (see sandbox.h).
 *
 * Libraries that read pictures are where a hostile file does its harm, so no byte of a picture's data is
 * decoded in the server's own process. Each worker thread owns one decoder: it hands it the picture's open
 * file and takes the pixels from memory that both share, as a copy, so that nothing changes under the
 * generator's hands. What comes back is a foreign text and three numbers, and is checked. A decoder that
 * ends, however it ends, costs the one picture that it was at; the next one gets a new process.
 *
 * The process is this program once more, started with an empty environment (so it knows no token) and the
 * argument DECODER_ARGUMENT; main() hands over to decoder_serve() at once. It is started by exec and not
 * forked from the server, whose threads may hold any lock at that time. Making the mesh stays in our threads:
 * it reads pixels, whose number and layout are checked, and no foreign format.
 *
 * struct decoders is shared by all threads, struct decoder is one thread's.
 */
#pragma once

#include "clock.h"
#include "picture.h"
#include "sandbox.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

#define DECODER_ARGUMENT "--decode-pictures"

enum { DECODERS_MAX = 300 }; /* that are created in all: one a worker, and a first one */

enum decoder_reason {                    /* why a process was replaced */
                      DECODER_CRASHED,   /* by its own fault: a bad access */
                      DECODER_FORBIDDEN, /* it made a system call that is not on the list; abort() does so,
                                            too */
                      DECODER_CPU,       /* CPU time, of one picture */
                      DECODER_TIMEOUT,   /* no answer in time */
                      DECODER_KILLED,    /* by somebody else: an operator, the kernel for memory */
                      DECODER_EXITED,    /* by itself */
                      DECODER_PROTOCOL,  /* an answer that is none */
                      DECODER_CANCELLED, /* its job was */
                      DECODER_REASONS
};
const char *decoder_reason_name(enum decoder_reason reason); /* "crashed" ... */

struct decoders {
    unsigned wanted;   /* layers, see sandbox.h */
    bool all_needed;   /* a process that lacks one of them is not used */
    int64_t max_input; /* bytes of a file */
    nsec timeout;      /* of one picture */
    int cpu_seconds;   /* of one picture */
    /* set by decoders_probe(): */
    unsigned layers;
    int landlock_abi;
    /* figures, for anyone: */
    atomic_int count;                 /* rows of `pids` */
    _Atomic pid_t pids[DECODERS_MAX]; /* 0: no process */
    atomic_llong restarts[DECODER_REASONS];
    atomic_llong cpu; /* nsec, of all processes so far */
};

/* All layers, 30 s and 10 s of CPU a picture. */
void decoders_init(struct decoders *all, int64_t max_input);
/* Starts a process and ends it, to see which layers there are. Returns 0 or an errno value; ENOSYS when
 * all_needed and a layer is missing (`layers` then says which are there). */
int decoders_probe(struct decoders *all);
int decoders_running(const struct decoders *all);
/* Resident memory of the processes, what they share with each other counted in each. */
int64_t decoders_resident_bytes(const struct decoders *all);

struct decoder {
    struct decoders *all;
    int slot;  /* in all->pids */
    pid_t pid; /* 0: none runs */
    int socket, pixels_fd;
    const uint8_t *pixels;
    uint64_t number;
    unsigned layers; /* of the last process that was started */
    int landlock_abi;
};

enum decoder_outcome {
    DECODER_DONE,
    DECODER_BAD_PICTURE,
    DECODER_TOO_LARGE,
    DECODER_LOST,   /* the process ended or did not answer, or none could be started */
    DECODER_STOPPED /* `go_on` said so */
};

/* Returns 0 or an errno value; the process starts with the first picture, or with decoder_start(). Thread:
 * the one that will use it, as the process ends with the thread that started it. decoder_finish() is to be
 * called either way. */
int decoder_init(struct decoder *d, struct decoders *all);
void decoder_finish(struct decoder *d);
int decoder_start(struct decoder *d);

/* Decodes the `len` bytes of the file that `fd` reads. `go_on` is asked every 50 ms and may be NULL. On
 * DECODER_DONE the caller frees with picture_finish(); else `why` says what was wrong. Blocks. */
enum decoder_outcome decoder_decode(struct decoder *d, int fd, size_t len, bool (*go_on)(void *context),
                                    void *context, struct picture *ret, char why[PICTURE_ERROR_TEXT]);

/* ---- the process ---- */

typedef bool decode_function(const void *bytes, size_t len, const struct picture_limits *limits,
                             struct picture *ret, char *error);

/* Whether this process was started as a decoder. */
bool decoder_asked_for(int argc, char **argv);
/* Enters the sandbox and decodes until its owner is gone. Returns only when it was not started by a
 * decoder_start(): an exit status. */
int decoder_serve(char **argv, decode_function *decode);
