/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct event_out: lines on stdout from several threads, each whole and in the order they came. A
 * reader that is slow holds up whoever writes. One that is gone, or a disk that is full, ends the
 * writing and nothing else; it is remembered, to be told at the end.
 */
#ifndef AFFLUX_CMD_EVENT_OUT_H
#define AFFLUX_CMD_EVENT_OUT_H

#include "base/buf.h"
#include <pthread.h>

struct event_out {
    bool is_on; /* otherwise nothing is written */
    pthread_mutex_t mutex;
    int error; /* errno of what failed; 0: nothing did. Under the mutex */
};

void event_out_init(struct event_out *o, bool is_on);
void event_out_done(struct event_out *o);
/* The text ends with a line end. SIGPIPE is ignored by now (loop_new does so). */
void event_out_write(struct event_out *o, str text);
/* Did all lines get out? Says so on stderr when not. */
bool event_out_check(struct event_out *o, const char *command);

#endif
