/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a run that keeps nothing: made for the run, gone with it. */
#ifndef AFFLUX_CMD_RUN_FOLDER_H
#define AFFLUX_CMD_RUN_FOLDER_H

#include "base/error.h"

enum { RUN_FOLDER_MAX = 4096 };

/* Makes an empty one in $TMPDIR, or /tmp. */
NODISCARD enum status run_folder_make(char path[RUN_FOLDER_MAX], struct error *err);
/* Removes it with the files in it; a best effort. An empty path is none. */
void run_folder_remove(const char *path);

#endif
