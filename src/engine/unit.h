/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units of the store that a loop submits for something other than an execution's step: each comes
 * back to a function, on the loop. A unit that fails because the disk does comes back with its
 * error, like one that was refused; whoever asked decides.
 */
#ifndef AFFLUX_ENGINE_UNIT_H
#define AFFLUX_ENGINE_UNIT_H

#include "engine/engine.h"

/* Lies in the struct of whoever asks. */
struct engine_unit {
    struct store_unit unit; /* run and args are his, and stay until it is back */
    /* Called once, with unit.status, unit.error and unit.reply; then the memory is the caller's.
     * Not called when the engine closes before: then `drop` is. */
    void (*back)(struct engine *e, struct engine_unit *u);
    void (*drop)(struct engine_unit *u);
    struct engine_unit *next, **place;
};

void engine_units_open(struct engine *e);
void engine_units_close(struct engine *e); /* waits for the store */
void engine_unit_submit(struct engine *e, struct engine_unit *u);
bool engine_units_are_still(const struct engine *e); /* none is under way */

#endif
