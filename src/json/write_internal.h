/* SPDX-License-Identifier: Apache-2.0 */
/* What the compact writer (write.c) and the one for people (write_pretty.c) share. */
#ifndef AFFLUX_JSON_WRITE_INTERNAL_H
#define AFFLUX_JSON_WRITE_INTERNAL_H

#include "json/write.h"

struct writer {
    char *at;  /* next byte */
    char *end; /* writer_room() keeps at least WRITER_FREE behind `at` */
    struct buf *out;
    unsigned flags;
    enum status status;
};

/* Bytes that may be written without asking after each writer_room(): a number or an escape,
 * punctuation. */
enum { WRITER_FREE = 64 };

/* What stands in writer.status for the one limit that is not the buffer's. */
#define WRITER_TOO_DEEP STATUS_CONFLICT

void writer_begin(struct writer *w, struct buf *out, unsigned flags);
/* Hands what was written to the buffer; false: too large. */
bool writer_end(struct writer *w);
bool writer_more(struct writer *w, size_t need);

/* Room for need + WRITER_FREE bytes; false: too large. Only what is certainly written is asked for,
 * or a buffer whose maximum just fits the text would be refused. */
static ALWAYS_INLINE bool writer_room(struct writer *w, size_t need)
{
    if (LIKELY(need + WRITER_FREE <= (size_t)(w->end - w->at)))
        return true;
    return writer_more(w, need);
}

/* A string with its quotes; a number; anything but a container. */
bool writer_string(struct writer *w, const char *p, size_t n, unsigned flags);
bool writer_number(struct writer *w, struct json_val v);
bool writer_scalar(struct writer *w, struct json_val v);

bool writer_fail(struct writer *w, enum status status);

/* With JSON_WRITE_PRETTY or JSON_WRITE_COLOR. */
bool writer_pretty(struct writer *w, struct json_val v);

#endif
