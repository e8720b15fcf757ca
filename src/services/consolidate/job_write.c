/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in their order to the sink. Readers number the columns that they meet first on their own;
 * here, in the order of the parts, it is settled who was first, and rows that were written under
 * another numbering are moved to fit.
 */
#include "base/check.h"
#include "csv/csv_fit.h"
#include "services/consolidate/consolidate_internal.h"
#include <stdio.h>
#include <stdlib.h>

enum { WIDEN_PIECE = 256 << 10, SPARE_KEPT = 4 << 20 };

static void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static enum status put(struct job *job, str bytes, struct error *err)
{
    if (bytes.n == 0)
        return STATUS_OK;
    job->result.bytes_written += bytes.n;
    if (job->options->progress)
        count(&job->options->progress->bytes_written, bytes.n);
    return job->sink->write(job->sink->arg, bytes, err);
}

static enum status put_header(struct job *job, struct error *err)
{
    uint32_t n = job->columns.listed;
    str *names = malloc((n + 1) * sizeof(*names));
    struct buf text;
    check(names != NULL);
    for (uint32_t i = 0; i < n; i++)
        names[i] = job->columns.at[i].name;
    buf_init(&text, SIZE_MAX / 2);
    csv_put_header(&text, &job->dialect, names, n);
    enum status status = put(job, buf_str(&text), err);
    buf_done(&text);
    free(names);
    job->has_header = true;
    job->header_width = n;
    return status;
}

static enum status too_many(struct error *err)
{
    return error_set(err, STATUS_LIMIT, "TooManyColumns",
                     "the parts have more than %d columns, or %d bytes of their names",
                     CSV_MAX_COLUMNS, CSV_MAX_NAMES);
}

/* New columns of a slot get their places. to[i]: where its column i belongs, if that is elsewhere;
 * else NULL. */
static enum status add_columns(struct job *job, const struct slot *slot, uint32_t **ret_to,
                               struct error *err)
{
    uint32_t n = slot->base + slot->added.count;
    bool is_elsewhere = false, is_full = false;
    *ret_to = NULL;
    if (slot->added.count == 0)
        return STATUS_OK;
    uint32_t *to = malloc(n * sizeof(*to));
    check(to != NULL);
    for (uint32_t i = 0; i < slot->base; i++)
        to[i] = i;
    pthread_mutex_lock(&job->lock);
    for (uint32_t i = slot->base; i < n; i++) {
        to[i] = csv_columns_find(&job->columns, slot->added.at[i - slot->base].name);
        is_elsewhere |= to[i] != i;
        is_full |= to[i] == MAP_NONE;
    }
    pthread_mutex_unlock(&job->lock);
    if (is_elsewhere && !is_full)
        *ret_to = to;
    else
        free(to);
    return is_full ? too_many(err) : STATUS_OK;
}

/* What is in the spare buffer, if there is enough of it. */
static enum status put_spare(struct job *job, size_t enough, struct error *err)
{
    if (job->spare.n < enough)
        return STATUS_OK;
    enum status status = put(job, buf_str(&job->spare), err);
    buf_clear(&job->spare);
    if (job->spare.cap > SPARE_KEPT)
        buf_done(&job->spare);
    return status;
}

static enum status put_widened(struct job *job, struct csv_widen *w, str bytes, struct error *err)
{
    enum status status = STATUS_OK;
    size_t step = csv_widen_piece(w);
    for (size_t at = 0; at < bytes.n && status == STATUS_OK; at += step) {
        csv_widen(w, str_sub(bytes, at, at + step), &job->spare);
        status = put_spare(job, CSV_FIT_BYTES, err);
    }
    return status == STATUS_OK ? put_spare(job, 1, err) : status;
}

/* Rows of a slot as wide as the file is now: parts that are read at the same time do not know of
 * each other's columns, which must not cost a copy of the file at the end. */
static enum status put_rows(struct job *job, const struct slot *slot, const uint32_t *to,
                            struct error *err)
{
    str rows = buf_str(&slot->out);
    uint32_t width = job->columns.listed;
    enum status status = STATUS_OK;
    struct csv_widen w;
    if (!to && slot->least >= width)
        return put(job, rows, err);
    if (!to) {
        csv_widen_init(&w, &job->dialect, width);
        w.is_skipping = false; /* there is no header */
        return put_widened(job, &w, rows, err);
    }
    for (size_t at = 0; at < rows.n && status == STATUS_OK;) {
        at += csv_move(str_sub(rows, at, rows.n), &job->dialect, to, width, &job->spare);
        status = put_spare(job, 1, err);
    }
    return status;
}

enum status job_write(struct job *job, struct slot *slot, struct error *err)
{
    uint32_t *to = NULL;
    enum status status = add_columns(job, slot, &to, err);
    if (status == STATUS_OK && slot->out.n > 0 && !job->has_header)
        status = put_header(job, err);
    if (status == STATUS_OK)
        status = put_rows(job, slot, to, err);
    free(to);
    if (job->options->progress) {
        count(&job->options->progress->rows, slot->rows - slot->told_rows);
        count(&job->options->progress->bytes_read, slot->bytes - slot->told_bytes);
    }
    slot->told_rows = slot->rows;
    slot->told_bytes = slot->bytes;
    buf_clear(&slot->out);
    return status;
}

/* ---- the end of a part ---- */

/* The text of the error of a bad part that ends the job: KEY:LINE:COLUMN: what. */
static enum status fail_by(const struct slot *slot, struct error *err)
{
    if (slot->line == 0)
        return error_set(err, slot->error.status, slot->error.name, "%.*s: %s",
                         STR_ARG(buf_str(&slot->key)), slot->error.message);
    return error_set(err, slot->error.status, slot->error.name, "%.*s:%zu:%zu: %s",
                     STR_ARG(buf_str(&slot->key)), slot->line, slot->column, slot->error.message);
}

enum status job_end_part(struct job *job, struct slot *slot, struct error *err)
{
    const struct consolidate_part part = {.key = buf_str(&slot->key),
                                          .rows = slot->rows,
                                          .bytes = slot->bytes,
                                          .left_out = slot->left_out,
                                          .error = slot->is_bad ? &slot->error : NULL,
                                          .line = slot->line,
                                          .column = slot->column};
    job->result.parts++;
    job->result.bad += slot->is_bad;
    job->result.rows += slot->rows;
    job->result.left_out += slot->left_out;
    job->result.bytes_read += slot->bytes;
    if (job->options->progress)
        count(&job->options->progress->parts, 1);
    if (job->options->on_part)
        job->options->on_part(job->options->on_part_arg, &part);
    return slot->is_bad && !job->options->skips_bad ? fail_by(slot, err) : STATUS_OK;
}

/* ---- the end of the job ---- */

static enum status widen(struct job *job, struct error *err)
{
    struct csv_widen w;
    char *piece = malloc(WIDEN_PIECE);
    size_t n = 1;
    check(piece != NULL);
    job->result.was_widened = true;
    job->result.bytes_written = 0;
    csv_widen_init(&w, &job->dialect, job->columns.listed);
    enum status status = job->sink->rewrite(job->sink->arg, err);
    if (status == STATUS_OK)
        status = put_header(job, err);
    while (status == STATUS_OK && n > 0) {
        if (job_is_canceled(job)) {
            status = error_set(err, STATUS_CANCELED, "Canceled", "canceled");
            break;
        }
        status = job->sink->read_back(job->sink->arg, piece, WIDEN_PIECE, &n, err);
        if (status == STATUS_OK)
            status = put_widened(job, &w, (str){piece, n}, err);
    }
    free(piece);
    return status;
}

enum status job_finish(struct job *job, struct error *err)
{
    uint32_t width = job->columns.listed;
    enum status status = STATUS_OK;
    job->result.columns = width;
    if (!job->has_header)
        status = put_header(job, err);
    else if (job->header_width < width)
        status = widen(job, err);
    return status;
}
