/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the manifests of inventories. */
#ifndef AFFLUX_ENGINE_MAP_MANIFEST_H
#define AFFLUX_ENGINE_MAP_MANIFEST_H

enum {
    MAP_MANIFEST_BYTES = 16 << 20,
    MAP_MANIFEST_SCHEMA_BYTES = 10 << 10 /* as long as CSVHeaders may be */
};

#endif
