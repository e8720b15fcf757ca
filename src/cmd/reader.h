/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct reader: bytes of a file descriptor, as they come. Unread bytes lie in [p, p + n). Before a
 * read that would wait, the output that belongs to the dialogue is flushed: whoever sends one line
 * and waits for the answer gets it, and bulk data still goes out in large pieces.
 */
#ifndef AFFLUX_CMD_READER_H
#define AFFLUX_CMD_READER_H

#include "base/buf.h"
#include "cmd/output.h"

struct reader {
    int fd;
    bool is_at_end;
    int error; /* errno of a read that failed; it counts as the end, too */
    size_t at; /* bytes of buf that were consumed */
    struct buf buf;
    struct output *output; /* may be NULL */
};

void reader_init(struct reader *r, int fd, struct output *output);
void reader_done(struct reader *r);

/* Reads more behind the unread bytes; false at the end. */
bool reader_fill(struct reader *r);

static inline str reader_unread(const struct reader *r)
{
    return (str){r->buf.p + r->at, r->buf.n - r->at};
}

/* Everything to the end, with BUF_SLACK behind it. False with errno when reading failed, EFBIG
 * beyond max. */
bool reader_read_file(const char *path, size_t max, struct buf *ret);

#endif
