/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about what went wrong: a line "  hint: …" on stderr below the message, where something
 * is known that helps. */
#ifndef AFFLUX_CMD_RUN_HINT_H
#define AFFLUX_CMD_RUN_HINT_H

#include "asl/exec.h"
#include "base/error.h"

/* Where the execution ended: names of states with slashes between them, the number of an iteration
 * behind its Map's. Empty: it was in no state. */
str run_where(const struct asl_exec *root, struct arena *a);

/* About an execution that did not succeed, and one that could not be run. input: what --input said,
 * or NULL. */
void run_hint_failure(const struct asl_exec *root, const char *input);
void run_hint_error(const struct error *err, const char *input);

#endif
