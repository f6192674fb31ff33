/*
 * record_contact - when the target was heard and when not, and how it refused: what tells a target that is
 * gone from one that stands still, and a limit of its own from a proxy's. Part of record.h; points in time as
 * there, the record's zero, -1: never.
 *
 * Of a fixed size: nothing is allocated when an answer comes. One writer at a time.
 */
#pragma once

#include "clock.h"
#include "fail.h"

#include <stdint.h>

enum {
    RECORD_SILENCES_MAX = 16, /* the longest ones */
    RECORD_REFUSALS_MAX = 16, /* statuses that are told apart; further ones are counted by none */
    RECORD_SAID_TEXT = 160,
    RECORD_HEADER_TEXT = 64
};

struct record_span {
    nsec start, end;
};

struct record_silence { /* between two answers */
    nsec start, end;
    nsec asked; /* when the request was begun whose answer ended it; NSEC_NEVER: of a message, that nobody
                   asked for */
};

struct record_failing { /* measured jobs that failed alike */
    int64_t count;
    nsec first, last; /* when they ended */
};

struct record_refusal { /* answers with one status that was not expected, those included that were tried again
                         */
    int status;
    int64_t count;
    nsec first, last;
    /* Of the first one; cut, and control characters and bytes that are not UTF-8 are '?'. */
    char said[RECORD_SAID_TEXT]; /* its message, "" without */
    char server[RECORD_HEADER_TEXT], via[RECORD_HEADER_TEXT];
};

struct record_contact {
    nsec first, last; /* answers and messages */
    /* Between two of them, ascending in time; merged, the stretches in which no writer heard anything. */
    struct record_silence silences[RECORD_SILENCES_MAX];
    int silence_count;
    struct record_failing failing[FAIL_KINDS];
    struct record_refusal refusals[RECORD_REFUSALS_MAX]; /* in the order in which they came up first */
    int refusal_count;
};

void record_contact_init(struct record_contact *c);
/* An answer came to what was asked then, or a message (NSEC_NEVER); the times `at` of the calls ascend. */
void record_contact_heard(struct record_contact *c, nsec asked, nsec at);
void record_contact_failed(struct record_contact *c, enum fail_kind kind, nsec at);
/* Texts may be NULL. */
void record_contact_refused(struct record_contact *c, nsec at, int status, const char *said,
                            const char *server, const char *via);
void record_contact_merge(struct record_contact *into, const struct record_contact *from);
/* NULL when there was none of that status. */
const struct record_refusal *record_contact_refusal(const struct record_contact *c, int status);
