/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to people, and what decides how they look: terminal or not, NO_COLOR, names that
 * resemble each other. What a command has computed is not a message; that is output.c.
 */
#include "cmd/cmd.h"

#include "cmd/output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX_BYTES = 4096 };

/* One write for the whole message, so that those of several processes do not mix. */
static void message_send(const struct buf *b)
{
    size_t at = 0;
    while (at < b->n) {
        ssize_t n = write(STDERR_FILENO, b->p + at, b->n - at);
        if (n <= 0)
            return; /* nobody is left to tell */
        at += (size_t)n;
    }
}

static PRINTF_LIKE(3, 0) void message_begin(struct buf *b, const char *command, const char *fmt,
                                            va_list args)
{
    char text[MESSAGE_MAX_BYTES];
    buf_init(b, 2 * (size_t)MESSAGE_MAX_BYTES);
    if (vsnprintf(text, sizeof(text), fmt, args) < 0)
        text[0] = '\0';
    buf_printf(b, command ? "afflux %s: " : "afflux: ", command);
    buf_add(b, str_of(text));
    buf_add_byte(b, '\n');
}

void cmd_error(const char *command, const char *fmt, ...)
{
    struct buf b;
    va_list args;
    va_start(args, fmt);
    message_begin(&b, command, fmt, args);
    va_end(args);
    message_send(&b);
    buf_done(&b);
}

int cmd_usage(const char *command, const char *fmt, ...)
{
    struct buf b;
    va_list args;
    va_start(args, fmt);
    message_begin(&b, command, fmt, args);
    va_end(args);
    buf_printf(&b, "Try 'afflux %s%s--help'.\n", command ? command : "", command ? " " : "");
    message_send(&b);
    buf_done(&b);
    return CMD_USAGE;
}

int cmd_print(const char *command, str text)
{
    struct output out;
    output_init(&out, STDOUT_FILENO, command);
    buf_add(&out.buf, text);
    bool is_written = output_flush(&out);
    output_done(&out);
    return is_written ? CMD_OK : CMD_FAILED;
}

bool cmd_may_color(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(fd) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

const char *cmd_suggest(const char *word, const char *const *names)
{
    const char *best = NULL;
    unsigned least = 3; /* further away it is another word, not a slip */
    size_t n = strlen(word);
    for (; *names; names++) {
        unsigned distance = str_distance(str_of(word), str_of(*names));
        if (n >= 3 && strncmp(word, *names, n) == 0)
            distance = 1;
        if (distance < least && distance < strlen(*names)) {
            least = distance;
            best = *names;
        }
    }
    return best;
}

int cmd_number(const char *command, const char *option, const char *text, uint32_t low,
               uint32_t high, uint32_t *ret)
{
    uint64_t n = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && n <= high; i++)
        n = n * 10 + (uint64_t)(text[i] - '0');
    if (digits == 0 || text[digits] != '\0' || n < low || n > high)
        return cmd_usage(command, "--%s is a number from %u to %u, not '%s'", option, low, high,
                         text);
    *ret = (uint32_t)n;
    return CMD_OK;
}
