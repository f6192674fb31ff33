#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum command_bit bit;
    int (*run)(struct options *o);
    const char *arguments;
    const char *summary;
    const char *help;
} commands[] = {
    {"run", COMMAND_RUN, cmd_run, "[SCENARIO...]", "run scenarios, judge them, write the results",
     "Plays each scenario against the target, follows every job to its end, judges the criteria and writes\n"
     "results_<scenario>.json. SCENARIO is baseline, normal, peak, spike, sustained or a path to a .yaml "
     "file; none\n"
     "named: all five, in this order. The first Ctrl-C lets running jobs end, the second stops them.\n\n"
     "Exit codes: 0 every criterion met, 1 a criterion failed, 2 usage or scenario error (nothing was "
     "sent),\n"
     "3 inconclusive or invalid, 4 the target cannot be reached or is not ready, 70 a fault of our own,\n"
     "130 and 143 interrupted.\n\n"
     "  orfeas run --target embedded --time-scale 60       all five against the backend that comes with it\n"
     "  orfeas run baseline --target http://gpu-box:5000   the quick validation of a real one\n"},
    {"check", COMMAND_CHECK, cmd_check, "FILE...", "validate scenario and workflow files",
     "Reports every mistake in the files at once, as file:line:column. Exit code 0 when there is none, else "
     "2.\n"},
    {"doctor", COMMAND_DOCTOR, cmd_doctor, "[SCENARIO...]",
     "can the target be tested? each prerequisite, what to do",
     "Looks at everything that a run of the scenarios needs, one line each: the target's name, port, TLS, "
     "health,\n"
     "models, metrics and clock, the picture, one job from the upload to the checked model, and this "
     "machine.\n"
     "What is wrong is told with what to do about it. Nothing is written. SCENARIO as for `run`.\n\n"
     "Exit codes: 0 ready (warnings allowed), 1 something is wrong, 2 usage or scenario error, 4 the target\n"
     "cannot be reached or is not ready, 130 and 143 interrupted.\n\n"
     "  orfeas doctor --target http://gpu-box:5000           before a first run: one real job is sent\n"
     "  orfeas doctor --quick --target http://gpu-box:5000   nothing is sent but questions\n"},
    {"image", COMMAND_IMAGE, cmd_image, "FILE", "make a test image",
     "Writes a 512x512 PNG with alpha: a shaded amphora, the same for the same --seed.\n"},
    {"version", COMMAND_VERSION, cmd_version, "", "version, build, features", ""},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fprintf(out, "orfeas - load testing for backends that generate\n\nusage: orfeas COMMAND [OPTIONS]\n\n");
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %-14s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    fprintf(out, "\n'orfeas COMMAND --help' says more. The quickest look, with nothing else installed:\n\n"
                 "  orfeas run --target embedded --time-scale 60\n");
}

static void print_command_help(int command)
{
    struct buf text;
    buf_init(&text, 64 << 10);
    options_help(commands[command].bit, &text);
    printf("usage: orfeas %s [OPTIONS] %s\n\n%s\noptions:\n%s", commands[command].name,
           commands[command].arguments, commands[command].help, buf_text(&text));
    buf_finish(&text);
}

static int usage_error(const struct diag_list *diags, const char *command)
{
    struct buf text;
    buf_init(&text, 256 << 10);
    diag_write(diags, &text);
    fprintf(stderr, "orfeas %s: %s", command, buf_text(&text));
    buf_finish(&text);
    return EXIT_USAGE;
}

static int run_command(int command, int argc, char **argv)
{
    struct options o;
    struct diag_list diags;
    diag_init(&diags);
    bool ok = options_parse(&o, commands[command].bit, argc, argv, &diags);
    int code = EXIT_PASS;
    if (o.help)
        print_command_help(command);
    else if (!ok)
        code = usage_error(&diags, commands[command].name);
    else
        code = commands[command].run(&o);
    options_finish(&o);
    diag_finish(&diags);
    return code;
}

static int find_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return i;
    return -1;
}

/* What was printed may not have arrived: a full disk is told, a reader that had enough (| head) is not. */
static int check_output(int code)
{
    if (fflush(stdout) == 0 || errno == EPIPE)
        return code;
    fprintf(stderr, "orfeas: standard output: %s\n", strerror(errno));
    return code == EXIT_PASS ? EXIT_INTERNAL : code;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0)
        name = "version";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        int about = argc > 2 ? find_command(argv[2]) : -1;
        if (about >= 0)
            print_command_help(about);
        else
            print_help(stdout);
        return check_output(EXIT_PASS);
    }
    int command = find_command(name);
    if (command >= 0)
        return check_output(run_command(command, argc - 2, argv + 2));
    if (argc > 1)
        fprintf(stderr, "orfeas: there is no command '%s'\n\n", argv[1]);
    print_help(stderr);
    return EXIT_USAGE;
}
