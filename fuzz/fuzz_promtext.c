/* promtext: every text lies within the body, lines ascend, labels that were read can be read again, and what
 * a watch keeps of any body are numbers. The first byte says which format. */
#include "fuzz.h"
#include "scrape.h"

#include <math.h>

static void check_text(const char *body, size_t size, struct promtext_text t)
{
    assert(t.len == 0 || (t.at >= body && t.at + t.len <= body + size));
}

static void check_sample(const char *body, size_t size, const struct promtext_sample *s)
{
    struct promtext_text rest = s->labels;
    struct promtext_label label;
    assert(s->name.len > 0 && s->family.len > 0 && s->family.len <= s->name.len);
    check_text(body, size, s->name);
    check_text(body, size, s->family);
    check_text(body, size, s->labels);
    for (int count = 0; promtext_label_next(&rest, &label); count++)
        assert(count < PROMTEXT_LABELS_MAX && label.name.len > 0);
    for (size_t i = 0; i < rest.len; i++)
        assert(rest.at[i] == ' ' || rest.at[i] == '\t' || rest.at[i] == ',');
}

static void check_events(enum promtext_format format, const char *body, size_t size)
{
    struct promtext p;
    struct promtext_sample s;
    int line = 0;
    int64_t samples = 0;
    promtext_init(&p);
    promtext_read(&p, format, body, size);
    for (enum promtext_event event; (event = promtext_next(&p, &s)) != PROMTEXT_END;) {
        assert(p.line >= line && (p.mistake || event != PROMTEXT_BROKEN));
        line = p.line;
        samples += event == PROMTEXT_SAMPLE;
        if (event == PROMTEXT_SAMPLE)
            check_sample(body, size, &s);
    }
    assert(samples == p.samples);
    promtext_finish(&p);
}

static void check_scrape(const char *body, size_t size)
{
    static const struct promtext_selector selectors[] = {{.name = "a", .text = "a"},
                                                         {.name = "h", .text = "h"}};
    struct record log;
    struct scrape scrape;
    record_init(&log, &(struct record_shape){0});
    scrape_init(&scrape, selectors, 2, &log);
    for (int i = 0; i < 2; i++) /* the second finds what it found */
        scrape_read(&scrape, "", body, i ? size / 2 : size, i, &log);
    for (int i = 0; i < 2; i++) {
        struct record_metric m;
        track_collect(&scrape.track, i, &log.arena, &m);
        assert(!m.series || !isnan(m.last));
    }
    scrape_finish(&scrape);
    record_finish(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *body = fuzz_copy(data + 1, size - 1);
    check_events(data[0] & 1 ? PROMTEXT_OPENMETRICS : PROMTEXT_PLAIN, body, size - 1);
    check_scrape(body, size - 1);
    free(body);
    return 0;
}
