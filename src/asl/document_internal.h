/* SPDX-License-Identifier: Apache-2.0 */
/* What the document_*.c files share. */
#ifndef AFFLUX_ASL_DOCUMENT_INTERNAL_H
#define AFFLUX_ASL_DOCUMENT_INTERNAL_H

#include "asl/document.h"
#include "json/freeze.h"

/* May a value be a part that another document holds? (Freezing holds nothing smaller.) */
static inline bool asl_is_shareable(struct json_val v)
{
    return json_is_container(v) || (v.tag == JSON_STRING && v.len >= JSON_HOLD_MIN_BYTES);
}

/* Is naming it shorter than writing it, most likely? */
static inline bool asl_is_worth_a_link(struct json_val v)
{
    return (json_is_container(v) && v.len > 0) || (v.tag == JSON_STRING && v.len >= ASL_LINK_MIN);
}

/* Walks the document for values that lie in others and links them to their place in a source; what
 * is not found is written as text. */
void asl_document_find_links(struct asl_document *doc, struct asl_document *const *sources,
                             uint32_t source_count);
/* Adds a link (strings are copied); false when there are ASL_MAX_LINKS already. */
bool asl_document_link(struct asl_document *doc, str place, struct asl_document *from, str path,
                       uint32_t keep);
void asl_link_done(struct asl_link *link);

/* Adds the step to child i of a container to a JSON pointer. */
void asl_pointer_add(struct buf *path, struct json_val container, uint32_t i);

/* Where the value at a JSON pointer lies; NULL when there is none. */
const struct json_val *asl_pointer_find(const struct json_val *root, str pointer);

#endif
