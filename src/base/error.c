/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filling struct error. Messages quote input, so they are made plain here: control characters
 * become spaces, and a cut never leaves half a character. No output and no logging; that is the
 * business of whoever handles the error.
 */
#include "base/error.h"

#include "base/check.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *status_name(enum status status)
{
    static const char *const names[] = {
#define X(id, text) [STATUS_##id] = text,
        STATUS_LIST(X)
#undef X
    };
    return (size_t)status < ARRAY_LEN(names) ? names[status] : "unknown";
}

/* Length of text without an unfinished multi-byte character at its end. */
static size_t message_whole_length(const char *text, size_t n)
{
    size_t at = n;
    while (at > 0 && n - at < 3 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
        at--;
    if (at == 0)
        return n;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return n - (at - 1) < needed ? at - 1 : n;
}

/* Makes it one plain line; a text that was cut ends with a whole character. */
static void message_tidy(char message[ERROR_MESSAGE_MAX], bool is_cut)
{
    size_t n = strlen(message);
    if (is_cut)
        message[message_whole_length(message, n)] = '\0';
    for (char *p = message; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
    }
}

enum status error_vset(struct error *err, enum status status, const char *name, const char *fmt,
                       va_list args)
{
    if (err == NULL)
        return status;
    err->status = status;
    size_t name_length = strnlen(name, ERROR_NAME_MAX - 1);
    memcpy(err->name, name, name_length);
    err->name[name_length] = '\0';
    int wanted = vsnprintf(err->message, sizeof err->message, fmt, args);
    if (wanted < 0)
        err->message[0] = '\0';
    message_tidy(err->message, wanted >= ERROR_MESSAGE_MAX);
    return status;
}

enum status error_set(struct error *err, enum status status, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, status, name, fmt, args);
    va_end(args);
    return status;
}

enum status error_wrap(struct error *err, const char *fmt, ...)
{
    check(err != NULL);
    char words[ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    if (length < 0)
        return err->status;
    size_t n = (size_t)length < sizeof words ? (size_t)length : sizeof words - 1;
    size_t room = sizeof words - 1 - n;
    size_t separator = room < 2 ? room : 2;
    memcpy(words + n, ": ", separator);
    n += separator;
    room -= separator;
    size_t old = strlen(err->message);
    size_t kept = old < room ? old : room;
    memcpy(words + n, err->message, kept);
    words[n + kept] = '\0';
    memcpy(err->message, words, n + kept + 1);
    message_tidy(err->message, (size_t)length >= sizeof words || kept < old);
    return err->status;
}
