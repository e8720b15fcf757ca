/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a command line by a table of options. Whether a value makes sense is for the subcommand
 * to say. */
#include "cmd/args.h"

#include "cmd/cmd.h"
#include <stdio.h>
#include <string.h>

enum { ARGS_MAX_OPTIONS = 64, ARGS_HELP_COLUMN = 26 };

void args_init(struct args *a, int argc, char **argv, const struct arg_option *options,
               size_t count)
{
    *a = (struct args){.argc = argc, .at = 1, .argv = argv, .options = options, .count = count};
}

static PRINTF_LIKE(2, 3) int args_wrong(struct args *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->message, sizeof(a->message), fmt, args);
    va_end(args);
    return ARG_WRONG;
}

static unsigned args_values(const struct arg_option *o)
{
    return o->value == NULL ? 0 : strchr(o->value, ' ') ? 2 : 1;
}

/* Takes what the option needs; first is the value that was attached to it, or NULL. `dash` and
 * `name` are how the option was written. */
static int args_take(struct args *a, const struct arg_option *o, const char *first,
                     const char *written)
{
    unsigned need = args_values(o), got = 0;
    a->option = o;
    if (first)
        a->value[got++] = first;
    while (got < need && a->at < a->argc)
        a->value[got++] = a->argv[a->at++];
    return got == need ? o->id : args_wrong(a, "option %s needs %s", written, o->value);
}

static int args_unknown_long(struct args *a, str name)
{
    const char *names[ARGS_MAX_OPTIONS + 1];
    size_t n = 0;
    for (size_t i = 0; i < a->count && n < ARGS_MAX_OPTIONS; i++) {
        if (a->options[i].id > 0 && a->options[i].name)
            names[n++] = a->options[i].name;
    }
    names[n] = NULL;
    char word[64];
    snprintf(word, sizeof(word), "%.*s", STR_ARG(name));
    const char *meant = cmd_suggest(word, names);
    return meant ? args_wrong(a, "unknown option --%s; did you mean --%s?", word, meant)
                 : args_wrong(a, "unknown option --%s", word);
}

static int args_long(struct args *a, const char *text)
{
    const char *equals = strchr(text, '=');
    str name = {text, equals ? (size_t)(equals - text) : strlen(text)};
    char written[64];
    for (size_t i = 0; i < a->count; i++) {
        const struct arg_option *o = &a->options[i];
        if (o->id == 0 || !o->name || !str_eq(str_of(o->name), name))
            continue;
        snprintf(written, sizeof(written), "--%s", o->name);
        if (equals && !o->value)
            return args_wrong(a, "option %s takes no value", written);
        return args_take(a, o, equals ? equals + 1 : NULL, written);
    }
    return args_unknown_long(a, name);
}

static int args_short(struct args *a)
{
    char letter = *a->cluster++, written[3] = {'-', letter, '\0'};
    const char *rest = *a->cluster ? a->cluster : NULL;
    if (!rest)
        a->cluster = NULL;
    for (size_t i = 0; i < a->count; i++) {
        const struct arg_option *o = &a->options[i];
        if (o->id == 0 || o->letter != letter)
            continue;
        a->option = o;
        if (!o->value)
            return o->id;
        a->cluster = NULL;
        return args_take(a, o, rest, written);
    }
    return args_wrong(a, "unknown option %.*s (an operand that starts with - goes behind --)",
                      (unsigned char)letter < 0x80 ? 2 : 1, written);
}

int args_next(struct args *a)
{
    if (a->cluster)
        return args_short(a);
    if (a->at >= a->argc)
        return ARG_END;
    const char *text = a->argv[a->at++];
    if (a->only_operands || text[0] != '-' || text[1] == '\0') {
        a->value[0] = text;
        return ARG_OPERAND;
    }
    if (text[1] != '-') {
        a->cluster = text + 1;
        return args_short(a);
    }
    if (text[2] != '\0')
        return args_long(a, text + 2);
    a->only_operands = true;
    return args_next(a);
}

/* ---- help ---- */

static void args_print_text(const char *text, struct buf *out)
{
    for (;;) {
        size_t n = strcspn(text, "\n");
        buf_add(out, (str){text, n});
        buf_add_byte(out, '\n');
        if (text[n] == '\0')
            return;
        buf_add_fill(out, ' ', ARGS_HELP_COLUMN);
        text += n + 1;
    }
}

void args_print_help(const struct arg_option *options, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct arg_option *o = &options[i];
        if (o->id == 0) {
            buf_printf(out, "\n%s\n", o->help);
            continue;
        }
        size_t start = out->n;
        if (o->letter)
            buf_printf(out, "  -%c, --%s", o->letter, o->name);
        else
            buf_printf(out, "      --%s", o->name);
        if (o->value)
            buf_printf(out, " %s", o->value);
        size_t used = out->n - start;
        if (used + 2 > ARGS_HELP_COLUMN) {
            buf_add_byte(out, '\n');
            used = 0;
        }
        buf_add_fill(out, ' ', ARGS_HELP_COLUMN - used);
        args_print_text(o->help, out);
    }
}
