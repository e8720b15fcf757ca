/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing buckets, objects and uploads; and the counters of what their bodies lie in, which follow
 * in the same transaction. A row that is replaced gives up its body.
 */
#include "base/check.h"
#include "store/body_internal.h"

/* A statement that writes with two numbers bound. */
static enum status run2(struct store_tx *tx, enum store_sql id, int64_t first, int64_t second,
                        struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, id, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, first);
    if (sqlite3_bind_parameter_count(s) > 1)
        store_bind_int(s, 2, second);
    return store_tx_wrote(tx, s, err);
}

/* ---- buckets ---- */

enum status store_tx_add_bucket(struct store_tx *tx, const struct store_bucket *b,
                                struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_ADD_BUCKET, b->name.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, b->id);
    store_bind_text(s, 2, b->name);
    store_bind_int(s, 3, b->created_ms);
    store_bind_text(s, 4, b->properties);
    if (store_tx_wrote(tx, s, err) == STATUS_CONFLICT)
        return error_set(err, STATUS_CONFLICT, "StoreNameTaken", "there is a bucket named %.*s",
                         STR_ARG(str_sub(b->name, 0, 256)));
    return tx->failure;
}

enum status store_tx_delete_bucket(struct store_tx *tx, int64_t bucket, struct error *err)
{
    if (run2(tx, SQL_DELETE_BUCKET, bucket, 0, err) != STATUS_OK)
        return err->status;
    if (sqlite3_changes(tx->db.handle) == 0)
        return store_tx_failed(tx, error_set(err, STATUS_CONFLICT, "StoreNotEmpty",
                                             "bucket %lld has objects or is not there",
                                             (long long)bucket));
    tx->has_garbage = true;
    return run2(tx, SQL_CLOSE_UPLOADS, bucket, 0, err);
}

/* ---- bodies ---- */

/* One row more refers to the body. */
static enum status use_body(struct store_tx *tx, const struct store_body *b, struct error *err)
{
    int64_t bytes = (int64_t)b->size + RECORD_OVERHEAD;
    switch (b->kind) {
    case STORE_BODY_EMPTY: return STATUS_OK;
    case STORE_BODY_SEGMENT:
        if (b->is_new && store_bodies_touch(tx, b, err) != STATUS_OK)
            return err->status;
        return run2(tx, b->is_new ? SQL_USE_SEGMENT : SQL_SHARE_SEGMENT, b->id, bytes, err);
    case STORE_BODY_FILE: return run2(tx, b->is_new ? SQL_ADD_FILE : SQL_USE_FILE, b->id, 0, err);
    case STORE_BODY_UPLOAD: return run2(tx, SQL_USE_UPLOAD, b->id, 0, err);
    }
    unreachable();
}

static enum status leave_body(struct store_tx *tx, const struct store_body *b, struct error *err)
{
    tx->has_garbage |= b->kind != STORE_BODY_EMPTY;
    switch (b->kind) {
    case STORE_BODY_EMPTY: return STATUS_OK;
    case STORE_BODY_SEGMENT:
        return run2(tx, SQL_LEAVE_SEGMENT, b->id, (int64_t)b->size + RECORD_OVERHEAD, err);
    case STORE_BODY_FILE: return run2(tx, SQL_LEAVE_FILE, b->id, 0, err);
    case STORE_BODY_UPLOAD: return run2(tx, SQL_LEAVE_UPLOAD, b->id, 0, err);
    }
    unreachable();
}

/* What the present row of the key refers to is given up. *ret_had: there is a row. */
static enum status leave_row(struct store_tx *tx, int64_t bucket, str key, bool *ret_had,
                             struct error *err)
{
    sqlite3_stmt *s = store_db_statement(&tx->db, SQL_FIND_PLACE, err);
    if (!s)
        return store_tx_failed(tx, err->status);
    store_bind_int(s, 1, bucket);
    store_bind_text(s, 2, key);
    if (store_db_next(&tx->db, s, ret_had, err) != STATUS_OK)
        return store_tx_failed(tx, err->status);
    if (!*ret_had)
        return STATUS_OK;
    struct store_body body = store_read_place(s, 0, 1);
    sqlite3_reset(s);
    return leave_body(tx, &body, err);
}

/* ---- objects ---- */

static void bind_place(sqlite3_stmt *s, int at, const struct store_body *b)
{
    bool is_record = b->kind == STORE_BODY_SEGMENT;
    store_bind_id(s, at, is_record ? b->id : 0);
    store_bind_id(s, at + 1, is_record ? (int64_t)b->at : 0);
    store_bind_id(s, at + 2, b->kind == STORE_BODY_FILE ? b->id : 0);
    store_bind_id(s, at + 3, b->kind == STORE_BODY_UPLOAD ? b->id : 0);
}

enum status store_tx_put_object(struct store_tx *tx, const struct store_object *o,
                                struct error *err)
{
    bool had;
    if (use_body(tx, &o->body, err) != STATUS_OK ||
        leave_row(tx, o->bucket, o->key, &had, err) != STATUS_OK)
        return err->status;
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_OBJECT, o->key.n + o->properties.n + 128, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, o->bucket);
    store_bind_text(s, 2, o->key);
    store_bind_int(s, 3, (int64_t)o->body.size);
    store_bind_int(s, 4, o->modified_ms);
    store_bind_text(s, 5, o->etag);
    store_bind_text(s, 6, o->checksum);
    bind_place(s, 7, &o->body);
    store_bind_text(s, 11, o->properties);
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_delete_object(struct store_tx *tx, int64_t bucket, str key, struct error *err)
{
    bool had;
    if (leave_row(tx, bucket, key, &had, err) != STATUS_OK)
        return err->status;
    if (!had)
        return error_set(err, STATUS_NOT_FOUND, "StoreNotFound", "no such object");
    sqlite3_stmt *s = store_tx_writing(tx, SQL_DELETE_OBJECT, key.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, bucket);
    store_bind_text(s, 2, key);
    return store_tx_wrote(tx, s, err);
}

/* ---- uploads ---- */

enum status store_tx_add_upload(struct store_tx *tx, const struct store_upload *u,
                                struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_ADD_UPLOAD, u->key.n + u->properties.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, u->id);
    store_bind_int(s, 2, u->bucket);
    store_bind_text(s, 3, u->key);
    store_bind_int(s, 4, u->initiated_ms);
    store_bind_text(s, 5, u->properties);
    return store_tx_wrote(tx, s, err);
}

/* Gives up the file of a part, if there is such a part. */
static enum status leave_part(struct store_tx *tx, int64_t upload, uint32_t number,
                              struct error *err)
{
    sqlite3_stmt *s = store_db_statement(&tx->db, SQL_FIND_PART, err);
    if (!s)
        return store_tx_failed(tx, err->status);
    store_bind_int(s, 1, upload);
    store_bind_int(s, 2, number);
    bool has;
    if (store_db_next(&tx->db, s, &has, err) != STATUS_OK)
        return store_tx_failed(tx, err->status);
    if (!has)
        return STATUS_OK;
    int64_t file = store_column_int(s, 6);
    sqlite3_reset(s);
    tx->has_garbage = true;
    return run2(tx, SQL_LEAVE_FILE, file, 0, err);
}

enum status store_tx_put_part(struct store_tx *tx, const struct store_part *p, struct error *err)
{
    if (leave_part(tx, p->upload, p->number, err) != STATUS_OK ||
        run2(tx, SQL_ADD_FILE, p->file, 0, err) != STATUS_OK)
        return err->status;
    sqlite3_stmt *s = store_tx_writing(tx, SQL_PUT_PART, 64, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, p->upload);
    store_bind_int(s, 2, p->number);
    store_bind_int(s, 3, (int64_t)p->size);
    store_bind_int(s, 4, p->modified_ms);
    store_bind_text(s, 5, p->etag);
    store_bind_text(s, 6, p->checksum);
    store_bind_int(s, 7, p->file);
    return store_tx_wrote(tx, s, err);
}

enum status store_tx_delete_part(struct store_tx *tx, int64_t upload, uint32_t number,
                                 struct error *err)
{
    if (leave_part(tx, upload, number, err) != STATUS_OK)
        return err->status;
    return run2(tx, SQL_DELETE_PART, upload, number, err);
}

static enum status close_upload(struct store_tx *tx, int64_t upload, str state, struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_CLOSE_UPLOAD, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, upload);
    store_bind_text(s, 2, state);
    return store_tx_wrote_one(tx, s, "upload", upload, err);
}

enum status store_tx_complete_upload(struct store_tx *tx, int64_t upload, struct error *err)
{
    return close_upload(tx, upload, STR("COMPLETE"), err);
}

enum status store_tx_abort_upload(struct store_tx *tx, int64_t upload, struct error *err)
{
    tx->has_garbage = true;
    return close_upload(tx, upload, STR("ABORTED"), err);
}
