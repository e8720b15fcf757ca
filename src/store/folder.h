/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder: made where it is missing, held by one process. Inside of store/ only. */
#ifndef AFFLUX_STORE_FOLDER_H
#define AFFLUX_STORE_FOLDER_H

#include "base/error.h"
#include "base/str.h"

struct store_folder {
    char *path; /* malloc'ed */
    int lock;   /* descriptor of PATH/lock, held by flock */
};

/* Waits for 1.5 s at most while another process has it. STATUS_BUSY "StoreInUse" names that
 * process. */
NODISCARD enum status store_folder_open(struct store_folder *f, str path, struct error *err);
/* Makes the names of new files in it durable. */
NODISCARD enum status store_folder_sync(const struct store_folder *f, struct error *err);
void store_folder_close(struct store_folder *f);

#endif
