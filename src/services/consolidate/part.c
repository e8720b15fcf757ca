/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part from its source to rows in a slot. One that is small enough is left there as a whole. Of a
 * larger one pieces are written, each in its turn; and where bad parts are to be left out, it is
 * read once before that to see whether it is bad: what is in the file cannot be taken back.
 */
#include "services/consolidate/consolidate_internal.h"
#include "base/check.h"

enum {
    IN_MAX = CSV_MAX_ROW_TEXT + 4 * CONSOLIDATE_READ,
    OUT_MAX = CONSOLIDATE_HOLD + CONSOLIDATE_READ + 8 * CSV_MAX_ROW_TEXT
};

/* How far a reading may go. */
enum reading {
    READ_HOLDING, /* bad parts are left out: nothing of it may be written before its end */
    READ_WRITING
};

void part_reader_init(struct part_reader *r, struct job *job)
{
    *r = (struct part_reader){.job = job};
    csv_columns_init(&r->columns);
    csv_rows_init(&r->rows, &job->dialect, &r->columns);
    r->rows.enough = CONSOLIDATE_HOLD;
    buf_init(&r->in, IN_MAX);
}

void part_reader_done(struct part_reader *r)
{
    csv_rows_done(&r->rows);
    csv_columns_done(&r->columns);
    buf_done(&r->in);
}

void part_reader_sync(struct part_reader *r)
{
    const struct csv_columns *all = &r->job->columns;
    for (uint32_t i = r->base; i < all->listed; i++)
        (void)csv_columns_find(&r->columns, all->at[i].name);
    if (all->is_fixed)
        csv_columns_fix(&r->columns);
    r->base = all->listed;
}

/* The columns that this part has shown first. */
static void give_columns(struct part_reader *r, struct slot *slot)
{
    slot->base = r->base;
    csv_columns_cut(&slot->added, 0);
    for (uint32_t i = r->base; i < r->columns.listed; i++)
        (void)csv_columns_find(&slot->added, r->columns.at[i].name);
}

static void drop_columns(struct part_reader *r)
{
    if (r->columns.is_fixed || r->columns.count == r->base)
        return;
    csv_columns_cut(&r->columns, r->base);
    csv_rows_columns_moved(&r->rows);
}

/* Writes the rows so far, when it is the part's turn, or they must not become more. */
static enum status hand_over(struct part_reader *r, struct slot *slot, uint64_t number,
                             struct error *err)
{
    struct job *job = r->job;
    pthread_mutex_lock(&job->lock);
    bool can_wait = job->turn != number && slot->out.n < CONSOLIDATE_HOLD;
    pthread_mutex_unlock(&job->lock);
    if (can_wait)
        return STATUS_OK;
    if (!job_take_turn(job, number))
        return error_set(err, STATUS_CANCELED, "Canceled", "canceled");
    give_columns(r, slot);
    slot->least = r->rows.least;
    r->rows.least = UINT32_MAX;
    enum status status = job_write(job, slot, err);
    drop_columns(r);
    pthread_mutex_lock(&job->lock);
    part_reader_sync(r);
    pthread_mutex_unlock(&job->lock);
    job_leave_turn(job);
    return status;
}

/* Reads until the buffer has what was asked for, or the part is over. */
static enum status fill(struct part_reader *r, void *part, struct slot *slot, bool *ret_is_last,
                        struct error *err)
{
    size_t wanted = r->in.n * 2 > CONSOLIDATE_READ ? r->in.n * 2 : CONSOLIDATE_READ;
    if (wanted > IN_MAX)
        wanted = IN_MAX;
    check(wanted > r->in.n && buf_reserve(&r->in, wanted - r->in.n));
    while (r->in.n < wanted && !*ret_is_last) {
        size_t got = 0;
        enum status status =
            r->job->source->read(part, r->in.p + r->in.n, wanted - r->in.n, &got, err);
        if (status != STATUS_OK)
            return status;
        r->in.n += got;
        slot->bytes += got;
        *ret_is_last = got == 0;
    }
    memset(r->in.p + r->in.n, 0, JSON_TEXT_PADDING);
    return STATUS_OK;
}

static void use(struct part_reader *r, size_t used)
{
    r->in.n -= used;
    if (used > 0)
        memmove(r->in.p, r->in.p + used, r->in.n + JSON_TEXT_PADDING);
}

static void become_bad(struct part_reader *r, struct slot *slot, const struct error *why)
{
    slot->is_bad = true;
    slot->error = *why;
    slot->line = r->rows.place.line;
    slot->column = r->rows.place.column;
}

/* *ret_was_dropped: rows were more than may be held, so that they are to be read again. */
static enum status read_through(struct part_reader *r, struct slot *slot, uint64_t number,
                                void *part, enum reading how, bool *ret_was_dropped,
                                struct error *err)
{
    enum status status = STATUS_OK;
    bool is_last = false, is_full = false;
    csv_rows_begin(&r->rows);
    r->in.n = 0;
    while (status == STATUS_OK && (!is_last || is_full) && !slot->is_bad) {
        struct error why;
        size_t used = 0;
        if (job_is_canceled(r->job))
            return error_set(err, STATUS_CANCELED, "Canceled", "canceled");
        if (!is_full)
            status = fill(r, part, slot, &is_last, err);
        if (status != STATUS_OK)
            break;
        if (csv_rows_read(&r->rows, buf_str(&r->in), is_last, &slot->out, &used, &why) != STATUS_OK)
            become_bad(r, slot, &why);
        use(r, used);
        is_full = r->rows.is_full;
        slot->rows = r->rows.rows;
        slot->left_out = r->rows.left_out;
        if (slot->out.n < CONSOLIDATE_FLUSH || slot->is_bad)
            continue;
        if (how == READ_WRITING) {
            status = is_last && !is_full ? STATUS_OK : hand_over(r, slot, number, err);
        } else if (slot->out.n >= CONSOLIDATE_HOLD || *ret_was_dropped) {
            *ret_was_dropped = true;
            buf_clear(&slot->out);
        }
    }
    return status;
}

static void forget(struct part_reader *r, struct slot *slot)
{
    buf_clear(&slot->out);
    slot->rows = slot->left_out = slot->bytes = 0;
    r->rows.least = UINT32_MAX;
    drop_columns(r);
}

static enum status open_and_read(struct part_reader *r, struct slot *slot, uint64_t number,
                                 enum reading how, bool *ret_was_dropped, struct error *err)
{
    const struct consolidate_source *source = r->job->source;
    void *part;
    struct error why;
    r->rows.place = (struct json_place){0};
    enum status status = source->open(source->arg, buf_str(&slot->key), &part, &why);
    if (status == STATUS_NOT_FOUND) {
        become_bad(r, slot, &why);
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        if (err)
            *err = why;
        return status;
    }
    status = read_through(r, slot, number, part, how, ret_was_dropped, err);
    source->close(part);
    return status;
}

/* What a very long row needed is not kept. */
static void use_less(struct buf *b)
{
    buf_clear(b);
    if (b->cap > 2 * CONSOLIDATE_HOLD)
        buf_done(b);
}

enum status part_read(struct part_reader *r, struct slot *slot, uint64_t number, struct error *err)
{
    bool was_dropped = false;
    enum reading how = r->job->options->skips_bad ? READ_HOLDING : READ_WRITING;
    use_less(&slot->out);
    use_less(&r->in);
    slot->out.max = OUT_MAX;
    slot->rows = slot->left_out = slot->bytes = slot->told_rows = slot->told_bytes = 0;
    slot->is_bad = false;
    slot->line = slot->column = 0;
    r->rows.least = UINT32_MAX;
    enum status status = open_and_read(r, slot, number, how, &was_dropped, err);
    if (status == STATUS_OK && was_dropped && !slot->is_bad) {
        forget(r, slot);
        status = open_and_read(r, slot, number, READ_WRITING, &was_dropped, err);
        if (status == STATUS_OK && slot->is_bad)
            status = error_set(err, STATUS_CONFLICT, "PartChanged",
                               "%.*s: the part has changed while it was read",
                               STR_ARG(buf_str(&slot->key)));
    }
    if (slot->is_bad) {
        uint64_t bytes = slot->bytes;
        forget(r, slot);
        slot->bytes = bytes;
    }
    give_columns(r, slot);
    drop_columns(r);
    slot->least = r->rows.least;
    return status;
}
