/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a request as a table: types, bounds, patterns and allowed values, as AWS's API
 * models have them. Checking finds everything that is wrong and words it as AWS does; values of
 * sensitive members never appear in the words.
 *
 * A member that is null counts as absent; members that no table names are ignored.
 */
#ifndef AFFLUX_SERVICES_REQUEST_SHAPE_H
#define AFFLUX_SERVICES_REQUEST_SHAPE_H

#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"

enum shape_kind {
    SHAPE_STRING,
    SHAPE_BOOLEAN,
    SHAPE_INTEGER,
    SHAPE_NUMBER,
    SHAPE_STRUCTURE,
    SHAPE_LIST,
    SHAPE_MAP
};

struct shape_member;

struct shape {
    enum shape_kind kind;
    bool is_sensitive;
    int64_t min, max;                   /* of characters, of the number, or of items; max 0: none */
    bool (*matches)(str text);          /* strings; NULL: anything */
    const char *pattern;                /* how `matches` is written in messages */
    const char *const *values;          /* strings: the allowed ones, ended by NULL; NULL: any */
    const struct shape_member *members; /* structures, ended by a NULL name */
    const struct shape *item;           /* lists, and the values of maps */
    const struct shape *key;            /* maps; a string */
    const char *type_name;              /* of structures, where messages show lists of them */
};

struct shape_member {
    const char *name;
    const struct shape *shape;
    bool is_required;
};

/* STATUS_INVALID "ValidationException" with all that breaks a bound, or "SerializationException"
 * for the first value of a wrong type. */
NODISCARD enum status shape_check(const struct shape *shape, struct json_val request,
                                  struct error *err);

/* The same, with the whole message in words, since struct error may have no room for it; values are
 * shown in full. */
NODISCARD enum status shape_check_words(const struct shape *shape, struct json_val request,
                                        struct buf *words, struct error *err);

#endif
