#include "test.h"

#include "sio_client.h"

#include <stdlib.h>

#define OPEN                                                                                                \
    "0{\"sid\":\"a\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":" \
    "1000}"

static struct sio_client *the_client;

/* All that happened, as text: >sent, +opened, +joined, name=argument. */
static void on_send(void *context, const char *packet, size_t len)
{
    buf_add_text(context, ">");
    buf_add(context, packet, len);
    buf_add_text(context, " ");
}

static void on_opened(void *context)
{
    buf_printf(context, "+opened(%s) ", the_client->handshake.sid);
}

static void on_joined(void *context)
{
    buf_add_text(context, "+joined ");
    sio_client_emit(the_client, "[\"subscribe\",{}]");
}

static void on_event(void *context, const char *name, const json_t *argument)
{
    char *json = argument ? json_dumps(argument, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    buf_printf(context, "%s=%s ", name, json ? json : "nothing");
    free(json);
}

/* One look at those that begin with '-' is enough. */
static bool glimpse(void *context, const char *name, const char *arguments, size_t len)
{
    if (name[0] == '-')
        buf_printf(context, "%s(%.*s) ", name, (int)len, arguments);
    return name[0] == '-';
}

static const struct sio_client_events events = {on_send, on_opened, on_joined, glimpse, on_event};

#define BEGUN "+opened(a) >40 +joined >42[\"subscribe\",{}] "

/* Packets with a space between; B stands for a binary message. */
static const struct {
    const char *namespace, *auth, *packets, *happened;
    enum fail_kind fail;
    const char *error;
} rows[] = {
    {"/", "", OPEN, "+opened(a) >40 ", FAIL_NONE, ""},
    {"/", "{\"token\":1}", OPEN, "+opened(a) >40{\"token\":1} ", FAIL_NONE, ""},
    {"/jobs", "{}", OPEN " 40/jobs,{} 42/jobs,[\"e\",1]",
     "+opened(a) >40/jobs,{} +joined >42/jobs,[\"subscribe\",{}] e=1 ", FAIL_NONE, ""},
    {"/jobs", "", OPEN " 40 42[\"e\"] 40/jobs", "+opened(a) >40/jobs, +joined >42/jobs,[\"subscribe\",{}] ",
     FAIL_NONE, ""},
    {"/", "", OPEN " 40{\"sid\":\"x\"} 42[\"e\",{\"a\":[1]}] 42[\"f\"]", BEGUN "e={\"a\":[1]} f=nothing ",
     FAIL_NONE, ""},
    {"/", "", OPEN " 40 2 2probe 6 3", BEGUN ">3 >3probe ", FAIL_NONE, ""},
    {"/", "", OPEN " 40 4212[\"e\",2,3] 430[1]", BEGUN "e=2 ", FAIL_NONE, ""},
    {"/", "", OPEN " 40 452-[\"e\",{\"_placeholder\":true,\"num\":0}] B bAQ== 42[\"f\",1]",
     BEGUN "e={\"_placeholder\":true,\"num\":0} f=1 ", FAIL_NONE, ""},
    {"/", "", OPEN " 44{\"message\":\"Not_authorized\"}", "+opened(a) >40 ", FAIL_STATUS,
     "the namespace / is refused: Not_authorized"},
    {"/x", "", OPEN " 44/x,\"no\"", "+opened(a) >40/x, ", FAIL_STATUS, "the namespace /x is refused: no"},
    {"/x", "", OPEN " 44/x,{}", "+opened(a) >40/x, ", FAIL_STATUS, "the namespace /x is refused"},
    {"/", "", OPEN " 40 41", BEGUN, FAIL_RESET, "the server has disconnected the namespace"},
    {"/", "", OPEN " 40 1", BEGUN, FAIL_RESET, "the server has closed the session"},
    {"/", "", "1", "", FAIL_RESET, "the server has closed the session"},
    {"/", "", "0{}", "", FAIL_PROTOCOL, "what came is no handshake of Engine.IO 4"},
    {"/", "", OPEN " " OPEN, "+opened(a) >40 ", FAIL_PROTOCOL, "what came is no handshake of Engine.IO 4"},
    {"/", "", "40", "", FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", "x", "", FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 5", "+opened(a) >40 ", FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    /* some servers greet before they let in */
    {"/", "", OPEN " 42[\"e\",1] 40", "+opened(a) >40 e=1 +joined >42[\"subscribe\",{}] ", FAIL_NONE, ""},
    {"/", "", "42[\"e\"]", "", FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    /* what is seen at a glance is not parsed */
    {"/", "", OPEN " 40 42[\"-e\",{garbage] 42[\"-f\"] 42[\"-g\",[]] 42[\"e\",1]",
     BEGUN "-e({garbage) -f() -g([]) e=1 ", FAIL_NONE, ""},
    {"/", "", OPEN " 40 42[\"\\u002de\",1] 42[\"-e\"", BEGUN "-e=1 ", FAIL_PROTOCOL,
     "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 42[\"-e\"x]", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 42[\"-\xc3\x28\",1]", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    /* nor what is another namespace's, with all that belongs to it */
    {"/", "", OPEN " 40 451-/x,[\"e\",1] B 42/x,{ 42[\"f\",1]", BEGUN "f=1 ", FAIL_NONE, ""},
    {"/", "", OPEN " 40 40", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 4", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 42[1]", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 B", BEGUN, FAIL_PROTOCOL, "what came is no packet of Socket.IO's"},
    {"/", "", OPEN " 40 451-[\"e\",1] 42[\"f\"]", BEGUN "e=1 ", FAIL_PROTOCOL,
     "what came is no packet of Socket.IO's"},
};

static void play(struct sio_client *c, const char *packets)
{
    bool more = true;
    while (*packets) {
        size_t len = strcspn(packets, " ");
        assert_true(more);
        more = len == 1 && *packets == 'B' ? sio_client_take_binary(c) : sio_client_take(c, packets, len);
        packets += len + (packets[len] == ' ');
    }
    assert_int_equal(more, c->fail == FAIL_NONE);
    if (!more)
        assert_false(sio_client_take(c, "6", 1));
}

/* One after the other with the same client: another session leaves nothing of the one before. */
static void test_sessions(void **state)
{
    (void)state;
    struct sio_client c;
    struct buf happened;
    the_client = &c;
    buf_init(&happened, 10000);
    sio_client_init(&c, &events, &happened);
    for (int i = 0; i < COUNT(rows); i++) {
        buf_clear(&happened);
        sio_client_begin(&c, rows[i].namespace, rows[i].auth);
        play(&c, rows[i].packets);
        assert_string_equal(buf_text(&happened), rows[i].happened);
        assert_int_equal(c.fail, rows[i].fail);
        assert_string_equal(c.error, rows[i].error);
    }
    sio_client_finish(&c);
    buf_finish(&happened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sessions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
