/* SPDX-License-Identifier: Apache-2.0 */
/* afflux: finds the subcommand and hands over. Everything else is in the file of that subcommand.
 */
#include "cmd/cmd.h"

#include "cmd/output.h"
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the order in which people meet them. */
static const struct command commands[] = {
    {"Collecting", "aggregate", "the rows of many locations, in one CSV", cmd_aggregate,
     cmd_aggregate_help},
    {"Collecting", "demo", "a sample third party, and an aggregation of it", cmd_demo,
     cmd_demo_help},
    {"Collecting", "consolidate", "JSON parts to one CSV", cmd_consolidate, cmd_consolidate_help},
    {"Workflows", "serve", "the server that the aws command talks to", cmd_serve, cmd_serve_help},
    {"Workflows", "env", "shell settings for the aws command", cmd_env, cmd_env_help},
    {"Workflows", "run", "run a state machine in this process", cmd_run, cmd_run_help},
    {"Workflows", "validate", "check state machine definitions", cmd_validate, cmd_validate_help},
    {"Workflows", "inspect", "look into a data folder", cmd_inspect, cmd_inspect_help},
    {"Expressions", "eval", "evaluate a JSONata expression over JSON", cmd_eval, cmd_eval_help},
};

static void main_help(struct buf *out)
{
    const char *group = "";
    buf_add(out, STR("afflux: records of many third-party APIs in one CSV, and the workflows that "
                     "get them there\n\n"
                     "usage: afflux COMMAND [OPTIONS] …\n"));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].group, group) != 0)
            buf_printf(out, "\n%s\n", commands[i].group);
        group = commands[i].group;
        buf_printf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    buf_add(out, STR("\n"
                     "  afflux help COMMAND     what a command does, with examples\n"
                     "  afflux --version        the version of this program\n"
                     "\n"
                     "Examples\n"
                     "  afflux demo\n"
                     "  afflux aggregate --api https://api.example.com/v1 --locations shops.csv "
                     "\\\n"
                     "      --auth api-key:Authorization=env:KEY --out report.csv\n"
                     "  afflux serve --data ./kept\n"));
}

/* Who gave no command at all sees what there is. */
static int main_without_command(void)
{
    struct output err;
    output_init(&err, STDERR_FILENO, NULL);
    main_help(&err.buf);
    output_flush(&err);
    output_done(&err);
    return CMD_USAGE;
}

static int main_print_help(const struct command *command)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    if (command)
        command->help(&text);
    else
        main_help(&text);
    int code = cmd_print(NULL, buf_str(&text));
    buf_done(&text);
    return code;
}

static const struct command *main_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static int main_unknown(const char *word)
{
    const char *names[ARRAY_LEN(commands) + 2] = {"help"};
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        names[i + 1] = commands[i].name;
    const char *what = word[0] == '-' ? "option" : "command";
    const char *meant = cmd_suggest(word, names);
    struct buf list;
    buf_init(&list, 4096);
    for (size_t i = 0; names[i]; i++)
        buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
    int code = meant ? cmd_usage(NULL, "unknown %s '%s'; did you mean '%s'? There are: %.*s", what,
                                 word, meant, STR_ARG(buf_str(&list)))
                     : cmd_usage(NULL, "unknown %s '%s'. There are: %.*s", what, word,
                                 STR_ARG(buf_str(&list)));
    buf_done(&list);
    return code;
}

static int main_run_help(int argc, char **argv)
{
    if (argc < 3)
        return main_print_help(NULL);
    const struct command *command = main_find(argv[2]);
    return command ? main_print_help(command) : main_unknown(argv[2]);
}

/* Documents come and go by the megabyte: without this the allocator gives their memory back to the
 * kernel each time and asks for it again, which takes up to half of the time of parsing. */
static void main_keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

/* A place among the first three that whoever started us has closed would go to the next file that
 * is opened, and what is meant for people would get into it. It is taken, in such a way that the
 * mistake is noticed. */
static void main_hold_places(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            abort();
    }
}

int main(int argc, char **argv)
{
    main_hold_places();
    main_keep_memory();
    if (argc < 2)
        return main_without_command();
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return cmd_print(NULL, STR("afflux " AFFLUX_VERSION "\n"));
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return main_run_help(argc, argv);
    const struct command *command = main_find(word);
    return command ? command->run(argc - 1, argv + 1) : main_unknown(word);
}
