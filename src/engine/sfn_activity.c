/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activities: things "activity/NAME", and the poll of their workers. Their tasks are in activity.c.
 */
#include "engine/sfn_internal.h"
#include "json/parse.h"

static str thing_of(str name, struct arena *a)
{
    return arena_printf(a, "activity/%.*s", STR_ARG(name));
}

struct activity_row {
    int64_t created_ms;
    str encryption; /* JSON text */
};

static const char DEFAULT_ENCRYPTION[] = "{\"type\":\"AWS_OWNED_KEY\"}";

static enum status load(struct sfn_scope *s, str name, struct activity_row *ret, struct error *err)
{
    struct json_val v;
    struct buf text;
    str body;
    enum status status = store_find_thing(s->reader, MACHINE_SERVICE, thing_of(name, s->arena),
                                          s->arena, &body, err);
    if (status == STATUS_OK)
        status = json_parse_in(s->arena, body, NULL, &v, err);
    if (status != STATUS_OK)
        return status;
    struct json_val encryption = json_get(v, STR("encryption"));
    *ret = (struct activity_row){.created_ms = (int64_t)json_number(json_get(v, STR("created"))),
                                 .encryption = str_of(DEFAULT_ENCRYPTION)};
    if (encryption.tag != JSON_OBJECT)
        return STATUS_OK;
    buf_init(&text, 1 << 16);
    if (json_write(&text, encryption, 0, NULL) == STATUS_OK)
        ret->encryption = arena_dup(s->arena, buf_str(&text));
    buf_done(&text);
    return STATUS_OK;
}

static enum status save(struct sfn_scope *s, str name, const struct activity_row *row,
                        struct error *err)
{
    struct buf text;
    struct object_writer w;
    buf_init(&text, 1 << 16);
    object_begin(&w, &text);
    object_int(&w, "created", row->created_ms);
    object_json(&w, "encryption", row->encryption);
    object_end(&w);
    enum status status =
        store_tx_put_thing(s->tx, MACHINE_SERVICE, thing_of(name, s->arena), buf_str(&text), err);
    buf_done(&text);
    return status;
}

static enum status does_not_exist(str arn, struct error *err)
{
    return error_set(err, STATUS_NOT_FOUND, "ActivityDoesNotExist",
                     "Activity Does Not Exist: '%.*s'", STR_ARG(arn));
}

bool sfn_has_activity(struct store_reader *r, str name, struct arena *a)
{
    struct error err;
    str body;
    /* A store that cannot be read does not fail the task: it is scheduled, and waits. */
    return store_find_thing(r, MACHINE_SERVICE, thing_of(name, a), a, &body, &err) !=
           STATUS_NOT_FOUND;
}

/* ---- operations ---- */

static void put_activity(struct sfn_scope *s, struct object_writer *w, str name, int64_t created_ms)
{
    str prefix = sfn_arn_prefix(s, "activity");
    object_text(w, "activityArn",
                arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(name)));
    object_time(w, "creationDate", created_ms);
}

/* The encryption asked for, as text; the default where none was. */
static str wanted_encryption(struct sfn_scope *s)
{
    struct json_val v = json_get(s->request, STR("encryptionConfiguration"));
    struct buf text;
    if (v.tag != JSON_OBJECT)
        return str_of(DEFAULT_ENCRYPTION);
    buf_init(&text, 1 << 16);
    enum status status = json_write(&text, v, 0, NULL);
    str copy =
        status == STATUS_OK ? arena_dup(s->arena, buf_str(&text)) : str_of(DEFAULT_ENCRYPTION);
    buf_done(&text);
    return copy;
}

enum status sfn_create_activity(struct sfn_scope *s, struct error *err)
{
    struct activity_row row;
    struct object_writer w;
    str name = sfn_text(s, "name"), prefix = sfn_arn_prefix(s, "activity");
    str arn = arena_printf(s->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(name));
    if (!machine_is_name(name))
        return error_set(err, STATUS_INVALID, "InvalidName", "Invalid Name: '%.*s'", STR_ARG(name));
    str encryption = wanted_encryption(s);
    enum status status = load(s, name, &row, err);
    if (status == STATUS_OK && !str_eq(row.encryption, encryption))
        return error_set(err, STATUS_CONFLICT, "ActivityAlreadyExists",
                         "Activity Already Exists: '%.*s'", STR_ARG(arn));
    if (status == STATUS_NOT_FOUND) {
        row = (struct activity_row){.created_ms = s->now_ms, .encryption = encryption};
        status = save(s, name, &row, err);
        if (status == STATUS_OK)
            status = sfn_add_tags(s, arn, json_get(s->request, STR("tags")), err);
    }
    object_begin(&w, s->answer);
    put_activity(s, &w, name, row.created_ms);
    object_end(&w);
    return status;
}

static enum status find(struct sfn_scope *s, struct arn *arn, struct activity_row *ret,
                        struct error *err)
{
    enum status status = arn_read(sfn_text(s, "activityArn"), 1u << ARN_ACTIVITY, arn, err);
    if (status == STATUS_OK)
        status = load(s, arn->name, ret, err);
    bool is_ours = str_eq(arn->region, s->region) && str_eq(arn->account, s->account);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_ours))
        return does_not_exist(arn->text, err);
    return status;
}

enum status sfn_describe_activity(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct activity_row row;
    struct object_writer w;
    enum status status = find(s, &arn, &row, err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    put_activity(s, &w, arn.name, row.created_ms);
    object_text(&w, "name", arn.name);
    object_json(&w, "encryptionConfiguration", row.encryption);
    object_end(&w);
    return STATUS_OK;
}

enum status sfn_delete_activity(struct sfn_scope *s, struct error *err)
{
    struct arn arn;
    struct activity_row row;
    enum status status = find(s, &arn, &row, err);
    buf_add(s->answer, STR("{}"));
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* as if it had been there */
    if (status == STATUS_OK)
        status = store_tx_delete_thing(s->tx, MACHINE_SERVICE, thing_of(arn.name, s->arena), err);
    return status == STATUS_OK ? sfn_drop_tags(s, arn.text, err) : status;
}

enum status sfn_list_activities(struct sfn_scope *s, struct error *err)
{
    struct sfn_page page;
    struct store_names names = {0};
    struct object_writer w, item;
    size_t prefix = sizeof("activity/") - 1;
    enum status status = sfn_page_read(s, STR("activities"), &page, err);
    if (status == STATUS_OK)
        status = store_list_things(s->reader, MACHINE_SERVICE, STR("activity/"), page.after,
                                   page.limit + 1, s->arena, &names, err);
    object_begin(&w, s->answer);
    object_key(&w, "activities");
    buf_add_byte(s->answer, '[');
    for (uint32_t i = 0; status == STATUS_OK && i < names.count && i < page.limit; i++) {
        struct activity_row row;
        str name = str_sub(names.items[i], prefix, names.items[i].n);
        status = load(s, name, &row, err);
        if (status != STATUS_OK)
            break;
        if (i > 0)
            buf_add_byte(s->answer, ',');
        object_begin(&item, s->answer);
        put_activity(s, &item, name, row.created_ms);
        object_text(&item, "name", name);
        object_end(&item);
    }
    buf_add_byte(s->answer, ']');
    if (status == STATUS_OK && names.count > page.limit)
        sfn_page_next(s, &w, STR("activities"), names.items[page.limit - 1]);
    object_end(&w);
    return status;
}

void sfn_get_activity_task(struct engine_api_call *call, struct sfn_scope *s)
{
    struct arn arn;
    struct activity_row row;
    struct error err;
    enum status status = find(s, &arn, &row, &err);
    if (status != STATUS_OK) {
        sfn_refuse_in(call, s, &err);
        return;
    }
    if (!sfn_forward(call, s, activity_loop(call->api->engine, arn.name)))
        activity_poll(call, arn.name, sfn_text(s, "workerName"));
}
