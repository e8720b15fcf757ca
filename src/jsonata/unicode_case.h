/* SPDX-License-Identifier: Apache-2.0 */
/* Simple case mapping of code points, independent of any locale. */
#ifndef AFFLUX_JSONATA_UNICODE_CASE_H
#define AFFLUX_JSONATA_UNICODE_CASE_H

#include <stdbool.h>
#include <stdint.h>

uint32_t unicode_upper(uint32_t cp);
uint32_t unicode_lower(uint32_t cp);

#endif
