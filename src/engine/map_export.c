/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a ResultWriter: children in the order of their items, read from their rows, go to
 * SUCCEEDED_n.json or FAILED_n.json, inputs of those that never began to PENDING_n.json, and when
 * all files are durable manifest.json names them. Some at a time, and never more than a piece of
 * each file in memory. After a crash all of them are written anew, under the same names.
 */
#include "engine/map_internal.h"
#include "json/parse.h"
#include <stdlib.h>

enum { EXPORT_AT_ONCE = 100, EXPORT_PIECE = 256 << 10 };
#define EXPORT_MAX_FILE (UINT64_C(5) << 30) /* AWS's */

enum kind { SUCCEEDED, FAILED, PENDING, KIND_COUNT };
static const char *const kind_names[] = {"SUCCEEDED", "FAILED", "PENDING"};

enum stage { ROWS, NOT_BEGUN, ENDING, MANIFEST, DONE };

/* The file of a kind that is being written. */
struct file {
    struct map_export *x;
    enum kind kind;
    struct object_sink *sink; /* NULL: none is open */
    struct buf text;          /* not given to it yet */
    struct asl_map_result result;
    uint64_t bytes;  /* given to it */
    uint32_t number; /* of the next one of its kind */
    str key;
    bool is_ending, is_waiting;
};

struct map_export {
    struct map_run *r;
    struct arena arena; /* of keys */
    str bucket, folder; /* PREFIX/UUID[/Redrive-N] */
    enum stage stage;
    uint64_t max_bytes;
    uint32_t span_at;
    bool has_input; /* r->input is of a child that did not begin and is in no file yet */
    struct file files[KIND_COUNT];
    struct file manifest;
    struct asl_map_file *written;
    uint32_t written_count, written_cap;
};

bool map_run_exports(const struct map_run *r)
{
    const struct asl_result_writer *writer = r->state->map.writer;
    return writer && writer->has_resource && r->all->engine->options.objects && r->arguments &&
           !r->is_cancelled;
}

static bool fail(struct map_export *x, const char *cause)
{
    map_result_fail(x->r, "States.ResultWriterFailed", str_of(cause));
    x->stage = DONE;
    return false;
}

/* ---- bytes of a file ---- */

static void sink_ready(void *arg)
{
    struct file *f = arg;
    f->is_waiting = false;
    map_run_ask(f->x->r);
}

static bool file_open(struct file *f)
{
    struct map_export *x = f->x;
    struct objects *o = x->r->all->engine->options.objects;
    const char *cause;
    f->sink = o->kind->put(o, x->r->all->engine->loop, x->bucket, f->key, &cause);
    if (!f->sink)
        return fail(x, cause);
    f->sink->part.ready = sink_ready;
    f->sink->part.ready_arg = f;
    f->bytes = 0;
    return true;
}

static bool file_flush(struct file *f)
{
    if (f->text.n == 0)
        return true;
    enum objects_got got = f->sink->kind->write(f->sink, buf_str(&f->text));
    f->bytes += f->text.n;
    buf_clear(&f->text);
    f->is_waiting = got == OBJECTS_WAIT;
    return got == OBJECTS_FAILED ? fail(f->x, f->sink->part.cause) : true;
}

static void file_close(struct file *f)
{
    if (f->sink)
        f->sink->kind->free(f->sink);
    f->sink = NULL;
    f->is_ending = f->is_waiting = false;
    buf_clear(&f->text);
}

static void note(struct map_export *x, const struct file *f)
{
    if (x->written_count == x->written_cap) {
        x->written_cap = x->written_cap ? x->written_cap * 2 : 8;
        x->written = realloc(x->written, x->written_cap * sizeof(*x->written));
        check(x->written != NULL);
    }
    x->written[x->written_count++] =
        (struct asl_map_file){.kind = kind_names[f->kind], .key = f->key, .size = f->bytes};
}

/* ITEM: nothing is in the way of writing more to it, or to the next of its kind. */
static enum map_read file_settle(struct file *f)
{
    if (f->is_waiting)
        return MAP_READ_WAIT;
    if (!f->is_ending)
        return MAP_READ_ITEM;
    enum objects_got got = f->sink->kind->finish(f->sink);
    f->is_waiting = got == OBJECTS_WAIT;
    if (got == OBJECTS_WAIT)
        return MAP_READ_WAIT;
    if (got == OBJECTS_FAILED) {
        fail(f->x, f->sink->part.cause);
        return MAP_READ_END;
    }
    if (f != &f->x->manifest)
        note(f->x, f);
    file_close(f);
    return MAP_READ_ITEM;
}

/* ---- children in files ---- */

static bool result_file_begin(struct file *f)
{
    struct map_export *x = f->x;
    const struct asl_result_writer *writer = x->r->state->map.writer;
    enum asl_writer_transformation form =
        f->kind == SUCCEEDED ? asl_map_result_form(writer, true) : ASL_WRITER_NONE;
    f->key = arena_printf(&x->arena, "%.*s/%s_%u.json", STR_ARG(x->folder), kind_names[f->kind],
                          (unsigned)f->number++);
    if (!file_open(f))
        return false;
    asl_map_result_begin(&f->result, form, writer->jsonl, &f->text);
    return true;
}

static bool result_file_end(struct file *f)
{
    asl_map_result_end(&f->result);
    f->is_ending = true;
    return file_flush(f);
}

/* False: not now, it is to be added again, or all has failed. */
static bool add(struct map_export *x, enum kind kind, const struct asl_map_child *child)
{
    struct file *f = &x->files[kind];
    if (!f->sink && !result_file_begin(f))
        return false;
    size_t before = f->text.n;
    uint64_t count = f->result.count;
    asl_map_result_add(&f->result, child);
    if (count > 0 && f->bytes + f->text.n + 1 > x->max_bytes) { /* and one byte for its end */
        f->text.n = before;
        f->result.count = count;
        result_file_end(f);
        return false;
    }
    return f->text.n < EXPORT_PIECE || file_flush(f);
}

static enum kind kind_of(enum asl_status status)
{
    return status == ASL_EXEC_SUCCEEDED ? SUCCEEDED : FAILED;
}

/* Items that belong to no child are passed; false: there is nothing behind them. */
static bool pass_spans(struct map_export *x)
{
    struct map_run *r = x->r;
    while (x->span_at < r->span_count && r->spans[x->span_at].to <= r->gather_index)
        x->span_at++;
    const struct map_span *span = x->span_at < r->span_count ? &r->spans[x->span_at] : NULL;
    if (span && span->from <= r->gather_index)
        r->gather_index = span->to;
    return r->gather_index < r->run.items.total;
}

static void next_row(struct map_export *x)
{
    struct map_run *r = x->r;
    struct store_execution row;
    struct asl_map_child child;
    struct arena a;
    struct error err;
    if (!pass_spans(x)) {
        x->stage = NOT_BEGUN;
        return;
    }
    arena_init(&a, 0);
    enum status status =
        store_find_child(r->all->engine->reader, r->row.id, r->gather_index, &a, &row, &err);
    bool is_whole =
        status == STATUS_OK && (row.status != STORE_SUCCEEDED ||
                                asl_map_result_form(r->state->map.writer, true) == ASL_WRITER_NONE);
    if (status == STATUS_OK)
        status = map_child_facts(r, &row, is_whole, &a, &child, &err);
    if (status != STATUS_OK)
        fail(x, err.message);
    else if (add(x, kind_of(child.status), &child))
        r->gather_index += map_items_of(&row);
    arena_done(&a);
}

/* The inputs of children that would have come; WAIT: items are awaited. */
static enum map_read next_pending(struct map_export *x)
{
    struct map_run *r = x->r;
    enum map_read got = MAP_READ_ITEM;
    if (!x->has_input)
        got = r->run.status == ASL_MAP_RUN_IS_FAILED && !r->has_error ? map_children_pending(r)
                                                                      : MAP_READ_END;
    x->has_input = got == MAP_READ_ITEM;
    struct asl_map_child child = {.status = ASL_EXEC_NEW, .input = buf_str(&r->input)};
    if (x->has_input && add(x, PENDING, &child))
        x->has_input = false;
    if (got == MAP_READ_END && x->stage == NOT_BEGUN)
        x->stage = ENDING;
    return got;
}

/* ---- the end ---- */

static void end_next(struct map_export *x)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        if (x->files[i].sink) {
            result_file_end(&x->files[i]);
            return;
        }
    }
    struct file *f = &x->manifest;
    f->key = arena_printf(&x->arena, "%.*s/manifest.json", STR_ARG(x->folder));
    if (!file_open(f))
        return;
    asl_map_result_manifest(x->bucket, x->r->arn, x->written, x->written_count, &f->text);
    f->is_ending = true;
    if (file_flush(f))
        x->stage = MANIFEST;
}

static void tell_details(struct map_export *x)
{
    struct buf text;
    buf_init(&text, JSON_MAX_TEXT);
    asl_map_result_details(x->bucket, x->manifest.key, x->r->arn, &text);
    map_result_set(x->r, &text);
    buf_done(&text);
    x->stage = DONE;
}

/* ---- the whole ---- */

static str parameter(const struct map_run *r, const char *name)
{
    struct json_val v = r->plan.writer.tag == JSON_OBJECT ? json_get(r->plan.writer, str_of(name))
                                                          : json_undefined();
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

static struct map_export *export_new(struct map_run *r)
{
    struct map_export *x = calloc(1, sizeof(*x));
    check(x != NULL);
    uint64_t most = r->all->engine->options.objects->max_bytes;
    arena_init(&x->arena, 0);
    x->r = r;
    x->max_bytes = most > 0 && most < EXPORT_MAX_FILE ? most : EXPORT_MAX_FILE;
    x->bucket = parameter(r, "Bucket");
    x->folder =
        asl_map_result_folder(parameter(r, "Prefix"), r->arn, r->run.redrive_count, &x->arena);
    for (int i = 0; i <= KIND_COUNT; i++) {
        struct file *f = i < KIND_COUNT ? &x->files[i] : &x->manifest;
        f->x = x;
        f->kind = (enum kind)i;
        buf_init(&f->text, SIZE_MAX / 2);
    }
    return x;
}

void map_export_free(struct map_export *x)
{
    if (!x)
        return;
    for (int i = 0; i <= KIND_COUNT; i++) {
        struct file *f = i < KIND_COUNT ? &x->files[i] : &x->manifest;
        file_close(f);
        buf_done(&f->text);
    }
    arena_done(&x->arena);
    free(x->written);
    free(x);
}

static enum map_read settle(struct map_export *x)
{
    enum map_read got = MAP_READ_ITEM;
    for (int i = 0; i < KIND_COUNT && got == MAP_READ_ITEM; i++)
        got = file_settle(&x->files[i]);
    return got == MAP_READ_ITEM ? file_settle(&x->manifest) : got;
}

static enum map_read do_next(struct map_export *x)
{
    enum map_read got = settle(x);
    if (got != MAP_READ_ITEM)
        return got;
    switch (x->stage) {
    case ROWS: next_row(x); break;
    case NOT_BEGUN:
        if (next_pending(x) == MAP_READ_WAIT)
            return MAP_READ_WAIT;
        break;
    case ENDING: end_next(x); break;
    case MANIFEST: tell_details(x); break;
    case DONE: return MAP_READ_END;
    }
    return MAP_READ_ITEM;
}

enum map_read map_export(struct map_run *r)
{
    enum map_read got = MAP_READ_ITEM;
    if (!r->export)
        r->export = export_new(r);
    for (int i = 0; i < EXPORT_AT_ONCE && got == MAP_READ_ITEM; i++)
        got = do_next(r->export);
    return got;
}
