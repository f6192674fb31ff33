#include "sio.h"

#include "backend.h"
#include "container.h"
#include "feed.h"
#include "json_out.h"
#include "session.h"
#include "socketio.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 96 << 10 };

struct sio_room { /* one job that the client listens to */
    struct subscription subscription;
    struct session *session;
    char job_id[UUID_TEXT];
    bool behind; /* something was dropped */
    struct sio_room *next;
};

static struct events *events_of(const struct session *s)
{
    return s->all->backend->events;
}

/* ---- to the client ---- */

static void send_buf(struct session *s, struct buf *text)
{
    json_end(text);
    if (text->failed)
        session_doom(s, "overflow");
    else
        session_send(s, text->bytes, text->len);
    buf_finish(text);
}

static void send_event(struct session *s, const char *name, const char *json, size_t len)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    socketio_write(&text, SOCKETIO_EVENT, "/", -1);
    buf_printf(&text, "[\"%s\",", name);
    buf_add(&text, json, len);
    buf_add(&text, "]", 1);
    send_buf(s, &text);
    feed_sent(s->all->backend->metrics, name);
}

struct reply { /* to one event: as an event of its own, and as its ack if one was asked for */
    const char *event, *status, *job_id, *message;
};

static void write_reply(const struct reply *reply, struct buf *out)
{
    char now[TIMESTAMP_TEXT];
    json_open(out, NULL, '{');
    json_text(out, "status", reply->status);
    if (reply->job_id)
        json_text(out, "job_id", reply->job_id);
    if (reply->message)
        json_text(out, "message", reply->message);
    json_text(out, "timestamp", timestamp_text(clock_wall(), now));
    json_close(out, '}');
    json_end(out);
}

static void send_reply(struct session *s, const struct socketio_packet *packet, const struct reply *reply)
{
    struct buf json, ack;
    buf_init(&json, TEXT_MAX);
    write_reply(reply, &json);
    send_event(s, reply->event, buf_text(&json), json.len);
    if (packet->ack >= 0) {
        buf_init(&ack, TEXT_MAX);
        socketio_write(&ack, SOCKETIO_ACK, "/", packet->ack);
        buf_printf(&ack, "[%s]", buf_text(&json));
        send_buf(s, &ack);
    }
    buf_finish(&json);
}

static void refuse(struct session *s, const struct socketio_packet *packet, const char *job_id,
                   const char *why)
{
    send_reply(s, packet, &(struct reply){"error", "error", job_id, why});
}

/* ---- rooms ---- */

static void on_event(struct subscription *subscription, enum event event, const char *json, size_t len)
{
    struct sio_room *room = CONTAINER(struct sio_room, subscription, subscription);
    if (!event_is_last(event) && session_backlog(room->session) > FEED_SOFT)
        room->behind = true;
    else
        send_event(room->session, event_name(event), json, len);
}

static void room_destroy(struct session *s, struct sio_room *room)
{
    struct sio_room **at = &s->sio.rooms;
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    s->sio.rooms_count--;
    events_unsubscribe(&room->subscription);
    free(room);
}

static void on_gone(struct subscription *subscription)
{
    struct sio_room *room = CONTAINER(struct sio_room, subscription, subscription);
    static const struct socketio_packet NOBODY_ASKED = {.ack = -1};
    struct session *s = room->session;
    send_reply(s, &NOBODY_ASKED,
               &(struct reply){"unsubscribed", "removed", room->job_id, "The job was removed"});
    room_destroy(s, room);
}

static struct sio_room *room_find(const struct session *s, const struct uuid *job)
{
    struct sio_room *room = s->sio.rooms;
    while (room && memcmp(&room->subscription.job, job, sizeof *job) != 0)
        room = room->next;
    return room;
}

static struct sio_room *room_create(struct session *s, struct job *job)
{
    struct sio_room *room = calloc(1, sizeof *room);
    if (!room)
        abort();
    room->session = s;
    room->subscription.event = on_event;
    room->subscription.gone = on_gone;
    memcpy(room->job_id, job->id_text, sizeof room->job_id);
    events_subscribe(events_of(s), job, &room->subscription);
    room->next = s->sio.rooms;
    s->sio.rooms = room;
    s->sio.rooms_count++;
    return room;
}

/* ---- from the client ---- */

/* NULL when it is missing. */
static const char *job_id_of(const struct socketio_packet *packet)
{
    const char *id = json_string_value(json_object_get(socketio_argument(packet, 0), "job_id"));
    return id && *id ? id : NULL;
}

/* The job that the event names; NULL: there is none, and the client was told. */
static struct job *find_job(struct session *s, const struct socketio_packet *packet)
{
    const char *text = job_id_of(packet);
    struct uuid id;
    if (!text) {
        refuse(s, packet, NULL, "job_id is required");
        return NULL;
    }
    struct job *job = uuid_parse(text, strlen(text), &id) ? job_table_find(s->all->backend->jobs, &id) : NULL;
    if (!job)
        refuse(s, packet, strlen(text) < UUID_TEXT ? text : NULL, "Job not found");
    return job;
}

static void subscribe(struct session *s, const struct socketio_packet *packet)
{
    struct job *job = find_job(s, packet);
    if (!job)
        return;
    struct sio_room *room = room_find(s, &job->id);
    if (!room && s->sio.rooms_count == SIO_SUBSCRIPTIONS_MAX) {
        refuse(s, packet, job->id_text, "Too many subscriptions");
        return;
    }
    if (!room)
        room = room_create(s, job);
    send_reply(s, packet, &(struct reply){"subscribed", "subscribed", job->id_text});
    events_present(events_of(s), &room->subscription);
}

static void unsubscribe(struct session *s, const struct socketio_packet *packet)
{
    const char *text = job_id_of(packet);
    struct uuid id;
    struct sio_room *room = text && uuid_parse(text, strlen(text), &id) ? room_find(s, &id) : NULL;
    if (!text) {
        refuse(s, packet, NULL, "job_id is required");
    } else if (!room) {
        refuse(s, packet, strlen(text) < UUID_TEXT ? text : NULL, "Not subscribed");
    } else {
        send_reply(s, packet, &(struct reply){"unsubscribed", "unsubscribed", room->job_id});
        room_destroy(s, room);
    }
}

static void answer_ping(struct session *s, const struct socketio_packet *packet)
{
    send_reply(s, packet, &(struct reply){"pong", "ok"});
}

static const struct {
    const char *name;
    void (*take)(struct session *s, const struct socketio_packet *packet);
} EVENTS[] = {
    {"subscribe", subscribe},         {"subscribe_job", subscribe}, {"unsubscribe", unsubscribe},
    {"unsubscribe_job", unsubscribe}, {"ping", answer_ping},
};

/* One that nobody knows is left alone, but for an ack that is waited for. */
static void take_event(struct session *s, const struct socketio_packet *packet)
{
    const char *name = socketio_event(packet);
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++)
        if (strcmp(name, EVENTS[i].name) == 0) {
            EVENTS[i].take(s, packet);
            return;
        }
    if (packet->ack >= 0)
        refuse(s, packet, NULL, "Unknown event");
}

static void greet(struct session *s)
{
    struct buf text;
    char sid[UUID_TEXT], now[TIMESTAMP_TEXT];
    struct uuid id = uuid_make();
    buf_init(&text, TEXT_MAX);
    socketio_write(&text, SOCKETIO_CONNECT, "/", -1);
    json_open(&text, NULL, '{');
    json_text(&text, "sid", uuid_text(&id, sid));
    json_close(&text, '}');
    send_buf(s, &text);
    const struct profile *profile = s->all->backend->profile;
    buf_init(&text, TEXT_MAX);
    json_open(&text, NULL, '{');
    json_text(&text, "status", "Connected to orfeasd");
    json_text(&text, "mode", profile ? profile->name : "inflate-cpu");
    json_text(&text, "sid", sid);
    json_text(&text, "timestamp", timestamp_text(clock_wall(), now));
    json_close(&text, '}');
    json_end(&text);
    send_event(s, "connected", buf_text(&text), text.len);
    buf_finish(&text);
}

static void refuse_namespace(struct session *s, const char *namespace)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    socketio_write(&text, SOCKETIO_CONNECT_ERROR, namespace, -1);
    json_open(&text, NULL, '{');
    json_text(&text, "message", "Invalid namespace");
    json_close(&text, '}');
    send_buf(s, &text);
}

/* It could hold bytes that are no UTF-8: no namespace of anybody's. */
static bool is_plain(const char *text)
{
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

static const char *take_connect(struct session *s, const struct socketio_packet *packet)
{
    if (strcmp(packet->namespace, "/") == 0) {
        if (!s->sio.connected)
            greet(s);
        s->sio.connected = true;
        return NULL;
    }
    if (!is_plain(packet->namespace))
        return "bad_packet";
    refuse_namespace(s, packet->namespace);
    return NULL;
}

static void disconnect(struct session *s)
{
    s->sio.connected = false;
    while (s->sio.rooms)
        room_destroy(s, s->sio.rooms);
}

static const char *take(struct session *s, const struct socketio_packet *packet)
{
    if (packet->type == SOCKETIO_CONNECT)
        return take_connect(s, packet);
    if (!s->sio.connected || strcmp(packet->namespace, "/") != 0 || packet->type == SOCKETIO_CONNECT_ERROR)
        return "bad_packet"; /* it is not connected there, or that is ours to say */
    s->sio.attachments = packet->attachments;
    if (packet->type == SOCKETIO_DISCONNECT)
        disconnect(s);
    else if (packet->type == SOCKETIO_EVENT || packet->type == SOCKETIO_BINARY_EVENT)
        take_event(s, packet);
    return NULL; /* we ask for no acks: one is left alone */
}

const char *sio_message(struct session *s, const char *text, size_t len)
{
    struct socketio_packet packet;
    if (s->sio.attachments || !socketio_parse(text, len, &packet))
        return "bad_packet";
    const char *why = take(s, &packet);
    socketio_finish(&packet);
    return why;
}

const char *sio_binary(struct session *s)
{
    if (!s->sio.attachments)
        return "bad_packet";
    s->sio.attachments--;
    return NULL;
}

void sio_drained(struct session *s)
{
    for (struct sio_room *room = s->sio.rooms; room; room = room->next)
        if (room->behind) {
            room->behind = false;
            events_present(events_of(s), &room->subscription);
        }
}

void sio_finish(struct session *s)
{
    disconnect(s);
}
