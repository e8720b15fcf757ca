/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct eval_input: the JSON documents of one file, in turn. A document is handed out as soon as
 * its end has been read, and only one is in memory at a time. A byte order mark at the start is
 * skipped.
 */
#ifndef AFFLUX_CMD_EVAL_INPUT_H
#define AFFLUX_CMD_EVAL_INPUT_H

#include "cmd/reader.h"
#include "json/value.h"

struct arena;

enum eval_input_result {
    EVAL_INPUT_DOCUMENT,
    EVAL_INPUT_END,
    EVAL_INPUT_FAILED, /* it has said why on stderr */
};

struct eval_input {
    const char *name; /* for messages */
    struct reader reader;
    size_t max_text;
    size_t line, column;  /* of the next unread byte; from 1 */
    size_t document_line; /* where the last document began */
    uint64_t documents;   /* handed out so far */
    str document;         /* text of the last one, until the next call or the reset of its arena */
};

/* path "-" is stdin. output is flushed before messages and before reads that wait. */
NODISCARD bool eval_input_open(struct eval_input *in, const char *path, size_t max_text,
                               struct output *output);
void eval_input_close(struct eval_input *in);

/* The value lives until the arena is reset. */
enum eval_input_result eval_input_next(struct eval_input *in, struct arena *arena,
                                       struct json_val *ret);

#endif
