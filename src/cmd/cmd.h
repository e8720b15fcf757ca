/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What main.c and the subcommands share: the shape of a subcommand, exit codes, and how messages to
 * people look ("afflux eval: …" on stderr).
 */
#ifndef AFFLUX_CMD_CMD_H
#define AFFLUX_CMD_CMD_H

#include "base/attr.h"
#include "base/buf.h"
#include <stdarg.h>

enum cmd_exit {
    CMD_OK = 0,
    CMD_FAILED = 1,
    CMD_USAGE = 2,
    CMD_INTERRUPTED = 130, /* as shells have it for SIGINT */
};

struct command {
    const char *group; /* its heading in the list */
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the name of the command */
    void (*help)(struct buf *out);
};

int cmd_aggregate(int argc, char **argv);
void cmd_aggregate_help(struct buf *out);
int cmd_consolidate(int argc, char **argv);
void cmd_consolidate_help(struct buf *out);
int cmd_demo(int argc, char **argv);
void cmd_demo_help(struct buf *out);
int cmd_env(int argc, char **argv);
void cmd_env_help(struct buf *out);
int cmd_eval(int argc, char **argv);
void cmd_eval_help(struct buf *out);
int cmd_inspect(int argc, char **argv);
void cmd_inspect_help(struct buf *out);
int cmd_run(int argc, char **argv);
void cmd_run_help(struct buf *out);
int cmd_serve(int argc, char **argv);
void cmd_serve_help(struct buf *out);

int cmd_validate(int argc, char **argv);
void cmd_validate_help(struct buf *out);

/* "afflux COMMAND: message" on stderr; command may be NULL. */
void cmd_error(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with a hint to --help. Returns CMD_USAGE. */
int cmd_usage(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The value of an option that is a number from low to high; otherwise it says so and returns
 * CMD_USAGE. */
int cmd_number(const char *command, const char *option, const char *text, uint32_t low,
               uint32_t high, uint32_t *ret);

/* Text to stdout, for --help and --version. Returns the exit code. */
int cmd_print(const char *command, str text);

/* May output to this file descriptor be coloured? Only on a terminal, never with NO_COLOR. */
bool cmd_may_color(int fd);

/* The one of the names that word is probably meant to be, or NULL. names ends with NULL. */
const char *cmd_suggest(const char *word, const char *const *names);

#endif
