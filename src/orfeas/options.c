#include "options_table.h"

#include "file.h"
#include "rng.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    for (int i = 0; i < option_count; i++)
        if (strlen(variable_name(&option_table[i], own)) == len && strncmp(own, name, len) == 0)
            return &option_table[i];
    return NULL;
}

static void read_environment(struct options *o, enum command_bit command, struct diag_list *diags)
{
    for (int i = 0; i < option_count; i++) {
        char name[64];
        const char *value = getenv(variable_name(&option_table[i], name));
        if (!value || !*value || !(option_table[i].commands & command) ||
            option_table[i].take == options_take_env_file)
            continue;
        const char *wrong = option_take(o, &option_table[i], name, value);
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

const char *options_take_env_file(struct options *o, const char *name, const char *value)
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
    for (int i = 0; i < option_count; i++)
        if (strlen(option_table[i].name) == len && strncmp(option_table[i].name, name, len) == 0)
            return &option_table[i];
    return NULL;
}

static const struct option *find_short(char letter)
{
    for (int i = 0; i < option_count; i++)
        if (letter && (option_table[i].letter == letter || option_table[i].other_letter == letter))
            return &option_table[i];
    return NULL;
}

/* The option that was probably meant: one that shares the beginning. */
static const char *suggestion(struct options *o, const char *given, size_t len, enum command_bit command)
{
    for (size_t share = len; share >= 3; share--)
        for (int i = 0; i < option_count; i++)
            if ((option_table[i].commands & command) && strncmp(option_table[i].name, given, share) == 0)
                return arena_printf(&o->arena, "Did you mean --%s?", option_table[i].name);
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
    if (r->env_files != (option->take == options_take_env_file))
        return;
    const char *wrong =
        option->argument && !value ? "needs a value" : option_take(r->o, option, name, value ? value : "1");
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
                                            [COMMAND_VERSION] = "version",
                                            [COMMAND_DOCTOR] = "doctor"};

bool options_parse(struct options *o, enum command_bit command, int argc, char **argv,
                   struct diag_list *diags)
{
    *o = (struct options){.target = "http://localhost:5000",
                          .time_scale = 1,
                          .wait = 60 * NSEC_PER_SEC,
                          .scrape = 5 * NSEC_PER_SEC,
                          .results = "results"};
    arena_init(&o->arena, "options", 8 << 20);
    buf_init(&o->headers, 32 << 10);
    const char *env_file = getenv("ORFEAS_ENV_FILE");
    const char *wrong = env_file && *env_file ? options_take_env_file(o, "", env_file) : NULL;
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
    for (int i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
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
