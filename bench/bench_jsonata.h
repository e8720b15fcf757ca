/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of the JSONata benchmark: a page of rows in several sizes, and the list of cases. */
#ifndef AFFLUX_BENCH_JSONATA_H
#define AFFLUX_BENCH_JSONATA_H

#include "base/attr.h"

/* Writes 1KB.json, 100KB.json, 10krows.json, 10MB.json and cases.tsv (name, size, file, bound
 * member or -, expression) into a folder that exists. */
void bench_jsonata_generate(const char *folder);

NORETURN void bench_jsonata_stop(const char *what);

#endif
