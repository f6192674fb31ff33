#include "command.h"
#include "file.h"
#include "images.h"
#include "interrupt.h"
#include "overview.h"
#include "plans.h"
#include "result_file.h"
#include "scenario.h"
#include "test_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run {
    struct scenario scenarios[SCENARIOS_MAX];
    int count;
    struct images images;
    struct target target;
};

/* ---- before anything is sent ---- */

static int load_scenarios(struct run *run, struct options *o)
{
    struct plan *plans[SCENARIOS_MAX];
    int code = plans_load(o, plans, &run->count);
    for (int i = 0; i < run->count; i++)
        run->scenarios[i].plan = plans[i];
    return code;
}

static int load_payloads(struct run *run, const struct options *o)
{
    bool wanted = false;
    for (int i = 0; i < run->count; i++)
        wanted |= workflow_uploads(&run->scenarios[i].plan->workflow);
    int code = wanted ? images_load(&run->images, o) : EXIT_PASS;
    for (int i = 0; i < run->count && code == EXIT_PASS; i++) {
        struct scenario *s = &run->scenarios[i];
        if (!workflow_uploads(&s->plan->workflow))
            continue;
        s->payloads = images_payloads(&run->images, s->plan->load.unique_images);
        s->payload_count = s->payloads ? run->images.count : 0;
        code = s->payloads ? EXIT_PASS : EXIT_USAGE;
    }
    if (run->images.wrong[0])
        fprintf(stderr, "orfeas: %s\n    " IMAGES_HINT "\n", run->images.wrong);
    return code;
}

/* Before the load, not after it: results that cannot be written are a run lost. */
static int check_results(const struct run *run, const struct options *o)
{
    char path[RESULT_PATH];
    const char *where = o->results;
    int error = file_make_dirs(o->results);
    if (!error && access(o->results, W_OK | X_OK) != 0)
        error = errno;
    for (int i = 0; i < run->count && !error; i++) {
        struct stat st;
        where = path;
        if (!result_file_path(o->results, run->scenarios[i].plan->scenario, path))
            error = ENAMETOOLONG;
        else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            error = EISDIR;
    }
    if (!error)
        return EXIT_PASS;
    fprintf(stderr,
            "orfeas: results cannot be written to %s: %s\n    Name another directory with --results.\n",
            where, strerror(error));
    return EXIT_USAGE;
}

/* ---- the target ---- */

static int check_target(const struct run *run, const struct scenario *s, const struct options *o,
                        struct preflight *preflight)
{
    struct preflight_config config = target_preflight(&run->target, &s->plan->workflow, o, interrupt_flag());
    if (preflight_run(&config, preflight))
        return EXIT_PASS;
    if (interrupt_signal()) {
        fprintf(stderr, "orfeas: interrupted before anything was sent\n");
        return EXIT_UNREACHABLE;
    }
    fprintf(stderr, "orfeas: %s\n", preflight->message);
    if (preflight->hint[0])
        fprintf(stderr, "    %s\n", preflight->hint);
    return EXIT_UNREACHABLE;
}

/* ---- the run ---- */

static int worse(int a, int b)
{
    static const int order[] = {EXIT_PASS,        EXIT_FAIL,  EXIT_INCONCLUSIVE,
                                EXIT_UNREACHABLE, EXIT_USAGE, EXIT_INTERNAL};
    int rank_a = 0, rank_b = 0;
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++) {
        rank_a = order[i] == a ? i : rank_a;
        rank_b = order[i] == b ? i : rank_b;
    }
    return rank_a > rank_b ? a : b;
}

static void tell_start(const struct run *run, const struct options *o)
{
    fprintf(stderr, "orfeas " ORFEAS_VERSION " · target %s", run->target.text);
    if (o->time_scale != 1)
        fprintf(stderr, " · %g times as fast", o->time_scale);
    fprintf(stderr, " · seed %llu\n", (unsigned long long)o->seed);
    if (run->target.embedded.pid)
        fprintf(stderr, "embedded: %s\n", run->target.embedded.command);
}

static int play_all(struct run *run, const struct options *o)
{
    int code = EXIT_PASS;
    for (int i = 0; i < run->count && !interrupt_signal(); i++) {
        struct preflight preflight;
        int reached = check_target(run, &run->scenarios[i], o, &preflight);
        if (reached != EXIT_PASS)
            return worse(code, reached);
        code = worse(code, scenario_run(&run->scenarios[i], o, &run->target, &preflight));
    }
    return code;
}

/* All scenarios beside each other; of a single one everything is said already. */
static void print_overview(const struct run *run, const struct options *o)
{
    struct overview overview;
    struct terminal terminal = scenario_terminal(o);
    struct buf text;
    buf_init(&text, 1 << 20);
    overview_init(&overview);
    for (int i = 0; i < run->count; i++) {
        const struct scenario *s = &run->scenarios[i];
        if (s->played)
            overview_add(&overview, s->plan, &s->record, &s->verdict, s->file);
    }
    overview_write(&overview, &text, &terminal);
    if (overview.count > 1)
        fputs(buf_text(&text), stdout);
    overview_finish(&overview);
    buf_finish(&text);
}

int cmd_run(struct options *o)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return EXIT_INTERNAL;
    interrupt_install(INTERRUPT_DRAINS);
    int code = load_scenarios(run, o);
    if (code == EXIT_PASS)
        code = load_payloads(run, o);
    if (code == EXIT_PASS)
        code = check_results(run, o);
    if (code == EXIT_PASS)
        code = target_open(&run->target, o);
    if (code == EXIT_PASS) {
        if (!o->quiet)
            tell_start(run, o);
        code = play_all(run, o);
        if (!o->quiet)
            print_overview(run, o);
    }
    target_close(&run->target);
    for (int i = 0; i < run->count; i++)
        scenario_finish(&run->scenarios[i]);
    images_finish(&run->images);
    free(run);
    return interrupt_signal() ? EXIT_SIGNAL + interrupt_signal() : code;
}
