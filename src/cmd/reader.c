/* SPDX-License-Identifier: Apache-2.0 */
/* Reading in pieces and whole files. What the bytes mean is known to eval_input.c and
 * eval_stream.c. */
#include "cmd/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { READER_PIECE = 1 << 16, READER_KEEP = 16 << 20 };

void reader_init(struct reader *r, int fd, struct output *output)
{
    *r = (struct reader){.fd = fd, .output = output};
    buf_init(&r->buf, SIZE_MAX / 2); /* the callers have tighter limits */
}

void reader_done(struct reader *r)
{
    buf_done(&r->buf);
}

static bool reader_would_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 0;
}

static ssize_t reader_read(int fd, char *to, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, to, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

bool reader_fill(struct reader *r)
{
    if (r->is_at_end)
        return false;
    /* Moving little often, or much seldom, is both cheap. */
    if (r->at > 0 && (r->at == r->buf.n || r->at > r->buf.n / 2)) {
        memmove(r->buf.p, r->buf.p + r->at, r->buf.n - r->at);
        r->buf.n -= r->at;
        r->at = 0;
    }
    if (r->buf.n == 0 && r->buf.cap > READER_KEEP)
        buf_done(&r->buf);
    /* A long text is read in pieces that grow with it. */
    size_t piece = r->buf.n / 2 > READER_PIECE ? r->buf.n / 2 : READER_PIECE;
    if (!buf_reserve(&r->buf, piece)) {
        r->error = EFBIG;
        r->is_at_end = true;
        return false;
    }
    if (r->output && r->output->buf.n > 0 && reader_would_wait(r->fd))
        output_flush(r->output);
    ssize_t n = reader_read(r->fd, r->buf.p + r->buf.n, piece);
    if (n <= 0) {
        r->error = n < 0 ? errno : 0;
        r->is_at_end = true;
        return false;
    }
    r->buf.n += (size_t)n;
    return true;
}

bool reader_read_file(const char *path, size_t max, struct buf *ret)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct reader r;
    reader_init(&r, fd, NULL);
    while (r.buf.n <= max && reader_fill(&r))
        ;
    if (fd != STDIN_FILENO)
        close(fd);
    if (r.error != 0 || r.buf.n > max) {
        errno = r.error ? r.error : EFBIG;
        reader_done(&r);
        return false;
    }
    *ret = r.buf;
    return true;
}
