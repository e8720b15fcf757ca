/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV as an object. It is gathered in a file without a name, since what columns there are is
 * known at the end only, and put as a whole when it is published.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_SINK_OBJECTS_H
#define AFFLUX_SERVICES_CONSOLIDATE_SINK_OBJECTS_H

#include "services/consolidate/consolidate.h"
#include "services/objects.h"

struct sink_objects;

/* folder: where the file lies meanwhile; canceled: as of a source. All is borrowed. STATUS_IO
 * "Objects", STATUS_UNAVAILABLE "DiskFull". */
NODISCARD enum status sink_objects_new(struct objects *objects, str bucket, str key,
                                       const char *folder, const _Atomic bool *canceled,
                                       struct sink_objects **ret, struct error *err);
void sink_objects_free(struct sink_objects *s); /* NULL is allowed; after publish or discard */
struct consolidate_sink sink_objects_sink(struct sink_objects *s);

#endif
