#include "plan_compile.h"

#include "file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ten million lines of twenty-odd bytes. */
enum { REPLAY_BYTES_MAX = 256 << 20, TIME_TEXT = 64 };

static const char time_hint[] = "write seconds from the load's start (12.5), or a duration (1m2s)";

struct reader {
    struct compile *c;
    const char *path;
    int line;
    nsec last; /* as written: of the line before */
    nsec *times;
    int64_t count; /* seen; beyond `room` they are not kept */
    int64_t room;
};

/* One line, without what surrounds its value. */
struct line {
    const char *text;
    size_t len;
    int column; /* of the value, from 1; what stands before it are blanks */
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static struct line trim(const char *text, size_t len)
{
    size_t from = 0;
    const char *comment = memchr(text, '#', len);
    if (comment)
        len = (size_t)(comment - text);
    while (from < len && is_blank(text[from]))
        from++;
    while (len > from && is_blank(text[len - 1]))
        len--;
    return (struct line){text + from, len - from, (int)from + 1};
}

static void report(const struct reader *r, const struct line *line, const char *hint, const char *what)
{
    char text[TIME_TEXT], shown[CONF_SHOWN];
    size_t kept = line->len < sizeof text ? line->len : sizeof text - 1;
    memcpy(text, line->text, kept);
    text[kept] = '\0';
    diag_add(r->c->diags, r->path, r->line, line->column, hint, "'%s' %s", conf_shown(text, shown), what);
}

/* A plain number is seconds, read with more digits than a double has: 30 days need 16 of them. */
static bool parse_seconds(const char *text, nsec *ret)
{
    char *end;
    if (text[strspn(text, "0123456789.+-eE")])
        return false;
    long double seconds = strtold(text, &end);
    if (end == text || *end || !(seconds >= 0 && seconds <= PLAN_DURATION_MAX / NSEC_PER_SEC))
        return false;
    *ret = llroundl(seconds * 1e9L);
    return true;
}

static bool parse_time(const struct line *line, nsec *ret)
{
    char text[TIME_TEXT];
    if (line->len >= sizeof text)
        return false;
    memcpy(text, line->text, line->len);
    text[line->len] = '\0';
    if (memchr(text, '\0', line->len))
        return false;
    return parse_seconds(text, ret) || (duration_parse(text, line->len, ret) && *ret <= PLAN_DURATION_MAX);
}

/* The next line goes by this one even where it is wrong, so that one slip is one mistake. */
static void take_line(struct reader *r, const char *text, size_t len)
{
    struct line line = trim(text, len);
    nsec time;
    if (line.len == 0)
        return;
    if (!parse_time(&line, &time)) {
        report(r, &line, time_hint, "is no time from 0 to 30 days");
        return;
    }
    if (time < r->last)
        report(r, &line, "sort the times", "is earlier than the line before");
    r->last = time;
    if (r->count < r->room)
        r->times[r->count] = plan_scaled(r->c, time);
    else if (r->count == r->room)
        diag_add(r->c->diags, r->path, r->line, line.column, NULL, "more than %d times", PLAN_REPLAY_MAX);
    r->count++;
}

/* Every line that could hold a time. */
static int64_t count_lines(const char *bytes, size_t len)
{
    int64_t lines = 0;
    for (const char *at = bytes, *end = bytes + len; at < end; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        at = stop ? stop + 1 : end;
    }
    return lines;
}

static void take_lines(struct reader *r, const char *bytes, size_t len)
{
    for (const char *at = bytes, *end = bytes + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        r->line++;
        take_line(r, at, (size_t)(stop - at));
        at = stop + 1;
    }
}

static void take_file(struct reader *r, const struct buf *content)
{
    int before = r->c->diags->count;
    const char *text = buf_text(content);
    size_t mark = file_bom(text, content->len), len = content->len - mark;
    int64_t lines = count_lines(text + mark, len);
    r->room = lines < PLAN_REPLAY_MAX ? lines : PLAN_REPLAY_MAX;
    r->times = arena_new(r->c->arena, nsec, r->room ? r->room : 1);
    take_lines(r, text + mark, len);
    if (r->count == 0 && r->c->diags->count == before)
        diag_add(r->c->diags, r->path, 0, 0, time_hint, "holds no times");
}

void plan_replay_load(struct compile *c, const struct conf_node *asked_by, const char *path)
{
    struct reader r = {.c = c, .path = path};
    struct buf content;
    buf_init(&content, REPLAY_BYTES_MAX);
    int error = file_read(path, &content);
    if (error)
        conf_error(asked_by, c->diags, NULL, "%s cannot be read: %s", path, strerror(error));
    else
        take_file(&r, &content);
    buf_finish(&content);
    c->plan->load.replay = r.times;
    c->plan->load.replay_count = r.count;
}
