/* SPDX-License-Identifier: Apache-2.0 */
/* The file layer that fails on demand: every call counts, then fails, or goes to the default layer
 * and into the log (faulty_log.c). */
#include "store/faulty.h"
#include "base/check.h"
#include "store/faulty_internal.h"
#include <stdlib.h>

struct faulty_file {
    sqlite3_file head;
    struct store_faulty *owner;
    char *path; /* malloc'ed */
};

static sqlite3_file *below(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)((struct faulty_file *)(void *)file + 1);
}

static struct store_faulty *owner(sqlite3_file *file)
{
    return ((struct faulty_file *)(void *)file)->owner;
}

static const char *path(sqlite3_file *file)
{
    return ((struct faulty_file *)(void *)file)->path;
}

/* Counts a call. SQLITE_OK, or the code that it is to give. */
static int count_call(struct store_faulty *f, enum store_fault kind)
{
    int code = SQLITE_OK;
    pthread_mutex_lock(&f->lock);
    uint64_t call = ++f->faults[kind].calls;
    uint64_t at = f->faults[kind].fails_at;
    if (at != 0 && (call == at || (call > at && f->faults[kind].is_forever)))
        code = f->faults[kind].code;
    pthread_mutex_unlock(&f->lock);
    return code;
}

/* ---- files ---- */

static int file_close(sqlite3_file *file)
{
    int rc = below(file)->pMethods->xClose(below(file));
    free(((struct faulty_file *)(void *)file)->path);
    return rc;
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 offset)
{
    int rc = count_call(owner(file), STORE_FAULT_READ);
    return rc != SQLITE_OK ? rc : below(file)->pMethods->xRead(below(file), to, n, offset);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 offset)
{
    int rc = count_call(owner(file), STORE_FAULT_WRITE);
    if (rc == SQLITE_OK)
        rc = below(file)->pMethods->xWrite(below(file), from, n, offset);
    if (rc == SQLITE_OK)
        store_faulty_log(owner(file), LOG_WRITE, path(file), offset, from, (size_t)n);
    return rc;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int rc = count_call(owner(file), STORE_FAULT_TRUNCATE);
    if (rc == SQLITE_OK)
        rc = below(file)->pMethods->xTruncate(below(file), size);
    if (rc == SQLITE_OK)
        store_faulty_log(owner(file), LOG_TRUNCATE, path(file), size, NULL, 0);
    return rc;
}

static int file_sync(sqlite3_file *file, int flags)
{
    int rc = count_call(owner(file), STORE_FAULT_SYNC);
    if (rc == SQLITE_OK)
        rc = below(file)->pMethods->xSync(below(file), flags);
    if (rc == SQLITE_OK)
        store_faulty_log(owner(file), LOG_SYNC, path(file), 0, NULL, 0);
    return rc;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return below(file)->pMethods->xFileSize(below(file), ret);
}

static int file_lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int file_check_lock(sqlite3_file *file, int *ret)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), ret);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return below(file)->pMethods->xFileControl(below(file), op, arg);
}

static int file_sector_size(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    return below(file)->pMethods->xShmMap(below(file), region, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int file_shm_unmap(sqlite3_file *file, int is_last)
{
    return below(file)->pMethods->xShmUnmap(below(file), is_last);
}

/* Version 2: shared memory, but no mapped files, whose writes would go past the log. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- the layer ---- */

static int layer_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                      int *ret_flags)
{
    struct store_faulty *f = vfs->pAppData;
    struct faulty_file *ours = (struct faulty_file *)(void *)file;
    *ours = (struct faulty_file){.owner = f};
    int rc = count_call(f, STORE_FAULT_OPEN);
    if (rc == SQLITE_OK)
        rc = f->base->xOpen(f->base, name, below(file), flags, ret_flags);
    if (rc != SQLITE_OK)
        return rc;
    ours->path = strdup(name ? name : "");
    check(ours->path != NULL);
    ours->head.pMethods = &methods;
    return SQLITE_OK;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    struct store_faulty *f = vfs->pAppData;
    int rc = f->base->xDelete(f->base, name, sync_dir);
    if (rc == SQLITE_OK)
        store_faulty_log(f, LOG_DELETE, name, 0, NULL, 0);
    return rc;
}

struct store_faulty *store_faulty_new(const char *name)
{
    struct store_faulty *f = calloc(1, sizeof(*f));
    check(f != NULL && sqlite3_initialize() == SQLITE_OK);
    f->base = sqlite3_vfs_find(NULL);
    check(f->base != NULL && pthread_mutex_init(&f->lock, NULL) == 0);
    f->vfs = *f->base;
    f->vfs.zName = name;
    f->vfs.pAppData = f;
    f->vfs.szOsFile = (int)sizeof(struct faulty_file) + f->base->szOsFile;
    f->vfs.xOpen = layer_open;
    f->vfs.xDelete = layer_delete;
    check(sqlite3_vfs_register(&f->vfs, 0) == SQLITE_OK);
    return f;
}

void store_faulty_free(struct store_faulty *f)
{
    if (!f)
        return;
    sqlite3_vfs_unregister(&f->vfs);
    store_faulty_log_free(f);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void store_faulty_fail(struct store_faulty *f, enum store_fault kind, uint64_t n, int code,
                       bool is_forever)
{
    pthread_mutex_lock(&f->lock);
    f->faults[kind].fails_at = n == 0 ? 0 : f->faults[kind].calls + n;
    f->faults[kind].code = code;
    f->faults[kind].is_forever = is_forever;
    pthread_mutex_unlock(&f->lock);
}

uint64_t store_faulty_calls(struct store_faulty *f, enum store_fault kind)
{
    pthread_mutex_lock(&f->lock);
    uint64_t calls = f->faults[kind].calls;
    pthread_mutex_unlock(&f->lock);
    return calls;
}
