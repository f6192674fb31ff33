#include "options.h"

#include "file.h"
#include "rng.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes a value; on a mistake returns what is wrong with it, else NULL. `name` is the option as it was given.
 */
typedef const char *take_value(struct options *o, const char *name, const char *value);

struct option {
    const char *name;
    char letter, other_letter; /* '\0': none */
    const char *argument;      /* NULL: a flag */
    const char *help;
    take_value *take;
    int commands;
};

/* ---- what the values mean ---- */

static char *kept(struct options *o, const char *text)
{
    return arena_copy(&o->arena, text, strlen(text));
}

static const char *take_target(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->target = kept(o, value);
    return NULL;
}

static const char *take_time_scale(struct options *o, const char *name, const char *value)
{
    (void)name;
    char *end;
    double scale = strtod(value, &end);
    if (end == value || *end || !isfinite(scale) || scale < 0.001 || scale > 100000)
        return "needs a number from 0.001 to 100000; 60 plays an hour in a minute";
    o->time_scale = scale;
    return NULL;
}

static const char *take_wait(struct options *o, const char *name, const char *value)
{
    (void)name;
    return duration_parse(value, strlen(value), &o->wait) ? NULL : "needs a duration, such as 60s or 5m";
}

static const char *take_workflow(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->workflow = kept(o, value);
    return NULL;
}

static const char *add_setting(struct options *o, const char *key, const char *value, const char *origin)
{
    if (o->setting_count == SETTINGS_MAX)
        return "comes too often";
    o->settings[o->setting_count++] = (struct plan_setting){key, value, origin};
    return NULL;
}

static const char *take_set(struct options *o, const char *name, const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value)
        return "needs KEY=VALUE, such as load.users=4";
    return add_setting(o, arena_copy(&o->arena, value, (size_t)(equals - value)), kept(o, equals + 1),
                       arena_printf(&o->arena, "%s %s", name, value));
}

static bool is_count(const char *value)
{
    return *value && strspn(value, "0123456789") == strlen(value);
}

static const char *take_users(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return add_setting(o, "load.users", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_duration(struct options *o, const char *name, const char *value)
{
    return add_setting(o, "load.duration", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_jobs(struct options *o, const char *name, const char *value)
{
    if (!is_count(value))
        return "needs a whole number, such as 10";
    return add_setting(o, "load.jobs", kept(o, value), arena_printf(&o->arena, "%s %s", name, value));
}

static const char *take_image(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->image = kept(o, value);
    return NULL;
}

static const char *take_results(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->results = kept(o, value);
    return *value ? NULL : "needs a directory";
}

static const char *take_seed(struct options *o, const char *name, const char *value)
{
    (void)name;
    char *end;
    errno = 0;
    o->seed = strtoull(value, &end, strncmp(value, "0x", 2) == 0 ? 16 : 10);
    if (!isdigit((unsigned char)*value) || *end || errno)
        return "needs a whole number";
    o->seed_given = true;
    return NULL;
}

static const char *take_header(struct options *o, const char *name, const char *value)
{
    (void)name;
    const char *colon = strchr(value, ':');
    for (const char *c = value; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return "has a control character";
    if (!colon || colon == value || strcspn(value, " \t") < (size_t)(colon - value))
        return "needs 'Name: value'";
    buf_printf(&o->headers, "%s\r\n", value);
    return o->headers.failed ? "is too long" : NULL;
}

static bool is_true(const char *value)
{
    return strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && *value;
}

static const char *take_quiet(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->quiet = is_true(value);
    return NULL;
}

static const char *take_verbose(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->verbose = is_true(value);
    return NULL;
}

static const char *take_no_color(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->no_color = is_true(value);
    return NULL;
}

static const char *take_help(struct options *o, const char *name, const char *value)
{
    (void)name;
    o->help = is_true(value);
    return NULL;
}

static const char *take_env_file(struct options *o, const char *name, const char *value);

/* ---- the table ---- */

static const struct option options[] = {
    {"target", 0, 0, "URL",
     "what is tested: http://localhost:5000 (the default), or 'embedded' for an orfeasd\n"
     "of its own, with options: 'embedded?jobs=64&profile=hunyuan3d';\n"
     "'embedded?profile=': as fast as it is",
     take_target, COMMAND_RUN},
    {"time-scale", 0, 0, "N", "divide every duration of the scenario by N: 60 plays an hour in a minute",
     take_time_scale, COMMAND_RUN | COMMAND_CHECK},
    {"wait", 0, 0, "TIME", "how long a target that is loading is waited for (default 60s)", take_wait,
     COMMAND_RUN},
    {"workflow", 0, 0, "NAME",
     "what one user does: a shipped workflow or a .yaml file, in place of the scenario's", take_workflow,
     COMMAND_RUN | COMMAND_CHECK},
    {"set", 0, 0, "KEY=VALUE", "override a part of the scenario: load.users=4, vars.format=glb (repeatable)",
     take_set, COMMAND_RUN | COMMAND_CHECK},
    {"users", 'u', 'c', "N", "number of users (--set load.users=N)", take_users, COMMAND_RUN},
    {"duration", 'd', 0, "TIME", "how long they come (--set load.duration=TIME)", take_duration, COMMAND_RUN},
    {"jobs", 'n', 0, "N", "how many jobs in all, of a closed scenario (--set load.jobs=N)", take_jobs,
     COMMAND_RUN},
    {"image", 0, 0, "FILE",
     "the picture that is uploaded; made when it is missing (default: one from the seed)", take_image,
     COMMAND_RUN},
    {"results", 0, 0, "DIR", "where results_<scenario>.json go (default results)", take_results, COMMAND_RUN},
    {"seed", 0, 0, "N", "every random choice follows from it; it is printed and stored", take_seed,
     COMMAND_RUN | COMMAND_IMAGE},
    {"header", 'H', 0, "'Name: value'", "add a header to every request (repeatable)", take_header,
     COMMAND_RUN},
    {"env-file", 0, 0, "FILE", "read ORFEAS_... variables from a file of NAME=VALUE lines", take_env_file,
     COMMAND_RUN | COMMAND_CHECK | COMMAND_IMAGE},
    {"quiet", 'q', 0, NULL, "no progress and no summary, only errors", take_quiet,
     COMMAND_RUN | COMMAND_IMAGE},
    {"verbose", 'v', 0, NULL, "say before each scenario what will be played", take_verbose, COMMAND_RUN},
    {"no-color", 0, 0, NULL, "no colours (also: NO_COLOR)", take_no_color, COMMAND_RUN},
    {"help", 'h', 0, NULL, "this text", take_help,
     COMMAND_RUN | COMMAND_CHECK | COMMAND_IMAGE | COMMAND_VERSION},
};

enum { OPTIONS = sizeof options / sizeof options[0] };

/* ---- the environment ---- */

static const char *variable_name(const struct option *option, char name[64])
{
    size_t at = (size_t)snprintf(name, 64, "ORFEAS_%s", option->name);
    for (size_t i = 0; i < at; i++)
        name[i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
    return name;
}

static const struct option *option_of_variable(const char *name, size_t len)
{
    char own[64];
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(variable_name(&options[i], own)) == len && strncmp(own, name, len) == 0)
            return &options[i];
    return NULL;
}

static void read_environment(struct options *o, enum command_bit command, struct diag_list *diags)
{
    for (int i = 0; i < OPTIONS; i++) {
        char name[64];
        const char *value = getenv(variable_name(&options[i], name));
        if (!value || !*value || !(options[i].commands & command) || options[i].take == take_env_file)
            continue;
        const char *wrong = options[i].take(o, name, value);
        if (wrong)
            diag_add(diags, NULL, 0, 0, NULL, "%s '%s' %s", name, value, wrong);
    }
    const char *no_color = getenv("NO_COLOR");
    if (no_color && *no_color)
        o->no_color = true;
}

/* One line of an --env-file; what the environment has already stays. Returns false when it is none. */
static bool take_env_line(char *line)
{
    line += strspn(line, " \t");
    line[strcspn(line, "\r\n")] = '\0';
    if (*line == '\0' || *line == '#')
        return true;
    char *equals = strchr(line, '=');
    if (!equals || !option_of_variable(line, (size_t)(equals - line)))
        return false;
    *equals = '\0';
    setenv(line, equals + 1, 0);
    return true;
}

static const char *take_env_file(struct options *o, const char *name, const char *value)
{
    (void)name;
    struct buf text;
    buf_init(&text, 1 << 20);
    int error = file_read(value, &text), number = 0;
    const char *wrong = error ? arena_printf(&o->arena, "cannot be read: %s", strerror(error)) : NULL;
    for (char *line = text.bytes, *next; line && *line && !wrong; line = next) {
        size_t len = strcspn(line, "\n");
        next = line + len + (line[len] == '\n');
        char *copy = arena_copy(&o->arena, line, len);
        number++;
        if (!take_env_line(copy))
            wrong = arena_printf(&o->arena,
                                 "has a mistake in line %d: only ORFEAS_<OPTION>=VALUE, comments (#) and "
                                 "empty lines are read",
                                 number);
    }
    buf_finish(&text);
    return wrong;
}

/* ---- the command line ---- */

static const struct option *find_long(const char *name, size_t len)
{
    for (int i = 0; i < OPTIONS; i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

static const struct option *find_short(char letter)
{
    for (int i = 0; i < OPTIONS; i++)
        if (letter && (options[i].letter == letter || options[i].other_letter == letter))
            return &options[i];
    return NULL;
}

/* The option that was probably meant: one that shares the beginning. */
static const char *suggestion(struct options *o, const char *given, size_t len, enum command_bit command)
{
    for (size_t share = len; share >= 3; share--)
        for (int i = 0; i < OPTIONS; i++)
            if ((options[i].commands & command) && strncmp(options[i].name, given, share) == 0)
                return arena_printf(&o->arena, "Did you mean --%s?", options[i].name);
    return "See --help for what there is.";
}

/* The words are read twice: once for --env-file alone, since what a file sets is the environment's, then for
 * the rest. */
struct reader {
    struct options *o;
    enum command_bit command;
    struct diag_list *diags;
    bool env_files;
    int argc;
    char **argv;
    int at;
};

/* A mistake is told in one of the two readings. */
static void complain(const struct reader *r, const char *hint, const char *before, const char *name,
                     const char *after)
{
    if (!r->env_files)
        diag_add(r->diags, NULL, 0, 0, hint, "%s%s%s", before, name, after);
}

static bool is_usable(const struct reader *r, const struct option *option)
{
    return option && (option->commands & r->command);
}

/* `value` is what stands behind the option in its own word, or NULL. */
static void apply(struct reader *r, const struct option *option, const char *name, const char *value)
{
    if (option->argument && !value && r->at + 1 < r->argc)
        value = r->argv[++r->at];
    if (r->env_files != (option->take == take_env_file))
        return;
    const char *wrong =
        option->argument && !value ? "needs a value" : option->take(r->o, name, value ? value : "1");
    if (wrong)
        diag_add(r->diags, NULL, 0, 0, NULL, "%s%s%s%s %s.", name, value ? " '" : "", value ? value : "",
                 value ? "'" : "", wrong);
}

/* --name, --name value, --name=value */
static void take_long(struct reader *r)
{
    const char *word = r->argv[r->at] + 2;
    size_t len = strcspn(word, "=");
    const struct option *option = find_long(word, len);
    const char *name = arena_printf(&r->o->arena, "--%.*s", (int)len, word);
    if (!is_usable(r, option))
        complain(r, suggestion(r->o, word, len, r->command), "There is no option ", name, " here.");
    else if (!option->argument && word[len])
        complain(r, NULL, "", name, " takes no value.");
    else
        apply(r, option, name, word[len] ? word + len + 1 : NULL);
}

/* -v, -vq, -n 5, -n5, -n=5 */
static void take_short(struct reader *r)
{
    for (const char *letter = r->argv[r->at] + 1; *letter; letter++) {
        const struct option *option = find_short(*letter);
        const char *name = arena_printf(&r->o->arena, "-%c", *letter), *rest = letter + 1;
        if (!is_usable(r, option)) {
            complain(r, "See --help for what there is.", "There is no option ", name, " here.");
            return;
        }
        if (option->argument) {
            apply(r, option, name, *rest ? rest + (*rest == '=') : NULL);
            return;
        }
        apply(r, option, name, NULL);
    }
}

static void walk(struct options *o, enum command_bit command, int argc, char **argv, struct diag_list *diags,
                 bool env_files)
{
    bool only_words = false;
    struct reader r = {o, command, diags, env_files, argc, argv, 0};
    for (; r.at < argc; r.at++) {
        const char *word = argv[r.at];
        if (!only_words && strcmp(word, "--") == 0)
            only_words = true;
        else if (!only_words && word[0] == '-' && word[1])
            (word[1] == '-' ? take_long : take_short)(&r);
        else if (!env_files && o->word_count < WORDS_MAX)
            o->words[o->word_count++] = word;
    }
}

static bool needs_quotes(const char *word)
{
    return *word == '\0' ||
           strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,@%+") !=
               strlen(word);
}

/* How much of the word is shown: values of headers may be secrets and stay out of what is stored. */
static size_t shown_len(const char *word)
{
    static const char long_form[] = "--header=";
    if (strncmp(word, long_form, sizeof long_form - 1) == 0)
        return sizeof long_form - 1;
    return word[0] == '-' && word[1] == 'H' && word[2] ? 2 : strlen(word);
}

static void describe(struct options *o, const char *command, int argc, char **argv)
{
    struct buf line;
    buf_init(&line, sizeof o->command_line - 1);
    buf_printf(&line, "orfeas %s", command);
    bool secret = false;
    for (int i = 0; i < argc; i++) {
        const char *quote = needs_quotes(argv[i]) ? "'" : "";
        size_t len = secret ? 0 : shown_len(argv[i]);
        buf_printf(&line, " %s%.*s%s%s", quote, (int)len, argv[i], len < strlen(argv[i]) ? "..." : "", quote);
        secret = strcmp(argv[i], "-H") == 0 || strcmp(argv[i], "--header") == 0;
    }
    snprintf(o->command_line, sizeof o->command_line, "%s", buf_text(&line));
    buf_finish(&line);
}

static const char *const command_names[] = {[COMMAND_RUN] = "run",
                                            [COMMAND_CHECK] = "check",
                                            [COMMAND_IMAGE] = "image",
                                            [COMMAND_VERSION] = "version"};

bool options_parse(struct options *o, enum command_bit command, int argc, char **argv,
                   struct diag_list *diags)
{
    *o = (struct options){
        .target = "http://localhost:5000", .time_scale = 1, .wait = 60 * NSEC_PER_SEC, .results = "results"};
    arena_init(&o->arena, "options", 8 << 20);
    buf_init(&o->headers, 32 << 10);
    const char *env_file = getenv("ORFEAS_ENV_FILE");
    const char *wrong = env_file && *env_file ? take_env_file(o, "", env_file) : NULL;
    if (wrong)
        diag_add(diags, NULL, 0, 0, NULL, "ORFEAS_ENV_FILE '%s' %s.", env_file, wrong);
    walk(o, command, argc, argv, diags, true); /* files first: what they set is the environment's */
    read_environment(o, command, diags);
    walk(o, command, argc, argv, diags, false);
    if (!o->seed_given)
        o->seed = rng_entropy() >> 11; /* 53 bits: every JSON reader keeps them */
    describe(o, command_names[command], argc, argv);
    return diags->count == 0;
}

void options_finish(struct options *o)
{
    buf_finish(&o->headers);
    arena_finish(&o->arena);
}

void options_help(enum command_bit command, struct buf *out)
{
    enum { COLUMN = 27 };
    for (int i = 0; i < OPTIONS; i++) {
        const struct option *option = &options[i];
        if (!(option->commands & command))
            continue;
        size_t start = out->len;
        if (option->letter)
            buf_printf(out, "  -%c, ", option->letter);
        else
            buf_add_text(out, "      ");
        buf_printf(out, "--%s%s%s", option->name, option->argument ? " " : "",
                   option->argument ? option->argument : "");
        if (out->len - start > COLUMN - 2)
            buf_printf(out, "\n%*s", COLUMN, "");
        else
            buf_printf(out, "%*s", COLUMN - (int)(out->len - start), "");
        for (const char *c = option->help; *c; c++)
            if (*c == '\n')
                buf_printf(out, "\n%*s", COLUMN, "");
            else
                buf_add(out, c, 1);
        buf_add_text(out, "\n");
    }
}
