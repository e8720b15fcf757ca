/* SPDX-License-Identifier: Apache-2.0 */
/* Reading buckets, objects and uploads. The walk over objects copies nothing: a listing looks at a
 * million rows and keeps few bytes of each. */
#include "base/check.h"
#include "store/body_internal.h"
#include "store/read_row.h"

static enum status not_found(const char *what, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no such %s", what);
}

/* Borrowed from the statement until its next step; p NULL: NULL. */
static str column_text(sqlite3_stmt *s, int at)
{
    if (sqlite3_column_type(s, at) == SQLITE_NULL)
        return (str){NULL, 0};
    const char *p = sqlite3_column_blob(s, at);
    return (str){p ? p : "", (size_t)sqlite3_column_bytes(s, at)};
}

struct store_body store_read_place(sqlite3_stmt *s, int size, int place)
{
    struct store_body b = {.size = (uint64_t)store_column_int(s, size)};
    int64_t segment = store_column_int(s, place), file = store_column_int(s, place + 2),
            upload = store_column_int(s, place + 3);
    if (segment != 0) {
        b.kind = STORE_BODY_SEGMENT;
        b.id = segment;
        b.at = (uint64_t)store_column_int(s, place + 1);
    } else if (file != 0) {
        b.kind = STORE_BODY_FILE;
        b.id = file;
    } else if (upload != 0) {
        b.kind = STORE_BODY_UPLOAD;
        b.id = upload;
    }
    return b;
}

/* ---- buckets ---- */

static enum status read_bucket(sqlite3_stmt *s, struct arena *a, struct store_bucket *ret,
                               struct error *err)
{
    *ret =
        (struct store_bucket){.id = store_column_int(s, 0), .created_ms = store_column_int(s, 2)};
    if (store_read_bytes(s, 1, a, &ret->name, err) != STATUS_OK)
        return err->status;
    return store_read_bytes(s, 3, a, &ret->properties, err);
}

enum status store_find_bucket(struct store_reader *r, str name, struct arena *a,
                              struct store_bucket *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_BUCKET, err);
    bool has;
    if (!s)
        return err->status;
    store_bind_text(s, 1, name);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return not_found("bucket", err);
    enum status status = read_bucket(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_list_buckets(struct store_reader *r, str prefix, str after, uint32_t limit,
                               struct arena *a, struct store_bucket **ret_rows, uint32_t *ret_count,
                               struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_BUCKETS, err);
    if (!s || store_room(a, limit * sizeof(**ret_rows), err) != STATUS_OK)
        return err->status;
    struct store_bucket *rows = arena_alloc(a, limit * sizeof(*rows));
    uint32_t count = 0;
    store_bind_text(s, 1, after.p ? after : STR(""));
    store_bind_text(s, 2, prefix.p ? prefix : STR(""));
    store_bind_int(s, 3, limit);
    for (;;) {
        bool has;
        if (store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            break;
        enum status status = read_bucket(s, a, &rows[count], err);
        bool is_in = status == STATUS_OK && str_starts(rows[count].name, prefix);
        if (!is_in)
            sqlite3_reset(s);
        if (status != STATUS_OK)
            return status;
        if (!is_in)
            break;
        count++;
    }
    *ret_rows = rows;
    *ret_count = count;
    return STATUS_OK;
}

/* ---- objects ---- */

/* Slices of the statement. */
static void read_object(sqlite3_stmt *s, struct store_object *ret)
{
    ret->key = column_text(s, 0);
    ret->modified_ms = store_column_int(s, 2);
    ret->etag = column_text(s, 3);
    ret->checksum = column_text(s, 4);
    ret->body = store_read_place(s, 1, 5);
    ret->properties = column_text(s, 9);
}

static str keep(struct arena *a, str s)
{
    return s.p ? arena_dup(a, s) : s;
}

enum status store_find_object(struct store_reader *r, int64_t bucket, str key, struct arena *a,
                              struct store_object *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_OBJECT, err);
    bool has;
    if (!s)
        return err->status;
    store_bind_int(s, 1, bucket);
    store_bind_text(s, 2, key);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return not_found("object", err);
    struct store_object o = {.bucket = bucket};
    read_object(s, &o);
    enum status status = store_room(a, o.key.n + o.etag.n + o.checksum.n + o.properties.n, err);
    if (status == STATUS_OK) {
        o.key = keep(a, o.key);
        o.etag = keep(a, o.etag);
        o.checksum = keep(a, o.checksum);
        o.properties = keep(a, o.properties);
        *ret = o;
    }
    sqlite3_reset(s);
    return status;
}

enum status store_walk_objects(struct store_reader *r, int64_t bucket, str from, bool is_behind,
                               store_object_fn *fn, void *arg, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, is_behind ? SQL_WALK_BEHIND : SQL_WALK_FROM, err);
    if (!s)
        return err->status;
    struct store_object o = {.bucket = bucket};
    store_bind_int(s, 1, bucket);
    store_bind_text(s, 2, from.p ? from : STR(""));
    for (;;) {
        bool has;
        if (store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            return STATUS_OK;
        read_object(s, &o);
        if (!fn(arg, &o)) {
            sqlite3_reset(s);
            return STATUS_OK;
        }
    }
}

/* ---- uploads ---- */

static enum status read_upload(sqlite3_stmt *s, struct arena *a, struct store_upload *ret,
                               struct error *err)
{
    *ret = (struct store_upload){.id = store_column_int(s, 0),
                                 .bucket = store_column_int(s, 1),
                                 .initiated_ms = store_column_int(s, 3)};
    if (store_read_bytes(s, 2, a, &ret->key, err) != STATUS_OK)
        return err->status;
    return store_read_bytes(s, 4, a, &ret->properties, err);
}

enum status store_find_upload(struct store_reader *r, int64_t id, struct arena *a,
                              struct store_upload *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_UPLOAD, err);
    bool has;
    if (!s)
        return err->status;
    store_bind_int(s, 1, id);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return not_found("upload", err);
    enum status status = read_upload(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_list_uploads(struct store_reader *r, const struct store_upload_query *query,
                               struct arena *a, struct store_upload **ret_rows, uint32_t *ret_count,
                               struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_UPLOADS, err);
    if (!s || store_room(a, query->limit * sizeof(**ret_rows), err) != STATUS_OK)
        return err->status;
    struct store_upload *rows = arena_alloc(a, query->limit * sizeof(*rows));
    uint32_t count = 0;
    store_bind_int(s, 1, query->bucket);
    store_bind_text(s, 2, query->after_key.p ? query->after_key : STR(""));
    store_bind_int(s, 3, query->after_id);
    store_bind_int(s, 4, query->limit);
    for (bool has = true;;) {
        if (store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            break;
        if (read_upload(s, a, &rows[count], err) != STATUS_OK) {
            sqlite3_reset(s);
            return err->status;
        }
        count++;
    }
    *ret_rows = rows;
    *ret_count = count;
    return STATUS_OK;
}

static enum status read_part(sqlite3_stmt *s, struct arena *a, struct store_part *ret,
                             struct error *err)
{
    *ret = (struct store_part){.upload = store_column_int(s, 0),
                               .number = (uint32_t)store_column_int(s, 1),
                               .size = (uint64_t)store_column_int(s, 2),
                               .modified_ms = store_column_int(s, 3),
                               .file = store_column_int(s, 6)};
    if (store_read_bytes(s, 4, a, &ret->etag, err) != STATUS_OK)
        return err->status;
    return store_read_bytes(s, 5, a, &ret->checksum, err);
}

enum status store_find_part(struct store_reader *r, int64_t upload, uint32_t number,
                            struct arena *a, struct store_part *ret, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_FIND_PART, err);
    bool has;
    if (!s)
        return err->status;
    store_bind_int(s, 1, upload);
    store_bind_int(s, 2, number);
    if (store_db_next(r->db, s, &has, err) != STATUS_OK)
        return err->status;
    if (!has)
        return not_found("part", err);
    enum status status = read_part(s, a, ret, err);
    sqlite3_reset(s);
    return status;
}

enum status store_list_parts(struct store_reader *r, int64_t upload, uint32_t after, uint32_t limit,
                             struct arena *a, struct store_part **ret_rows, uint32_t *ret_count,
                             struct error *err)
{
    sqlite3_stmt *s = store_db_statement(r->db, SQL_LIST_PARTS, err);
    if (!s || store_room(a, limit * sizeof(**ret_rows), err) != STATUS_OK)
        return err->status;
    struct store_part *rows = arena_alloc(a, limit * sizeof(*rows));
    uint32_t count = 0;
    store_bind_int(s, 1, upload);
    store_bind_int(s, 2, after);
    store_bind_int(s, 3, limit);
    for (bool has = true;;) {
        if (store_db_next(r->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            break;
        if (read_part(s, a, &rows[count], err) != STATUS_OK) {
            sqlite3_reset(s);
            return err->status;
        }
        count++;
    }
    *ret_rows = rows;
    *ret_count = count;
    return STATUS_OK;
}
