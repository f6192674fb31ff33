/*
 * Decoders against pictures that do all a hostile one could after it took the process over. This program is
 * also the decoder: started as one it takes its orders from the file's first bytes, and decodes what has
 * none.
 */
#include "decoder.h"
#include "picture_draw.h"
#include "png_write.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

enum { SIDE = 40, INPUT_BYTES_MAX = 1 << 20, ORDER_BYTES = 8 };

/* ---- the process ---- */

/* With the layers that are active it says what became of it, in the error's text; with the filter it does not
 * come back. */
static bool tell(char *error, long result)
{
    snprintf(error, PICTURE_ERROR_TEXT, "%s", result < 0 ? strerror(errno) : "it worked");
    return false;
}

static void *use_memory(size_t bytes)
{
    char *memory = malloc(bytes);
    for (size_t i = 0; memory && i < bytes; i += 4096)
        *(volatile char *)(memory + i) = 1;
    return memory;
}

static bool obey(const void *bytes, size_t len, const struct picture_limits *limits, struct picture *ret,
                 char *error)
{
    char order[ORDER_BYTES + 1] = "";
    memcpy(order, bytes, len < ORDER_BYTES ? len : ORDER_BYTES);
    if (strcmp(order, "open....") == 0)
        return tell(error, open("/etc/passwd", O_RDONLY));
    if (strcmp(order, "create..") == 0)
        return tell(error, open("/tmp", O_TMPFILE | O_RDWR, 0600));
    if (strcmp(order, "socket..") == 0)
        return tell(error, socket(AF_INET, SOCK_STREAM, 0));
    if (strcmp(order, "fork....") == 0)
        return tell(error, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (strcmp(order, "exec....") == 0)
        return tell(error, execl("/bin/true", "true", (char *)NULL));
    if (strcmp(order, "kill....") == 0)
        return tell(error, kill(getppid(), 0));
    if (strcmp(order, "code....") == 0)
        return tell(error,
                    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                        ? -1
                        : 0);
    if (strcmp(order, "memory..") == 0)
        return tell(error, use_memory((size_t)1200 << 20) ? 0 : -1);
    if (strcmp(order, "crash...") == 0)
        *(volatile int *)(uintptr_t)(len / (INPUT_BYTES_MAX + 1)) = 1;
    if (strcmp(order, "exit....") == 0)
        _exit(0);
    int zero = 0;
    if (strcmp(order, "part....") == 0) /* and stay */
        close(3);
    while (strcmp(order, "part....") == 0)
        syscall(SYS_futex, &zero, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    if (strcmp(order, "advise..") == 0)
        return tell(error, madvise((void *)((uintptr_t)&zero & ~(uintptr_t)4095), 4096, MADV_COLD));
    for (volatile int more = 1; strcmp(order, "loop....") == 0 && more;)
        ;
    for (struct timespec t; strcmp(order, "sleep...") == 0;)
        recv(3, &t, sizeof t, 0) <= 0 ? _exit(0) : (void)0;
    if (strcmp(order, "lie.....") == 0) { /* more pixels than there is room for */
        *ret = (struct picture){1, 1, false, malloc(4)};
        memset(ret->rgba, 0, 4);
        struct {
            uint64_t number;
            uint32_t status;
            int32_t width, height;
            uint32_t has_alpha;
            char error[PICTURE_ERROR_TEXT];
        } reply = {1, 0, 8192, 8192, 0, ""};
        struct iovec data = {&reply, sizeof reply};
        struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
        sendmsg(3, &message, 0);
        return true;
    }
    return picture_decode(bytes, len, limits, ret, error);
}

/* ---- its owner ---- */

struct fixture {
    struct decoders all;
    struct decoder d;
    struct picture drawn;
    struct buf png;
};

static void set_up(struct fixture *f, unsigned layers)
{
    decoders_init(&f->all, INPUT_BYTES_MAX);
    f->all.wanted = layers;
    assert_int_equal(decoder_init(&f->d, &f->all), 0);
    picture_draw(&f->drawn, SIDE, 7);
    buf_init(&f->png, INPUT_BYTES_MAX);
    assert_true(png_write(&f->drawn, 1, &f->png));
}

static void tear_down(struct fixture *f)
{
    decoder_finish(&f->d);
    picture_finish(&f->drawn);
    buf_finish(&f->png);
    assert_int_equal(decoders_running(&f->all), 0);
}

static int file_of(const void *bytes, size_t len)
{
    int fd = memfd_create("picture", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    return fd;
}

static enum decoder_outcome decode(struct fixture *f, const void *bytes, size_t len, char *why)
{
    struct picture picture;
    int fd = file_of(bytes, len);
    enum decoder_outcome outcome = decoder_decode(&f->d, fd, len, NULL, NULL, &picture, why);
    close(fd);
    if (outcome == DECODER_DONE) {
        assert_int_equal(picture.width, SIDE);
        assert_int_equal(picture.height, SIDE);
        assert_true(picture.has_alpha);
        assert_memory_equal(picture.rgba, f->drawn.rgba, SIDE * SIDE * 4);
        picture_finish(&picture);
    }
    return outcome;
}

static void decode_well(struct fixture *f)
{
    char why[PICTURE_ERROR_TEXT] = "";
    assert_int_equal(decode(f, f->png.bytes, f->png.len, why), DECODER_DONE);
}

static int64_t restarts(const struct fixture *f)
{
    int64_t count = 0;
    for (int i = 0; i < DECODER_REASONS; i++)
        count += f->all.restarts[i];
    return count;
}

static void test_pictures(void **state)
{
    (void)state;
    struct fixture f;
    char why[PICTURE_ERROR_TEXT];
    set_up(&f, SANDBOX_ALL);
    assert_int_equal(decoder_start(&f.d), 0);
    pid_t pid = f.d.pid;
    for (int i = 0; i < 200; i++)
        decode_well(&f);
    assert_int_equal(decode(&f, f.png.bytes, f.png.len / 2, why), DECODER_BAD_PICTURE);
    assert_string_equal(why, "PNG: the file ends too early");
    char large[64];
    memcpy(large, f.png.bytes, sizeof large);
    large[18] = 0x7f; /* its width, and the checksum of the header over it */
    uint32_t sum = htonl((uint32_t)crc32(0, (const unsigned char *)large + 12, 17));
    memcpy(large + 29, &sum, sizeof sum);
    assert_int_equal(decode(&f, large, sizeof large, why), DECODER_TOO_LARGE);
    assert_int_equal(decode(&f, "nothing", 7, why), DECODER_BAD_PICTURE);
    decode_well(&f);
    assert_int_equal(f.d.pid, pid); /* all of that in one process */
    assert_int_equal(decoders_running(&f.all), 1);
    assert_true(decoders_resident_bytes(&f.all) > 1 << 20);
    assert_true(f.all.cpu > 0);
    assert_int_equal(restarts(&f), 0);
    tear_down(&f);
}

/* Each order is tried behind all layers, where it ends the process; the next picture gets another one. */
static void test_orders(void **state)
{
    (void)state;
    static const struct {
        const char *order;
        enum decoder_reason reason;
    } rows[] = {
        {"open....", DECODER_FORBIDDEN}, {"create..", DECODER_FORBIDDEN}, {"socket..", DECODER_FORBIDDEN},
        {"fork....", DECODER_FORBIDDEN}, {"exec....", DECODER_FORBIDDEN}, {"kill....", DECODER_FORBIDDEN},
        {"code....", DECODER_FORBIDDEN}, {"crash...", DECODER_CRASHED},   {"exit....", DECODER_EXITED},
        {"loop....", DECODER_CPU},       {"lie.....", DECODER_PROTOCOL},  {"part....", DECODER_PROTOCOL},
        {"advise..", DECODER_FORBIDDEN},
    };
    struct fixture f;
    set_up(&f, SANDBOX_ALL);
    f.all.cpu_seconds = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool crashes = rows[i].reason == DECODER_CRASHED, advises = strcmp(rows[i].order, "advise..") == 0;
        if (sandbox_sanitized() && (crashes || advises))
            continue; /* the sanitizer reports and exits by itself, and gives other advice itself */
        char why[PICTURE_ERROR_TEXT] = "", expected[PICTURE_ERROR_TEXT];
        f.d.number = 0;
        snprintf(expected, sizeof expected, "The process that decodes the picture ended: %s",
                 decoder_reason_name(rows[i].reason));
        int64_t before = f.all.restarts[rows[i].reason];
        assert_int_equal(decode(&f, rows[i].order, ORDER_BYTES, why), DECODER_LOST);
        assert_string_equal(why, expected);
        assert_int_equal(f.all.restarts[rows[i].reason], before + 1);
        assert_int_equal(decoders_running(&f.all), 0);
        decode_well(&f);
        assert_int_equal(restarts(&f), f.all.restarts[DECODER_FORBIDDEN] + f.all.restarts[DECODER_CRASHED] +
                                           f.all.restarts[DECODER_EXITED] + f.all.restarts[DECODER_CPU] +
                                           f.all.restarts[DECODER_PROTOCOL]);
    }
    tear_down(&f);
}

/* What the others hold back when one layer is missing: each alone. */
static void test_layers(void **state)
{
    (void)state;
    static const struct {
        enum sandbox_layer layer;
        const char *order, *says;
    } rows[] = {
        {SANDBOX_LANDLOCK, "open....", "Permission denied"},
        {SANDBOX_LANDLOCK, "create..", "Permission denied"},
        {SANDBOX_LANDLOCK, "exec....", "Permission denied"},
        {SANDBOX_RLIMITS, "open....", "it worked"}, /* one descriptor is left, for the picture's file */
        {SANDBOX_RLIMITS, "memory..", "Cannot allocate memory"},
        {SANDBOX_NO_NEW_PRIVS, "socket..", "it worked"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        char why[PICTURE_ERROR_TEXT] = "";
        set_up(&f, 1u << SANDBOX_NO_NEW_PRIVS | 1u << rows[i].layer);
        enum decoder_outcome outcome = decode(&f, rows[i].order, ORDER_BYTES, why);
        assert_string_equal(why, rows[i].says);
        assert_int_equal(outcome, DECODER_BAD_PICTURE);
        tear_down(&f);
    }
}

/* A process that is killed while it waits costs nothing; in the middle, one picture. */
static void test_killed(void **state)
{
    (void)state;
    struct fixture f;
    siginfo_t info;
    char why[PICTURE_ERROR_TEXT] = "";
    set_up(&f, SANDBOX_ALL);
    decode_well(&f);
    kill(f.d.pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)f.d.pid, &info, WEXITED | WNOWAIT), 0);
    decode_well(&f);
    assert_int_equal(f.all.restarts[DECODER_KILLED], 1);
    assert_int_equal(restarts(&f), 1);
    f.all.timeout = 0;
    kill(f.d.pid, SIGSTOP);
    assert_int_equal(decode(&f, f.png.bytes, f.png.len, why), DECODER_LOST);
    assert_string_equal(why, "The process that decodes the picture ended: timeout");
    assert_int_equal(f.all.restarts[DECODER_TIMEOUT], 1);
    tear_down(&f);
}

static bool never(void *context)
{
    ++*(int *)context;
    return false;
}

static void test_cancelled(void **state)
{
    (void)state;
    struct fixture f;
    struct picture picture;
    char why[PICTURE_ERROR_TEXT];
    int asked = 0;
    set_up(&f, SANDBOX_ALL);
    int fd = file_of("loop....", ORDER_BYTES);
    assert_int_equal(decoder_decode(&f.d, fd, ORDER_BYTES, never, &asked, &picture, why), DECODER_STOPPED);
    close(fd);
    assert_int_equal(asked, 1);
    assert_int_equal(f.all.restarts[DECODER_CANCELLED], 1);
    decode_well(&f);
    tear_down(&f);
}

/* A layer that this program does not know is one that no kernel has. */
static void test_required(void **state)
{
    (void)state;
    struct decoders all;
    decoders_init(&all, INPUT_BYTES_MAX);
    assert_int_equal(decoders_probe(&all), 0);
    assert_int_equal(all.layers, SANDBOX_ALL);
    assert_true(all.landlock_abi > 0);
    assert_int_equal(decoders_running(&all), 0);
    all.wanted = SANDBOX_ALL | 1u << SANDBOX_LAYERS;
    assert_int_equal(decoders_probe(&all), 0);
    all.all_needed = true;
    assert_int_equal(decoders_probe(&all), ENOSYS);
    assert_int_equal(all.layers, SANDBOX_ALL);
}

/* They leave nothing behind: neither descriptors nor processes that nobody has waited for. */
static void test_nothing_is_left(void **state)
{
    (void)state;
    struct fixture f;
    char why[PICTURE_ERROR_TEXT];
    int first = dup(0);
    close(first);
    set_up(&f, SANDBOX_ALL);
    for (int i = 0; i < 10; i++)
        assert_int_equal(decode(&f, "exit....", ORDER_BYTES, why), DECODER_LOST);
    tear_down(&f);
    int last = dup(0);
    close(last);
    assert_int_equal(first, last);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(int argc, char **argv)
{
    if (decoder_asked_for(argc, argv))
        return decoder_serve(argv, obey);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_layers),          cmocka_unit_test(test_killed),
        cmocka_unit_test(test_cancelled),       cmocka_unit_test(test_required),
        cmocka_unit_test(test_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
