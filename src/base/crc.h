/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cyclic redundancy checks: CRC-32 (ISO-HDLC, as in zip), CRC-32C (Castagnoli), CRC-64/NVME. All
 * three run on: give the sum of the bytes before (0 when there are none) and get that of all.
 */
#ifndef AFFLUX_BASE_CRC_H
#define AFFLUX_BASE_CRC_H

#include "base/str.h"

uint32_t crc32_sum(uint32_t crc, str s);
uint32_t crc32c_sum(uint32_t crc, str s);
uint64_t crc64nvme_sum(uint64_t crc, str s);
/* crc32c_sum without the processor's instruction: what it is where there is none. */
uint32_t crc32c_sum_portable(uint32_t crc, str s);

#endif
