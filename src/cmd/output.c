/* SPDX-License-Identifier: Apache-2.0 */
/* Writing in large pieces. When to write is the business of the callers; see reader.c for the one
 * rule that keeps dialogues alive. */
#include "cmd/output.h"

#include "cmd/cmd.h"
#include "json/parse.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_KEEP = 1 << 20 };

void output_init(struct output *out, int fd, const char *command)
{
    *out = (struct output){.fd = fd, .command = command};
    buf_init(&out->buf, JSON_MAX_TEXT);
}

void output_done(struct output *out)
{
    buf_done(&out->buf);
}

static void output_fail(struct output *out, int error)
{
    out->has_failed = true;
    if (error == EPIPE) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    cmd_error(out->command, "cannot write the output: %s", strerrordesc_np(error));
}

bool output_flush(struct output *out)
{
    size_t at = 0;
    while (at < out->buf.n && !out->has_failed) {
        ssize_t n = write(out->fd, out->buf.p + at, out->buf.n - at);
        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            output_fail(out, errno);
    }
    buf_clear(&out->buf);
    if (out->buf.cap > OUTPUT_KEEP)
        buf_done(&out->buf);
    return !out->has_failed;
}
