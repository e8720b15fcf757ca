/* SPDX-License-Identifier: Apache-2.0 */
/* Simple case mapping of code points, independent of any locale. */
#ifndef AFFLUX_JSONATA_UNICODE_CASE_H
#define AFFLUX_JSONATA_UNICODE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters whose other case is two or three characters: writes them and says how many, 0 for all
 * others. */
size_t unicode_upper_several(uint32_t cp, uint32_t out[3]);
size_t unicode_lower_several(uint32_t cp, uint32_t out[3]);

uint32_t unicode_upper(uint32_t cp);
uint32_t unicode_lower(uint32_t cp);

#endif
