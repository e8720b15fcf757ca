/* SPDX-License-Identifier: Apache-2.0 */
/* See locations.h. Empty cells of CSV are left out; JSON values keep their types, also nested ones.
 */
#include "aggregate/locations.h"

#include "base/map.h"
#include "base/utf8.h"
#include "csv/csv_read.h"
#include "json/parse.h"
#include "json/write.h"

enum { SHOWN_MAX = 100 /* bytes of a line in an error */ };

struct reading {
    str task;
    struct buf *out;
    struct map ids;
    struct arena arena;
    uint32_t count;
    size_t line;
    struct error *err;
};

static enum status PRINTF_LIKE(2, 3) wrong(struct reading *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum status status = error_vset(r->err, STATUS_INVALID, "Locations", fmt, args);
    va_end(args);
    if (r->err)
        error_wrap(r->err, "line %zu", r->line);
    return status;
}

static size_t count_lines(str text)
{
    size_t lines = 0;
    for (size_t at = 0; (at = str_find_byte(text, '\n', at)) != STR_NONE; at++)
        lines++;
    return lines;
}

static enum status check_name(struct reading *r, str name)
{
    if (str_eq(name, STR("task_id")) || str_starts(name, STR("ledger")))
        return wrong(r, "a column may not be called '%.*s', the ledger uses that", STR_ARG(name));
    return name.n > 0 ? STATUS_OK : wrong(r, "a column has no name");
}

/* ---- a put request ---- */

static enum status begin_item(struct reading *r, str id)
{
    if (id.n == 0)
        return wrong(r, "a location without location_id");
    if (id.n > LOCATIONS_ID_MAX)
        return error_set(r->err, STATUS_LIMIT, "LocationsTooLong",
                         "line %zu: a location_id of more than %d bytes", r->line,
                         LOCATIONS_ID_MAX);
    if (r->count == LOCATIONS_MAX)
        return error_set(r->err, STATUS_LIMIT, "LocationsTooMany", "more than %d locations",
                         LOCATIONS_MAX);
    uint32_t *place = map_at(&r->ids, arena_dup(&r->arena, id));
    if (*place != MAP_NONE)
        return wrong(r, "the location '%.*s' is there twice", STR_ARG(id));
    *place = r->count;
    if (r->count % LOCATIONS_CHUNK == 0)
        buf_add(r->out, r->count > 0 ? STR("],[") : STR("["));
    else
        buf_add_byte(r->out, ',');
    r->count++;
    buf_add(r->out, STR("{\"PutRequest\":{\"Item\":{\"task_id\":{\"S\":"));
    json_write_string(r->out, r->task);
    buf_add(r->out, STR("},\"location_id\":{\"S\":"));
    json_write_string(r->out, id);
    buf_add_byte(r->out, '}');
    return STATUS_OK;
}

static void put_cell(struct reading *r, str name, str value)
{
    buf_add_byte(r->out, ',');
    json_write_string(r->out, name);
    buf_add(r->out, STR(":{\"S\":"));
    json_write_string(r->out, value);
    buf_add_byte(r->out, '}');
}

static void end_item(struct reading *r)
{
    buf_add(r->out, STR("}}}"));
}

/* ---- CSV ---- */

struct header {
    str *names;
    uint32_t count, id;
};

/* What the first line is instead: mostly a list of another form. */
static enum status no_id(struct reading *r, str text)
{
    size_t end = str_find_byte(text, '\n', 0);
    str line = utf8_prefix(str_sub(text, 0, end == STR_NONE ? text.n : end), SHOWN_MAX);
    const char *hint = "";
    while (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (text.n == 0)
        return wrong(r, "the list is empty; its first line names columns, one of them location_id");
    if (line.n > 0 && (line.p[0] == '[' || line.p[0] == '{'))
        hint = "; a list of JSON has an object a line, as jq -c '.[]' makes them";
    else if (str_find_byte(line, ',', 0) == STR_NONE &&
             str_find(line, STR("location_id"), 0) != STR_NONE)
        hint = "; columns have commas between them, and no blanks";
    return wrong(r, "there is no column location_id: '%.*s'%s", STR_ARG(line), hint);
}

static enum status take_header(struct reading *r, const struct csv_reader *row, struct header *h,
                               str text)
{
    bool has_id = false;
    h->count = row->count;
    h->names = arena_alloc(&r->arena, (row->count + 1) * sizeof(*h->names));
    for (uint32_t i = 0; i < row->count; i++) {
        h->names[i] = arena_dup(&r->arena, csv_cell(row, i));
        enum status status = check_name(r, h->names[i]);
        for (uint32_t k = 0; k < i && status == STATUS_OK; k++)
            if (str_eq(h->names[k], h->names[i]))
                status = wrong(r, "the column '%.*s' is there twice", STR_ARG(h->names[i]));
        if (status != STATUS_OK)
            return status;
        if (str_eq(h->names[i], STR("location_id"))) {
            h->id = i;
            has_id = true;
        }
    }
    return has_id ? STATUS_OK : no_id(r, text);
}

static enum status take_row(struct reading *r, const struct csv_reader *row, const struct header *h)
{
    if (row->count == 0 || (row->count == 1 && csv_cell(row, 0).n == 0))
        return STATUS_OK; /* an empty line */
    if (row->count > h->count)
        return wrong(r, "more cells than the first line names columns");
    enum status status = begin_item(r, csv_cell(row, h->id));
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < row->count; i++)
        if (i != h->id && csv_cell(row, i).n > 0)
            put_cell(r, h->names[i], csv_cell(row, i));
    end_item(r);
    return STATUS_OK;
}

/* A quote that is never closed has swallowed all lines behind it. */
static enum status check_row(struct reading *r, enum csv_got got, bool is_open)
{
    if (got == CSV_TOO_LARGE)
        return error_set(r->err, STATUS_LIMIT, "LocationsTooLong", "line %zu is too long", r->line);
    return is_open ? wrong(r, "a quote is never closed that begins here") : STATUS_OK;
}

static enum status read_csv(struct reading *r, str text)
{
    struct csv_reader row;
    struct header h = {0};
    enum status status = STATUS_OK;
    csv_reader_init(&row, ',');
    r->line = 1;
    for (size_t at = 0, used; status == STATUS_OK; at += used) {
        enum csv_got got = csv_read(&row, str_sub(text, at, text.n), &used);
        bool is_open = csv_is_within_quotes(&row);
        if (got == CSV_MORE)
            got = csv_finish(&row);
        if (got == CSV_END)
            break;
        status = check_row(r, got, is_open);
        if (status == STATUS_OK)
            status = h.names ? take_row(r, &row, &h) : take_header(r, &row, &h, text);
        r->line += count_lines(str_sub(text, at, at + used));
    }
    csv_reader_done(&row);
    return status == STATUS_OK && !h.names ? no_id(r, text) : status;
}

/* ---- JSON Lines ---- */

static enum status put_scalar(struct reading *r, const char *type, struct json_val v)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    enum status status = STATUS_OK;
    if (v.tag == JSON_STRING)
        buf_add(&text, json_str(v));
    else
        status = json_write(&text, v, 0, r->err);
    buf_printf(r->out, "{\"%s\":", type);
    if (v.tag == JSON_BOOL)
        buf_add(r->out, buf_str(&text));
    else
        json_write_string(r->out, buf_str(&text));
    buf_add_byte(r->out, '}');
    buf_done(&text);
    return status;
}

/* As tables have it. */
static enum status put_value(struct reading *r, struct json_val v, int depth)
{
    enum status status = STATUS_OK;
    bool is_object = v.tag == JSON_OBJECT;
    if (v.tag == JSON_NULL) {
        buf_add(r->out, STR("{\"NULL\":true}"));
        return STATUS_OK;
    }
    if (!is_object && v.tag != JSON_ARRAY)
        return put_scalar(r, v.tag == JSON_STRING ? "S" : v.tag == JSON_BOOL ? "BOOL" : "N", v);
    if (depth == LOCATIONS_DEPTH_MAX)
        return wrong(r, "more than %d objects and arrays in each other", LOCATIONS_DEPTH_MAX);
    buf_add(r->out, is_object ? STR("{\"M\":{") : STR("{\"L\":["));
    for (uint32_t i = 0; i < v.len && status == STATUS_OK; i++) {
        if (i > 0)
            buf_add_byte(r->out, ',');
        if (is_object) {
            json_write_string(r->out, (str){v.obj->shape->keys[i].p, v.obj->shape->keys[i].n});
            buf_add_byte(r->out, ':');
        }
        status = put_value(r, is_object ? v.obj->vals[i] : v.items[i], depth + 1);
    }
    buf_add(r->out, is_object ? STR("}}") : STR("]}"));
    return status;
}

static enum status put_member(struct reading *r, str name, struct json_val v)
{
    enum status status = check_name(r, name);
    bool is_empty = v.tag == JSON_NULL || (v.tag == JSON_STRING && json_str(v).n == 0);
    if (status != STATUS_OK || is_empty || str_eq(name, STR("location_id")))
        return status;
    buf_add_byte(r->out, ',');
    json_write_string(r->out, name);
    buf_add_byte(r->out, ':');
    return put_value(r, v, 0);
}

static enum status take_object(struct reading *r, struct json_val v)
{
    if (v.tag != JSON_OBJECT)
        return wrong(r, "a location is an object");
    struct json_val id = json_get(v, STR("location_id"));
    if (id.tag != JSON_STRING && id.tag != JSON_UNDEFINED)
        return wrong(r, "a location_id is a string");
    enum status status = begin_item(r, id.tag == JSON_STRING ? json_str(id) : STR(""));
    for (uint32_t i = 0; i < v.len && status == STATUS_OK; i++) {
        str name = {v.obj->shape->keys[i].p, v.obj->shape->keys[i].n};
        status = put_member(r, name, v.obj->vals[i]);
    }
    if (status == STATUS_OK)
        end_item(r);
    return status;
}

static enum status read_lines(struct reading *r, str text)
{
    enum status status = STATUS_OK;
    while (text.n > 0 && status == STATUS_OK) {
        size_t end = str_find_byte(text, '\n', 0);
        str line = str_sub(text, 0, end == STR_NONE ? text.n : end);
        text = str_sub(text, end == STR_NONE ? text.n : end + 1, text.n);
        r->line++;
        while (line.n > 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
            line.n--;
        if (line.n == 0)
            continue;
        struct json_doc *doc;
        if (json_parse(line, NULL, &doc, r->err) != STATUS_OK)
            return wrong(r, "this is not JSON: %.*s", STR_ARG(utf8_prefix(line, SHOWN_MAX)));
        status = take_object(r, json_doc_root(doc));
        json_doc_unref(doc);
    }
    return status;
}

/* ---- the whole ---- */

static enum status check_encoding(struct reading *r, str text)
{
    size_t good = utf8_check(text);
    if (good == text.n)
        return STATUS_OK;
    bool is_utf16 = str_starts(text, STR("\xFF\xFE")) || str_starts(text, STR("\xFE\xFF"));
    str before = str_sub(text, 0, good);
    size_t line = str_rfind_byte(before, '\n');
    r->line = 1 + count_lines(before);
    if (is_utf16)
        return wrong(r, "the list is UTF-16; save it as UTF-8");
    return wrong(r, "byte %zu is not UTF-8; save the list as UTF-8",
                 good - (line == STR_NONE ? 0 : line + 1) + 1);
}

/* Without what some programs write before it: a byte order mark, empty lines. */
static bool is_json_lines(str text)
{
    size_t at = 0;
    while (at < text.n && strchr(" \t\r\n", text.p[at]) && text.p[at])
        at++;
    return at < text.n && text.p[at] == '{';
}

enum status locations_read(str text, str task, struct buf *out, uint32_t *ret_count,
                           struct error *err)
{
    struct reading r = {.task = task, .out = out, .err = err};
    if (text.n > LOCATIONS_TEXT_MAX)
        return error_set(err, STATUS_LIMIT, "LocationsTooLong", "more than %d bytes of locations",
                         LOCATIONS_TEXT_MAX);
    enum status status = check_encoding(&r, text);
    if (status != STATUS_OK)
        return status;
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.n);
    arena_init(&r.arena, 0);
    map_init(&r.ids, &r.arena, 1000);
    buf_add_byte(out, '[');
    status = is_json_lines(text) ? read_lines(&r, text) : read_csv(&r, text);
    buf_add(out, r.count > 0 ? STR("]]") : STR("]"));
    *ret_count = r.count;
    arena_done(&r.arena);
    return status;
}
