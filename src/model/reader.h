/*
 * reader - one format's reader: the file's bytes go in as they come, in pieces of any length, and at the end
 * there is a soup, or the reason why there is none. Internal to this folder.
 *
 * The same file gives the same end in whatever pieces it came. What only the file's length can tell is judged
 * at the end; the reason that a reader of the whole file would have met first counts, so a reader may
 * overrule what it said before. After a reason that nothing can overrule the rest of the file is only
 * counted.
 *
 * Memory grows with what has come, never with what a header declares.
 */
#pragma once

#include "soup.h"

/* Is the file of this format? By content. */
enum claim { CLAIM_OPEN, CLAIM_YES, CLAIM_NO };

struct reader_kind;

/* The first member of each format's own. */
struct reader {
    const struct reader_kind *kind;
    struct soup soup;
    enum claim claim;
    size_t max_kept; /* bytes of a file that have to be kept as they are */
    uint64_t total;  /* bytes so far, without the piece that is being fed */
};

struct reader_kind {
    enum model_format format;
    size_t size; /* of the format's own, zeroed */
    void (*feed)(struct reader *r, const char *bytes, size_t len);
    /* The file is over: the claim is made, and when it is YES the soup is complete or says why it is not. */
    void (*end)(struct reader *r);
    void (*finish)(struct reader *r); /* all but `soup` */
};

/* GLB and PLY are told by their first four bytes, and then these claim nothing. */
extern const struct reader_kind stl_reader, obj_reader, glb_reader, ply_reader;

bool glb_sniff(const char bytes[4]);
bool ply_sniff(const char bytes[4]);

struct reader *reader_create(const struct reader_kind *kind,
                             const struct model_limits *limits); /* NULL: no memory */
void reader_destroy(struct reader *r);                           /* NULL-safe */
void reader_feed(struct reader *r, const char *bytes, size_t len);
