#include "scenario.h"

#include "addr.h"
#include "describe.h"
#include "engine.h"
#include "exit_code.h"
#include "interrupt.h"
#include "live.h"
#include "machine.h"
#include "result_file.h"
#include "summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What lives as long as the play. */
struct stage {
    struct engine *engine;
    struct watch *watch;
    struct live *live;
    struct progress progress;
};

static nsec scaled(nsec real, const struct plan *plan)
{
    nsec time = (nsec)((double)real / plan->time_scale);
    return time > 100 * NSEC_PER_MSEC ? time : 100 * NSEC_PER_MSEC;
}

static int internal_error(const char *what)
{
    fprintf(stderr, "orfeas: %s: %s\n", what, strerror(errno));
    return EXIT_INTERNAL;
}

/* ---- playing ---- */

static int set_up(struct stage *st, struct scenario *s, const struct options *o, const struct target *target,
                  const struct preflight *preflight)
{
    const struct plan *plan = s->plan;
    struct http_target http = target->http;
    http.place.addrs[0] = preflight->addr; /* the one that took a connection */
    http.place.addr_count = 1;
    struct engine_config engine = {.workers =
                                       o->workers ? o->workers : engine_workers_usual(plan, machine_cores()),
                                   .plan = plan,
                                   .target = http,
                                   .payloads = s->payloads,
                                   .payload_count = s->payload_count,
                                   .connections = machine_connections(),
                                   .seed = o->seed,
                                   .record = &s->record,
                                   .progress = &st->progress};
    engine.target.place.resolve_each = plan->load.resolve_each;
    progress_init(&st->progress, engine_workers(plan, engine.workers));
    struct watch_config watch = {.target = http,
                                 .health_path = plan->workflow.health_path,
                                 .metrics_path = plan->workflow.metrics_path,
                                 .metrics = plan->watched,
                                 .metric_count = plan->watched_count,
                                 .probe_every = scaled(NSEC_PER_SEC, plan),
                                 .scrape_every = scaled(o->scrape, plan),
                                 .process = {.follow = {.proc = "/proc",
                                                        .addr = preflight->addr,
                                                        .pid = target_pid(target, o),
                                                        .how = o->pid ? "pid" : "embedded"},
                                             .every = scaled(NSEC_PER_SEC, plan)}};
    st->engine = engine_create(&engine);
    st->watch = watch_create(&watch);
    if (!st->engine || !st->watch || !watch_start(st->watch))
        return internal_error("no thread");
    struct live_config live = {.plan = plan,
                               .progress = &st->progress,
                               .watch = st->watch,
                               .out = stderr,
                               .terminal = isatty(STDERR_FILENO)};
    st->live = o->quiet ? NULL : live_start(&live);
    return EXIT_PASS;
}

static void tear_down(struct stage *st)
{
    live_stop(st->live);
    if (st->watch)
        watch_stop(st->watch);
    watch_destroy(st->watch);
    engine_destroy(st->engine);
    progress_finish(&st->progress);
}

static int play(struct stage *st, struct scenario *s, const struct preflight *preflight)
{
    struct machine_usage before, after;
    machine_read(&before);
    int others = machine_fds(); /* no user is connected yet */
    interrupt_attach(st->engine);
    bool played = engine_run(st->engine);
    interrupt_attach(NULL);
    if (!played)
        return internal_error("no thread");
    machine_read(&after);
    live_stop(st->live);
    st->live = NULL;
    watch_stop(st->watch);
    watch_collect(st->watch, &s->record, engine_zero(st->engine));
    struct record_generator *g = &s->record.generator;
    g->cpu = after.cpu - before.cpu;
    g->steal_percent = machine_steal_percent(&before, &after);
    g->fd_limit = machine_fd_limit();
    g->fd_most += others;
    record_set_peer(&s->record, preflight->server, preflight->via, addr_is_local(&preflight->addr));
    return EXIT_PASS;
}

/* ---- afterwards ---- */

static int write_results(struct scenario *s, const struct options *o, const struct target *target,
                         const struct preflight *preflight)
{
    struct result_context context = {.version = ORFEAS_VERSION,
                                     .command = o->command_line,
                                     .seed = o->seed,
                                     .target_url = target->text,
                                     .target_server = preflight->server,
                                     .target_health = preflight->health};
    char error[RESULT_ERROR];
    environment_read(&context.environment);
    json_t *document = result_json(s->plan, &s->record, &s->verdict, &context);
    const char *wrong =
        document ? result_file_write(o->results, s->plan->scenario, document, error) : "no memory";
    json_decref(document);
    if (wrong) {
        fprintf(stderr, "orfeas: %s\n", wrong);
        return EXIT_INTERNAL;
    }
    result_file_path(o->results, s->plan->scenario, s->file);
    return EXIT_PASS;
}

struct terminal scenario_terminal(const struct options *o)
{
    enum { READABLE = 120 };
    struct winsize size;
    int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 100;
    return (struct terminal){.colour = !o->no_color && isatty(STDOUT_FILENO),
                             .width = width < READABLE ? width : READABLE};
}

static void print_summary(const struct scenario *s, const struct options *o)
{
    struct terminal terminal = scenario_terminal(o);
    const char *files[] = {s->file};
    struct buf text;
    buf_init(&text, 1 << 20);
    summary_write(&text, &terminal, s->plan, &s->record, &s->verdict, files, s->file[0] ? 1 : 0);
    fputs(buf_text(&text), stdout);
    fflush(stdout);
    buf_finish(&text);
}

static void print_plan(const struct scenario *s, const struct preflight *preflight)
{
    struct buf text;
    buf_init(&text, 64 << 10);
    describe_plan(s->plan, s->payloads, preflight, &text);
    fputs(buf_text(&text), stderr);
    buf_finish(&text);
}

static int code_of(enum verdict_kind kind)
{
    return kind == VERDICT_PASS ? EXIT_PASS : kind == VERDICT_FAIL ? EXIT_FAIL : EXIT_INCONCLUSIVE;
}

int scenario_run(struct scenario *s, const struct options *o, const struct target *target,
                 const struct preflight *preflight)
{
    struct stage st = {0};
    s->played = true;
    if (o->verbose)
        print_plan(s, preflight);
    int code = set_up(&st, s, o, target, preflight);
    if (code == EXIT_PASS)
        code = play(&st, s, preflight);
    tear_down(&st);
    verdict_judge(&s->verdict, s->plan, &s->record, false);
    if (code != EXIT_PASS)
        return code;
    if (s->record.interrupted && !interrupt_signal()) /* one of the workers had its share of rows */
        fprintf(stderr, "orfeas: the load ended early: a run keeps at most %d jobs\n", RECORD_JOBS_MAX);
    const char *broken = record_check(&s->record);
    if (broken)
        fprintf(stderr, "orfeas: a law of the record does not hold: %s; please report this\n", broken);
    code = write_results(s, o, target, preflight);
    if (!o->quiet)
        print_summary(s, o);
    return broken ? EXIT_INTERNAL : code != EXIT_PASS ? code : code_of(s->verdict.kind);
}

void scenario_finish(struct scenario *s)
{
    if (s->played) {
        verdict_finish(&s->verdict);
        record_finish(&s->record);
    }
    for (int i = 0; i < s->payload_count; i++)
        payload_finish(&s->payloads[i]);
    free(s->payloads);
    plan_free(s->plan);
}
