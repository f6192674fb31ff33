#include "overview.h"

#include "baseline.h"
#include "finding.h"
#include "quantity.h"
#include "sample.h"
#include "selection.h"
#include "summary.h"
#include "table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OVERVIEW_MAX_BYTES = 64 << 20, SAMPLE_MAX_BYTES = 1 << 30, TEXT = 80 };

void overview_init(struct overview *o)
{
    *o = (struct overview){0};
    arena_init(&o->arena, "overview", OVERVIEW_MAX_BYTES);
    o->rows = arena_new(&o->arena, struct overview_row, OVERVIEW_ROWS_MAX);
}

void overview_finish(struct overview *o)
{
    arena_finish(&o->arena);
}

static const char *kept(struct overview *o, const char *text)
{
    return arena_copy(&o->arena, text, strlen(text));
}

static void measure_row(struct overview_row *row, const struct plan *p, const struct record *r,
                        struct arena *scratch)
{
    struct selection all = {.phase = PHASE_ALL};
    struct job_counts counts;
    selection_count(all, r, &counts);
    struct durations d = selection_durations(all, p, r, SUBJECT_GENERATION, scratch);
    row->started = counts.attempted;
    row->ok = counts.ok;
    row->failed = counts.failed;
    row->average = d.seconds.mean;
    row->p95 = sample_percentile_censored(&d.seconds, d.censored, 95);
    row->p95_unsure = d.seconds.count + d.censored < interval_percentile_needs(95, MEASURE_CONFIDENCE);
    row->baseline = baseline_seconds(p);
}

void overview_add(struct overview *o, const struct plan *p, const struct record *r, const struct verdict *v,
                  const char *file)
{
    if (o->count == OVERVIEW_ROWS_MAX)
        return;
    struct overview_row *row = &o->rows[o->count++];
    struct arena scratch;
    arena_init(&scratch, "overview row", SAMPLE_MAX_BYTES);
    *row = (struct overview_row){.scenario = kept(o, p->scenario), .file = kept(o, file), .verdict = v->kind};
    measure_row(row, p, r, &scratch);
    struct finding findings[FINDINGS_MAX];
    row->finding_count = finding_find(p, r, v, &scratch, findings);
    row->findings = arena_new(&o->arena, const char *, row->finding_count + 1);
    for (int i = 0; i < row->finding_count; i++)
        row->findings[i] = arena_printf(&o->arena, "%s: %s", findings[i].says, findings[i].evidence);
    arena_finish(&scratch);
}

static void add_row(struct table *table, const struct overview_row *row)
{
    char text[TEXT], number[QUANTITY_TEXT];
    table_add(table, summary_style(row->verdict), summary_mark(row->verdict));
    table_add(table, STYLE_BOLD, row->scenario);
    table_add(table, summary_style(row->verdict), verdict_name(row->verdict));
    snprintf(text, sizeof text, "%" PRId64 "/%" PRId64, row->ok, row->started);
    table_add(table, STYLE_PLAIN, text);
    table_add(table, STYLE_PLAIN, quantity_seconds(row->average, number));
    snprintf(text, sizeof text, "%.60s%s", quantity_seconds(row->p95, number),
             row->p95_unsure && isfinite(row->p95) ? "*" : " ");
    table_add(table, STYLE_PLAIN, text);
    double percent = 100 * (row->average / row->baseline - 1);
    snprintf(text, sizeof text, "%+.1f %%", percent);
    table_add(table, fabs(percent) > 20 ? STYLE_YELLOW : STYLE_PLAIN, isfinite(percent) ? text : "–");
    table_add(table, STYLE_DIM, row->file);
}

static void write_tally(const struct overview *o, struct buf *out, const struct terminal *t)
{
    const char *separator = "";
    for (enum verdict_kind kind = VERDICT_PASS; kind <= VERDICT_INVALID; kind++) {
        int count = 0;
        char text[TEXT];
        for (int i = 0; i < o->count; i++)
            count += o->rows[i].verdict == kind;
        if (!count)
            continue;
        snprintf(text, sizeof text, "%d %s", count, verdict_name(kind));
        buf_add_text(out, separator);
        terminal_add(out, t, summary_style(kind), text, TEXT);
        separator = ", ";
    }
    buf_printf(out, " of %d scenario%s\n", o->count, o->count == 1 ? "" : "s");
}

static bool has_finding(const struct overview_row *row, const char *text)
{
    for (int i = 0; i < row->finding_count; i++)
        if (strcmp(row->findings[i], text) == 0)
            return true;
    return false;
}

/* How many scenarios say the same, the first `count` looked at. */
static int saying(const struct overview *o, int count, const char *text)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        n += has_finding(&o->rows[i], text);
    return n;
}

/* What every scenario says is said once. */
static void write_findings(const struct overview *o, struct buf *out, const struct terminal *t)
{
    bool any = false;
    for (int i = 0; i < o->count; i++) {
        for (int n = 0; n < o->rows[i].finding_count; n++) {
            const char *text = o->rows[i].findings[n];
            bool common = o->count > 1 && saying(o, o->count, text) == o->count;
            if (common && saying(o, i, text))
                continue;
            const char *who = common ? "all" : o->rows[i].scenario;
            buf_add_text(out, any ? "  · " : "\n  Findings\n  · ");
            any = true;
            terminal_add(out, t, STYLE_BOLD, who, 30);
            buf_add_text(out, ": ");
            int column = 6 + terminal_columns(who);
            terminal_wrap(out, t, STYLE_PLAIN, text, column > 36 ? 36 : column);
        }
    }
}

/* The file's column takes what is left of the width; a path is cut rather than the row broken. */
void overview_write(const struct overview *o, struct buf *out, const struct terminal *t)
{
    char number[QUANTITY_TEXT], versus[TEXT];
    double baseline = NAN;
    bool unsure = false;
    for (int i = 0; i < o->count; i++) {
        baseline = isfinite(o->rows[i].baseline) ? o->rows[i].baseline : baseline;
        unsure |= o->rows[i].p95_unsure && isfinite(o->rows[i].p95);
    }
    snprintf(versus, sizeof versus, "vs %.60s",
             isfinite(baseline) ? quantity_seconds(baseline, number) : "baseline");
    const struct table_column columns[] = {{.title = ""},
                                           {.title = "scenario", .max = 24},
                                           {.title = "verdict"},
                                           {.title = "completed", .right = true},
                                           {.title = "avg", .right = true},
                                           {.title = "p95 ", .right = true},
                                           {.title = versus, .right = true},
                                           {.title = "results", .max = t->width > 100 ? t->width - 60 : 40}};
    struct table table;
    table_init(&table, columns, 8);
    for (int i = 0; i < o->count; i++)
        add_row(&table, &o->rows[i]);
    write_tally(o, out, t);
    buf_add_text(out, "\n");
    table_write(&table, out, t, 2);
    table_finish(&table);
    if (unsure)
        buf_printf(out, "  * seen, but fewer than %d jobs, which a 95 %% bound needs\n",
                   interval_percentile_needs(95, MEASURE_CONFIDENCE));
    write_findings(o, out, t);
}
