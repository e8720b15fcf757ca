/* SPDX-License-Identifier: Apache-2.0 */
/* The key that task tokens are signed with: a file of the data folder. */
#ifndef AFFLUX_ENGINE_TOKEN_KEY_H
#define AFFLUX_ENGINE_TOKEN_KEY_H

#include "asl/token.h"
#include "base/error.h"

/* Made once for each data folder; readable by its owner only. "EngineKey". */
NODISCARD enum status engine_read_key(str folder, uint8_t key[ASL_TOKEN_KEY_BYTES],
                                      struct error *err);

#endif
