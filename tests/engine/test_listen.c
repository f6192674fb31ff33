#include "test.h"
#include "sim_teller.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* Jobs that are told how they stand: in each way, whole and byte by byte, by servers that are well and by
 * others. */

#define SEC NSEC_PER_SEC
#define ENDS "until: {/state: done}, fail: {/state: failed}, error: /why"
#define SOCKETIO "socketio: /socket.io/, emit: {event: sub, data: {id: \"{id}\"}}, on: [state], " ENDS
#define RUNS "{\"state\":\"runs\"}"
#define DONE "{\"state\":\"done\",\"url\":\"/result\"}"
#define FAILED "{\"state\":\"failed\",\"why\":\"no clay\"}"
#define EVENT(json) "data: " json "\n\n"
#define OTHER "{\"state\":\"done\",\"id\":\"j9\"}"
#define OURS "{\"state\":\"done\",\"id\":\"j1\",\"url\":\"/result\"}"
#define JOINED "40{\"sid\":\"x\"}"
#define STATE(json) "42[\"state\"," json "]"
#define REFUSED "HTTP/1.1 404 X\r\nContent-Length: 23\r\n\r\n{\"error\":\"no such job\"}"
#define BUSY "HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"

struct row {
    const char *wait; /* keys of the step */
    struct tell_attempt attempts[4];
    enum fail_kind fail;
    const char *error; /* behind "wait: "; NULL: it is done */
    nsec took;         /* the whole job */
    int messages, reconnects;
    int polls;         /* 0: not looked at */
    const char *heard; /* by the server; NULL: not looked at */
    const char *ended; /* what a poll beside is told, from `ends_at` on */
    nsec ends_at;
    int missed, backwards;
    nsec late; /* 0: not */
    int out_of_order, contradicted;
    const char *unknown; /* "paused 2, held 1"; NULL: none */
};

static void write_workflow(const char *wait, char *out, size_t room)
{
    snprintf(out, room,
             "workflow: told\nsteps:\n  - {name: submit, post: /jobs, json: {}, capture: {id: /id}}\n"
             "  - {name: wait, %s}\n  - {name: result, get: \"{wait:/url}\"}\n",
             wait);
}

static const char scenario[] =
    "scenario: x\nworkflow: told\nload: {users: closed, jobs: 1, timeout: 60s, first_byte_timeout: 20s, "
    "idle_timeout: 3s}\n";

static void check_unknown(const struct record_words *words, const char *expected)
{
    char text[500] = "";
    size_t len = 0;
    for (int i = 0; i < words->count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %d", i ? ", " : "", words->items[i].text,
                                (int)words->items[i].times);
    assert_string_equal(text, expected);
    assert_int_equal(words->others, 0);
}

static void check(const struct world *w, const struct sim_teller *t, const struct row *row)
{
    const struct record_job *j = w->record.jobs[0];
    char error[300];
    snprintf(error, sizeof error, "wait: %s", row->error ? row->error : "");
    assert_int_equal(j->outcome, row->error ? JOB_FAILED : JOB_OK);
    assert_int_equal(j->fail, row->fail);
    if (row->error)
        assert_string_equal(w->record.messages[j->error], error);
    assert_int_equal(j->ended - j->sent, row->took);
    assert_int_equal(j->messages, row->messages);
    assert_int_equal(w->record.traffic.messages, row->messages);
    assert_int_equal(w->record.traffic.reconnects, row->reconnects);
    assert_int_equal(j->polls, row->polls ? row->polls : t->pulls);
    assert_int_equal(w->record.traffic.polls, t->pulls);
    assert_int_equal(j->missed, row->missed);
    assert_int_equal(w->record.traffic.missed, row->missed);
    assert_int_equal(j->backwards, row->backwards);
    assert_int_equal(w->record.traffic.backwards, row->backwards);
    assert_int_equal(j->out_of_order, row->out_of_order);
    assert_int_equal(w->record.traffic.out_of_order, row->out_of_order);
    assert_int_equal(j->contradicted, row->contradicted);
    assert_int_equal(w->record.traffic.contradicted, row->contradicted);
    check_unknown(&w->record.unknown, row->unknown ? row->unknown : "");
    assert_int_equal(j->late, row->late ? row->late : -1);
    assert_int_equal(w->record.traffic.late, row->late != 0);
    assert_int_equal(w->record.traffic.latest, row->late);
    assert_int_equal(t->results, !row->error);
    if (row->heard)
        assert_string_equal(buf_text(&t->heard), row->heard);
}

static void play(const struct row *row, size_t chunk)
{
    struct world w;
    struct sim_teller t;
    char workflow[2048];
    write_workflow(row->wait, workflow, sizeof workflow);
    sim_teller_init(&t, row->attempts);
    t.ended = row->ended;
    t.ends_at = row->ends_at;
    world_init_served(&w, scenario, workflow, t.loop);
    loop_sim_chunk(t.loop, chunk);
    world_run(&w);
    check(&w, &t, row);
    world_finish(&w);
    sim_teller_finish(&t);
}

static void play_all(const struct row *rows, int count)
{
    static const size_t chunks[] = {0, 1, 2, 7, 50};
    for (int i = 0; i < count; i++)
        for (int k = 0; k < COUNT(chunks); k++) {
            printf("row %d, pieces of %zu\n", i, chunks[k]);
            play(&rows[i], chunks[k]);
        }
}

/* ---- Server-Sent Events ---- */

#define EVENTS "events: /events, " ENDS

static const struct row event_rows[] = {
    {EVENTS, {{.tells = {{SEC, EVENT(RUNS)}, {5 * SEC, EVENT(DONE) "data: more\n\n"}}}}, 0, NULL, 5 * SEC, 2},
    {EVENTS,
     {{.tells = {{5 * SEC, EVENT(FAILED)}}}},
     FAIL_JOB,
     "the target says the job failed: no clay",
     5 * SEC,
     1},
    {EVENTS ", on: [end]",
     {{.tells = {{SEC, EVENT(DONE)}, {5 * SEC, "event: end\n" EVENT(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     2},
    {EVENTS ", on: [end]",
     {{.tells = {{SEC, "event: beat\ndata: thump\n\n"}, {5 * SEC, "event: end\n" EVENT(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     2},
    {EVENTS ", match: {/id: \"{id}\"}",
     {{.tells = {{SEC, EVENT(OTHER)}, {5 * SEC, EVENT(OURS)}}}},
     0,
     NULL,
     5 * SEC,
     2},
    /* silence is no failure, whatever idle_timeout says */
    {EVENTS, {{.tells = {{SEC, ": beat\n\n"}, {50 * SEC, EVENT(DONE)}}}}, 0, NULL, 50 * SEC, 1},
    {EVENTS, {{.tells = {{SEC, EVENT(RUNS)}}}}, FAIL_TIMEOUT, "not done within 60 s", 60 * SEC, 1},
    /* losses */
    {EVENTS,
     {{.tells = {{SEC, EVENT(RUNS)}, {2 * SEC, NULL, TELL_END}}}, {.tells = {{2 * SEC, EVENT(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     2,
     1},
    {EVENTS,
     {{.tells = {{SEC, "retry: 3500\n\n"}, {2 * SEC, NULL, TELL_RESET}}}, {.tells = {{SEC, EVENT(DONE)}}}},
     0,
     NULL,
     6500 * NSEC_PER_MSEC,
     1,
     1},
    {EVENTS,
     {{.tells = {{SEC, NULL, TELL_END}}}},
     FAIL_RESET,
     "the stream of events ended before the job did",
     3 * SEC,
     0,
     1},
    {EVENTS, {{.tells = {{SEC, NULL, TELL_RESET}}}}, FAIL_RESET, "connection reset by peer", 3 * SEC, 0, 1},
    {EVENTS,
     {{.tells = {{SEC, EVENT(RUNS)}, {2 * SEC, NULL, TELL_END}}},
      {.tells = {{SEC, EVENT(RUNS)}, {2 * SEC, NULL, TELL_END}}},
      {.tells = {{SEC, EVENT(DONE)}}}},
     0,
     NULL,
     7 * SEC,
     3,
     2},
    {EVENTS,
     {{.tells = {{SEC, NULL, TELL_END}}}, {REFUSED}},
     FAIL_STATUS,
     "status 404, no such job",
     2 * SEC,
     0,
     1},
    /* refusals, and what is none of it */
    {EVENTS, {{REFUSED}}, FAIL_STATUS, "status 404, no such job", 0},
    {EVENTS, {{BUSY}}, FAIL_STATUS, "status 503", 0},
    {EVENTS ", retry: 1", {{BUSY}, {.tells = {{SEC, EVENT(DONE)}}}}, 0, NULL, 8 * SEC, 1},
    {EVENTS ", retry: 1", {{BUSY}}, FAIL_STATUS, "status 503 after 1 retry", 7 * SEC},
    {EVENTS, {{"HTTP/1.1 204 X\r\n\r\n"}}, FAIL_STATUS, "status 204", 0},
    {EVENTS,
     {{"HTTP/1.1 200 X\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"}},
     FAIL_PROTOCOL,
     "the answer is no stream of events but 'text/html'",
     0},
    {EVENTS,
     {{"HTTP/1.1 200 X\r\nContent-Type: text/event-streams\r\nContent-Length: 0\r\n\r\n"}},
     FAIL_PROTOCOL,
     "the answer is no stream of events but 'text/event-streams'",
     0},
    {EVENTS,
     {{"HTTP/1.1 200 X\r\nContent-Type: Text/Event-Stream\r\nContent-Length: 0\r\n\r\n"}},
     FAIL_RESET,
     "the stream of events ended before the job did",
     0},
    {EVENTS, {{"\xee\xee\xee"}}, FAIL_PROTOCOL, "the answer does not begin like HTTP/1.1", 0},
    {EVENTS,
     {{.tells = {{SEC, EVENT("done")}}}},
     FAIL_BODY,
     "the answer is no JSON: invalid token near 'done'",
     SEC,
     1},
    {EVENTS,
     {{.tells = {{SEC, EVENT("{\"state\":\"done\"}")}}}},
     FAIL_BODY,
     "the answer has no text or number at /url",
     SEC,
     1},
    {EVENTS, {{.tells = {{SEC, EVENT("5") EVENT("[]") EVENT("null") EVENT(DONE)}}}}, 0, NULL, SEC, 4},
};

static void test_events(void **state)
{
    (void)state;
    play_all(event_rows, COUNT(event_rows));
}

/* A message in ever more pieces: each takes memory, though all together are small. */
static void test_pieces_without_end(void **state)
{
    (void)state;
    enum { PIECES = 30000 };
    static char pieces[3 * PIECES + 1];
    struct world w;
    struct sim_teller t;
    char workflow[2048];
    for (int i = 0; i < PIECES; i++)
        memcpy(pieces + 3 * i, i ? "\0\x01x" : "\x01\x01x", 3);
    static const struct tell_attempt attempts[] = {
        {.tells = {{SEC, pieces, TELL_RAW, sizeof pieces - 1}, {5 * SEC, DONE}}}, {0}};
    write_workflow("websocket: /ws, " ENDS, workflow, sizeof workflow);
    sim_teller_init(&t, attempts);
    world_init_served(&w, scenario, workflow, t.loop);
    loop_sim_chunk(t.loop, 4096);
    world_run(&w);
    assert_int_equal(w.record.jobs[0]->fail, FAIL_TOO_LARGE);
    assert_string_equal(w.record.messages[w.record.jobs[0]->error],
                        "wait: a message comes in more pieces than are taken");
    world_finish(&w);
    sim_teller_finish(&t);
}

static void test_the_last_event_is_told(void **state)
{
    (void)state;
    struct world w;
    struct sim_teller t;
    char workflow[2048];
    const struct tell_attempt attempts[] = {
        {.tells = {{SEC, "id: a7\n" EVENT(RUNS)}, {2 * SEC, NULL, TELL_END}}},
        {.tells = {{SEC, EVENT(DONE)}}},
        {0}};
    write_workflow("events: \"/events?id={id}\", " ENDS, workflow, sizeof workflow);
    sim_teller_init(&t, attempts);
    world_init_served(&w, scenario, workflow, t.loop);
    world_run(&w);
    assert_int_equal(count_outcome(&w.record, JOB_OK), 1);
    assert_non_null(strstr(t.head, "GET /events?id=j1 HTTP/1.1\r\n"));
    assert_non_null(strstr(t.head, "\r\nLast-Event-ID: a7\r\n"));
    assert_non_null(strstr(t.head, "\r\nAccept: text/event-stream\r\n"));
    world_finish(&w);
    sim_teller_finish(&t);
}

/* ---- WebSockets ---- */

#define WEBSOCKET "websocket: /ws, " ENDS

static const struct row websocket_rows[] = {
    {WEBSOCKET, {{.tells = {{SEC, RUNS}, {5 * SEC, DONE}}}}, 0, NULL, 5 * SEC, 2, .heard = "close|"},
    {WEBSOCKET,
     {{.tells = {{5 * SEC, FAILED}}}},
     FAIL_JOB,
     "the target says the job failed: no clay",
     5 * SEC,
     1},
    {WEBSOCKET ", send: {watch: \"{id}\"}",
     {{.tells = {{SEC, NULL, TELL_PING}, {5 * SEC, DONE}}}},
     0,
     NULL,
     5 * SEC,
     1,
     .heard = "{\"watch\":\"j1\"}|pong|close|"},
    {WEBSOCKET ", match: {/id: \"{id}\"}", {{.tells = {{SEC, OTHER}, {5 * SEC, OURS}}}}, 0, NULL, 5 * SEC, 2},
    {WEBSOCKET, {{.tells = {{50 * SEC, DONE}}}}, 0, NULL, 50 * SEC, 1},
    {WEBSOCKET, {{.tells = {{SEC, RUNS}}}}, FAIL_TIMEOUT, "not done within 60 s", 60 * SEC, 1},
    {WEBSOCKET ", send: hello",
     {{.tells = {{SEC, NULL, TELL_END}}}, {.tells = {{SEC, DONE}}}},
     0,
     NULL,
     3 * SEC,
     1,
     1,
     .heard = "\"hello\"|\"hello\"|close|"},
    {WEBSOCKET, {{.tells = {{SEC, NULL, TELL_END}}}}, FAIL_RESET, "the connection was closed", 3 * SEC, 0, 1},
    {WEBSOCKET,
     {{.tells = {{SEC, NULL, TELL_RESET}}}},
     FAIL_RESET,
     "the connection was closed",
     3 * SEC,
     0,
     1},
    {WEBSOCKET,
     {{.tells = {{SEC, NULL, TELL_CLOSE}}}},
     FAIL_RESET,
     "the target closed the WebSocket (code 1011)",
     3 * SEC,
     0,
     1},
    {WEBSOCKET,
     {{.tells = {{SEC, RUNS}, {2 * SEC, NULL, TELL_CLOSE}}},
      {.tells = {{SEC, RUNS}, {2 * SEC, NULL, TELL_CLOSE}}},
      {.tells = {{SEC, DONE}}}},
     0,
     NULL,
     7 * SEC,
     3,
     2},
    {WEBSOCKET,
     {{.tells = {{SEC, "\xee\xee\xee\xee\xee\xee\xee\xee", TELL_RAW}}}},
     FAIL_PROTOCOL,
     "what came is no WebSocket",
     SEC},
    {WEBSOCKET,
     {{.tells = {{SEC, "\x81\x02\xff\xff", TELL_RAW}}}},
     FAIL_PROTOCOL,
     "what came is no WebSocket",
     SEC},
    {WEBSOCKET,
     {{.tells = {{SEC, "\x81\x7e\xff", TELL_RAW}}}},
     FAIL_TIMEOUT,
     "not done within 60 s",
     60 * SEC},
    {WEBSOCKET,
     {{.tells = {{SEC, "done"}}}},
     FAIL_BODY,
     "the answer is no JSON: invalid token near 'done'",
     SEC,
     1},
    {WEBSOCKET, {{REFUSED}}, FAIL_STATUS, "status 404, no such job", 0},
    {WEBSOCKET ", retry: 1", {{BUSY}, {.tells = {{SEC, DONE}}}}, 0, NULL, 8 * SEC, 1},
    {WEBSOCKET, {{"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nhi"}}, FAIL_STATUS, "status 200", 0},
    {WEBSOCKET,
     {{"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n"}},
     FAIL_PROTOCOL,
     "the server switched to something else than a WebSocket",
     0},
    {WEBSOCKET,
     {{"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"}},
     FAIL_PROTOCOL,
     "the server's Sec-WebSocket-Accept does not fit",
     0},
};

static void test_websockets(void **state)
{
    (void)state;
    play_all(websocket_rows, COUNT(websocket_rows));
}

/* ---- Socket.IO ---- */

static const char *const transports[] = {", transport: websocket", ", transport: polling",
                                         ", transport: upgrade"};

/* Of what happens the same whichever transport carries it; polls are counted apart. */
static const struct row socketio_rows[] = {
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, STATE(RUNS)}, {5 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     2},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "42[\"other\"," DONE "]"}, {5 * SEC, STATE(FAILED)}}}},
     FAIL_JOB,
     "the target says the job failed: no clay",
     5 * SEC,
     2},
    {SOCKETIO ", match: {/id: \"{id}\"}",
     {{.tells = {{SEC, JOINED}, {2 * SEC, STATE(OTHER)}, {5 * SEC, STATE(OURS)}}}},
     0,
     NULL,
     5 * SEC,
     2},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {25 * SEC, "2"}, {50 * SEC, "2"}, {55 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     55 * SEC,
     1},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {25 * SEC, "2"}, {50 * SEC, "2"}}}},
     FAIL_TIMEOUT,
     "not done within 60 s",
     60 * SEC,
     0},
    /* no ping for as long as the handshake promised */
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}}}, {.tells = {{SEC, JOINED}, {2 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     49 * SEC,
     1,
     1},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, STATE(RUNS)}, {3 * SEC, NULL, TELL_END}}},
      {.tells = {{SEC, JOINED}, {2 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     6 * SEC,
     2,
     1},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "41"}}}},
     FAIL_RESET,
     "the server has disconnected the namespace",
     5 * SEC,
     0,
     1},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "1"}}}},
     FAIL_RESET,
     "the server has closed the session",
     5 * SEC,
     0,
     1},
    {SOCKETIO,
     {{.tells = {{SEC, "44{\"message\":\"who are you\"}"}}}},
     FAIL_STATUS,
     "the namespace / is refused: who are you",
     SEC,
     0},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "4garbage"}}}},
     FAIL_PROTOCOL,
     "what came is no packet of Socket.IO's",
     2 * SEC,
     0},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "42{}"}}}},
     FAIL_PROTOCOL,
     "what came is no packet of Socket.IO's",
     2 * SEC,
     0},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "42[\"state\"]"}, {5 * SEC, STATE("7")}, {6 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     6 * SEC,
     3},
    {SOCKETIO, {{REFUSED}}, FAIL_STATUS, "status 404, no such job", 0},
    {SOCKETIO ", retry: 1",
     {{BUSY}, {.tells = {{SEC, JOINED}, {2 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     9 * SEC,
     1},
};

static void play_transport(const struct row *row, const char *transport)
{
    static const size_t chunks[] = {0, 1, 7};
    for (int k = 0; k < COUNT(chunks); k++) {
        struct world w;
        struct sim_teller t;
        char workflow[2048], wait[1024];
        snprintf(wait, sizeof wait, "%s%s", row->wait, transport);
        write_workflow(wait, workflow, sizeof workflow);
        sim_teller_init(&t, row->attempts);
        world_init_served(&w, scenario, workflow, t.loop);
        loop_sim_chunk(t.loop, chunks[k]);
        world_run(&w);
        check(&w, &t, row);
        world_finish(&w);
        sim_teller_finish(&t);
    }
}

static void test_socketio(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(socketio_rows); i++)
        for (int k = 0; k < COUNT(transports); k++) {
            printf("row %d%s\n", i, transports[k]);
            play_transport(&socketio_rows[i], transports[k]);
        }
}

/* What goes over the wire, to the byte. */
static const struct row spoken[] = {
    {SOCKETIO ", transport: websocket",
     {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     1,
     .heard = "40|42[\"sub\",{\"id\":\"j1\"}]|3|41|close|"},
    {SOCKETIO ", transport: polling",
     {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     1,
     0,
     4,
     .heard = "40|42[\"sub\",{\"id\":\"j1\"}]|3|1|"},
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     1,
     0,
     2,
     .heard = "2probe|40|5|42[\"sub\",{\"id\":\"j1\"}]|3|41|close|"},
    {SOCKETIO, {{.tells = {{0, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}}, 0, NULL, 5 * SEC, 1, 0, 2},
    /* no WebSocket to be had: the polling goes on */
    {SOCKETIO,
     {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}, .no_probe = true}},
     0,
     NULL,
     5 * SEC,
     1,
     0,
     4,
     .heard = "40|42[\"sub\",{\"id\":\"j1\"}]|3|1|"},
    /* over before the answer to what was said has come: it says goodbye all the same */
    {SOCKETIO ", transport: polling",
     {{.tells = {{SEC, JOINED "\x1e" STATE(DONE)}}}},
     0,
     NULL,
     SEC,
     1,
     0,
     2,
     .heard = "40|42[\"sub\",{\"id\":\"j1\"}]|1|"},
    {SOCKETIO ", transport: polling",
     {{.tells = {{SEC, JOINED}, {2 * SEC, "", TELL_RAW}}}},
     FAIL_PROTOCOL,
     "what came is no payload of Engine.IO 4",
     2 * SEC,
     0,
     0,
     3},
    {SOCKETIO ", namespace: /jobs, auth: {token: \"{id}\"}, transport: polling",
     {{.tells = {{SEC, "40/jobs,{}"}, {5 * SEC, "42/jobs,[\"state\"," DONE "]"}}}},
     0,
     NULL,
     5 * SEC,
     1,
     0,
     3,
     .heard = "40/jobs,{\"token\":\"j1\"}|42/jobs,[\"sub\",{\"id\":\"j1\"}]|1|"},
};

/* ---- a poll beside ---- */

#define BESIDE EVENTS ", progress: /p, check: {poll: /status, every: 2s, jitter: 0%}"
#define AT(p) EVENT("{\"p\":" p "}")

static const struct row checked[] = {
    {BESIDE,
     {{.tells = {{SEC, EVENT(RUNS)}, {5 * SEC, EVENT(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     2,
     0,
     2,
     .ended = DONE,
     .ends_at = 5 * SEC},
    {BESIDE,
     {{.tells = {{5 * SEC, EVENT(DONE)}}}},
     0,
     NULL,
     5 * SEC,
     1,
     0,
     2,
     .ended = DONE,
     .ends_at = 3 * SEC,
     .late = SEC},
    {BESIDE,
     {{.tells = {{5 * SEC, EVENT(FAILED)}}}},
     FAIL_JOB,
     "the target says the job failed: no clay",
     5 * SEC,
     1,
     0,
     2,
     .ended = FAILED,
     .ends_at = 3 * SEC,
     .late = SEC},
    {BESIDE,
     {{.tells = {{SEC, EVENT(RUNS)}}}},
     0,
     NULL,
     6 * SEC,
     1,
     0,
     3,
     .ended = DONE,
     .ends_at = 3 * SEC,
     .missed = 1},
    {BESIDE,
     {{.tells = {{SEC, EVENT(RUNS)}}}},
     FAIL_JOB,
     "the target says the job failed: no clay",
     6 * SEC,
     1,
     0,
     3,
     .ended = FAILED,
     .ends_at = 3 * SEC,
     .missed = 1},
    /* lost, and not told after the return */
    {BESIDE,
     {{.tells = {{SEC, EVENT(RUNS)}, {2500 * NSEC_PER_MSEC, NULL, TELL_END}}},
      {.tells = {{SEC, EVENT(RUNS)}}}},
     0,
     NULL,
     6 * SEC,
     2,
     1,
     3,
     .ended = DONE,
     .ends_at = 3 * SEC,
     .missed = 1},
    /* one that knows nothing says nothing */
    {BESIDE, {{.tells = {{5 * SEC, EVENT(DONE)}}}}, 0, NULL, 5 * SEC, 1, 0, 2},
    {BESIDE,
     {{.tells = {{SEC, AT("10") AT("50") AT("50") AT("40") AT("\"x\"") AT("45") AT("1e1")},
                 {2 * SEC, EVENT(DONE)}}}},
     0,
     NULL,
     2 * SEC,
     8,
     0,
     0,
     .ended = DONE,
     .ends_at = 9 * SEC,
     .backwards = 2},
};

static void test_a_poll_beside(void **state)
{
    (void)state;
    play_all(checked, COUNT(checked));
}

/* ---- states ---- */

#define STATES_ "states: {at: /s, queued: [q, 0], running: [r, s], done: d, failed: f, cancelled: c}"
#define SAYS(s) EVENT("{\"s\":" s ",\"url\":\"/result\"}")
#define MAPPED "events: /events, error: /why, " STATES_
#define MAPPED_BESIDE MAPPED ", check: {poll: /status, every: 2s, jitter: 0%}"
#define STANDS(s) "{\"s\":\"" s "\",\"url\":\"/result\"}"

static const struct row stated[] = {
    {MAPPED,
     {{.tells = {{SEC, SAYS("\"q\"") SAYS("0") SAYS("\"r\"")}, {3 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     3 * SEC,
     4},
    {MAPPED, {{.tells = {{SEC, SAYS("\"f\"")}}}}, FAIL_JOB, "the target says the job failed", SEC, 1},
    {MAPPED,
     {{.tells = {{SEC, EVENT("{\"s\":\"c\",\"why\":\"no more\"}")}}}},
     FAIL_CANCELLED,
     "the target says the job was cancelled: no more",
     SEC,
     1},
    /* what is not known is waited through; what is no word, or nowhere, says nothing */
    {MAPPED,
     {{.tells = {{SEC, SAYS("\"paused\"") SAYS("null") SAYS("[1]") EVENT("{}") SAYS("\"he\\u0007ld\"")},
                 {2 * SEC, SAYS("\"paused\"") SAYS("1.50") SAYS("\"\"")},
                 {3 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     3 * SEC,
     9,
     .unknown = "paused 2, he?ld 1, 1.5 1,  1"},
    /* back, once each; what is not known is nowhere */
    {MAPPED,
     {{.tells = {{SEC, SAYS("\"r\"") SAYS("\"q\"") SAYS("\"q\"") SAYS("\"s\"") SAYS("\"x\"") SAYS("\"q\"")},
                 {3 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     3 * SEC,
     7,
     .out_of_order = 2,
     .unknown = "x 1"},
    /* numbers of events: those that are none do not count */
    {MAPPED,
     {{.tells = {{SEC, "id: 5\n" SAYS("\"q\"") "id: 7\n" SAYS("\"q\"") "id: 7\n" SAYS("\"q\"") SAYS(
                           "\"q\"") "id: 6\n" SAYS("\"q\"") "id: a1\n" SAYS("\"q\"") "id: 8\n\n"
                                                                                     "id: 8\n" SAYS("\"q\"")},
                 {3 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     3 * SEC,
     8,
     .out_of_order = 2},
    /* after a return all may be told once more */
    {MAPPED ", progress: /p",
     {{.tells = {{SEC, "id: 9\n" SAYS("\"r\"") EVENT("{\"p\":50}")}, {2 * SEC, NULL, TELL_END}}},
      {.tells = {{SEC, "id: 1\n" SAYS("\"q\"") EVENT("{\"p\":10}")}, {2 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     5 * SEC,
     5,
     1},
    /* the poll at 2 s sees it run; that it was queued before is no contradiction, that it is so after is */
    {MAPPED_BESIDE,
     {{.tells = {{SEC, SAYS("\"q\"")}, {2050 * NSEC_PER_MSEC, SAYS("\"q\"")}, {5 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     5 * SEC,
     3,
     0,
     2,
     .ended = STANDS("r")},
    {MAPPED_BESIDE,
     {{.tells = {{SEC, SAYS("\"q\"")}, {3 * SEC, SAYS("\"q\"") SAYS("\"q\"")}, {5 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     5 * SEC,
     4,
     0,
     2,
     .ended = STANDS("r"),
     .contradicted = 1},
    /* told to run, and polled queued for ever: once a job */
    {MAPPED_BESIDE,
     {{.tells = {{SEC, SAYS("\"r\"")}, {9 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     9 * SEC,
     2,
     0,
     4,
     .ended = STANDS("q"),
     .contradicted = 1},
    /* two ends */
    {MAPPED_BESIDE,
     {{.tells = {{2010 * NSEC_PER_MSEC, SAYS("\"f\"")}}}},
     FAIL_JOB,
     "the target says the job failed",
     2010 * NSEC_PER_MSEC,
     1,
     0,
     1,
     .ended = STANDS("d"),
     .contradicted = 1},
    /* what was polled says nothing that is known */
    {MAPPED_BESIDE,
     {{.tells = {{SEC, SAYS("\"r\"")}, {5 * SEC, SAYS("\"d\"")}}}},
     0,
     NULL,
     5 * SEC,
     2,
     0,
     2,
     .ended = STANDS("zz"),
     .unknown = "zz 2"},
    {"poll: /status, every: 2s, jitter: 0%, " STATES_,
     {{0}},
     FAIL_TIMEOUT,
     "not done within 60 s",
     60 * SEC,
     0,
     0,
     29,
     .ended = STANDS("o"),
     .unknown = "o 29"},
};

static void test_states(void **state)
{
    (void)state;
    play_all(stated, COUNT(stated));
}

/* From the messages, where the server does not tell its times. */
static void test_queue_and_processing_are_seen(void **state)
{
    (void)state;
    static const struct tell_attempt attempts[] = {{.tells = {{SEC, EVENT("{\"state\":\"queued\"}")},
                                                              {3 * SEC, EVENT(RUNS)},
                                                              {4 * SEC, EVENT(RUNS)},
                                                              {9 * SEC, EVENT(DONE)}}},
                                                   {0}};
    struct world w;
    struct sim_teller t;
    char workflow[2048];
    write_workflow(EVENTS ", running: {/state: [runs, works]}", workflow, sizeof workflow);
    sim_teller_init(&t, attempts);
    world_init_served(&w, scenario, workflow, t.loop);
    world_run(&w);
    assert_int_equal(w.record.jobs[0]->queue, 3 * SEC);
    assert_int_equal(w.record.jobs[0]->processing, 6 * SEC);
    assert_true(w.record.jobs[0]->seen);
    world_finish(&w);
    sim_teller_finish(&t);
}

static void test_what_is_said(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(spoken); i++) {
        printf("row %d\n", i);
        play(&spoken[i], 0);
    }
}

/* ---- whatever fails ---- */

static const struct row sound[] = {
    {EVENTS, {{.tells = {{SEC, EVENT(RUNS)}, {5 * SEC, EVENT(DONE)}}}}},
    {WEBSOCKET ", send: hello", {{.tells = {{SEC, RUNS}, {2 * SEC, NULL, TELL_PING}, {5 * SEC, DONE}}}}},
    {SOCKETIO ", transport: websocket", {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}}},
    {SOCKETIO ", transport: polling", {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}}},
    {SOCKETIO, {{.tells = {{SEC, JOINED}, {2 * SEC, "2"}, {5 * SEC, STATE(DONE)}}}}},
};

struct end {
    enum job_outcome outcome;
    enum fail_kind fail;
    int64_t operations;
};

/* Operation `number` fails. However that is: the job ends in its time. */
static struct end torture(const struct row *row, size_t chunk, int64_t number, enum sim_fault fault)
{
    struct world w;
    struct sim_teller t;
    char workflow[2048];
    write_workflow(row->wait, workflow, sizeof workflow);
    sim_teller_init(&t, row->attempts);
    world_init_served(&w, scenario, workflow, t.loop);
    loop_sim_chunk(t.loop, chunk);
    loop_sim_fault(t.loop, number, fault);
    world_run(&w);
    const struct record_job *j = w.record.jobs[0];
    assert_in_range(j->ended - j->sent, 0, 60 * SEC);
    assert_int_equal(progress_of(&w).in_flight, 0);
    assert_int_equal(j->outcome == JOB_OK, j->fail == FAIL_NONE);
    struct end end = {j->outcome, j->fail, loop_sim_operations(t.loop)};
    world_finish(&w);
    sim_teller_finish(&t);
    return end;
}

static void test_each_operation_fails(void **state)
{
    (void)state;
    static const size_t chunks[] = {0, 40};
    for (int i = 0; i < COUNT(sound); i++)
        for (int k = 0; k < COUNT(chunks); k++) {
            struct end well = torture(&sound[i], chunks[k], 0, SIM_FAULT_RESET);
            int survived = 0;
            assert_int_equal(well.outcome, JOB_OK);
            for (int fault = 0; fault < SIM_FAULTS; fault++)
                for (int64_t n = 1; n <= well.operations; n++)
                    survived += torture(&sound[i], chunks[k], n, (enum sim_fault)fault).outcome == JOB_OK;
            assert_true(survived > 0);
        }
}

/* At any time: what is under way is let go. */
static void test_stopped(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(sound); i++)
        for (nsec at = 1; at <= 6 * SEC; at += SEC / 2) {
            struct world w;
            struct sim_teller t;
            char workflow[2048];
            write_workflow(sound[i].wait, workflow, sizeof workflow);
            sim_teller_init(&t, sound[i].attempts);
            world_init_served(&w, scenario, workflow, t.loop);
            world_run_with(&w, at, engine_stop);
            assert_int_equal(w.record.jobs[0]->outcome, at < 5 * SEC ? JOB_UNFINISHED : JOB_OK);
            world_finish(&w);
            sim_teller_finish(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_the_last_event_is_told),
        cmocka_unit_test(test_websockets),
        cmocka_unit_test(test_socketio),
        cmocka_unit_test(test_what_is_said),
        cmocka_unit_test(test_queue_and_processing_are_seen),
        cmocka_unit_test(test_a_poll_beside),
        cmocka_unit_test(test_each_operation_fails),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_pieces_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
