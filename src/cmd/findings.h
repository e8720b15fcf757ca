/* SPDX-License-Identifier: Apache-2.0 */
/* Findings about a definition, shown to people in the manner of a compiler. */
#ifndef AFFLUX_CMD_FINDINGS_H
#define AFFLUX_CMD_FINDINGS_H

#include "asl/diagnostic.h"

/* Appends one finding: file, line and column, code and message; the line it is about, when text is
 * not empty; its place in the definition and what to do. */
void findings_show(const char *file, str text, const struct asl_diagnostic *item, bool is_colored,
                   struct buf *out);

#endif
