/* SPDX-License-Identifier: Apache-2.0 */
/* What faulty.c (the file layer) and faulty_log.c (what was written) share. */
#ifndef AFFLUX_STORE_FAULTY_INTERNAL_H
#define AFFLUX_STORE_FAULTY_INTERNAL_H

#include "store/faulty.h"
#include <pthread.h>
#include <sqlite3.h>

enum write_kind { LOG_WRITE, LOG_TRUNCATE, LOG_SYNC, LOG_DELETE };

struct log_entry {
    enum write_kind kind;
    char *file;     /* its name in the folder, malloc'ed */
    int64_t offset; /* LOG_WRITE; LOG_TRUNCATE: the new size */
    char *bytes;    /* malloc'ed */
    size_t size;
};

struct store_faulty {
    sqlite3_vfs vfs; /* its pAppData is the store_faulty */
    sqlite3_vfs *base;
    pthread_mutex_t lock;
    struct {
        uint64_t calls;
        uint64_t fails_at; /* this call; 0: none */
        int code;
        bool is_forever;
    } faults[STORE_FAULT_COUNT];
    bool is_recording;
    struct log_entry *log;
    size_t log_count, log_cap;
};

/* Appends an entry when writes are remembered; path as SQLite has it. */
void store_faulty_log(struct store_faulty *f, enum write_kind kind, const char *path,
                      int64_t offset, const void *bytes, size_t size);
void store_faulty_log_free(struct store_faulty *f);

#endif
