#include "summary.h"

#include "evidence.h"
#include "finding.h"
#include "metric_check.h"
#include "quantity.h"
#include "result_gpu.h"
#include "result_process.h"
#include "queueing.h"
#include "selection.h"
#include "steps.h"
#include "table.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_MAX_BYTES = 1 << 30, INDENT = 2 };

static const struct {
    const char *mark;
    enum terminal_style style;
} looks[] = {
    [VERDICT_PASS] = {"✓", STYLE_GREEN},         [VERDICT_FAIL] = {"✗", STYLE_RED},
    [VERDICT_INVALID] = {"!", STYLE_RED},        [VERDICT_INCONCLUSIVE] = {"?", STYLE_YELLOW},
    [VERDICT_NOT_APPLICABLE] = {"–", STYLE_DIM},
};

const char *summary_mark(enum verdict_kind kind)
{
    return looks[kind].mark;
}

enum terminal_style summary_style(enum verdict_kind kind)
{
    return looks[kind].style;
}

struct summing {
    struct buf *out;
    const struct terminal *terminal;
    const struct plan *plan;
    const struct record *record;
    const struct verdict *verdict;
    struct arena *arena;
};

static void write_heading(const struct summing *s, const char *text)
{
    buf_add_text(s->out, "\n");
    terminal_spaces(s->out, INDENT);
    terminal_add(s->out, s->terminal, STYLE_BOLD, text, s->terminal->width);
    buf_add_text(s->out, "\n");
}

/* Where nothing was expected nothing has passed: it was measured. */
static bool only_measured(const struct summing *s)
{
    return s->verdict->kind == VERDICT_PASS && !s->verdict->outcome_count;
}

static bool has_failures(const struct summing *s)
{
    struct job_counts counts;
    selection_count((struct selection){.phase = PHASE_ALL}, s->record, &counts);
    return counts.failed > 0;
}

static void write_verdict(const struct summing *s)
{
    enum verdict_kind kind = s->verdict->kind;
    bool measured = only_measured(s), failures = measured && has_failures(s);
    char word[20];
    snprintf(word, sizeof word, "%s", measured ? "measured" : verdict_name(kind));
    for (char *c = word; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    const char *head = arena_printf(s->arena, "%s %s", failures ? "!" : summary_mark(kind), word);
    terminal_add(s->out, s->terminal, failures ? STYLE_YELLOW : summary_style(kind), head,
                 s->terminal->width);
    buf_add_text(s->out, "  ");
    terminal_add(s->out, s->terminal, STYLE_BOLD, s->plan->scenario, s->terminal->width / 2);
    buf_add_text(s->out, "  ");
    int column = terminal_columns(head) + terminal_columns(s->plan->scenario) + 4;
    terminal_wrap(s->out, s->terminal, STYLE_PLAIN, s->verdict->reason, column > 40 ? INDENT : column);
}

/* Three digits, and whole numbers above. */
static const char *rate_text(double rate, char out[QUANTITY_TEXT])
{
    snprintf(out, QUANTITY_TEXT, rate < 1000 ? "%.3g" : "%.0f", rate);
    return out;
}

static double most_rate(const struct plan *p)
{
    double most = 0;
    for (int i = 0; i < p->load.phase_count; i++)
        most = fmax(most, p->load.phases[i].rate);
    return most;
}

/* What takes the place of users where jobs come by themselves; "" where there are users. */
static const char *arrivals_text(const struct summing *s)
{
    const struct plan_load_model *load = &s->plan->load;
    char rate[QUANTITY_TEXT];
    if (load->users != USERS_OPEN)
        return "";
    if (load->arrivals == ARRIVALS_REPLAY)
        return " · arrivals as replayed";
    return arena_printf(s->arena, " · %s%s arrivals a second, %s", load->phase_count > 1 ? "up to " : "",
                        rate_text(most_rate(s->plan), rate), arrival_kind_name(load->arrivals));
}

/* A minute is the measure of jobs that take minutes. */
static const char *throughput_text(const struct summing *s, int64_t completed, nsec whole)
{
    bool tallied = s->record->shape.keeping == RECORD_TALLIES;
    char rate[QUANTITY_TEXT];
    return arena_printf(s->arena, "%s completed a %s",
                        rate_text((double)completed / nsec_to_sec(whole) * (tallied ? 1 : 60), rate),
                        tallied ? "second" : "minute");
}

static void write_dim(const struct summing *s, const char *text)
{
    terminal_spaces(s->out, INDENT);
    terminal_wrap(s->out, s->terminal, STYLE_DIM, text, INDENT);
}

static void write_load(const struct summing *s)
{
    struct job_counts counts;
    selection_count((struct selection){.phase = PHASE_ALL}, s->record, &counts);
    struct record_span load = selection_load(s->record);
    char loaded[DURATION_TEXT], all[DURATION_TEXT];
    nsec whole = s->record->ended > load.start ? s->record->ended - load.start : 0;
    const char *text =
        arena_printf(s->arena, "%" PRId64 " started, %" PRId64 " completed, %" PRId64 " failed",
                     counts.attempted, counts.ok, counts.failed);
    if (counts.unfinished)
        text = arena_printf(s->arena, "%s, %" PRId64 " unfinished", text, counts.unfinished);
    text = arena_printf(s->arena, "%s%s", text, arrivals_text(s));
    if (whole > 0)
        text = arena_printf(s->arena, "%s · %s of load, %s in all · %s", text,
                            duration_text(load.end - load.start, loaded), duration_text(whole, all),
                            throughput_text(s, counts.ok, whole));
    if (s->plan->time_scale != 1)
        text = arena_printf(s->arena, "%s · time scale %g", text, s->plan->time_scale);
    write_dim(s, text);
}

static void write_traffic(const struct summing *s)
{
    const struct record_traffic *t = &s->record->traffic;
    if (t->requests && t->polls)
        write_dim(s, arena_printf(s->arena, "%" PRId64 " requests, %.3g %% of them polls", t->requests,
                                  100.0 * (double)t->polls / (double)t->requests));
    if (t->messages)
        write_dim(
            s, arena_printf(s->arena, "%" PRId64 " messages told of jobs%s", t->messages,
                            t->reconnects
                                ? arena_printf(s->arena, ", %" PRId64 " connections were lost", t->reconnects)
                                : ""));
    if (t->throttled)
        write_dim(s,
                  arena_printf(s->arena,
                               "%" PRId64 " answer%s said \"not now\", %" PRId64 " of them were tried again",
                               t->throttled, t->throttled == 1 ? "" : "s", t->retries));
}

static void write_process(const struct summing *s)
{
    const char *text = result_process_line(s->record, s->arena);
    if (*text)
        write_dim(s, text);
}

/* As written; and what it comes to, where that is not what is written. */
static const char *expectation(const struct summing *s, const struct outcome *o)
{
    const struct criterion *c = o->criterion;
    bool scaled = c->unit == UNIT_SECONDS && s->plan->time_scale != 1;
    bool known = isfinite(o->limits.low) || isfinite(o->limits.high);
    if (!known || (!scaled && c->comparison != COMPARE_NEAR))
        return c->expression;
    return arena_printf(s->arena, "%s: %s", c->expression, evidence_limits(o, s->arena));
}

static void write_criteria(const struct summing *s)
{
    enum { OTHERS = 62, LEAST = 24 }; /* columns of the terminal that the other columns take */
    int room = s->terminal->width - OTHERS;
    const struct table_column columns[] = {
        {.title = ""},
        {.title = "criterion", .max = 24},
        {.title = "expects", .max = room > LEAST ? room : LEAST, .wraps = true},
        {.title = "observed", .right = true},
        {.title = "95 % interval", .right = true}};
    struct table table;
    table_init(&table, columns, 5);
    for (int i = 0; i < s->verdict->outcome_count; i++) {
        const struct outcome *o = &s->verdict->outcomes[i];
        char observed[QUANTITY_TEXT], interval[QUANTITY_TEXT];
        table_add(&table, summary_style(o->verdict), summary_mark(o->verdict));
        table_add(&table, STYLE_PLAIN, o->criterion->name);
        table_add(&table, STYLE_DIM, expectation(s, o));
        table_add(&table, STYLE_PLAIN, quantity_text(o->measured.value, o->criterion->unit, observed));
        table_add(&table, o->decided ? STYLE_DIM : STYLE_YELLOW,
                  interval_exists(o->measured.interval)
                      ? quantity_interval(o->measured.interval, o->criterion->unit, interval)
                      : "");
    }
    buf_add_text(s->out, s->verdict->outcome_count ? "\n" : "");
    if (s->verdict->outcome_count)
        table_write(&table, s->out, s->terminal, INDENT);
    table_finish(&table);
}

/* One line for each criterion that did not pass. */
static void write_reasons(const struct summing *s)
{
    bool any = false;
    for (int i = 0; i < s->verdict->outcome_count; i++) {
        const struct outcome *o = &s->verdict->outcomes[i];
        if (o->verdict == VERDICT_PASS)
            continue;
        buf_add_text(s->out, any ? "" : "\n");
        any = true;
        const char *more =
            o->measured.state == MEASURED && strcmp(o->why, o->evidence) != 0 ? o->evidence : "";
        terminal_spaces(s->out, INDENT);
        terminal_add(s->out, s->terminal, summary_style(o->verdict), summary_mark(o->verdict), 1);
        buf_add_text(s->out, " ");
        terminal_wrap(s->out, s->terminal, STYLE_PLAIN,
                      arena_printf(s->arena, "%s: %s%s%s%s", o->criterion->name, o->why, *more ? " (" : "",
                                   more, *more ? ")" : ""),
                      INDENT + 4);
    }
}

enum { LATENCY_PERCENTILES = 3 };
static const double percents[LATENCY_PERCENTILES] = {50, 95, 99};

/* Marks a percentile that so few values cannot bound. */
static void add_percentile(const struct summing *s, struct table *table, double value, int64_t count,
                           int which, bool unsure[LATENCY_PERCENTILES])
{
    char text[QUANTITY_TEXT];
    bool few = isfinite(value) && count < interval_percentile_needs(percents[which], MEASURE_CONFIDENCE);
    unsure[which] |= few;
    quantity_seconds(value, text);
    /* A blank where others have the mark keeps the digits below each other. */
    table_add(table, STYLE_PLAIN, arena_printf(s->arena, "%s%s", text, few ? "*" : " "));
}

static void add_latency(const struct summing *s, struct table *table, const char *name, bool part,
                        const struct sample_summary *of, bool unsure[LATENCY_PERCENTILES])
{
    char text[QUANTITY_TEXT];
    table_add(table, STYLE_PLAIN, arena_printf(s->arena, "%s%s", part ? "· " : "", name));
    table_add(table, STYLE_PLAIN, arena_printf(s->arena, "%" PRId64, of->count));
    table_add(table, STYLE_PLAIN, quantity_seconds(of->mean, text));
    const double values[LATENCY_PERCENTILES] = {of->p50, of->p95, of->p99};
    for (int i = 0; i < LATENCY_PERCENTILES; i++)
        add_percentile(s, table, values[i], of->count, i, unsure);
    table_add(table, STYLE_PLAIN, quantity_seconds(of->max, text));
}

static void write_footnote(const struct summing *s, const bool unsure[LATENCY_PERCENTILES])
{
    const char *text = "";
    for (int i = 0; i < LATENCY_PERCENTILES; i++)
        if (unsure[i])
            text = arena_printf(s->arena, "%s%s p%g needs ≥ %d", text, *text ? "," : "", percents[i],
                                interval_percentile_needs(percents[i], MEASURE_CONFIDENCE));
    if (!*text)
        return;
    terminal_spaces(s->out, INDENT);
    terminal_wrap(s->out, s->terminal, STYLE_DIM,
                  arena_printf(s->arena, "* seen, but too few jobs for a 95 %% bound:%s", text), INDENT + 2);
}

static void write_latencies(const struct summing *s)
{
    static const struct table_column columns[] = {
        {.title = "", .max = 30},         {.title = "count", .right = true}, {.title = "avg", .right = true},
        {.title = "p50 ", .right = true}, {.title = "p95 ", .right = true},  {.title = "p99 ", .right = true},
        {.title = "max", .right = true}};
    struct durations d = selection_durations((struct selection){.phase = PHASE_ALL}, s->plan, s->record,
                                             SUBJECT_GENERATION, s->arena);
    struct sample_summary generation;
    sample_summarise(&d.seconds, &generation);
    generation.p50 = sample_percentile_censored(&d.seconds, d.censored, 50);
    generation.p95 = sample_percentile_censored(&d.seconds, d.censored, 95);
    generation.p99 = sample_percentile_censored(&d.seconds, d.censored, 99);
    struct step_row *rows;
    int count = steps_measure(s->plan, s->record, s->arena, &rows);
    bool unsure[LATENCY_PERCENTILES] = {false};
    struct table table;
    table_init(&table, columns, 7);
    add_latency(s, &table, "generation", false, &generation, unsure);
    for (int i = 0; i < count; i++)
        add_latency(s, &table, rows[i].name, *rows[i].part_of != '\0', &rows[i].seconds, unsure);
    buf_add_text(s->out, "\n");
    table_write(&table, s->out, s->terminal, INDENT);
    table_finish(&table);
    write_footnote(s, unsure);
}

/* What the target does with many jobs at once, in a sentence. */
static void write_queueing(const struct summing *s)
{
    struct queueing q;
    queueing_measure(s->plan, s->record, &q);
    const char *text = queueing_text(&q, s->arena);
    if (*text)
        write_dim(s, text);
}

static int by_count(const void *left, const void *right)
{
    const struct job_error *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return a->error != b->error ? a->error - b->error : (int)a->kind - (int)b->kind;
}

static void write_errors(const struct summing *s)
{
    enum { SHOWN = 10 };
    static const struct table_column columns[] = {
        {.title = "", .right = true}, {.title = ""}, {.title = "", .max = 80}};
    struct job_error *errors;
    int count = selection_errors((struct selection){.phase = PHASE_ALL}, s->record, s->arena, &errors);
    if (!count)
        return;
    qsort(errors, (size_t)count, sizeof *errors, by_count);
    write_heading(s, "Errors");
    struct table table;
    table_init(&table, columns, 3);
    for (int i = 0; i < count && i < SHOWN; i++) {
        table_add(&table, STYLE_PLAIN, arena_printf(s->arena, "%" PRId64, errors[i].count));
        table_add(&table, STYLE_RED, fail_kind_name(errors[i].kind));
        table_add(&table, STYLE_PLAIN, errors[i].error >= 0 ? s->record->messages[errors[i].error] : "");
    }
    table_write(&table, s->out, s->terminal, INDENT);
    table_finish(&table);
    if (count > SHOWN)
        buf_printf(s->out, "  and %d more kinds, all in the results file\n", count - SHOWN);
}

static const char *agreement_text(const struct summing *s, const struct metric_checks *m)
{
    if (!m->compared)
        return "";
    if (m->agree == m->compared)
        return ", all agree";
    const char *text = arena_printf(s->arena, ", %d of %d agree with our counts", m->agree, m->compared);
    return m->more ? arena_printf(s->arena, "%s, %d grew by more", text, m->more) : text;
}

/* What the workflow expects of the target's metrics, in a line, and a line for each that is wrong. */
static void write_metrics(const struct summing *s)
{
    struct metric_checks m;
    metric_check_all(s->plan, s->record, s->arena, &m);
    if (!m.count || !s->record->metrics.readable)
        return;
    const char *text = arena_printf(s->arena, "%d of %d expected metrics present, %d moved%s", m.present,
                                    m.expected, m.moving, agreement_text(s, &m));
    if (m.absent)
        text = arena_printf(s->arena, "%s · %d optional absent", text, m.absent);
    write_heading(s, "Metrics of the target");
    write_dim(s, arena_printf(s->arena, "%s · %d families in all", text, s->record->metrics.families));
    for (int i = 0; i < m.count; i++) {
        if (!m.items[i].wrong)
            continue;
        terminal_spaces(s->out, INDENT);
        terminal_add(s->out, s->terminal, STYLE_RED, "✗", 1);
        buf_add_text(s->out, " ");
        terminal_wrap(s->out, s->terminal, STYLE_PLAIN,
                      arena_printf(s->arena, "%s: %s", m.items[i].expected->selector->text, m.items[i].wrong),
                      INDENT + 4);
    }
}

/* A line for each GPU of this machine. */
static void write_gpus(const struct summing *s)
{
    if (s->record->gpus.count)
        write_heading(s, "GPU");
    for (int i = 0; i < s->record->gpus.count; i++)
        write_dim(s, result_gpu_line(s->record, i, s->arena));
}

static const struct {
    const char *mark;
    enum terminal_style style;
} severities[] = {[SEVERITY_NOTE] = {"·", STYLE_DIM},
                  [SEVERITY_WARNING] = {"!", STYLE_YELLOW},
                  [SEVERITY_CRITICAL] = {"✗", STYLE_RED}};

static void write_finding(const struct summing *s, const struct finding *f)
{
    terminal_spaces(s->out, INDENT);
    terminal_add(s->out, s->terminal, severities[f->severity].style, severities[f->severity].mark, 1);
    buf_add_text(s->out, " ");
    terminal_wrap(s->out, s->terminal, STYLE_PLAIN, arena_printf(s->arena, "%s: %s", f->says, f->evidence),
                  INDENT + 2);
    if (!*f->next)
        return;
    terminal_spaces(s->out, INDENT + 2);
    terminal_wrap(s->out, s->terminal, STYLE_DIM, arena_printf(s->arena, "→ %s", f->next), INDENT + 4);
}

static void write_findings(const struct summing *s)
{
    struct finding findings[FINDINGS_MAX];
    int count = finding_find(s->plan, s->record, s->verdict, s->arena, findings);
    if (count)
        write_heading(s, "Findings");
    for (int i = 0; i < count; i++)
        write_finding(s, &findings[i]);
}

static void write_files(const struct summing *s, const char *const *files, int file_count)
{
    buf_add_text(s->out, file_count ? "\n" : "");
    for (int i = 0; i < file_count; i++) {
        buf_add_text(s->out, "  → ");
        terminal_add(s->out, s->terminal, STYLE_DIM, files[i], 4096);
        buf_add_text(s->out, "\n");
    }
}

void summary_write(struct buf *out, const struct terminal *t, const struct plan *p, const struct record *r,
                   const struct verdict *v, const char *const *files, int file_count)
{
    struct arena arena;
    arena_init(&arena, "summary", SUMMARY_MAX_BYTES);
    struct summing s = {out, t, p, r, v, &arena};
    write_verdict(&s);
    write_load(&s);
    write_traffic(&s);
    write_process(&s);
    write_criteria(&s);
    write_reasons(&s);
    write_latencies(&s);
    write_queueing(&s);
    write_errors(&s);
    write_metrics(&s);
    write_gpus(&s);
    write_findings(&s);
    write_files(&s, files, file_count);
    buf_add_text(out, "\n");
    arena_finish(&arena);
}
