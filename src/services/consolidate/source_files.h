/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts that are files: those given, and in folders given, with all folders below them, those whose
 * names end with .json, .jsonl or .ndjson. Keys are paths as given. Hidden files and folders
 * (names that begin with a dot) are left out; a symbolic link to a file is followed, one to a
 * folder is not.
 *
 * A folder's names are in memory while it is walked, and of the folders around it; never all.
 */
#ifndef AFFLUX_SERVICES_CONSOLIDATE_SOURCE_FILES_H
#define AFFLUX_SERVICES_CONSOLIDATE_SOURCE_FILES_H

#include "services/consolidate/consolidate.h"

enum { SOURCE_FILES_MAX_DEPTH = 64, SOURCE_FILES_MAX_PATH = 4096 };

struct source_files;

/* paths: what was given; copied. STATUS_NOT_FOUND; STATUS_INVALID: a path is given twice, or lies
 * in a folder that is given too, or is neither file nor folder. */
NODISCARD enum status source_files_new(const str *paths, size_t count, struct source_files **ret,
                                       struct error *err);
void source_files_free(struct source_files *files); /* NULL is allowed */
struct consolidate_source source_files_source(struct source_files *files);

/* How many parts there will be: the folders are walked for that. */
NODISCARD enum status source_files_count(const str *paths, size_t count, uint64_t *ret,
                                         struct error *err);
/* Files seen so far that were left out for their names. */
uint64_t source_files_left_out(const struct source_files *files);

#endif
