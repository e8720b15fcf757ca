/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CSV as a file that is there as a whole or not at all, after a power cut too: written under no
 * name in the folder of the target (or under one of its own, where the file system cannot do
 * that), made durable, renamed over the target; then the folder is made durable.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_SINK_FILE_H
#define AFFLUX_SERVICES_CONSOLIDATE_SINK_FILE_H

#include "services/consolidate/consolidate.h"

struct sink_file;

/* path: what is to be written; a symbolic link is followed. STATUS_INVALID: it is something else
 * than a file. STATUS_IO: what the system says. */
NODISCARD enum status sink_file_new(str path, struct sink_file **ret, struct error *err);
void sink_file_free(struct sink_file *file); /* NULL is allowed; after publish or discard */
struct consolidate_sink sink_file_sink(struct sink_file *file);

#endif
