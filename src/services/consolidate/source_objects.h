/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts that are objects: those below a prefix whose keys end with .json, .jsonl or .ndjson, in the
 * order of their keys, which is the order of a listing. Each thread that reads a part does so on a
 * loop of its own, which it runs while it waits; so any storage behind services/objects.h will do.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_SOURCE_OBJECTS_H
#define AFFLUX_SERVICES_CONSOLIDATE_SOURCE_OBJECTS_H

#include "services/consolidate/consolidate.h"
#include "services/objects.h"

struct source_objects;

/* Does the key end as parts do? */
bool source_objects_is_part(str key);

/* All is borrowed. canceled: ends waiting and reading soon; NULL is allowed. Errors, also while
 * reading: STATUS_IO "Objects" with the storage's cause, STATUS_CANCELED. */
NODISCARD enum status source_objects_new(struct objects *objects, str bucket, str prefix,
                                         const _Atomic bool *canceled, struct source_objects **ret,
                                         struct error *err);
void source_objects_free(struct source_objects *s); /* NULL is allowed */
struct consolidate_source source_objects_source(struct source_objects *s);
/* Keys seen so far that were left out for their endings. */
uint64_t source_objects_left_out(const struct source_objects *s);

#endif
