#include "find.h"

#include "quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *find_seconds(const struct find *f, double seconds)
{
    char text[QUANTITY_TEXT];
    return arena_printf(f->arena, "%s", quantity_seconds(seconds, text));
}

const char *find_time(const struct find *f, nsec t)
{
    return find_seconds(f, nsec_to_sec(t));
}

const char *find_count(const struct find *f, int64_t count, const char *what)
{
    return arena_printf(f->arena, "%" PRId64 " %s%s", count, what, count == 1 ? "" : "s");
}

const char *find_stretch(const struct find *f, int64_t count, const char *what, nsec first, nsec last)
{
    const char *text = find_count(f, count, what);
    if (first < 0)
        return text;
    if (last <= first)
        return arena_printf(f->arena, "%s at %s", text, find_time(f, first));
    return arena_printf(f->arena, "%s from %s to %s", text, find_time(f, first), find_time(f, last));
}

const char *find_message(const struct find *f, enum fail_kind kind)
{
    struct job_error *errors;
    int count = selection_errors((struct selection){.phase = PHASE_ALL}, f->record, f->arena, &errors);
    for (int i = 0; i < count; i++)
        if (errors[i].kind == kind && errors[i].error >= 0)
            return f->record->messages[errors[i].error];
    return "";
}

bool find_kind(const struct find *f, struct finding *ret, enum fail_kind kind, const char *says)
{
    const struct record_failing *failing = &f->record->contact.failing[kind];
    int64_t count = f->counts.kinds[kind];
    if (!count)
        return false;
    ret->says = says;
    ret->jobs = count;
    ret->since = failing->first;
    ret->evidence =
        arena_printf(f->arena, "%s, the first: '%s'",
                     find_stretch(f, count, "job", failing->first, failing->last), find_message(f, kind));
    return true;
}

int find_status(const char *message)
{
    const char *status = strstr(message, ": status ");
    return status ? atoi(status + strlen(": status ")) : 0;
}

int64_t find_failed_with(const struct find *f, int status)
{
    struct job_error *errors;
    int64_t jobs = 0;
    int count = selection_errors((struct selection){.phase = PHASE_ALL}, f->record, f->arena, &errors);
    for (int i = 0; i < count; i++)
        if (errors[i].kind == FAIL_STATUS && errors[i].error >= 0 &&
            find_status(f->record->messages[errors[i].error]) == status)
            jobs += errors[i].count;
    return jobs;
}

bool find_contains(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (; *text; text++)
        if (strncasecmp(text, word, len) == 0)
            return true;
    return false;
}

bool find_is_memory(const char *message)
{
    static const char *const words[] = {"out of memory",       "memory exceeded",
                                        "OutOfMemory",         "not enough memory",
                                        "insufficient memory", "cudaErrorMemoryAllocation"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (find_contains(message, words[i]))
            return true;
    return false;
}

bool find_is_proxy(const struct find *f, const struct record_refusal *r)
{
    const struct record_peer *peer = &f->record->peer;
    bool other_server =
        r->server[0] && peer->server && peer->server[0] && strcmp(r->server, peer->server) != 0;
    bool other_via = r->via[0] && strcmp(r->via, peer->via ? peer->via : "") != 0;
    return other_server || other_via;
}
