/* SPDX-License-Identifier: Apache-2.0 */
/* See event_out.h. */
#include "cmd/event_out.h"

#include "cmd/cmd.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void event_out_init(struct event_out *o, bool is_on)
{
    *o = (struct event_out){.is_on = is_on};
    pthread_mutex_init(&o->mutex, NULL);
}

void event_out_done(struct event_out *o)
{
    pthread_mutex_destroy(&o->mutex);
}

/* Whoever shares stdout may have switched waiting off. */
static bool may_go_on(int error)
{
    struct pollfd place = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (error == EAGAIN)
        (void)poll(&place, 1, -1);
    return error == EINTR || error == EAGAIN;
}

void event_out_write(struct event_out *o, str text)
{
    if (!o->is_on)
        return;
    pthread_mutex_lock(&o->mutex);
    while (text.n > 0 && o->error == 0) {
        ssize_t n = write(STDOUT_FILENO, text.p, text.n);
        if (n >= 0)
            text = str_sub(text, (size_t)n, text.n);
        else if (!may_go_on(errno))
            o->error = errno;
    }
    pthread_mutex_unlock(&o->mutex);
}

bool event_out_check(struct event_out *o, const char *command)
{
    pthread_mutex_lock(&o->mutex);
    int error = o->error;
    pthread_mutex_unlock(&o->mutex);
    if (error != 0)
        cmd_error(command, "cannot write the output: %s", strerrordesc_np(error));
    return error == 0;
}
