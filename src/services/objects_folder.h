/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in a folder: each folder in it is a bucket, each file below that an object whose key is
 * its path from there. For tests, and for trying workflows without a service.
 *
 * Keys cannot lead out of their bucket: "." and ".." and empty parts are refused, and no symbolic
 * link is followed below the folder. What is no plain file is no object. Files whose names begin
 * with OBJECTS_FOLDER_TEMPORARY are objects that are being put, and never shown; what an ended
 * process left of them is removed when the same key is put again.
 */
#ifndef AFFLUX_SERVICES_OBJECTS_FOLDER_H
#define AFFLUX_SERVICES_OBJECTS_FOLDER_H

#include "base/error.h"
#include "services/objects.h"

#define OBJECTS_FOLDER_TEMPORARY ".afflux-put-"

enum {
    OBJECTS_FOLDER_PIECE = 256 << 10,    /* bytes of an object at once, */
    OBJECTS_FOLDER_BREAK = 4 << 20,      /* and before the loop looks at the world again */
    OBJECTS_FOLDER_MAX_PART = 240,       /* bytes of a part of a key, between slashes */
    OBJECTS_FOLDER_MAX_NAMES = 256 << 20 /* bytes of the names of one folder that is listed */
};

/* The folder must be there. STATUS_IO "ObjectsFolder". */
NODISCARD enum status objects_folder_open(const char *path, struct objects **ret,
                                          struct error *err);
/* When all that was opened of it is freed. NULL is allowed. */
void objects_folder_close(struct objects *o);

#endif
