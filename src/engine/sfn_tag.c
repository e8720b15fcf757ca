/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of machines and activities: a thing "tags/ARN" with a JSON array of pairs. */
#include "engine/sfn_internal.h"
#include "json/parse.h"

static str thing_of(struct sfn_scope *s, str arn)
{
    return arena_printf(s->arena, "tags/%.*s", STR_ARG(arn));
}

struct tag {
    str key, value;
};

struct tags {
    struct tag items[SFN_MAX_TAGS];
    uint32_t count;
};

static enum status too_many(str arn, struct error *err)
{
    return error_set(err, STATUS_LIMIT, "TooManyTags", "A resource can have %d tags: '%.*s'",
                     SFN_MAX_TAGS, STR_ARG(arn));
}

/* A key that is there gets the new value. False: no room. */
static bool put(struct tags *t, struct tag tag)
{
    uint32_t i = 0;
    while (i < t->count && !str_eq(t->items[i].key, tag.key))
        i++;
    if (i == SFN_MAX_TAGS)
        return false;
    t->items[i] = tag;
    if (i == t->count)
        t->count++;
    return true;
}

static bool put_all(struct tags *t, struct json_val list)
{
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++) {
        struct json_val v = list.items[i];
        if (!put(t, (struct tag){build_get_text(v, "key"), build_get_text(v, "value")}))
            return false;
    }
    return true;
}

static enum status load(struct sfn_scope *s, str arn, struct tags *ret, struct error *err)
{
    struct json_val v;
    str body;
    ret->count = 0;
    enum status status =
        store_find_thing(s->reader, MACHINE_SERVICE, thing_of(s, arn), s->arena, &body, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = json_parse_in(s->arena, body, NULL, &v, err);
    if (status == STATUS_OK && !put_all(ret, v))
        status = too_many(arn, err);
    return status;
}

static void write(const struct tags *t, struct buf *out)
{
    struct object_writer w;
    buf_add_byte(out, '[');
    for (uint32_t i = 0; i < t->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        object_begin(&w, out);
        object_text(&w, "key", t->items[i].key);
        object_text(&w, "value", t->items[i].value);
        object_end(&w);
    }
    buf_add_byte(out, ']');
}

static enum status save(struct sfn_scope *s, str arn, const struct tags *t, struct error *err)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    write(t, &text);
    enum status status =
        store_tx_put_thing(s->tx, MACHINE_SERVICE, thing_of(s, arn), buf_str(&text), err);
    buf_done(&text);
    return status;
}

enum status sfn_add_tags(struct sfn_scope *s, str arn, struct json_val list, struct error *err)
{
    struct tags tags;
    if (list.tag != JSON_ARRAY || list.len == 0)
        return STATUS_OK;
    enum status status = load(s, arn, &tags, err);
    if (status == STATUS_OK && !put_all(&tags, list))
        status = too_many(arn, err);
    return status == STATUS_OK ? save(s, arn, &tags, err) : status;
}

enum status sfn_drop_tags(struct sfn_scope *s, str arn, struct error *err)
{
    str body;
    enum status status =
        store_find_thing(s->reader, MACHINE_SERVICE, thing_of(s, arn), s->arena, &body, err);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    return status == STATUS_OK
               ? store_tx_delete_thing(s->tx, MACHINE_SERVICE, thing_of(s, arn), err)
               : status;
}

/* ---- operations ---- */

/* A machine or activity that is there. */
static enum status find_resource(struct sfn_scope *s, str *ret, struct error *err)
{
    struct arn arn;
    struct store_machine m;
    struct machine_properties p;
    str text = sfn_text(s, "resourceArn");
    *ret = text;
    enum status status = arn_read(text, 1u << ARN_STATE_MACHINE | 1u << ARN_ACTIVITY, &arn, err);
    if (status != STATUS_OK)
        return status;
    if (arn.kind == ARN_ACTIVITY)
        return sfn_has_activity(s->reader, arn.name, s->arena) ? STATUS_OK
                                                               : sfn_no_resource(text, err);
    status = arn.label.n > 0 ? STATUS_NOT_FOUND : sfn_find_machine(s, &arn, &m, &p, err);
    return status == STATUS_NOT_FOUND ? sfn_no_resource(text, err) : status;
}

enum status sfn_tag_resource(struct sfn_scope *s, struct error *err)
{
    str arn;
    enum status status = find_resource(s, &arn, err);
    buf_add(s->answer, STR("{}"));
    return status == STATUS_OK ? sfn_add_tags(s, arn, json_get(s->request, STR("tags")), err)
                               : status;
}

static void drop(struct tags *t, str key)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (!str_eq(t->items[i].key, key))
            continue;
        memmove(&t->items[i], &t->items[i + 1], sizeof(t->items[0]) * (t->count - i - 1));
        t->count--;
        return;
    }
}

enum status sfn_untag_resource(struct sfn_scope *s, struct error *err)
{
    struct tags tags;
    struct json_val keys = json_get(s->request, STR("tagKeys"));
    str arn;
    enum status status = find_resource(s, &arn, err);
    if (status == STATUS_OK)
        status = load(s, arn, &tags, err);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < keys.len; i++)
        drop(&tags, json_str(keys.items[i]));
    buf_add(s->answer, STR("{}"));
    return save(s, arn, &tags, err);
}

enum status sfn_list_tags(struct sfn_scope *s, struct error *err)
{
    struct tags tags;
    struct object_writer w;
    str arn;
    enum status status = find_resource(s, &arn, err);
    if (status == STATUS_OK)
        status = load(s, arn, &tags, err);
    if (status != STATUS_OK)
        return status;
    object_begin(&w, s->answer);
    object_key(&w, "tags");
    write(&tags, s->answer);
    object_end(&w);
    return STATUS_OK;
}
