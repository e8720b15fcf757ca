/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_copy.h. */
#include "cmd/aggregate_copy.h"

#include "services/s3/error.h"

static void finish_copy(struct aggregate_copy *c, enum status status)
{
    c->status = status;
    c->is_over = true;
    c->done(c->arg);
}

/* Keys have task and run as $encodeUrlComponent makes them. */
static void put_encoded(struct buf *out, str text)
{
    static const char plain[] = "-_.!~*'()";
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter || (c >= '0' && c <= '9') || (c && strchr(plain, c)))
            buf_add_byte(out, c);
        else
            buf_printf(out, "%%%02X", (unsigned)(uint8_t)c);
    }
}

static str key_of(struct aggregate_copy *c, str ending)
{
    struct buf key;
    buf_init(&key, SIZE_MAX / 2);
    put_encoded(&key, c->plan.task);
    buf_add_byte(&key, '/');
    put_encoded(&key, c->plan.run);
    buf_add(&key, ending);
    str kept = arena_dup(&c->arena, buf_str(&key));
    buf_done(&key);
    return kept;
}

static bool open_object(struct aggregate_copy *c, str ending, void (*ready)(void *arg),
                        const char **ret_cause)
{
    if (c->source)
        c->source->kind->free(c->source);
    c->source = c->objects->kind->open(c->objects, c->loop, c->plan.bucket, key_of(c, ending),
                                       STR(""), ret_cause);
    if (c->source) {
        c->source->part.ready = ready;
        c->source->part.ready_arg = c;
    }
    return c->source != NULL;
}

/* ---- the CSV ---- */

/* The whole text of a file without columns and rows: a mark, if there is one, and a line end. */
static bool is_empty_file(str bytes)
{
    if (str_starts(bytes, STR("\xEF\xBB\xBF")))
        bytes = str_sub(bytes, 3, bytes.n);
    return str_eq(bytes, STR("\n")) || str_eq(bytes, STR("\r\n"));
}

static enum status copy_bytes(struct aggregate_copy *c, str bytes)
{
    csv_count(&c->rows, bytes);
    c->bytes += bytes.n;
    return c->sink.write(c->sink.arg, bytes, &c->err);
}

static enum status write_columns(struct aggregate_copy *c)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    csv_put_header(&text, &c->plan.dialect, c->plan.columns, c->plan.column_count);
    enum status status = copy_bytes(c, buf_str(&text));
    buf_done(&text);
    return status;
}

static void copy_more(void *arg)
{
    struct aggregate_copy *c = arg;
    str bytes;
    for (;;) {
        enum objects_got got = c->source->kind->more(c->source, &bytes);
        enum status status = STATUS_OK;
        if (got == OBJECTS_WAIT)
            return;
        if (got == OBJECTS_GOT && c->bytes == 0 && is_empty_file(bytes))
            continue;
        if (got == OBJECTS_GOT)
            status = copy_bytes(c, bytes);
        else if (got == OBJECTS_FAILED)
            status = error_set(&c->err, STATUS_NOT_FOUND, "Copy", "%s", c->source->part.cause);
        else if (c->bytes == 0 && c->plan.column_count > 0)
            status = write_columns(c);
        if (got != OBJECTS_GOT || status != STATUS_OK) {
            finish_copy(c, status);
            return;
        }
    }
}

static void copy_csv(struct aggregate_copy *c)
{
    const char *cause;
    if (open_object(c, STR(".csv"), copy_more, &cause))
        copy_more(c);
    else
        finish_copy(c, error_set(&c->err, STATUS_NOT_FOUND, "Copy", "%s", cause));
}

/* ---- the ledger of the parts ---- */

static void tally_more(void *arg)
{
    struct aggregate_copy *c = arg;
    enum status status = STATUS_OK;
    enum objects_got got = OBJECTS_GOT;
    str bytes;
    while (status == STATUS_OK && got == OBJECTS_GOT) {
        got = c->source->kind->more(c->source, &bytes);
        if (got == OBJECTS_GOT)
            status = tally_read(&c->tally, bytes, &c->tally_err);
        else if (got == OBJECTS_FAILED)
            status = error_set(&c->tally_err, STATUS_IO, "Copy", "the ledger of the parts: %s",
                               c->source->part.cause);
        else if (got == OBJECTS_END)
            status = tally_finish(&c->tally, &c->tally_err);
    }
    if (got == OBJECTS_WAIT)
        return;
    c->has_tally = status == STATUS_OK;
    copy_csv(c);
}

/* Jobs of other makers write none. */
static bool has_no_ledger(const char *cause)
{
    return str_eq(str_of(cause), str_of(s3_error_text(STR("NoSuchKey"))));
}

void aggregate_copy_begin(struct aggregate_copy *c, const struct aggregate_copy_plan *plan,
                          struct objects *objects, struct loop *loop, str path,
                          void (*done)(void *arg), void *arg)
{
    const char *cause;
    *c = (struct aggregate_copy){
        .plan = *plan, .objects = objects, .loop = loop, .done = done, .arg = arg};
    arena_init(&c->arena, 0);
    csv_counter_init(&c->rows, plan->dialect.delimiter);
    tally_init(&c->tally, plan->task, plan->run, (uint64_t)(uintptr_t)c ^ (uint64_t)loop_wall_ms());
    if (sink_file_new(path, &c->file, &c->err) != STATUS_OK) {
        finish_copy(c, c->err.status);
        return;
    }
    c->sink = sink_file_sink(c->file);
    if (open_object(c, STR(".parts.jsonl"), tally_more, &cause)) {
        tally_more(c);
        return;
    }
    if (!has_no_ledger(cause))
        (void)error_set(&c->tally_err, STATUS_IO, "Copy", "the ledger of the parts: %s", cause);
    copy_csv(c);
}

void aggregate_copy_free(struct aggregate_copy *c)
{
    if (c->source)
        c->source->kind->free(c->source);
    if (c->file && !c->is_published)
        c->sink.discard(c->sink.arg);
    sink_file_free(c->file);
    tally_done(&c->tally);
    arena_done(&c->arena);
}
