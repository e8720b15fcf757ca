/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines, one table of options per subcommand; the same table prints the options in --help.
 * Understood are -r, -rc, -f FILE, -fFILE, --name, --name VALUE, --name=VALUE, options after
 * operands, and --, behind which nothing is an option.
 */
#ifndef AFFLUX_CMD_ARGS_H
#define AFFLUX_CMD_ARGS_H

#include "base/buf.h"

/* A row without id is a heading, its text in help. */
struct arg_option {
    int id;      /* > 0 */
    char letter; /* 0: none */
    const char *name;
    const char *value; /* what --help calls the value; NULL: takes none; with a space: takes two */
    const char *help;  /* may have several lines */
};

enum {
    ARG_END = 0,
    ARG_OPERAND = -1, /* args.value[0] */
    ARG_WRONG = -2,   /* args.message */
};

struct args {
    int argc, at;
    char **argv;
    const struct arg_option *options;
    size_t count;
    const char *cluster; /* rest of -abc */
    bool only_operands;
    const char *value[2];
    const struct arg_option *option; /* the one that was found last */
    char message[256];
};

/* argv[0] is skipped. */
void args_init(struct args *a, int argc, char **argv, const struct arg_option *options,
               size_t count);
/* The id of the next option, its values in value; or one of the above. */
int args_next(struct args *a);

void args_print_help(const struct arg_option *options, size_t count, struct buf *out);

#endif
