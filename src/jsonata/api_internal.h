/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the public API (include/afflux/jsonata.h) and this library, for the api_*.c files only.
 *
 * A struct afx_value is a struct json_val. Two things are different outside: evaluators' flags are
 * of no interest, and `extra` (free for evaluators, used for functions only) says whether the value
 * lies in a document, where no functions can be. Values found inside another one inherit that.
 */
#ifndef AFFLUX_JSONATA_API_INTERNAL_H
#define AFFLUX_JSONATA_API_INTERNAL_H

#include "afflux/jsonata.h"
#include "json/doc.h"
#include "jsonata/jsonata.h"

enum { API_IN_DOCUMENT = 1 };

_Static_assert(sizeof(struct afx_value) == sizeof(struct json_val), "one stands for the other");

static inline struct json_val api_val(struct afx_value value)
{
    struct json_val v;
    memcpy(&v, &value, sizeof(v));
    return v;
}

static inline struct afx_value api_value(struct json_val v)
{
    struct afx_value value;
    memcpy(&value, &v, sizeof(value));
    return value;
}

static inline bool api_is_in_document(struct json_val v)
{
    return v.tag != JSON_FUNCTION && v.extra == API_IN_DOCUMENT;
}

/* As a document's value; as a result's. */
static inline struct json_val api_mark(struct json_val v, bool is_in_document)
{
    if (v.tag != JSON_FUNCTION)
        v.extra = is_in_document ? API_IN_DOCUMENT : 0;
    return v;
}

static inline struct afx_text api_text(str s)
{
    return (struct afx_text){s.n ? s.p : "", s.n};
}

/* Text as callers give it: NULL only with no bytes. */
bool api_str(const char *text, size_t bytes, str *ret);

enum afx_status api_misuse(struct afx_error *err, const char *what);
enum afx_status api_fail(struct afx_error *err, enum afx_status status, const char *code,
                         const char *message);
/* An error of the JSON floor; at: the byte, or AFX_NO_POSITION. */
enum afx_status api_fail_json(struct afx_error *err, const struct error *from, uint32_t at);

#endif
