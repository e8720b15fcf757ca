/* SPDX-License-Identifier: Apache-2.0 */
/* What a table may be: shapes first, then what needs more than one member. */
#include "services/dynamodb/table_request.h"

/* ---- shapes ---- */

static bool is_index_name(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return text.n > 0;
}

static const char *const attribute_types[] = {"B", "N", "S", NULL};
static const char *const key_types[] = {"HASH", "RANGE", NULL};
static const char *const projection_types[] = {"ALL", "KEYS_ONLY", "INCLUDE", NULL};
static const char *const billing_modes[] = {"PROVISIONED", "PAY_PER_REQUEST", NULL};
static const char *const table_classes[] = {"STANDARD", "STANDARD_INFREQUENT_ACCESS", NULL};

static const struct shape name_shape = {.kind = SHAPE_STRING, .min = 1, .max = 255};
static const struct shape index_name_shape = {.kind = SHAPE_STRING,
                                              .min = 3,
                                              .max = 255,
                                              .matches = is_index_name,
                                              .pattern = "[a-zA-Z0-9_.-]+"};
static const struct shape attribute_type_shape = {.kind = SHAPE_STRING, .values = attribute_types};
static const struct shape key_type_shape = {.kind = SHAPE_STRING, .values = key_types};
static const struct shape projection_type_shape = {.kind = SHAPE_STRING,
                                                   .values = projection_types};
static const struct shape billing_shape = {.kind = SHAPE_STRING, .values = billing_modes};
static const struct shape class_shape = {.kind = SHAPE_STRING, .values = table_classes};
static const struct shape units_value_shape = {
    .kind = SHAPE_INTEGER, .min = 1, .max = INT64_C(1000000000000)};

static const struct shape_member attribute_members[] = {
    {"AttributeName", &name_shape, true},
    {"AttributeType", &attribute_type_shape, true},
    {NULL, NULL, false}};
static const struct shape attribute_shape = {.kind = SHAPE_STRUCTURE, .members = attribute_members};
static const struct shape attributes_shape = {.kind = SHAPE_LIST, .item = &attribute_shape};

static const struct shape_member key_members[] = {
    {"AttributeName", &name_shape, true}, {"KeyType", &key_type_shape, true}, {NULL, NULL, false}};
static const struct shape key_shape = {.kind = SHAPE_STRUCTURE, .members = key_members};
static const struct shape keys_shape = {.kind = SHAPE_LIST, .min = 1, .max = 2, .item = &key_shape};

static const struct shape_member units_members[] = {
    {"ReadCapacityUnits", &units_value_shape, true},
    {"WriteCapacityUnits", &units_value_shape, true},
    {NULL, NULL, false}};
static const struct shape units_shape = {.kind = SHAPE_STRUCTURE, .members = units_members};

static const struct shape include_shape = {
    .kind = SHAPE_LIST, .min = 1, .max = 100, .item = &name_shape};
static const struct shape_member projection_members[] = {
    {"ProjectionType", &projection_type_shape, false},
    {"NonKeyAttributes", &include_shape, false},
    {NULL, NULL, false}};
static const struct shape projection_shape = {.kind = SHAPE_STRUCTURE,
                                              .members = projection_members};

static const struct shape_member index_members[] = {{"IndexName", &index_name_shape, true},
                                                    {"KeySchema", &keys_shape, true},
                                                    {"Projection", &projection_shape, true},
                                                    {"ProvisionedThroughput", &units_shape, false},
                                                    {NULL, NULL, false}};
static const struct shape index_shape = {.kind = SHAPE_STRUCTURE, .members = index_members};
static const struct shape indexes_shape = {.kind = SHAPE_LIST, .item = &index_shape};

static const struct shape_member tag_members[] = {
    {"Key", &dynamo_shape_text, true}, {"Value", &dynamo_shape_text, true}, {NULL, NULL, false}};
static const struct shape tag_shape = {.kind = SHAPE_STRUCTURE, .members = tag_members};
static const struct shape tags_shape = {.kind = SHAPE_LIST, .item = &tag_shape};
static const struct shape_member stream_members[] = {{"StreamEnabled", &dynamo_shape_flag, true},
                                                     {NULL, NULL, false}};
static const struct shape stream_shape = {.kind = SHAPE_STRUCTURE, .members = stream_members};

static const struct shape_member create_members[] = {
    {"TableName", &dynamo_shape_table_name, true},
    {"AttributeDefinitions", &attributes_shape, true},
    {"KeySchema", &keys_shape, true},
    {"BillingMode", &billing_shape, false},
    {"ProvisionedThroughput", &units_shape, false},
    {"LocalSecondaryIndexes", &indexes_shape, false},
    {"GlobalSecondaryIndexes", &indexes_shape, false},
    {"StreamSpecification", &stream_shape, false},
    {"TableClass", &class_shape, false},
    {"DeletionProtectionEnabled", &dynamo_shape_flag, false},
    {"Tags", &tags_shape, false},
    {NULL, NULL, false}};
const struct shape dynamo_create_table_shape = {.kind = SHAPE_STRUCTURE, .members = create_members};

static const struct shape_member index_update_members[] = {
    {"IndexName", &index_name_shape, true},
    {"ProvisionedThroughput", &units_shape, false},
    {NULL, NULL, false}};
static const struct shape index_update_shape = {.kind = SHAPE_STRUCTURE,
                                                .members = index_update_members};
static const struct shape_member index_name_members[] = {{"IndexName", &index_name_shape, true},
                                                         {NULL, NULL, false}};
static const struct shape index_delete_shape = {.kind = SHAPE_STRUCTURE,
                                                .members = index_name_members};
static const struct shape_member index_change_members[] = {{"Create", &index_shape, false},
                                                           {"Update", &index_update_shape, false},
                                                           {"Delete", &index_delete_shape, false},
                                                           {NULL, NULL, false}};
static const struct shape index_change_shape = {.kind = SHAPE_STRUCTURE,
                                                .members = index_change_members};
static const struct shape index_changes_shape = {.kind = SHAPE_LIST, .item = &index_change_shape};
static const struct shape_member update_members[] = {
    {"TableName", &dynamo_shape_table_name, true},
    {"AttributeDefinitions", &attributes_shape, false},
    {"BillingMode", &billing_shape, false},
    {"ProvisionedThroughput", &units_shape, false},
    {"GlobalSecondaryIndexUpdates", &index_changes_shape, false},
    {"StreamSpecification", &stream_shape, false},
    {"TableClass", &class_shape, false},
    {"DeletionProtectionEnabled", &dynamo_shape_flag, false},
    {NULL, NULL, false}};
const struct shape dynamo_update_table_shape = {.kind = SHAPE_STRUCTURE, .members = update_members};

/* ---- parts ---- */

#define INVALID "One or more parameter values were invalid: "

static str text_of(struct json_val v, const char *name)
{
    struct json_val member = json_get(v, str_of(name));
    return member.tag == JSON_STRING ? json_str(member) : (str){"", 0};
}

struct dynamo_units dynamo_read_units(struct json_val v)
{
    struct json_val read = json_get(v, STR("ReadCapacityUnits"));
    struct json_val write = json_get(v, STR("WriteCapacityUnits"));
    if (!json_is_number(read) || !json_is_number(write))
        return (struct dynamo_units){0};
    return (struct dynamo_units){(int64_t)json_number(read), (int64_t)json_number(write)};
}

void dynamo_read_attributes(struct dynamo_request *r, struct dynamo_table *t)
{
    struct json_val list = dynamo_get(r, "AttributeDefinitions");
    t->attribute_count = list.tag == JSON_ARRAY ? list.len : 0;
    t->attributes = arena_alloc(r->call->arena, t->attribute_count * sizeof(*t->attributes));
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        str type = text_of(list.items[i], "AttributeType");
        t->attributes[i] = (struct dynamo_attribute){text_of(list.items[i], "AttributeName"),
                                                     type.p[0] == 'S'   ? DYNAMO_S
                                                     : type.p[0] == 'N' ? DYNAMO_N
                                                                        : DYNAMO_B};
    }
}

static void list_names(struct buf *out, str name)
{
    buf_add(out, out->n ? STR(", ") : STR(""));
    buf_add(out, name);
}

static enum status undefined_key(struct dynamo_request *r, const struct dynamo_table *t,
                                 const struct dynamo_keys *k)
{
    struct buf keys, names;
    buf_init(&keys, ERROR_MESSAGE_MAX);
    buf_init(&names, ERROR_MESSAGE_MAX);
    list_names(&keys, k->hash);
    if (k->range.n > 0)
        list_names(&keys, k->range);
    for (uint32_t i = 0; i < t->attribute_count; i++)
        list_names(&names, t->attributes[i].name);
    dynamo_refuse(r->err,
                  INVALID "Some index key attributes are not defined in AttributeDefinitions. "
                          "Keys: [%.*s], AttributeDefinitions: [%.*s]",
                  STR_ARG(buf_str(&keys)), STR_ARG(buf_str(&names)));
    buf_done(&keys);
    buf_done(&names);
    return STATUS_INVALID;
}

static enum status read_keys(struct dynamo_request *r, const struct dynamo_table *t,
                             struct json_val list, struct dynamo_keys *ret)
{
    struct dynamo_keys k = {.hash = text_of(list.items[0], "AttributeName")};
    if (list.len > 1)
        k.range = text_of(list.items[1], "AttributeName");
    k.hash_tag = dynamo_table_attribute(t, k.hash);
    k.range_tag = k.range.n > 0 ? dynamo_table_attribute(t, k.range) : DYNAMO_NONE;
    if (k.hash_tag == DYNAMO_NONE || (k.range.n > 0 && k.range_tag == DYNAMO_NONE))
        return undefined_key(r, t, &k);
    if (k.range.n > 0 && str_eq(k.hash, k.range))
        return dynamo_refuse(
            r->err, "Both the Hash Key and the Range Key element in the KeySchema have the same "
                    "name");
    if (!str_eq(text_of(list.items[0], "KeyType"), STR("HASH")))
        return dynamo_refuse(
            r->err, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    if (k.range.n > 0 && !str_eq(text_of(list.items[1], "KeyType"), STR("RANGE")))
        return dynamo_refuse(
            r->err, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    *ret = k;
    return STATUS_OK;
}

static enum status read_projection(struct dynamo_request *r, struct json_val v,
                                   struct dynamo_index *i)
{
    str type = text_of(v, "ProjectionType");
    struct json_val include = json_get(v, STR("NonKeyAttributes"));
    if (type.n == 0)
        return dynamo_refuse(r->err, INVALID "Unknown ProjectionType: null");
    i->projection = str_eq(type, STR("ALL"))         ? DYNAMO_PROJECT_ALL
                    : str_eq(type, STR("KEYS_ONLY")) ? DYNAMO_PROJECT_KEYS
                                                     : DYNAMO_PROJECT_INCLUDE;
    if (include.tag == JSON_ARRAY && i->projection != DYNAMO_PROJECT_INCLUDE)
        return dynamo_refuse(r->err,
                             INVALID "ProjectionType is %.*s, but NonKeyAttributes is specified",
                             STR_ARG(type));
    if (i->projection == DYNAMO_PROJECT_INCLUDE && include.tag != JSON_ARRAY)
        return dynamo_refuse(r->err,
                             INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not "
                                     "specified");
    i->include_count = include.tag == JSON_ARRAY ? include.len : 0;
    i->include = arena_alloc(r->call->arena, i->include_count * sizeof(*i->include));
    for (uint32_t j = 0; j < i->include_count; j++)
        i->include[j] = json_str(include.items[j]);
    return STATUS_OK;
}

enum status dynamo_read_index(struct dynamo_request *r, const struct dynamo_table *t,
                              struct json_val v, bool is_global, struct dynamo_index *ret)
{
    *ret = (struct dynamo_index){.name = text_of(v, "IndexName"),
                                 .is_global = is_global,
                                 .units =
                                     dynamo_read_units(json_get(v, STR("ProvisionedThroughput")))};
    if (read_keys(r, t, json_get(v, STR("KeySchema")), &ret->keys) != STATUS_OK)
        return STATUS_INVALID;
    return read_projection(r, json_get(v, STR("Projection")), ret);
}

static enum status check_local(struct dynamo_request *r, const struct dynamo_table *t,
                               const struct dynamo_index *i)
{
    if (t->keys.range.n == 0)
        return dynamo_refuse(r->err,
                             INVALID "Table KeySchema does not have a range key, which is required "
                                     "when specifying a LocalSecondaryIndex");
    if (i->keys.range.n == 0)
        return dynamo_refuse(r->err,
                             INVALID "Index KeySchema does not have a range key for index: %.*s",
                             STR_ARG(i->name));
    if (!str_eq(i->keys.hash, t->keys.hash))
        return dynamo_refuse(r->err,
                             INVALID "Index KeySchema does not have the same leading hash key as "
                                     "table KeySchema for index: %.*s. index hash key: %.*s, table "
                                     "hash key: %.*s",
                             STR_ARG(i->name), STR_ARG(i->keys.hash), STR_ARG(t->keys.hash));
    return STATUS_OK;
}

/* The indexes of one kind, behind those that the table has. */
static enum status read_indexes(struct dynamo_request *r, struct dynamo_table *t, const char *name,
                                bool is_global)
{
    uint32_t max = is_global ? DYNAMO_GLOBAL_INDEXES : DYNAMO_LOCAL_INDEXES;
    struct json_val list = dynamo_get(r, name);
    if (list.tag != JSON_ARRAY)
        return STATUS_OK;
    if (list.len == 0)
        return dynamo_refuse(r->err, INVALID "List of %s is empty", name);
    if (list.len > max)
        return dynamo_refuse(r->err, INVALID "%s count exceeds the per-table limit of %u",
                             is_global ? "GlobalSecondaryIndex" : "LocalSecondaryIndex", max);
    for (uint32_t i = 0; i < list.len; i++) {
        struct dynamo_index *index = &t->indexes[t->index_count];
        if (dynamo_read_index(r, t, list.items[i], is_global, index) != STATUS_OK ||
            (!is_global && check_local(r, t, index) != STATUS_OK))
            return STATUS_INVALID;
        if (dynamo_table_index(t, index->name))
            return dynamo_refuse(r->err, INVALID "Duplicate index name: %.*s",
                                 STR_ARG(index->name));
        t->index_count++;
    }
    return STATUS_OK;
}

/* Each definition is of a key. */
static enum status check_definitions(struct dynamo_request *r, const struct dynamo_table *t)
{
    for (uint32_t i = 0; i < t->attribute_count; i++) {
        str name = t->attributes[i].name;
        bool is_key = dynamo_keys_has(&t->keys, name);
        for (uint32_t j = 0; j < t->index_count; j++)
            is_key |= dynamo_keys_has(&t->indexes[j].keys, name);
        for (uint32_t j = 0; j < i; j++)
            if (str_eq(name, t->attributes[j].name))
                return dynamo_refuse(r->err, "Cannot define attribute %.*s more than once",
                                     STR_ARG(name));
        if (!is_key && t->index_count == 0)
            return dynamo_refuse(r->err,
                                 INVALID "Number of attributes in KeySchema does not exactly match "
                                         "number of attributes defined in AttributeDefinitions");
        if (!is_key)
            return dynamo_refuse(r->err,
                                 INVALID "Some AttributeDefinitions are not used. "
                                         "AttributeDefinitions: [%.*s]",
                                 STR_ARG(name));
    }
    return STATUS_OK;
}

enum status dynamo_check_billing(const struct dynamo_table *t, struct error *err)
{
    for (uint32_t i = 0; i <= t->index_count; i++) {
        bool is_global = i < t->index_count && t->indexes[i].is_global;
        if (i < t->index_count && !is_global)
            continue;
        const struct dynamo_units *u = is_global ? &t->indexes[i].units : &t->units;
        if (!t->is_provisioned && u->read > 0)
            return dynamo_refuse(err, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits "
                                              "can be specified when BillingMode is "
                                              "PAY_PER_REQUEST");
        if (t->is_provisioned && u->read == 0 && is_global)
            return dynamo_refuse(err,
                                 INVALID "ProvisionedThroughput must be specified for index: "
                                         "%.*s",
                                 STR_ARG(t->indexes[i].name));
        if (t->is_provisioned && u->read == 0)
            return dynamo_refuse(err, INVALID "ReadCapacityUnits and WriteCapacityUnits must both "
                                              "be specified when BillingMode is PROVISIONED");
    }
    return STATUS_OK;
}

enum status dynamo_read_tags(struct dynamo_request *r, struct json_val list, struct dynamo_table *t)
{
    t->tag_count = list.tag == JSON_ARRAY ? list.len : 0;
    if (t->tag_count > DYNAMO_TAGS)
        return dynamo_refuse(r->err, INVALID "Too many tags: the limit is %d", DYNAMO_TAGS);
    t->tags = arena_alloc(r->call->arena, t->tag_count * sizeof(*t->tags));
    for (uint32_t i = 0; i < t->tag_count; i++) {
        t->tags[i] = (struct dynamo_tag_pair){text_of(list.items[i], "Key"),
                                              text_of(list.items[i], "Value")};
        if (t->tags[i].key.n == 0 || t->tags[i].key.n > 128 * 4 || t->tags[i].value.n > 256 * 4)
            return dynamo_refuse(r->err, INVALID "A tag's key has 1 to 128 characters, its value "
                                                 "up to 256");
    }
    return STATUS_OK;
}

enum status dynamo_read_table(struct dynamo_request *r, struct dynamo_table *t)
{
    struct json_val stream = dynamo_get(r, "StreamSpecification");
    struct json_val is_streamed = json_get(stream, STR("StreamEnabled"));
    if (is_streamed.tag == JSON_BOOL && is_streamed.b)
        return dynamo_refuse(r->err, "Streams are not available here: leave StreamSpecification "
                                     "out");
    dynamo_read_attributes(r, t);
    t->indexes = arena_alloc(r->call->arena,
                             (DYNAMO_LOCAL_INDEXES + DYNAMO_GLOBAL_INDEXES) * sizeof(*t->indexes));
    t->units = dynamo_read_units(dynamo_get(r, "ProvisionedThroughput"));
    t->is_provisioned = !str_eq(dynamo_get_text(r, "BillingMode"), STR("PAY_PER_REQUEST"));
    t->is_protected = dynamo_get_flag(r, "DeletionProtectionEnabled");
    t->is_infrequent = str_eq(dynamo_get_text(r, "TableClass"), STR("STANDARD_INFREQUENT_ACCESS"));
    if (read_keys(r, t, dynamo_get(r, "KeySchema"), &t->keys) != STATUS_OK ||
        read_indexes(r, t, "LocalSecondaryIndexes", false) != STATUS_OK ||
        read_indexes(r, t, "GlobalSecondaryIndexes", true) != STATUS_OK ||
        check_definitions(r, t) != STATUS_OK || dynamo_check_billing(t, r->err) != STATUS_OK)
        return STATUS_INVALID;
    return dynamo_read_tags(r, dynamo_get(r, "Tags"), t);
}
