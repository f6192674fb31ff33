#include "command.h"
#include "file.h"
#include "images.h"
#include "interrupt.h"
#include "overview.h"
#include "result_file.h"
#include "scenario.h"
#include "share.h"
#include "test_image.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCENARIOS_MAX = 100 };

struct run {
    struct scenario scenarios[SCENARIOS_MAX];
    int count;
    struct images images;
    struct target target;
};

static const char *const in_order[] = {"baseline", "normal", "peak", "spike", "sustained"};

/* ---- before anything is sent ---- */

/* Results files are named after their scenarios. */
static void check_names(const struct run *run, struct diag_list *diags)
{
    for (int i = 0; i < run->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(run->scenarios[i].plan->scenario, run->scenarios[k].plan->scenario) == 0)
                diag_add(diags, NULL, 0, 0, "Give each a name of its own, or run them one after the other.",
                         "Two scenarios are named '%s': the second's results would replace the first's.",
                         run->scenarios[i].plan->scenario);
}

/* All of them, so that every mistake of every file is told at once. */
static int load_plans(struct run *run, struct options *o)
{
    char dir[SHARE_PATH];
    bool ad_hoc =
        o->word_count == 0 && o->workflow; /* a workflow and no scenario: closed users, no criteria */
    if (o->word_count == 0 && !ad_hoc)
        for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++)
            o->words[o->word_count++] = in_order[i];
    if (!share_dir("scenarios", dir))
        dir[0] = '\0';
    struct plan_options options = {.time_scale = o->time_scale,
                                   .workflow = o->workflow,
                                   .share_dir = dir,
                                   .settings = o->settings,
                                   .setting_count = o->setting_count};
    struct diag_list diags;
    diag_init(&diags);
    int wanted = ad_hoc ? 1 : o->word_count;
    for (int i = 0; i < wanted && run->count < SCENARIOS_MAX; i++)
        if ((run->scenarios[run->count].plan = plan_load(ad_hoc ? NULL : o->words[i], &options, &diags)) !=
            NULL)
            run->count++;
    check_names(run, &diags);
    struct buf text;
    buf_init(&text, 1 << 20);
    diag_write(&diags, &text);
    fputs(buf_text(&text), stderr);
    buf_finish(&text);
    int code = diags.count || run->count < wanted ? EXIT_USAGE : EXIT_PASS;
    diag_finish(&diags);
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

static void tell_waiting(void *context, nsec waited)
{
    (void)context;
    if (waited >= NSEC_PER_SEC && waited % (2 * NSEC_PER_SEC) < 250 * NSEC_PER_MSEC)
        fprintf(stderr, "the target is loading its models (%d s)\n", (int)(waited / NSEC_PER_SEC));
}

static int check_target(const struct run *run, const struct scenario *s, const struct options *o,
                        struct preflight *preflight)
{
    struct preflight_config config = {.target = run->target.http,
                                      .url = run->target.text,
                                      .health_path = s->plan->workflow.health_path,
                                      .healthy = s->plan->workflow.healthy,
                                      .healthy_count = s->plan->workflow.healthy_count,
                                      .ready_path = s->plan->workflow.ready_path,
                                      .wait = o->wait,
                                      .cancel = interrupt_flag(),
                                      .waiting = o->quiet ? NULL : tell_waiting};
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
    interrupt_install();
    int code = load_plans(run, o);
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
