/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader an ItemReader means, and which it means but cannot have. */
#include "engine/map_reader.h"
#include <stddef.h>

static str parameter(const struct asl_map_run_plan *plan, const char *name)
{
    struct json_val v =
        plan->reader.tag == JSON_OBJECT ? json_get(plan->reader, str_of(name)) : json_undefined();
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

const char *map_reader_refusal(const struct asl_item_reader *how)
{
    switch (how->input_type) {
    case ASL_CSV:
    case ASL_JSON:
    case ASL_JSONL: return NULL;
    case ASL_PARQUET:
        return "Parquet objects cannot be read here; CSV, JSON and JSON Lines can be.";
    case ASL_MANIFEST:
        return "The ReaderConfig does not say by InputType what the objects hold: CSV or JSONL.";
    case ASL_INPUT_NONE: break;
    }
    return "The ReaderConfig has no InputType.";
}

/* ---- many objects ---- */

static bool listed_part(struct json_val item, str *bucket, str *key, const char **ret_cause)
{
    (void)bucket;
    (void)ret_cause;
    *key = json_str(json_get(item, STR("Key")));
    return true;
}

/* s3://bucket/key, a line of Athena's manifest */
static bool athena_part(struct json_val item, str *bucket, str *key, const char **ret_cause)
{
    static const char scheme[] = "s3://";
    str path = json_str(json_get(item, STR("path")));
    size_t from = sizeof(scheme) - 1, slash = str_find_byte(path, '/', from);
    *ret_cause = "A line of the manifest is not the path of an object: s3://bucket/key.";
    if (!str_starts(path, STR("s3://")) || slash == STR_NONE)
        return false;
    *bucket = str_sub(path, from, slash);
    *key = str_sub(path, slash + 1, path.n);
    return true;
}

static struct map_reader *flattened(const struct map_reading *reading,
                                    const struct asl_map_run_plan *plan, const char **ret_cause)
{
    struct map_reading of_keys = {.objects = reading->objects, .loop = reading->loop};
    *ret_cause = map_reader_refusal(reading->how);
    if (*ret_cause)
        return NULL;
    struct map_reader *parts = map_reader_of_listing(&of_keys, parameter(plan, "Bucket"),
                                                     parameter(plan, "Prefix"), ret_cause);
    return parts ? map_reader_of_parts(reading, parameter(plan, "Bucket"), parts, listed_part)
                 : NULL;
}

static struct map_reader *athena(const struct map_reading *reading, struct object_source *manifest,
                                 str bucket)
{
    static const str headers[] = {{"path", 4}};
    static const struct asl_item_reader lines = {.input_type = ASL_CSV,
                                                 .header_given = true,
                                                 .headers = headers,
                                                 .header_count = 1,
                                                 .delimiter = ','};
    return map_reader_of_parts(reading, bucket, map_reader_of_text(&lines, 0, manifest),
                               athena_part);
}

/* ---- one object ---- */

static bool is_athena(const struct asl_item_reader *how)
{
    return str_eq(how->manifest_type, STR("ATHENA_DATA"));
}

static bool is_inventory(const struct asl_item_reader *how)
{
    return how->manifest_type.n > 0 ? !is_athena(how) : how->input_type == ASL_MANIFEST;
}

static struct map_reader *of_object(const struct map_reading *reading,
                                    const struct asl_map_run_plan *plan, const char **ret_cause)
{
    const struct asl_item_reader *how = reading->how;
    struct objects *o = reading->objects;
    str bucket = parameter(plan, "Bucket");
    *ret_cause = is_inventory(how) ? NULL : map_reader_refusal(how);
    if (*ret_cause)
        return NULL;
    struct object_source *source = o->kind->open(o, reading->loop, bucket, parameter(plan, "Key"),
                                                 parameter(plan, "VersionId"), ret_cause);
    if (!source)
        return NULL;
    source = map_gunzip(source);
    if (is_inventory(how))
        return map_reader_of_inventory(reading, bucket, source);
    if (is_athena(how))
        return athena(reading, source, bucket);
    return map_reader_of_text(how, reading->max_items, source);
}

struct map_reader *map_reader_open(const struct map_reading *reading,
                                   const struct asl_map_run_plan *plan, const char **ret_cause)
{
    const struct asl_item_reader *how = reading->how;
    if (!str_eq(how->resource.resource, STR("listObjectsV2")))
        return of_object(reading, plan, ret_cause);
    if (how->load_and_flatten)
        return flattened(reading, plan, ret_cause);
    return map_reader_of_listing(reading, parameter(plan, "Bucket"), parameter(plan, "Prefix"),
                                 ret_cause);
}
