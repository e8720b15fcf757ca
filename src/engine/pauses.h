/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses that hosts asked for (Retry-After), kept for the next process: who restarts an engine does
 * not thereby ask a host that wanted to be left alone. Rows are things of the service `pause`:
 * name, the host; body, when it ends in milliseconds since 1970, as digits. Short pauses are not
 * worth a row, and a row may say a second too much.
 */
#ifndef AFFLUX_ENGINE_PAUSES_H
#define AFFLUX_ENGINE_PAUSES_H

#include "base/error.h"
#include "base/str.h"

struct engine;
struct engine_pause;

enum {
    ENGINE_PAUSE_KEPT_MS = 2000, /* shorter ones are not kept, */
    ENGINE_PAUSES_MAX = 1000     /* nor more than so many of a loop */
};

/* Of a loop. */
struct engine_pauses {
    struct engine_pause *items; /* rows that are there, and are over some time */
    uint32_t count, cap;
};

/* Begins with those that are kept and not over; the first loop removes the others. */
NODISCARD enum status engine_pauses_open(struct engine *e, struct error *err);
void engine_pauses_done(struct engine_pauses *p);
/* A host is paused until then, by the loop's clock. Does not wait for the store. */
void engine_pauses_keep(struct engine *e, str host, int64_t until_ms);

#endif
