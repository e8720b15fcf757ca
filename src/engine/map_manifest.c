/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that are the rows of an S3 inventory: its manifest.json is read whole and names the columns
 * and the files, which are CSV, usually gzip, and without a row of headers.
 */
#include "base/check.h"
#include "engine/map_manifest.h"
#include "engine/map_reader.h"
#include "json/parse.h"
#include <stdlib.h>

struct inventory_reader {
    struct map_reader reader;
    struct map_reading reading;
    struct asl_item_reader how; /* of the files */
    struct arena arena;
    str bucket;
    struct object_source *source; /* of the manifest, */
    struct buf text;              /* what came of it, */
    struct json_doc *doc;         /* and what it says */
    struct map_reader *rows;      /* NULL: it is not known yet */
    bool is_resumed;
    uint64_t resume_item;
    struct buf resume_mark;
};

static struct inventory_reader *inventory_of(struct map_reader *r)
{
    return (struct inventory_reader *)(void *)r;
}

static enum map_read fail(struct inventory_reader *in, str cause)
{
    in->reader.error = STR("States.ItemReaderFailed");
    in->reader.cause = arena_dup(&in->arena, cause);
    return MAP_READ_FAILED;
}

static void inventory_ready(void *arg)
{
    struct inventory_reader *in = arg;
    if (in->reader.ready)
        in->reader.ready(in->reader.ready_arg);
}

/* ---- the manifest ---- */

static bool file_of(struct json_val item, str *bucket, str *key, const char **ret_cause)
{
    struct json_val v = item.tag == JSON_OBJECT ? json_get(item, STR("key")) : json_undefined();
    (void)bucket;
    *key = v.tag == JSON_STRING ? json_str(v) : STR("");
    *ret_cause = "A file of the manifest has no key.";
    return v.tag == JSON_STRING;
}

/* "Bucket, Key, Size" */
static void take_columns(struct inventory_reader *in, str schema)
{
    str *headers = arena_alloc(&in->arena, (schema.n + 1) * sizeof(*headers));
    uint32_t count = 0;
    for (size_t at = 0, end = 0; end != STR_NONE; at = end + 1) {
        end = str_find_byte(schema, ',', at);
        str name = str_sub(schema, at, end == STR_NONE ? schema.n : end);
        while (name.n > 0 && name.p[0] == ' ')
            name = str_sub(name, 1, name.n);
        while (name.n > 0 && name.p[name.n - 1] == ' ')
            name.n--;
        headers[count++] = arena_dup(&in->arena, name);
    }
    in->how.headers = headers;
    in->how.header_count = count;
}

static str text_of(struct json_val object, const char *key)
{
    struct json_val v = json_get(object, str_of(key));
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

static enum map_read understand(struct inventory_reader *in)
{
    struct error err;
    json_doc_unref(in->doc); /* of an attempt before, which failed */
    in->doc = NULL;
    if (json_parse(buf_str(&in->text), NULL, &in->doc, &err) != STATUS_OK)
        return fail(in, STR("The manifest is not JSON."));
    struct json_val root = json_doc_root(in->doc);
    struct json_val files =
        root.tag == JSON_OBJECT ? json_get(root, STR("files")) : json_undefined();
    if (files.tag != JSON_ARRAY)
        return fail(in, STR("The manifest has no files."));
    if (!str_eq(text_of(root, "fileFormat"), STR("CSV")))
        return fail(in, STR("The files of the inventory are not CSV; others cannot be read."));
    if (text_of(root, "fileSchema").n == 0 ||
        text_of(root, "fileSchema").n > MAP_MANIFEST_SCHEMA_BYTES)
        return fail(in, STR("The manifest has no fileSchema, or one that is too long."));
    take_columns(in, text_of(root, "fileSchema"));
    str bucket = text_of(root, "destinationBucket");
    if (str_starts(bucket, STR("arn:")))
        bucket = str_sub(bucket, str_rfind_byte(bucket, ':') + 1, bucket.n);
    struct asl_map_run_plan plan = {.items = files};
    in->reading.how = &in->how;
    in->rows = map_reader_of_parts(&in->reading, bucket.n > 0 ? bucket : in->bucket,
                                   map_reader_of_array(&plan), file_of);
    in->rows->ready = inventory_ready;
    in->rows->ready_arg = in;
    if (in->is_resumed)
        in->rows->kind->resume(in->rows, in->resume_item, buf_str(&in->resume_mark));
    return MAP_READ_ITEM;
}

static enum map_read load(struct inventory_reader *in)
{
    str bytes;
    enum objects_got got;
    while ((got = in->source->kind->more(in->source, &bytes)) == OBJECTS_GOT) {
        buf_add(&in->text, bytes);
        if (!buf_ok(&in->text))
            return fail(in, STR("The manifest is too large."));
    }
    if (got == OBJECTS_FAILED)
        return fail(in, str_of(in->source->part.cause));
    return got == OBJECTS_END ? understand(in) : MAP_READ_WAIT;
}

/* ---- the reader ---- */

static enum map_read inventory_peek(struct map_reader *r, struct json_val *ret)
{
    struct inventory_reader *in = inventory_of(r);
    enum map_read got = in->rows ? MAP_READ_ITEM : load(in);
    if (got != MAP_READ_ITEM)
        return got;
    map_reader_seek(in->rows, r->item);
    got = map_reader_peek(in->rows, ret);
    if (got == MAP_READ_FAILED)
        return fail(in, in->rows->cause);
    r->total = in->rows->total;
    return got;
}

static void inventory_seek(struct map_reader *r, uint64_t item)
{
    r->item = item;
}

static bool inventory_mark(const struct map_reader *r, struct buf *out)
{
    const struct inventory_reader *in = (const struct inventory_reader *)(const void *)r;
    return in->rows && in->rows->kind->mark(in->rows, out);
}

static void inventory_resume(struct map_reader *r, uint64_t item, str mark)
{
    struct inventory_reader *in = inventory_of(r);
    r->item = in->resume_item = item;
    in->is_resumed = true;
    buf_clear(&in->resume_mark);
    buf_add(&in->resume_mark, mark);
    if (in->rows)
        in->rows->kind->resume(in->rows, item, mark);
}

static void inventory_free(struct map_reader *r)
{
    struct inventory_reader *in = inventory_of(r);
    map_reader_free(in->rows);
    in->source->kind->free(in->source);
    json_doc_unref(in->doc);
    buf_done(&in->text);
    buf_done(&in->resume_mark);
    arena_done(&in->arena);
    free(in);
}

static const struct map_reader_kind inventory_kind = {.peek = inventory_peek,
                                                      .seek = inventory_seek,
                                                      .mark = inventory_mark,
                                                      .resume = inventory_resume,
                                                      .free = inventory_free};

struct map_reader *map_reader_of_inventory(const struct map_reading *reading, str bucket,
                                           struct object_source *source)
{
    struct inventory_reader *in = calloc(1, sizeof(*in));
    check(in != NULL);
    in->reader.kind = &inventory_kind;
    in->reader.total = UINT64_MAX;
    in->reading = *reading;
    in->how =
        (struct asl_item_reader){.input_type = ASL_CSV, .header_given = true, .delimiter = ','};
    arena_init(&in->arena, 0);
    in->bucket = arena_dup(&in->arena, bucket);
    in->source = source;
    source->part.ready = inventory_ready;
    source->part.ready_arg = in;
    buf_init(&in->text, MAP_MANIFEST_BYTES);
    buf_init(&in->resume_mark, SIZE_MAX / 2);
    return &in->reader;
}
