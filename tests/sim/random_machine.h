/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions put together by chance, all of them valid and all of them ending. */
#ifndef AFFLUX_TESTS_SIM_RANDOM_MACHINE_H
#define AFFLUX_TESTS_SIM_RANDOM_MACHINE_H

#include "base/buf.h"

struct chance {
    uint64_t seed;
};
uint32_t chance_below(struct chance *c, uint32_t n);
bool chance_of(struct chance *c, uint32_t percent);

/* Appends a definition; every text of the same seed is the same. is_plain: its output depends on
 * nothing but its input and the results of its tasks. */
void random_machine(struct chance *c, bool is_plain, struct buf *out);

#endif
