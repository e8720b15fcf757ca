/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process that ended left in the folders of bodies: files without a row, which nobody will
 * ever refer to, and segments that were preallocated and not cut. Only ids that were given out
 * before this process began are looked at; its own are in flight.
 */
#include "store/collect_internal.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The id in "17" or "17.part"; 0 for any other name. */
static int64_t id_of(const char *name, bool *ret_is_part)
{
    char *end;
    long long id = strtoll(name, &end, 10);
    *ret_is_part = strcmp(end, ".part") == 0;
    bool is_ours = end != name && id > 0 && (*end == '\0' || *ret_is_part);
    return is_ours ? id : 0;
}

/* A segment that was appended to when its process ended is as long as it was made, not as long as
 * its records; nothing lies behind the last record that has a row. */
static void cut_segment(struct collector *c, int folder, const char *name, int64_t id)
{
    struct stat st;
    struct error err;
    struct store_record r;
    uint64_t body_at;
    int64_t at = collect_number(c, SQL_LAST_PLACE, id);
    int fd = openat(folder, name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    if (at > 0 && fstat(fd, &st) == 0 && st.st_size % SEGMENT_STEP == 0 &&
        store_record_read(fd, id, (uint64_t)at, &body_at, &r, &err) == STATUS_OK) {
        int cut = ftruncate(fd, at + (off_t)store_record_bytes(&r)); /* if not, it stays long */
        (void)cut;
    }
    close(fd);
}

static void sweep_one(struct collector *c, enum body_folder which, int folder, const char *name)
{
    bool is_part;
    int64_t id = id_of(name, &is_part);
    if (id == 0 || id >= c->store->first_id)
        return;
    enum store_sql has = which == FOLDER_SEGMENTS ? SQL_HAS_SEGMENT : SQL_HAS_FILE;
    if (is_part || collect_number(c, has, id) == 0)
        unlinkat(folder, name, 0);
    else if (which == FOLDER_SEGMENTS)
        cut_segment(c, folder, name, id);
}

/* Nothing is removed for want of a row when rows cannot be read. */
static bool is_readable(struct collector *c)
{
    struct error err;
    bool has;
    sqlite3_stmt *s = store_db_statement(c->reader->db, SQL_FIND_DEAD_UPLOAD, &err);
    if (!s)
        return false;
    store_bind_int(s, 1, 1);
    if (store_db_next(c->reader->db, s, &has, &err) != STATUS_OK)
        return false;
    sqlite3_reset(s);
    return true;
}

static void sweep_folder(struct collector *c, enum body_folder which)
{
    int folder;
    struct error err;
    if (store_bodies_folder(c->store->bodies, which, false, &folder, &err) != STATUS_OK)
        return;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL && !collect_is_stopping(c) && is_readable(c);)
        sweep_one(c, which, folder, entry->d_name);
    closedir(dir);
}

void collect_sweep(struct collector *c)
{
    for (enum body_folder which = 0; which < FOLDER_COUNT; which++)
        sweep_folder(c, which);
}
