#include "doctor.h"

#include "exit_code.h"
#include "interrupt.h"
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEEDS(check) (1u << (check))

static const struct check {
    const char *name;
    doctor_check *run;
    unsigned needs;
    bool sends_job; /* not with --quick */
} checks[DOCTOR_CHECKS] = {
    [CHECK_NAME] = {"name", doctor_name},
    [CHECK_PORT] = {"port", doctor_port, NEEDS(CHECK_NAME)},
    [CHECK_TLS] = {"tls", doctor_tls, NEEDS(CHECK_PORT)},
    [CHECK_HEALTH] = {"health", doctor_health, NEEDS(CHECK_PORT) | NEEDS(CHECK_TLS)},
    [CHECK_MODELS] = {"models", doctor_models, NEEDS(CHECK_HEALTH)},
    [CHECK_METRICS] = {"metrics", doctor_metrics, NEEDS(CHECK_PORT) | NEEDS(CHECK_TLS)},
    [CHECK_CLOCK] = {"clock", doctor_clock, NEEDS(CHECK_HEALTH)},
    [CHECK_GPU] = {"gpu", doctor_gpu, NEEDS(CHECK_NAME)},
    [CHECK_PICTURE] = {"picture", doctor_picture},
    [CHECK_JOB] = {"one job", doctor_job, NEEDS(CHECK_MODELS) | NEEDS(CHECK_PICTURE), true},
    [CHECK_COUNTS] = {"counts", doctor_counts, NEEDS(CHECK_METRICS) | NEEDS(CHECK_JOB), true},
    [CHECK_DESCRIPTORS] = {"descriptors", doctor_descriptors},
    [CHECK_PORTS] = {"local ports", doctor_ports},
    [CHECK_MACHINE] = {"machine", doctor_machine},
    [CHECK_RESULTS] = {"results", doctor_results},
};

const struct plan *doctor_plan(const struct doctor *d)
{
    return d->plans[0];
}

static void tell(struct doctor_result *r, enum doctor_state state, const char *next, const char *format,
                 va_list args)
{
    r->state = state;
    vsnprintf(r->text, sizeof r->text, format, args);
    snprintf(r->next, sizeof r->next, "%s", next ? next : "");
}

void doctor_tell(struct doctor_result *r, enum doctor_state state, const char *next, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(r, state, next, format, args);
    va_end(args);
}

void doctor_tell_unreachable(struct doctor_result *r, const char *next, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(r, DOCTOR_FAILED, next, format, args);
    va_end(args);
    r->unreachable = true;
}

/* ---- printing ---- */

enum { INDENT = 4, NAME_COLUMNS = 13 };

static const struct {
    const char *mark;
    enum terminal_style style;
} marks[] = {
    [DOCTOR_SKIPPED] = {"–", STYLE_DIM}, [DOCTOR_INAPPLICABLE] = {"–", STYLE_DIM},
    [DOCTOR_OK] = {"✓", STYLE_GREEN},    [DOCTOR_WARNING] = {"!", STYLE_YELLOW},
    [DOCTOR_FAILED] = {"✗", STYLE_RED},
};

/* While a check runs its name stands there, where a terminal can take it back. */
static bool is_live(const struct options *o)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !o->no_color && term && strcmp(term, "dumb") != 0;
}

static void print_running(const struct doctor *d, const struct check *check)
{
    if (!is_live(d->options))
        return;
    printf("  … %s", check->name);
    fflush(stdout);
}

static void print_result(const struct doctor *d, const struct check *check, const struct doctor_result *r)
{
    struct terminal terminal = scenario_terminal(d->options);
    struct buf line;
    buf_init(&line, 64 << 10);
    if (is_live(d->options))
        buf_add_text(&line, "\r\033[K");
    buf_add_text(&line, "  ");
    terminal_add(&line, &terminal, marks[r->state].style, marks[r->state].mark, 1);
    buf_printf(&line, " %-*s", NAME_COLUMNS, check->name);
    bool dim = marks[r->state].style == STYLE_DIM;
    terminal_wrap(&line, &terminal, dim ? STYLE_DIM : STYLE_PLAIN, r->text, INDENT + NAME_COLUMNS);
    if (r->next[0]) {
        terminal_spaces(&line, INDENT + NAME_COLUMNS);
        buf_add_text(&line, "→ ");
        terminal_wrap(&line, &terminal, STYLE_PLAIN, r->next, INDENT + NAME_COLUMNS + 2);
    }
    fputs(buf_text(&line), stdout);
    fflush(stdout);
    buf_finish(&line);
}

static void print_head(const struct doctor *d)
{
    printf("orfeas " ORFEAS_VERSION " doctor · target %s ·", d->target.text);
    for (int i = 0; i < d->plan_count; i++)
        printf("%s %s", i ? "," : "", d->plans[i]->scenario);
    if (d->options->time_scale != 1)
        printf(" · %g times as fast", d->options->time_scale);
    printf("\n\n");
    fflush(stdout);
}

static void print_end(const struct doctor *d, int failed, int warnings, int looked_at)
{
    struct terminal terminal = scenario_terminal(d->options);
    struct buf line;
    char text[120];
    buf_init(&line, 1 << 10);
    if (failed)
        snprintf(text, sizeof text, "%d of %d %s not as %s should be", failed, looked_at,
                 failed == 1 ? "is" : "are", failed == 1 ? "it" : "they");
    else
        snprintf(text, sizeof text, "ready");
    terminal_add(&line, &terminal, failed ? STYLE_RED : STYLE_GREEN, text, sizeof text);
    if (warnings)
        buf_printf(&line, ", %d warning%s", warnings, warnings == 1 ? "" : "s");
    printf("\n%s\n", buf_text(&line));
    buf_finish(&line);
}

/* ---- running ---- */

/* Failed, skipped, or not told since somebody interrupted. */
static bool is_missing(const struct doctor_result *r)
{
    return r->state == DOCTOR_FAILED || r->state == DOCTOR_SKIPPED;
}

static int missing_need(const struct doctor *d, const struct check *check)
{
    for (int i = 0; i < DOCTOR_CHECKS; i++)
        if ((check->needs & NEEDS(i)) && is_missing(&d->results[i]))
            return i;
    return -1;
}

static void look(struct doctor *d, int i)
{
    struct doctor_result *r = &d->results[i];
    int missing = missing_need(d, &checks[i]);
    if (checks[i].sends_job && d->options->quick)
        doctor_tell(r, DOCTOR_SKIPPED, NULL, "left out: --quick sends no job");
    else if (missing >= 0)
        doctor_tell(r, DOCTOR_SKIPPED, NULL, "left out: it needs what '%s' looks at", checks[missing].name);
    else
        checks[i].run(d, r);
}

static int code_of(const struct doctor *d)
{
    int code = EXIT_PASS;
    for (int i = 0; i < DOCTOR_CHECKS; i++) {
        const struct doctor_result *r = &d->results[i];
        if (r->state == DOCTOR_FAILED && code != EXIT_UNREACHABLE)
            code = r->unreachable ? EXIT_UNREACHABLE : EXIT_FAIL;
    }
    return code;
}

int doctor_run(struct doctor *d)
{
    int counts[DOCTOR_FAILED + 1] = {0};
    print_head(d);
    for (int i = 0; i < DOCTOR_CHECKS; i++) {
        print_running(d, &checks[i]);
        look(d, i);
        if (interrupt_signal()) {
            printf("%sinterrupted\n", is_live(d->options) ? "\r\033[K" : "");
            return EXIT_SIGNAL + interrupt_signal();
        }
        print_result(d, &checks[i], &d->results[i]);
        counts[d->results[i].state]++;
    }
    print_end(d, counts[DOCTOR_FAILED], counts[DOCTOR_WARNING],
              counts[DOCTOR_FAILED] + counts[DOCTOR_WARNING] + counts[DOCTOR_OK]);
    return code_of(d);
}

void doctor_finish(struct doctor *d)
{
    preflight_end(d->visit);
    for (int i = 0; d->payloads && i < d->images.count; i++)
        payload_finish(&d->payloads[i]);
    free(d->payloads);
    images_finish(&d->images);
    if (d->scraping) {
        scrape_finish(&d->scrape);
        record_finish(&d->log);
    }
    if (d->recorded)
        record_finish(&d->record);
}
