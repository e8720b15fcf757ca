/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of workflows/, which are part of the program, and what is put into them: a placeholder
 * ${NAME} stands for a plain text, a mark (between two comments that are NAME: and :NAME) for a
 * JSONata expression. workflows/README.md lists them.
 */
#ifndef AFFLUX_AGGREGATE_FLOW_H
#define AFFLUX_AGGREGATE_FLOW_H

#include "base/buf.h"
#include "base/error.h"

struct flow_text {
    const char *name; /* "parent" */
    const char *text;
    uint32_t n;
};
extern const struct flow_text flow_texts[];
extern const uint32_t flow_text_count;

/* Empty: there is none of this name. */
str flow_text(const char *name);

struct flow_value {
    const char *name;
    str text;
    bool is_mark;
};

/*
 * Appends the text with all values put in, as JSON needs them. Marks that no value names stay as
 * they are. STATUS_INVALID "FlowValue": a placeholder's text has quotes, backslashes or control
 * characters, which cannot stand in a JSONata string; "FlowPlaceholder": one has no value.
 */
NODISCARD enum status flow_fill(str text, const struct flow_value *values, size_t count,
                                struct buf *out, struct error *err);

/*
 * Appends the text of a definition with MaxAttempts of all retriers whose first error begins with
 * "States.Http." set to so many (0: none), where it was something else or not there. The text need
 * not be one that is in the program.
 */
void flow_set_retries(str text, uint32_t retries, struct buf *out);

#endif
