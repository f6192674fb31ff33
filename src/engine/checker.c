#include "checker.h"

#include "model_reader.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    PIECE_BYTES = 64 << 10,
    PIECES_MAX = (64 << 20) / PIECE_BYTES,
    SPARE_MAX = 16 /* pieces that stay with us when nobody needs them */
};

struct piece {
    struct piece *next;
    size_t len;
    char bytes[PIECE_BYTES];
};

struct pieces {
    struct piece *first, **end;
};

/*
 * What a check is to the checker. Its `place` says who may touch what reads:
 *   IDLE     - the loop; all that came was read, or is being filled in
 *   WAITING  - the loop; in the list `waiting`, there is something to read or to judge
 *   READING  - the thread
 *   ENDED    - the loop; in the list `ended`
 */
struct checking {
    struct check *check;   /* the loop's */
    struct piece *filling; /* the loop's; NULL: none */
    /* guarded by the mutex: */
    enum { IDLE, WAITING, READING, ENDED } place;
    struct pieces pieces;          /* full ones, or the last */
    bool is_over;                  /* no more will come */
    bool is_abandoned;             /* while READING: the thread frees it */
    struct checking *next, **link; /* in its list */
    /* what reads: */
    struct model_reader *reader;
    XXH3_state_t *hash;
    struct model_report report;
    nsec took;
};

struct list {
    struct checking *first, **end;
};

struct checker {
    struct loop *loop;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t submitted;
    pthread_cond_t put_back; /* a piece, or the thread has left a check */
    struct list waiting, ended;
    struct piece *spare;
    int spare_count;
    int piece_count; /* all of them */
    bool stopping;
};

/* ---- lists ---- */

static void push(struct list *list, struct checking *k)
{
    k->next = NULL;
    k->link = list->end;
    *list->end = k;
    list->end = &k->next;
}

static void take_out(struct list *list, struct checking *k)
{
    *k->link = k->next;
    if (k->next)
        k->next->link = k->link;
    else
        list->end = k->link;
}

static void add_piece(struct pieces *pieces, struct piece *piece)
{
    piece->next = NULL;
    *pieces->end = piece;
    pieces->end = &piece->next;
}

static struct piece *first_piece(struct pieces *pieces)
{
    struct piece *piece = pieces->first;
    if (piece && !(pieces->first = piece->next))
        pieces->end = &pieces->first;
    return piece;
}

/* ---- pieces; under the mutex ---- */

static void put_back(struct checker *c, struct piece *piece)
{
    if (!piece)
        return;
    if (c->spare_count < SPARE_MAX) {
        piece->next = c->spare;
        c->spare = piece;
        c->spare_count++;
    } else {
        free(piece);
        c->piece_count--;
    }
}

static void put_all_back(struct checker *c, struct pieces *pieces)
{
    for (struct piece *piece; (piece = first_piece(pieces));)
        put_back(c, piece);
}

/* NULL: there are no more. */
static struct piece *take_piece(struct checker *c)
{
    struct piece *piece = c->spare;
    if (piece) {
        c->spare = piece->next;
        c->spare_count--;
    } else if (c->piece_count < PIECES_MAX && (piece = malloc(sizeof *piece))) {
        c->piece_count++;
    }
    if (piece)
        piece->len = 0;
    return piece;
}

/* ---- reading ---- */

static struct checking *checking_create(struct check *check)
{
    struct checking *k = calloc(1, sizeof *k);
    XXH3_state_t *hash = XXH3_createState();
    if (!k || !hash)
        abort();
    XXH3_64bits_reset(hash);
    k->check = check;
    k->pieces.end = &k->pieces.first;
    k->reader = model_reader_create(&model_default_limits);
    k->hash = hash;
    return k;
}

static void checking_destroy(struct checking *k)
{
    model_reader_destroy(k->reader);
    XXH3_freeState(k->hash);
    free(k);
}

static nsec clock_of(const struct checker *c)
{
    return c->threaded ? clock_monotonic() : 0;
}

static void read_bytes(const struct checker *c, struct checking *k, const void *bytes, size_t len)
{
    nsec start = clock_of(c);
    XXH3_64bits_update(k->hash, bytes, len);
    model_reader_feed(k->reader, bytes, len);
    k->took += clock_of(c) - start;
}

static void judge(const struct checker *c, struct checking *k)
{
    nsec start = clock_of(c);
    model_reader_end(k->reader, &k->report);
    k->took += clock_of(c) - start;
}

/* ---- the thread ---- */

static void wait_for_thread(struct checker *c, struct checking *k)
{
    k->place = WAITING;
    push(&c->waiting, k);
    pthread_cond_signal(&c->submitted);
}

static void tell_end(struct checker *c, struct checking *k)
{
    k->place = ENDED;
    push(&c->ended, k);
    loop_wake(c->loop);
}

/* The thread has left it. */
static void leave(struct checker *c, struct checking *k, bool is_judged)
{
    if (is_judged)
        tell_end(c, k);
    else if (k->pieces.first || k->is_over)
        wait_for_thread(c, k);
    else
        k->place = IDLE;
}

/* One piece, or the judgement when there are none: those who wait take turns. Under the mutex, which is given
 * away meanwhile. */
static void serve(struct checker *c, struct checking *k)
{
    struct piece *piece = first_piece(&k->pieces);
    k->place = READING;
    pthread_mutex_unlock(&c->mutex);
    if (piece)
        read_bytes(c, k, piece->bytes, piece->len);
    else
        judge(c, k);
    pthread_mutex_lock(&c->mutex);
    put_back(c, piece);
    bool is_abandoned = k->is_abandoned;
    if (!is_abandoned)
        leave(c, k, !piece);
    pthread_cond_signal(&c->put_back);
    if (is_abandoned) {
        pthread_mutex_unlock(&c->mutex);
        checking_destroy(k);
        pthread_mutex_lock(&c->mutex);
    }
}

static void *run(void *context)
{
    struct checker *c = context;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        struct checking *k = c->waiting.first;
        if (k) {
            take_out(&c->waiting, k);
            serve(c, k);
        } else if (c->stopping) {
            break;
        } else {
            pthread_cond_wait(&c->submitted, &c->mutex);
        }
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

struct checker *checker_create(struct loop *loop, bool threaded)
{
    struct checker *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->loop = loop;
    c->threaded = threaded;
    c->waiting.end = &c->waiting.first;
    c->ended.end = &c->ended.first;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->submitted, NULL);
    pthread_cond_init(&c->put_back, NULL);
    int error = threaded ? pthread_create(&c->thread, NULL, run, c) : 0;
    if (error) {
        free(c);
        errno = error;
        return NULL;
    }
    return c;
}

void checker_destroy(struct checker *c)
{
    if (!c)
        return;
    if (c->threaded) {
        pthread_mutex_lock(&c->mutex);
        c->stopping = true;
        pthread_cond_signal(&c->submitted);
        pthread_mutex_unlock(&c->mutex);
        pthread_join(c->thread, NULL);
    }
    assert(!c->waiting.first && !c->ended.first && c->piece_count == c->spare_count);
    for (struct piece *piece; (piece = c->spare); free(piece))
        c->spare = piece->next;
    pthread_cond_destroy(&c->put_back);
    pthread_cond_destroy(&c->submitted);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

/* ---- the loop's side ---- */

void checker_begin(struct checker *c, struct check *check)
{
    (void)c;
    assert(!check->checking);
    check->checking = checking_create(check);
}

/* An empty piece for what comes of it; NULL: there is none, and the thread is not reading it. */
static struct piece *wait_for_piece(struct checker *c, struct checking *k)
{
    pthread_mutex_lock(&c->mutex);
    struct piece *piece = take_piece(c);
    while (!piece && k->place == READING) {
        pthread_cond_wait(&c->put_back, &c->mutex);
        piece = take_piece(c);
    }
    pthread_mutex_unlock(&c->mutex);
    return piece;
}

/* The piece that was filled in, if there is one, goes to the thread. Under the mutex. */
static void hand_over(struct checker *c, struct checking *k)
{
    if (k->filling)
        add_piece(&k->pieces, k->filling);
    k->filling = NULL;
    if (k->place == IDLE)
        wait_for_thread(c, k);
}

/* In the thread's place, which is not at it and will not come: it is in no list. */
static void read_here(struct checker *c, struct checking *k, const char *bytes, size_t len)
{
    pthread_mutex_lock(&c->mutex);
    if (k->place == WAITING)
        take_out(&c->waiting, k);
    k->place = IDLE;
    pthread_mutex_unlock(&c->mutex);
    for (struct piece *piece = k->pieces.first; piece; piece = piece->next)
        read_bytes(c, k, piece->bytes, piece->len);
    read_bytes(c, k, bytes, len);
    pthread_mutex_lock(&c->mutex);
    put_all_back(c, &k->pieces);
    pthread_mutex_unlock(&c->mutex);
}

/* The rest of the bytes; returns how many of them the piece took. */
static size_t fill(struct checker *c, struct checking *k, const char *bytes, size_t len)
{
    size_t room = PIECE_BYTES - k->filling->len, n = len < room ? len : room;
    memcpy(k->filling->bytes + k->filling->len, bytes, n);
    k->filling->len += n;
    if (n == room) {
        pthread_mutex_lock(&c->mutex);
        hand_over(c, k);
        pthread_mutex_unlock(&c->mutex);
    }
    return n;
}

void checker_feed(struct checker *c, struct check *check, const void *bytes, size_t len)
{
    struct checking *k = check->checking;
    const char *from = bytes;
    if (!c->threaded) {
        read_bytes(c, k, bytes, len);
        return;
    }
    while (len) {
        if (!k->filling && !(k->filling = wait_for_piece(c, k))) {
            read_here(c, k, from, len);
            return;
        }
        size_t n = fill(c, k, from, len);
        from += n;
        len -= n;
    }
}

void checker_end(struct checker *c, struct check *check)
{
    if (!check->checking)
        checker_begin(c, check);
    struct checking *k = check->checking;
    if (!c->threaded)
        judge(c, k);
    pthread_mutex_lock(&c->mutex);
    k->is_over = true;
    if (c->threaded)
        hand_over(c, k);
    else
        tell_end(c, k);
    pthread_mutex_unlock(&c->mutex);
}

void checker_abandon(struct checker *c, struct check *check)
{
    struct checking *k = check->checking;
    if (!k)
        return;
    check->checking = NULL;
    pthread_mutex_lock(&c->mutex);
    put_back(c, k->filling);
    put_all_back(c, &k->pieces);
    bool is_read = k->place == READING;
    k->is_abandoned = is_read;
    if (k->place == WAITING || k->place == ENDED)
        take_out(k->place == WAITING ? &c->waiting : &c->ended, k);
    pthread_mutex_unlock(&c->mutex);
    if (!is_read)
        checking_destroy(k);
}

void checker_collect(struct checker *c)
{
    for (;;) {
        pthread_mutex_lock(&c->mutex);
        struct checking *k = c->ended.first;
        if (k)
            take_out(&c->ended, k);
        pthread_mutex_unlock(&c->mutex);
        if (!k)
            return;
        struct check *check = k->check;
        uint64_t hash = XXH3_64bits_digest(k->hash);
        check->hash = hash ? hash : 1;
        check->report = k->report;
        check->took = k->took;
        check->checking = NULL;
        checking_destroy(k);
        check->done(check);
    }
}
