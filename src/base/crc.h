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
/* Without the processor's instructions: what they are where there are none. */
uint32_t crc32_sum_portable(uint32_t crc, str s);
uint32_t crc32c_sum_portable(uint32_t crc, str s);

/* The sum of a text from those of its two parts and the length of the second. */
uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t second_bytes);
uint32_t crc32c_join(uint32_t first, uint32_t second, uint64_t second_bytes);
uint64_t crc64nvme_join(uint64_t first, uint64_t second, uint64_t second_bytes);

#endif
