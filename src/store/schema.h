/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a data folder and the way from every released version of them to the present one.
 * Inside of store/ only. docs/formats/store.md describes them. */
#ifndef AFFLUX_STORE_SCHEMA_H
#define AFFLUX_STORE_SCHEMA_H

#include "store/db.h"

enum {
    STORE_APPLICATION_ID = 0x61666C78, /* "aflx", in the file's header */
    STORE_SCHEMA_VERSION = 5
};

/* Does a program of this version read the file? StoreNewer, StoreForeign; StoreOlder when it has to
 * be brought forward first, by the writer. */
NODISCARD enum status store_schema_check(struct store_db *db, struct error *err);
/* Brings an empty or older file to the present version, a version at a time, each in one
 * transaction. */
NODISCARD enum status store_schema_migrate(struct store_db *db, struct error *err);

#endif
