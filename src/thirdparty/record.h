/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the sample third party, as JSON text: a discount code as resourceKey, its state, and
 * what went wrong. A record is the same whenever it is asked for. Texts have what texts of others
 * have: quotes, commas, line breaks, backslashes, letters beyond ASCII, an emoji now and then.
 * Pure. docs/formats/thirdparty.md describes the form.
 */
#ifndef AFFLUX_THIRDPARTY_RECORD_H
#define AFFLUX_THIRDPARTY_RECORD_H

#include "base/buf.h"
#include "thirdparty/location.h"

enum {
    THIRDPARTY_RECORD_MAX = 2048, /* bytes of one */
    THIRDPARTY_KEY_MAX = 32,      /* bytes of a resourceKey, with its NUL */
};

/* {"resourceKey": …} of row `row` (any number; keys are unique below THIRDPARTY_ROWS_MAX) without
 * anything around it. has_gaps: some of its fields may be missing, or null. */
void thirdparty_record_put(const struct thirdparty_world *w, uint32_t at,
                           enum thirdparty_state state, uint32_t row, bool has_gaps,
                           struct buf *out);
/* The key alone; bytes without the NUL. */
size_t thirdparty_record_key(const struct thirdparty_world *w, uint32_t at,
                             enum thirdparty_state state, uint32_t row,
                             char out[THIRDPARTY_KEY_MAX]);

#endif
