/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects in memory for tests of map runs: bytes come a few at a time, every second answer says
 * that they come later, listings have two entries a page, and everything can be told to fail.
 */
#ifndef AFFLUX_TESTS_OBJECTS_MEMORY_H
#define AFFLUX_TESTS_OBJECTS_MEMORY_H

#include "base/buf.h"
#include "services/objects.h"

enum { MEMORY_OBJECTS = 64 };

struct memory_object {
    char *bucket, *key; /* NULL: none */
    struct buf bytes;
};

struct memory_objects {
    struct objects objects;
    struct memory_object all[MEMORY_OBJECTS];
    size_t step;     /* bytes at once; 0: all */
    bool waits;      /* every second time; ready is called if there is a loop */
    bool is_silent;  /* what is put is never ready */
    uint32_t opened; /* sources */
    uint32_t listed; /* pages */
    uint32_t puts;   /* that were finished */
    const char *refuses_put, *fails_write, *fails_finish; /* a part of a key */
};

void memory_objects_init(struct memory_objects *m);
void memory_objects_done(struct memory_objects *m);
/* Replaces what has the key. */
void memory_objects_set(struct memory_objects *m, const char *bucket, const char *key, str bytes);
void memory_objects_remove(struct memory_objects *m, const char *bucket, const char *key);
/* The bytes with a NUL behind them, or NULL. */
const char *memory_objects_text(struct memory_objects *m, const char *bucket, const char *key);
uint32_t memory_objects_count(const struct memory_objects *m);

/* A source over these bytes alone; loop NULL: nobody is told when they are ready. */
struct object_source *memory_source(struct loop *loop, str bytes, size_t step, bool waits);

#endif
