/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to values: strict RFC 8259, UTF-8 only, no byte order mark. Of duplicate member names
 * the last wins (its value stands at the place of the first). A lone surrogate escape is accepted
 * (base/utf8.h).
 *
 * Errors are STATUS_INVALID "JsonSyntax" with "line L, column C: reason" (columns count characters
 * from 1), or STATUS_LIMIT "JsonTooDeep" / "JsonTooLarge".
 */
#ifndef AFFLUX_JSON_PARSE_H
#define AFFLUX_JSON_PARSE_H

#include "json/doc.h"

enum { JSON_TEXT_PADDING = 64 };
#define JSON_MAX_TEXT ((size_t)1 << 31) /* bytes of one text; the default limit */

struct json_place {
    size_t offset;       /* bytes */
    size_t line, column; /* from 1; column in code points */
};

struct json_parse_options {
    uint32_t max_depth;       /* 0: JSON_MAX_DEPTH */
    size_t max_bytes;         /* of the text; 0: JSON_MAX_TEXT */
    bool allow_rest;          /* stop behind the first value; see ret_used */
    size_t *ret_used;         /* optional: bytes read, white space behind the value included */
    struct json_place *place; /* optional: filled when the text is refused */
};

/* The document keeps a copy of the text. options may be NULL. */
NODISCARD enum status json_parse(str text, const struct json_parse_options *options,
                                 struct json_doc **ret_doc, struct error *err);

/* Takes over malloc'ed text that has JSON_TEXT_PADDING writable bytes behind its n (what buf_take
 * gives); it is freed with the document, or at once when the text is refused. */
NODISCARD enum status json_parse_take(char *text, size_t n,
                                      const struct json_parse_options *options,
                                      struct json_doc **ret_doc, struct error *err);

/* Parses into an arena: values and a copy of the text live until it is reset. */
NODISCARD enum status json_parse_in(struct arena *arena, str text,
                                    const struct json_parse_options *options,
                                    struct json_val *ret_value, struct error *err);

/* Reads one string of a text whose first quote is at *at, and moves *at behind its last quote. The
 * text ends at end, with JSON_TEXT_PADDING zero bytes behind it. Escapes are decoded into the
 * arena, other strings stay in the text. False: it is malformed or not over; *at is as it was. */
NODISCARD bool json_read_string(struct arena *arena, const char **at, const char *end,
                                struct json_val *ret);

#endif
