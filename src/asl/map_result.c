/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what a map run leaves behind, in the forms of ResultWriter. */
#include "asl/map_result.h"
#include "base/time.h"
#include "json/parse.h"
#include "json/write.h"

enum asl_writer_transformation asl_map_result_form(const struct asl_result_writer *writer,
                                                   bool is_exported)
{
    if (writer && writer->transformation != ASL_WRITER_DEFAULT)
        return writer->transformation;
    return is_exported ? ASL_WRITER_NONE : ASL_WRITER_COMPACT;
}

void asl_map_result_begin(struct asl_map_result *r, enum asl_writer_transformation transformation,
                          bool is_jsonl, struct buf *out)
{
    *r =
        (struct asl_map_result){.out = out, .transformation = transformation, .is_jsonl = is_jsonl};
    if (!is_jsonl)
        buf_add_byte(out, '[');
}

void asl_map_result_end(struct asl_map_result *r)
{
    if (!r->is_jsonl)
        buf_add_byte(r->out, ']');
}

/* ---- members ---- */

static void put_text(struct buf *out, const char *key, str text)
{
    buf_printf(out, "%s\"%s\":", out->n > 0 && out->p[out->n - 1] != '{' ? "," : "", key);
    json_write_string(out, text);
}

static void put_raw(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "%s\"%s\":%s", out->n > 0 && out->p[out->n - 1] != '{' ? "," : "", key, value);
}

static void put_date(struct buf *out, const char *key, int64_t ms)
{
    char text[32];
    size_t n = time_print_iso(ms, text);
    put_text(out, key, (str){text, n});
}

/* ---- records ---- */

static void put_redrive(struct buf *out, const struct asl_map_child *c)
{
    bool is_well = c->status == ASL_EXEC_SUCCEEDED;
    buf_printf(out, ",\"RedriveCount\":%u", (unsigned)c->redrive_count);
    put_text(out, "RedriveStatus", is_well ? STR("NOT_REDRIVABLE") : STR("REDRIVABLE_BY_MAP_RUN"));
    if (is_well)
        put_text(out, "RedriveStatusReason", STR("Execution is SUCCEEDED and cannot be redriven"));
}

static void put_record(struct buf *out, const struct asl_map_child *c)
{
    buf_add_byte(out, '{');
    if (c->status == ASL_EXEC_NEW) {
        put_text(out, "Input", c->input);
        put_raw(out, "InputDetails", "{\"Included\":true}");
        put_text(out, "Status", STR("PENDING"));
        buf_add_byte(out, '}');
        return;
    }
    if (c->has_cause)
        put_text(out, "Cause", c->cause);
    if (c->has_error)
        put_text(out, "Error", c->error);
    put_text(out, "ExecutionArn", c->execution_arn);
    put_text(out, "Input", c->input);
    put_raw(out, "InputDetails", "{\"Included\":true}");
    put_text(out, "Name", c->name);
    if (c->status == ASL_EXEC_SUCCEEDED)
        put_text(out, "Output", c->output);
    put_raw(out, "OutputDetails", "{\"Included\":true}");
    put_redrive(out, c);
    put_date(out, "StartDate", c->start_ms);
    put_text(out, "StateMachineArn", c->state_machine_arn);
    put_text(out, "Status", str_of(asl_status_name(c->status)));
    put_date(out, "StopDate", c->stop_ms);
    buf_add_byte(out, '}');
}

static void next_piece(struct asl_map_result *r)
{
    if (r->count++ > 0)
        buf_add_byte(r->out, r->is_jsonl ? '\n' : ',');
}

/* An output that is an array gives its items, any other itself. */
static void add_flat(struct asl_map_result *r, str output)
{
    struct arena arena;
    struct json_val v;
    arena_init(&arena, 0);
    if (json_parse_in(&arena, output, NULL, &v, NULL) == STATUS_OK && v.tag == JSON_ARRAY) {
        for (uint32_t i = 0; i < v.len; i++) {
            next_piece(r);
            if (json_write(r->out, v.items[i], 0, NULL) != STATUS_OK)
                r->out->overflowed = true;
        }
    } else {
        next_piece(r);
        buf_add(r->out, output);
    }
    arena_done(&arena);
}

void asl_map_result_add(struct asl_map_result *r, const struct asl_map_child *child)
{
    if (r->transformation == ASL_WRITER_FLATTEN) {
        add_flat(r, child->output);
        return;
    }
    next_piece(r);
    if (r->transformation == ASL_WRITER_NONE)
        put_record(r->out, child);
    else
        buf_add(r->out, child->output);
}

/* ---- manifest ---- */

str asl_map_result_folder(str prefix, str map_run_arn, uint32_t redrive_count, struct arena *arena)
{
    str uuid = str_sub(map_run_arn, str_rfind_byte(map_run_arn, ':') + 1, map_run_arn.n);
    const char *slash = prefix.n > 0 && !str_ends(prefix, STR("/")) ? "/" : "";
    if (redrive_count == 0)
        return arena_printf(arena, "%.*s%s%.*s", STR_ARG(prefix), slash, STR_ARG(uuid));
    return arena_printf(arena, "%.*s%s%.*s/Redrive-%u", STR_ARG(prefix), slash, STR_ARG(uuid),
                        (unsigned)redrive_count);
}

static void put_files(const char *kind, const struct asl_map_file *files, uint32_t count,
                      struct buf *out)
{
    const char *comma = "";
    buf_printf(out, "\"%s\":[", kind);
    for (uint32_t i = 0; i < count; i++) {
        if (!str_eq(str_of(files[i].kind), str_of(kind)))
            continue;
        buf_printf(out, "%s{", comma);
        put_text(out, "Key", files[i].key);
        buf_printf(out, ",\"Size\":%llu}", (unsigned long long)files[i].size);
        comma = ",";
    }
    buf_add_byte(out, ']');
}

void asl_map_result_manifest(str bucket, str map_run_arn, const struct asl_map_file *files,
                             uint32_t count, struct buf *out)
{
    buf_add_byte(out, '{');
    put_text(out, "DestinationBucket", bucket);
    put_text(out, "MapRunArn", map_run_arn);
    buf_add(out, STR(",\"ResultFiles\":{"));
    put_files("FAILED", files, count, out);
    buf_add_byte(out, ',');
    put_files("PENDING", files, count, out);
    buf_add_byte(out, ',');
    put_files("SUCCEEDED", files, count, out);
    buf_add(out, STR("}}"));
}

void asl_map_result_details(str bucket, str key, str map_run_arn, struct buf *out)
{
    buf_add_byte(out, '{');
    put_text(out, "MapRunArn", map_run_arn);
    buf_add(out, STR(",\"ResultWriterDetails\":{"));
    put_text(out, "Bucket", bucket);
    put_text(out, "Key", key);
    buf_add(out, STR("}}"));
}
