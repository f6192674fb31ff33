#include "decoder.h"

#include "decoder_protocol.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NICE = 10, EXIT_USAGE = 2, ARGUMENTS = 5 };

/* What a picture of the largest size takes in pixels and in what decoding keeps beside them (the coefficients
 * of a progressive JPEG are 6 bytes a pixel), the shared memory, and the program itself. */
static const int64_t WORKING_BYTES = 512 << 20;

/* Small pictures use the same memory again and again; what a large one took goes back at once. */
static const int KEEP_BYTES = 4 << 20;

struct service {
    decode_function *decode;
    uint8_t *pixels;
};

static int64_t number_of(const char *text)
{
    return strtoll(text, NULL, 10);
}

bool decoder_asked_for(int argc, char **argv)
{
    return argc == ARGUMENTS && strcmp(argv[1], DECODER_ARGUMENT) == 0;
}

/* Returns the file's descriptor; the owner is gone or talks nonsense: -1. */
static int receive(struct decoder_request *request)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    if (recvmsg(DECODER_SOCKET, &message, 0) != sizeof *request)
        return -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS)
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* sendmsg() and not write(): the filter allows that one call, which needs a socket. */
static bool answer(void *bytes, size_t len)
{
    struct iovec data = {bytes, len};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    return sendmsg(DECODER_SOCKET, &message, MSG_NOSIGNAL) == (ssize_t)len;
}

static void decode(struct service *s, const void *bytes, size_t len, struct decoder_reply *reply)
{
    struct picture picture;
    if (!s->decode(bytes, len, &picture_default_limits, &picture, reply->error)) {
        bool large = picture_is_too_large(bytes, len, &picture_default_limits);
        reply->status = large ? DECODER_STATUS_TOO_LARGE : DECODER_STATUS_BAD;
        return;
    }
    reply->width = picture.width;
    reply->height = picture.height;
    reply->has_alpha = picture.has_alpha;
    memcpy(s->pixels, picture.rgba, (size_t)picture.width * (size_t)picture.height * 4);
    picture_finish(&picture);
}

static bool serve_one(struct service *s)
{
    struct decoder_request request;
    int fd = receive(&request);
    if (fd < 0)
        return false;
    struct decoder_reply reply = {.number = request.number};
    void *bytes = mmap(NULL, (size_t)request.len, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) {
        reply.status = DECODER_STATUS_BAD;
        snprintf(reply.error, sizeof reply.error, "no memory to read the picture");
    } else {
        decode(s, bytes, (size_t)request.len, &reply);
        munmap(bytes, (size_t)request.len);
    }
    return answer(&reply, sizeof reply);
}

static void *map_pixels(void)
{
    void *pixels =
        mmap(NULL, (size_t)DECODER_PIXEL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, DECODER_PIXELS, 0);
    return pixels == MAP_FAILED ? NULL : pixels;
}

/* Ends with _exit(): what runs at an ordinary exit makes calls that are not on the list. */
int decoder_serve(char **argv, decode_function *decode_picture)
{
    struct service s = {.decode = decode_picture, .pixels = map_pixels()};
    if (!s.pixels || close_range(DECODER_PIXELS + 1, ~0u, 0) < 0) {
        fprintf(stderr, "%s is what orfeasd starts itself with\n", DECODER_ARGUMENT);
        return EXIT_USAGE;
    }
    close(DECODER_PIXELS); /* the mapping stays */
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, 2 * KEEP_BYTES);
    setpriority(PRIO_PROCESS, 0, NICE);
    signal(SIGPIPE, SIG_IGN);
    struct sandbox_limits limits = {WORKING_BYTES + number_of(argv[4]), DECODER_DESCRIPTORS};
    struct decoder_hello hello;
    unsigned wanted = (unsigned)number_of(argv[2]);
    bool all_needed = number_of(argv[3]);
    free(malloc(1)); /* the allocator starts while it may still ask for random bytes */
    hello.layers = sandbox_enter(wanted, &limits, &hello.landlock_abi);
    bool going = answer(&hello, sizeof hello) && (!all_needed || hello.layers == wanted);
    while (going)
        going = serve_one(&s);
    _exit(0);
}
