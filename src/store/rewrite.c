/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments that are dead are removed. Of those that are mostly dead, what is alive is appended to a
 * segment of the collector, and the rows go over to it a batch at a time: each row only if it still
 * is where it was. Readers that have a row of before find the segment gone and read the row again.
 *
 * A record that is damaged stays where it is, and so does its segment: nothing is copied that may
 * be wrong, and nothing is removed that somebody may want to repair.
 */
#include "base/check.h"
#include "base/crc.h"
#include "store/collect_internal.h"
#include "store/read_row.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BATCH_RECORDS = 64, BATCH_BYTES = 8 << 20, SMALL_BYTES = STORE_SEGMENT_BYTES / 4 };

struct segment_row {
    int64_t id, bytes, live;
};

struct move {
    int64_t bucket;
    str key;
    struct store_body from, to;
};

struct moves {
    struct move items[BATCH_RECORDS];
    uint32_t count;
    uint64_t moved; /* set by the unit */
};

/* ---- units ---- */

static enum status move_one(struct store_tx *tx, const struct move *m, bool *ret_moved,
                            struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, SQL_MOVE_OBJECT, m->key.n, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, m->bucket);
    store_bind_text(s, 2, m->key);
    store_bind_int(s, 3, m->to.id);
    store_bind_int(s, 4, (int64_t)m->to.at);
    store_bind_int(s, 5, m->from.id);
    store_bind_int(s, 6, (int64_t)m->from.at);
    if (store_tx_wrote(tx, s, err) != STATUS_OK)
        return err->status;
    *ret_moved = sqlite3_changes(tx->db.handle) > 0;
    return STATUS_OK;
}

static enum status count_bytes(struct store_tx *tx, enum store_sql id, const struct store_body *b,
                               struct error *err)
{
    sqlite3_stmt *s = store_tx_writing(tx, id, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, b->id);
    store_bind_int(s, 2, (int64_t)b->size + RECORD_OVERHEAD);
    return store_tx_wrote(tx, s, err);
}

static enum status move_all(struct store_tx *tx, str args, struct arena *scratch, struct error *err)
{
    struct moves *moves;
    (void)scratch;
    memcpy(&moves, args.p, sizeof(moves));
    for (uint32_t i = 0; i < moves->count; i++) {
        struct move *m = &moves->items[i];
        bool is_moved = false;
        if (store_bodies_touch(tx, &m->to, err) != STATUS_OK)
            return err->status;
        m->to.is_new = false; /* touched: the group has it */
        if (move_one(tx, m, &is_moved, err) != STATUS_OK)
            return err->status;
        if (is_moved && (count_bytes(tx, SQL_USE_SEGMENT, &m->to, err) != STATUS_OK ||
                         count_bytes(tx, SQL_LEAVE_SEGMENT, &m->from, err) != STATUS_OK))
            return err->status;
        moves->moved += is_moved;
    }
    return STATUS_OK;
}

static enum status forget_segment(struct store_tx *tx, str args, struct arena *scratch,
                                  struct error *err)
{
    int64_t id;
    (void)scratch;
    memcpy(&id, args.p, sizeof(id));
    sqlite3_stmt *s = store_tx_writing(tx, SQL_FORGET_SEGMENT, 0, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, id);
    return store_tx_wrote_one(tx, s, "dead segment", id, err);
}

/* ---- removing ---- */

/* Nobody appends to it, and no record of it waits for its row. */
static bool is_at_rest(struct collector *c, int64_t id)
{
    struct store_bodies *b = c->store->bodies;
    pthread_mutex_lock(&b->lock);
    const struct store_segment *g = store_segment_find(b, id);
    bool is = !g || (!g->is_open && g->pending == 0 && !g->is_removed);
    pthread_mutex_unlock(&b->lock);
    return is;
}

static enum status remove_segment(struct collector *c, int64_t id, struct error *err)
{
    struct store_bodies *b = c->store->bodies;
    int folder;
    char name[32];
    enum status status = collect_perform(c, forget_segment, &id, sizeof(id), err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* a copy has made it live again */
    if (status != STATUS_OK ||
        store_bodies_folder(b, FOLDER_SEGMENTS, false, &folder, err) != STATUS_OK)
        return err->status;
    snprintf(name, sizeof(name), "%lld", (long long)id);
    pthread_mutex_lock(&b->lock);
    unlinkat(folder, name, 0); /* when it fails, the next start finds it without a row */
    struct store_segment *g = store_segment_find(b, id);
    if (g)
        g->is_removed = true;
    b->metrics.segments_removed++;
    store_segments_tidy(b);
    pthread_mutex_unlock(&b->lock);
    return STATUS_OK;
}

/* ---- rewriting ---- */

static bool is_damaged(const struct collector *c, int64_t id)
{
    for (size_t i = 0; i < c->damaged_count; i++)
        if (c->damaged[i] == id)
            return true;
    return false;
}

static void note_damaged(struct collector *c, int64_t id)
{
    if (is_damaged(c, id))
        return;
    c->damaged = realloc(c->damaged, (c->damaged_count + 1) * sizeof(*c->damaged));
    check(c->damaged != NULL);
    c->damaged[c->damaged_count++] = id;
}

static str bucket_name(struct collector *c, int64_t id, struct arena *a)
{
    struct error err;
    bool has;
    sqlite3_stmt *s = store_db_statement(c->reader->db, SQL_BUCKET_NAME, &err);
    if (!s)
        return STR("");
    store_bind_int(s, 1, id);
    if (store_db_next(c->reader->db, s, &has, &err) != STATUS_OK || !has)
        return STR("");
    str name = store_column_bytes(s, 0, a);
    sqlite3_reset(s);
    return name;
}

/* Appends the record once more. STATUS_CORRUPT: it cannot be read as it was written. */
static enum status copy_record(struct collector *c, struct move *m, struct arena *a,
                               struct error *err)
{
    struct store_piece piece;
    if (store_piece_open(c->store, &m->from, &piece, err) != STATUS_OK)
        return err->status;
    struct arena_mark mark = arena_mark(a);
    str bucket = bucket_name(c, m->bucket, a);
    char *bytes = arena_alloc(a, piece.size ? (size_t)piece.size : 1);
    enum status status = store_piece_read(&piece, 0, bytes, (size_t)piece.size, err);
    str body = {bytes, (size_t)piece.size};
    if (status == STATUS_OK && crc32c_sum(0, body) != piece.sum)
        status = error_set(err, STATUS_CORRUPT, "StoreCorrupt", "the record is damaged");
    store_piece_close(c->store, &piece);
    if (status == STATUS_OK)
        status = store_writer_append(c->writer, bucket, m->key, body, &m->to, err);
    arena_release(a, mark);
    return status;
}

/* Rows of the segment behind *at, at most a batch; the last place seen in *at. */
static enum status list_places(struct collector *c, int64_t segment, int64_t *at,
                               struct moves *moves, struct arena *a, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(c->reader->db, SQL_LIST_PLACES, err);
    if (!s)
        return err->status;
    store_bind_int(s, 1, segment);
    store_bind_int(s, 2, *at);
    store_bind_int(s, 3, BATCH_RECORDS);
    uint64_t bytes = 0;
    for (bool has = true; moves->count < BATCH_RECORDS && bytes < BATCH_BYTES;) {
        if (store_db_next(c->reader->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            return STATUS_OK;
        struct move *m = &moves->items[moves->count++];
        *m = (struct move){.bucket = store_column_int(s, 0)};
        m->key = store_column_bytes(s, 1, a);
        m->from = (struct store_body){.kind = STORE_BODY_SEGMENT,
                                      .id = segment,
                                      .at = (uint64_t)store_column_int(s, 2),
                                      .size = (uint64_t)store_column_int(s, 3)};
        *at = (int64_t)m->from.at;
        bytes += m->from.size;
    }
    sqlite3_reset(s);
    return STATUS_OK;
}

static enum status move_batch(struct collector *c, struct moves *moves, struct error *err)
{
    struct moves *args = moves;
    enum status status = collect_perform(c, move_all, &args, sizeof(args), err);
    for (uint32_t i = 0; i < moves->count; i++) /* those that the unit did not come to */
        store_body_drop(c->store, &moves->items[i].to);
    pthread_mutex_lock(&c->store->bodies->lock);
    if (status == STATUS_OK)
        c->store->bodies->metrics.records_moved += moves->moved;
    pthread_mutex_unlock(&c->store->bodies->lock);
    return status;
}

/* Copies what can be copied of a batch. */
static enum status copy_batch(struct collector *c, struct moves *moves, struct arena *a,
                              struct error *err)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < moves->count; i++) {
        struct move *m = &moves->items[i];
        enum status status = copy_record(c, m, a, err);
        if (status == STATUS_OK) {
            moves->items[kept++] = *m;
        } else if (status == STATUS_CORRUPT) {
            note_damaged(c, m->from.id);
        } else {
            moves->count = kept;
            for (uint32_t k = 0; k < kept; k++)
                store_body_drop(c->store, &moves->items[k].to);
            return status;
        }
    }
    moves->count = kept;
    return STATUS_OK;
}

static enum status rewrite_segment(struct collector *c, int64_t id, struct error *err)
{
    int64_t at = 0;
    struct arena a;
    enum status status;
    struct moves *moves = calloc(1, sizeof(*moves));
    check(moves != NULL);
    arena_init(&a, 0);
    do {
        memset(moves, 0, sizeof(*moves));
        status = list_places(c, id, &at, moves, &a, err);
        if (status == STATUS_OK)
            status = copy_batch(c, moves, &a, err);
        if (status == STATUS_OK && moves->count > 0)
            status = move_batch(c, moves, err);
        arena_reset(&a);
    } while (status == STATUS_OK && moves->count > 0 && !collect_is_stopping(c));
    arena_done(&a);
    free(moves);
    return status;
}

/* ---- which ---- */

static enum status list_segments(struct collector *c, struct arena *a, struct segment_row **ret,
                                 uint32_t *ret_count, struct error *err)
{
    sqlite3_stmt *s = store_db_statement(c->reader->db, SQL_LIST_SEGMENTS, err);
    if (!s)
        return err->status;
    uint32_t count = 0, cap = 64;
    struct segment_row *rows = arena_alloc(a, cap * sizeof(*rows));
    for (bool has = true;;) {
        if (store_db_next(c->reader->db, s, &has, err) != STATUS_OK)
            return err->status;
        if (!has)
            break;
        if (count == cap) {
            struct segment_row *more = arena_alloc(a, cap * 2 * sizeof(*rows));
            memcpy(more, rows, cap * sizeof(*rows));
            rows = more;
            cap *= 2;
        }
        rows[count++] = (struct segment_row){store_column_int(s, 0), store_column_int(s, 1),
                                             store_column_int(s, 2)};
    }
    *ret = rows;
    *ret_count = count;
    return STATUS_OK;
}

/* More is dead than alive; or it is one of several small ones, as every start leaves some. */
static bool is_to_rewrite(const struct segment_row *row, uint32_t small_ones)
{
    return row->live * 2 < row->bytes || (row->live < SMALL_BYTES && small_ones > 1);
}

static enum status collect_one(struct collector *c, const struct segment_row *row,
                               uint32_t small_ones, struct error *err)
{
    int64_t live = row->live, before;
    if (live > 0 && is_to_rewrite(row, small_ones) && !is_damaged(c, row->id)) {
        do { /* again, as rows that share a record may have fallen between two batches */
            before = live;
            if (rewrite_segment(c, row->id, err) != STATUS_OK)
                return err->status;
            live = collect_number(c, SQL_SEGMENT_LIVE, row->id);
        } while (live > 0 && live < before);
    }
    return live == 0 ? remove_segment(c, row->id, err) : STATUS_OK;
}

enum status collect_segments(struct collector *c, struct error *err)
{
    struct arena a;
    struct segment_row *rows;
    uint32_t count = 0, resting = 0, small_ones = 0;
    arena_init(&a, 0);
    enum status status = list_segments(c, &a, &rows, &count, err);
    if (status != STATUS_OK) {
        arena_done(&a);
        return status;
    }
    for (uint32_t i = 0; i < count; i++)
        if (is_at_rest(c, rows[i].id)) {
            rows[resting++] = rows[i];
            small_ones += rows[i].live < SMALL_BYTES && !is_damaged(c, rows[i].id);
        }
    for (uint32_t i = 0; status == STATUS_OK && i < resting && !collect_is_stopping(c); i++)
        status = collect_one(c, &rows[i], small_ones, err);
    arena_done(&a);
    return status;
}
