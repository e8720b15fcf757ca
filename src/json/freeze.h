/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freezing: the result of a scope becomes a document of its own. One pass sizes, one pass copies.
 *
 * A subtree that lies in a source document is kept by reference only when it is at least
 * JSON_HOLD_MIN_BYTES and at least a quarter of that document; otherwise it is copied. So a tiny
 * value never keeps a large page alive. Held are only documents that hold nothing themselves (a
 * value found in a source's held document makes the new document hold that one directly),
 * JSON_MAX_HELD at most.
 *
 * An array that grows in a loop is not copied each time: frozen arrays of at least
 * JSON_HOLD_MIN_BYTES get room behind their items (JSON_GROW). When an evaluation appended to such
 * an array in place, freezing moves the new items into the document that owns the array and holds
 * it.
 */
#ifndef AFFLUX_JSON_FREEZE_H
#define AFFLUX_JSON_FREEZE_H

#include "json/doc.h"

enum { JSON_HOLD_MIN_BYTES = 4096 };
#define JSON_FREEZE_MAX_BYTES                                                                      \
    ((size_t)1 << 32) /* of one document, where the caller sets no limit */

struct json_freeze_options {
    struct json_doc *const *sources; /* documents whose values may occur in value */
    size_t source_count;
    size_t max_bytes; /* own bytes of the new document; 0: JSON_FREEZE_MAX_BYTES */
    enum json_numbers numbers;
};

/* STATUS_LIMIT "JsonTooDeep" / "JsonTooLarge"; STATUS_INVALID "JsonNumber" for a number that is not
 * finite, "JsonValue" for undefined or a function at the top. Inside, functions become "" and
 * undefined null, as the writer does it. options may be NULL. */
NODISCARD enum status json_freeze(struct json_val value, const struct json_freeze_options *options,
                                  struct json_doc **ret_doc, struct error *err);

#endif
