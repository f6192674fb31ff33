#include "scrape.h"

#include <math.h>
#include <stdio.h>

/* A start time that was computed anew may differ a little. */
#define SAME_START_SECONDS 1.0

void scrape_init(struct scrape *s, const struct promtext_selector *selectors, int count, struct record *log)
{
    *s = (struct scrape){.start_time = NAN, .at = -1, .restart = {-1, -1}};
    promtext_init(&s->parser);
    track_init(&s->track, selectors, count, log);
}

void scrape_finish(struct scrape *s)
{
    promtext_finish(&s->parser);
    track_finish(&s->track);
}

/* The line as it stands, but for its length and what no terminal should see. */
static void describe_mistake(const struct promtext *p, char out[SCRAPE_TEXT])
{
    enum { SHOWN = 60 };
    char line[SHOWN + 1];
    size_t len = p->text.len < SHOWN ? p->text.len : SHOWN;
    for (size_t i = 0; i < len; i++)
        line[i] = p->text.at[i] >= ' ' && p->text.at[i] < 0x7f ? p->text.at[i] : '?';
    line[len] = '\0';
    snprintf(out, SCRAPE_TEXT, len ? "line %d: %s: '%s%s'" : "line %d: %s", p->line, p->mistake, line,
             len < p->text.len ? "..." : "");
}

/* Returns true when the target is another one than in the scrape before. */
static bool is_new_start(struct scrape *s, double start_time)
{
    double before = s->start_time;
    if (isfinite(start_time))
        s->start_time = start_time;
    return fabs(start_time - before) > SAME_START_SECONDS; /* false of NAN */
}

static void take(struct scrape *s, const struct promtext_sample *sample, double *start_time)
{
    figures_take(&s->figures, sample);
    track_take(&s->track, sample);
    if (promtext_is(sample->name, "process_start_time_seconds"))
        *start_time = sample->value;
}

bool scrape_read(struct scrape *s, const char *content_type, const char *body, size_t len, nsec at,
                 struct record *log)
{
    struct promtext *p = &s->parser;
    struct promtext_sample sample;
    int64_t mistakes = 0;
    double start_time = NAN;
    s->figures = (struct figures){0};
    promtext_read(p, promtext_format_of(content_type, body, len), body, len);
    for (enum promtext_event event; (event = promtext_next(p, &sample)) != PROMTEXT_END;) {
        if (p->mistake && !mistakes++ && !s->mistake[0])
            describe_mistake(p, s->mistake);
        if (event == PROMTEXT_SAMPLE)
            take(s, &sample, &start_time);
        else if (event == PROMTEXT_FAMILY)
            track_declare(&s->track, &sample);
    }
    s->mistakes = mistakes > s->mistakes ? mistakes : s->mistakes;
    s->unread = p->unread > s->unread ? p->unread : s->unread;
    if (!p->samples || p->cut) {
        track_forget(&s->track);
        return false;
    }
    s->families = p->families;
    bool restarted = is_new_start(s, start_time);
    if (restarted && !s->restarts++)
        s->restart = (struct record_span){s->at, at};
    s->at = at;
    track_settle(&s->track, at, restarted, log);
    return true;
}
