/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How operations fail. Every function that can fail returns an enum status and takes a caller-owned
 * struct error as its last argument: outputs are written only on success, the error only on
 * failure. A status says which reaction fits (refuse, retry, report, stop); `name` is the precise
 * identity that users and wire protocols see ("JsonSyntax", "T2001", "ExecutionAlreadyExists").
 */
#ifndef AFFLUX_BASE_ERROR_H
#define AFFLUX_BASE_ERROR_H

#include "base/attr.h"
#include <stdarg.h>
#include <stddef.h>

#define STATUS_LIST(X)                                                                             \
    X(OK, "ok")                                                                                    \
    X(INVALID, "invalid") /* the input breaks a rule: refuse it */                                 \
    X(NOT_FOUND, "not found")                                                                      \
    X(CONFLICT, "conflict")                                                                        \
    X(LIMIT, "limit") /* a named limit was crossed */                                              \
    X(BUSY, "busy")                                                                                \
    X(UNAVAILABLE, "unavailable") /* may work when tried again */                                  \
    X(CANCELED, "canceled")                                                                        \
    X(IO, "io")                                                                                    \
    X(CORRUPT, "corrupt")

enum status {
#define X(id, text) STATUS_##id,
    STATUS_LIST(X)
#undef X
};

enum { ERROR_NAME_MAX = 64, ERROR_MESSAGE_MAX = 512 };

struct error {
    enum status status;
    char name[ERROR_NAME_MAX];       /* NUL-terminated identity */
    char message[ERROR_MESSAGE_MAX]; /* NUL-terminated, one plain line, cut at a character boundary
                                      */
};

const char *status_name(enum status status);

/* Fills err (which may be NULL) and returns status, so that callers write `return error_set(…)`. */
enum status error_set(struct error *err, enum status status, const char *name, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
enum status error_vset(struct error *err, enum status status, const char *name, const char *fmt,
                       va_list args) PRINTF_LIKE(4, 0);

/* Puts "words: " before the message of an error on its way up; keeps status and name. */
enum status error_wrap(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
