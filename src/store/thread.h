/* SPDX-License-Identifier: Apache-2.0 */
/* Start and end of the store thread. Inside of store/ only. */
#ifndef AFFLUX_STORE_THREAD_H
#define AFFLUX_STORE_THREAD_H

#include "base/error.h"

struct store;

/* The file must be open and at its present schema. */
NODISCARD enum status store_thread_start(struct store *s, struct error *err);
/* Everything submitted is carried out first. */
void store_thread_stop(struct store *s);

#endif
