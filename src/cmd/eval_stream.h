/* SPDX-License-Identifier: Apache-2.0 */
/* `afflux eval --stream`: a question per line in, an answer per line out; --help has the form of
 * both. */
#ifndef AFFLUX_CMD_EVAL_STREAM_H
#define AFFLUX_CMD_EVAL_STREAM_H

#include "cmd/eval_options.h"

/* Returns the exit code. Questions that fail are answered and do not count. */
int eval_stream(struct eval_options *options);

#endif
