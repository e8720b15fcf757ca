/* SPDX-License-Identifier: Apache-2.0 */
#include "asl/definition.h"

void asl_definition_print(const struct asl_definition *d, struct buf *out)
{
    buf_printf(out, "%u states\n", d->state_count);
}
