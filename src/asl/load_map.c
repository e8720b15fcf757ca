/* SPDX-License-Identifier: Apache-2.0 */
/* What only Map states have: the processor with its mode, reader, batcher, writer and label. */
#include "asl/load_internal.h"

#include "base/utf8.h"

enum { MAP_MAX_BATCH = 262144, MAP_MAX_HEADERS = 10240, MAP_MAX_POINTER = 2000 };
#define MAP_MAX_ITEMS 100000000

/* ---- the processor ---- */

static const char *const mode_words[] = {"INLINE", "DISTRIBUTED", NULL};
static const char *const type_words[] = {"STANDARD", "EXPRESS", NULL};

struct config {
    unsigned mode, type;
};

static const struct field config_fields[] = {
    ROW_WORD("Mode", mode_words, struct config, mode),
    ROW_WORD("ExecutionType", type_words, struct config, type),
};
static const struct table config_table = {.fields = config_fields,
                                          .count = ARRAY_LEN(config_fields)};

static void map_config(struct load *l, const struct at *up, struct json_val v, struct asl_map *map)
{
    struct config config = {.mode = 0};
    const struct at *at = at_key(l, up, STR("ProcessorConfig"));
    if (v.tag == JSON_UNDEFINED || !load_fields(l, at, v, &config_table, &config))
        return;
    map->is_distributed = config.mode == 1;
    map->execution_type = (enum asl_type)config.type;
    bool has_type = json_get(v, STR("ExecutionType")).tag != JSON_UNDEFINED;
    if (map->is_distributed && !has_type)
        load_error(l, SCHEMA, at, NULL, "These fields are required: [ExecutionType]");
    if (map->is_distributed && l->in_express)
        load_error(l, SCHEMA, l->state_at, NULL,
                   "Express state machine does not support Map states in 'DISTRIBUTED' mode");
}

void load_processor(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                    void *target)
{
    struct asl_map *map = target;
    (void)f;
    struct body body = {.timeout = 0};
    const struct asl_state *owner = l->state;
    bool in_express = l->in_express;
    if (!load_fields(l, at, v, &load_processor_table, &body))
        return;
    map_config(l, at, body.config, map);
    l->in_express |= map->is_distributed && map->execution_type == ASL_EXPRESS;
    map->processor = load_machine(l, at, &body, owner);
    l->in_express = in_express;
}

/* ---- ItemReader ---- */

static const char *const input_words[] = {"CSV", "JSON", "JSONL", "PARQUET", "MANIFEST", NULL};
static const enum asl_input_type input_types[] = {ASL_CSV, ASL_JSON, ASL_JSONL, ASL_PARQUET,
                                                  ASL_MANIFEST};
static const char *const flatten_words[] = {"NONE", "LOAD_AND_FLATTEN", NULL};
static const char *const header_words[] = {"FIRST_ROW", "GIVEN", NULL};
static const char *const delimiter_words[] = {"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB", NULL};
static const char delimiters[] = {',', '|', ';', ' ', '\t'};
static const char *const manifest_words[] = {"ATHENA_DATA", "S3_INVENTORY", NULL};
static const char *const reader_actions[] = {"getObject", "listObjectsV2", NULL};

struct reader {
    struct asl_item_reader out;
    unsigned input, flatten, header, delimiter, manifest;
};

static load_fn reader_config, reader_headers, reader_pointer;

#define READER(member) .offset = offsetof(struct reader, member)

static const struct field reader_config_fields[] = {
    ROW_WORD("InputType", input_words, struct reader, input),
    ROW_WORD("Transformation", flatten_words, struct reader, flatten),
    ROW_WORD("CSVHeaderLocation", header_words, struct reader, header),
    ROW("CSVHeaders", LOAD_BOTH, reader_headers, struct reader, out),
    ROW_WORD("CSVDelimiter", delimiter_words, struct reader, delimiter),
    ROW("ItemsPointer", LOAD_BOTH, reader_pointer, struct reader, out.items_pointer),
    ROW_WORD("ManifestType", manifest_words, struct reader, manifest),
    ROW_NUMBER("MaxItems", load_int, 0, MAP_MAX_ITEMS, struct reader, out.max_items),
    ROW("MaxItemsPath", LOAD_P, load_number_path, struct reader, out.max_items),
};
static const struct one_of reader_config_groups[] = {{0, false, {"MaxItems", "MaxItemsPath"}}};
static const struct table reader_config_table = {
    reader_config_fields, ARRAY_LEN(reader_config_fields), reader_config_groups,
    ARRAY_LEN(reader_config_groups), NULL};

static const struct field reader_fields[] = {
    {.name = "Resource",
     .required = true,
     .read = load_s3_resource,
     .words = reader_actions,
     READER(out.resource)},
    ROW("Parameters", LOAD_P, load_object_template, struct reader, out.arguments),
    ROW("Arguments", LOAD_J, load_object_template, struct reader, out.arguments),
    {.name = "ReaderConfig", .read = reader_config},
    {.name = "Comment", .read = load_comment},
};
static const struct table reader_table = {.fields = reader_fields,
                                          .count = ARRAY_LEN(reader_fields)};

static void reader_headers(struct load *l, const struct at *at, struct json_val v,
                           const struct field *f, void *target)
{
    struct asl_item_reader *out = target;
    size_t bytes = 0;
    (void)f;
    if (!load_strings(l, at, v, &out->headers, &out->header_count))
        return;
    if (v.len == 0)
        load_error(l, SCHEMA, at, NULL, "Value cannot be empty");
    for (uint32_t i = 0; i < out->header_count; i++)
        bytes += out->headers[i].n;
    if (bytes > MAP_MAX_HEADERS)
        load_error(l, SCHEMA, at, NULL, "CSVHeaders may have up to %d bytes together",
                   MAP_MAX_HEADERS);
}

static void reader_pointer(struct load *l, const struct at *at, struct json_val v,
                           const struct field *f, void *target)
{
    load_string(l, at, v, f, target);
    str pointer = *(str *)target;
    if (v.tag != JSON_STRING)
        return;
    if (pointer.n > 0 && pointer.p[0] != '/')
        load_error(l, SCHEMA, at, "for example \"/data/items\"", "Value is not a JSON Pointer");
    if (utf8_len(pointer) >= MAP_MAX_POINTER)
        load_error(l, SCHEMA, at, NULL, "ItemsPointer must have less than %d characters",
                   MAP_MAX_POINTER);
}

static void reader_config(struct load *l, const struct at *at, struct json_val v,
                          const struct field *f, void *target)
{
    struct reader *r = target;
    (void)f;
    if (!load_fields(l, at, v, &reader_config_table, r))
        return;
    bool has_headers = json_get(v, STR("CSVHeaders")).tag != JSON_UNDEFINED;
    if (r->header == 1 && !has_headers)
        load_error(l, SCHEMA, at, NULL, "These fields are required: [CSVHeaders]");
}

void load_reader(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                 void *target)
{
    struct reader r = {.input = ARRAY_LEN(input_types), .header = 0, .manifest = 2};
    (void)f;
    if (!load_fields(l, at, v, &reader_table, &r))
        return;
    struct asl_item_reader *out = arena_alloc(&l->d->arena, sizeof(*out));
    *out = r.out;
    out->input_type = r.input < ARRAY_LEN(input_types) ? input_types[r.input] : ASL_INPUT_NONE;
    out->load_and_flatten = r.flatten == 1;
    out->header_given = r.header == 1;
    out->delimiter = delimiters[r.delimiter];
    out->manifest_type = r.manifest < 2 ? str_of(manifest_words[r.manifest]) : STR("");
    *(const struct asl_item_reader **)target = out;
}

/* ---- ItemBatcher ---- */

#define BATCHER(member) .offset = offsetof(struct asl_item_batcher, member)

static const struct field batcher_fields[] = {
    ROW_NUMBER("MaxItemsPerBatch", load_int, 1, MAP_MAX_ITEMS, struct asl_item_batcher, max_items),
    ROW("MaxItemsPerBatchPath", LOAD_P, load_number_path, struct asl_item_batcher, max_items),
    ROW_NUMBER("MaxInputBytesPerBatch", load_int, 1, MAP_MAX_BATCH, struct asl_item_batcher,
               max_bytes),
    ROW("MaxInputBytesPerBatchPath", LOAD_P, load_number_path, struct asl_item_batcher, max_bytes),
    ROW("BatchInput", LOAD_BOTH, load_object_template, struct asl_item_batcher, batch_input),
    {.name = "Comment", .read = load_comment},
};
static const struct one_of batcher_groups[] = {
    {0, false, {"MaxItemsPerBatch", "MaxItemsPerBatchPath"}},
    {0, false, {"MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"}},
};
static const struct table batcher_table = {batcher_fields, ARRAY_LEN(batcher_fields),
                                           batcher_groups, ARRAY_LEN(batcher_groups), NULL};

void load_batcher(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                  void *target)
{
    struct asl_item_batcher *batcher = arena_zalloc(&l->d->arena, sizeof(*batcher));
    (void)f;
    if (!load_fields(l, at, v, &batcher_table, batcher))
        return;
    bool has_limit = false;
    for (uint32_t i = 0; i < 4; i++)
        has_limit |= json_get(v, str_of(batcher_fields[i].name)).tag != JSON_UNDEFINED;
    if (!has_limit)
        load_error(l, SCHEMA, at, NULL,
                   "There should be one of the following fields: [MaxItemsPerBatch, "
                   "MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]");
    *(const struct asl_item_batcher **)target = batcher;
}

/* ---- ResultWriter ---- */

static const char *const output_words[] = {"JSON", "JSONL", NULL};
static const char *const writer_words[] = {"NONE", "COMPACT", "FLATTEN", NULL};
static const char *const writer_actions[] = {"putObject", NULL};

struct writer {
    struct asl_result_writer out;
    unsigned type, transformation;
};

static load_fn writer_config;

#define WRITER(member) .offset = offsetof(struct writer, member)

static const struct field writer_config_fields[] = {
    ROW_WORD("OutputType", output_words, struct writer, type),
    ROW_WORD("Transformation", writer_words, struct writer, transformation),
};
static const struct table writer_config_table = {.fields = writer_config_fields,
                                                 .count = ARRAY_LEN(writer_config_fields)};

static const struct field writer_fields[] = {
    {.name = "Resource", .read = load_s3_resource, .words = writer_actions, WRITER(out.resource)},
    ROW("Parameters", LOAD_P, load_object_template, struct writer, out.arguments),
    ROW("Arguments", LOAD_J, load_object_template, struct writer, out.arguments),
    {.name = "WriterConfig", .read = writer_config},
    {.name = "Comment", .read = load_comment},
};
static const struct table writer_table = {.fields = writer_fields,
                                          .count = ARRAY_LEN(writer_fields)};

static void writer_config(struct load *l, const struct at *at, struct json_val v,
                          const struct field *f, void *target)
{
    (void)f;
    load_fields(l, at, v, &writer_config_table, target);
}

void load_writer(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                 void *target)
{
    static const enum asl_writer_transformation kinds[] = {ASL_WRITER_NONE, ASL_WRITER_COMPACT,
                                                           ASL_WRITER_FLATTEN, ASL_WRITER_DEFAULT};
    struct writer w = {.transformation = ARRAY_LEN(kinds) - 1};
    (void)f;
    if (!load_fields(l, at, v, &writer_table, &w))
        return;
    bool has_arguments = json_get(v, STR("Parameters")).tag != JSON_UNDEFINED ||
                         json_get(v, STR("Arguments")).tag != JSON_UNDEFINED;
    struct asl_result_writer *out = arena_alloc(&l->d->arena, sizeof(*out));
    *out = w.out;
    out->has_resource = json_get(v, STR("Resource")).tag != JSON_UNDEFINED;
    out->jsonl = w.type == 1;
    out->transformation = kinds[w.transformation];
    if (has_arguments && !out->has_resource)
        load_error(l, SCHEMA, at, NULL, "These fields are required: [Resource]");
    *(const struct asl_result_writer **)target = out;
}

/* ---- the whole ---- */

void load_finish_map(struct load *l, const struct at *at, struct json_val v)
{
    static const char *const distributed[] = {"ItemReader", "ItemBatcher", "ResultWriter", "Label"};
    const struct asl_map *map = &l->state->map;
    for (size_t i = 0; i < ARRAY_LEN(distributed) && !map->is_distributed; i++)
        if (json_get(v, str_of(distributed[i])).tag != JSON_UNDEFINED)
            load_error(
                l, SCHEMA, at,
                "it wants \"ProcessorConfig\": {\"Mode\": \"DISTRIBUTED\", \"ExecutionType\": "
                "…} in ItemProcessor",
                "Field '%s' is not supported", distributed[i]);
    struct label *label = list_push(l, &l->labels, sizeof(*label));
    *label = (struct label){.at = at, .map = &l->state->map, .name = l->state->name};
}
