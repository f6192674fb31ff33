#include "model_reader.h"
#include "judge.h"
#include "reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_BYTES = 4, STEP_BYTES = 128, CANDIDATES = 2 };

/*
 * GLB and PLY are told by their first bytes. STL and OBJ have no magic: until it is known which it is, both
 * are fed, in small steps. Binary STL is told by a count that is plausible; in a text's place the count is
 * not, so OBJ, which has the weakest marks, comes last.
 */
struct model_reader {
    struct model_limits limits;
    uint64_t total;
    char magic[MAGIC_BYTES];
    size_t magic_len;
    bool no_memory;
    struct reader *candidates[CANDIDATES]; /* NULL: it is not this one */
};

struct model_reader *model_reader_create(const struct model_limits *limits)
{
    struct model_reader *r = calloc(1, sizeof *r);
    if (r)
        r->limits = *limits;
    return r;
}

void model_reader_destroy(struct model_reader *r)
{
    if (!r)
        return;
    for (int i = 0; i < CANDIDATES; i++)
        reader_destroy(r->candidates[i]);
    free(r);
}

/* ---- which format ---- */

static void add_candidate(struct model_reader *r, int place, const struct reader_kind *kind, enum claim claim)
{
    r->candidates[place] = reader_create(kind, &r->limits);
    if (r->candidates[place])
        r->candidates[place]->claim = claim;
    else
        r->no_memory = true;
}

static void find_candidates(struct model_reader *r)
{
    bool whole = r->magic_len == MAGIC_BYTES;
    if (whole && glb_sniff(r->magic)) {
        add_candidate(r, 0, &glb_reader, CLAIM_YES);
    } else if (whole && ply_sniff(r->magic)) {
        add_candidate(r, 0, &ply_reader, CLAIM_YES);
    } else {
        add_candidate(r, 0, &stl_reader, CLAIM_OPEN);
        add_candidate(r, 1, &obj_reader, CLAIM_OPEN);
    }
}

static void drop(struct model_reader *r, int place)
{
    reader_destroy(r->candidates[place]);
    r->candidates[place] = NULL;
}

/* Those that say no are out, and those behind one that says yes. */
static void sort_out(struct model_reader *r)
{
    bool found = false;
    for (int i = 0; i < CANDIDATES; i++) {
        if (!r->candidates[i])
            continue;
        if (found || r->candidates[i]->claim == CLAIM_NO)
            drop(r, i);
        else
            found = r->candidates[i]->claim == CLAIM_YES;
    }
}

static void feed_candidates(struct model_reader *r, const char *bytes, size_t len)
{
    while (len && (r->candidates[0] || r->candidates[1])) {
        bool open = r->candidates[0] && r->candidates[1];
        size_t step = open && len > STEP_BYTES ? STEP_BYTES : len;
        for (int i = 0; i < CANDIDATES; i++)
            if (r->candidates[i])
                reader_feed(r->candidates[i], bytes, step);
        sort_out(r);
        bytes += step;
        len -= step;
    }
}

/* ---- the file ---- */

void model_reader_feed(struct model_reader *r, const void *bytes, size_t len)
{
    const char *from = bytes;
    if (!r || !len)
        return;
    r->total += len;
    if (r->magic_len < MAGIC_BYTES) {
        size_t missing = MAGIC_BYTES - r->magic_len, n = len < missing ? len : missing;
        memcpy(r->magic + r->magic_len, from, n);
        r->magic_len += n;
        if (r->magic_len < MAGIC_BYTES)
            return;
        find_candidates(r);
        feed_candidates(r, r->magic, MAGIC_BYTES);
        from += n;
        len -= n;
    }
    feed_candidates(r, from, len);
}

static struct reader *find_reader(struct model_reader *r)
{
    if (r->magic_len < MAGIC_BYTES) {
        find_candidates(r);
        feed_candidates(r, r->magic, r->magic_len);
    }
    for (int i = 0; i < CANDIDATES; i++) {
        struct reader *candidate = r->candidates[i];
        if (!candidate)
            continue;
        candidate->kind->end(candidate);
        if (candidate->claim == CLAIM_YES)
            return candidate;
    }
    return NULL;
}

static void say(struct model_report *ret, const char *why)
{
    snprintf(ret->why, sizeof ret->why, "%s", why);
}

void model_reader_end(struct model_reader *r, struct model_report *ret)
{
    *ret = (struct model_report){.format = MODEL_FORMATS};
    struct reader *found = r ? find_reader(r) : NULL;
    if (!r || r->no_memory) {
        say(ret, "no memory to check it");
    } else if (!found) {
        say(ret, r->total ? "it is no STL, OBJ, GLB or PLY file" : "it is empty");
    } else {
        struct soup *s = &found->soup;
        ret->format = found->kind->format;
        if (!s->why[0] && soup_finite(s))
            judge_soup(s, ret);
        say(ret, s->why);
    }
}
