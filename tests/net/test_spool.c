#include "test.h"
#include "spool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes through a pipe into a socket that is full most of the time: they arrive whole and in order, and between two
 * calls nothing of them stays behind in the pipe. */

enum { BYTES = 3 << 20 };

static int from, to; /* the two ends of a connection */

static int connect_ends(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(from, (struct sockaddr *)&address, len), 0);
    to = accept(listener, NULL, NULL);
    assert_true(to >= 0);
    close(listener);
    int small = 128 << 10; /* so that it is full soon */
    setsockopt(from, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    fcntl(from, F_SETFL, O_NONBLOCK);
    fcntl(to, F_SETFL, O_NONBLOCK);
    return 0;
}

static int close_ends(void **state)
{
    (void)state;
    close(from);
    close(to);
    return 0;
}

/* What lies there, compared with what was sent. */
static size_t read_some(const char *sent, size_t got, size_t most)
{
    static char in[BYTES];
    ssize_t n = read(to, in, most);
    if (n <= 0)
        return 0;
    assert_memory_equal(in, sent + got, (size_t)n);
    return (size_t)n;
}

static void test_all_arrives_in_order(void **state)
{
    (void)state;
    char *bytes = malloc(BYTES);
    struct spool s;
    size_t sent = 0, got = 0;
    int full = 0;
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    spool_init(&s);
    assert_true(spool_usable(&s));
    while (got < BYTES) {
        ssize_t n = sent < BYTES ? spool_send(&s, from, bytes + sent, BYTES - sent, false) : 0;
        full += n < 0;
        assert_true(n >= 0 || errno == EAGAIN);
        sent += n > 0 ? (size_t)n : 0;
        if (n <= 0)
            got += read_some(bytes, got, 100001);
    }
    assert_int_equal(sent, BYTES);
    assert_true(full > 0);
    spool_finish(&s);
    free(bytes);
}

/* Another connection may be next: what the first had no room for must not go there. */
static void test_a_full_socket_leaves_nothing_behind(void **state)
{
    (void)state;
    static char many[1 << 20], few[20000];
    memset(many, 'm', sizeof many);
    memset(few, 'f', sizeof few);
    struct spool s;
    spool_init(&s);
    while (spool_send(&s, from, many, sizeof many, false) > 0)
        continue;
    assert_int_equal(errno, EAGAIN);
    close_ends(NULL);
    connect_ends(NULL);
    assert_int_equal(spool_send(&s, from, few, sizeof few, false), sizeof few);
    assert_int_equal(read_some(few, 0, sizeof many), sizeof few);
    spool_finish(&s);
}

static void test_what_is_no_socket_is_told(void **state)
{
    (void)state;
    static const char bytes[SPOOL_WORTH];
    struct spool s;
    spool_init(&s);
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    assert_int_equal(spool_send(&s, file, bytes, sizeof bytes, false), -1);
    close(file);
    spool_finish(&s);
    assert_false(spool_usable(&s));
    spool_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_arrives_in_order, connect_ends, close_ends),
        cmocka_unit_test_setup_teardown(test_a_full_socket_leaves_nothing_behind, connect_ends, close_ends),
        cmocka_unit_test(test_what_is_no_socket_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
