/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of jobs, by the job's ARN: arn:aws:glue:REGION:ACCOUNT:job/NAME. */
#include "services/build.h"
#include "services/glue/ops.h"

enum { MAX_TAGS = 50 };

/* The job of an ARN; region and account have to be ours. */
static enum status load_tagged(const struct service_call *c, struct store_reader *reader,
                               struct json_val request, struct glue_job *ret, struct error *err)
{
    str arn = build_get_text(request, "ResourceArn");
    str prefix = arena_printf(c->arena, ":glue:%.*s:%.*s:job/", STR_ARG(c->settings->region),
                              STR_ARG(c->settings->account));
    size_t at = str_find(arn, prefix, 0);
    if (at == STR_NONE)
        return error_set(err, STATUS_NOT_FOUND, "EntityNotFoundException", "Entity not found: %.*s",
                         STR_ARG(str_sub(arn, 0, 256)));
    return glue_job_load(c->arena, reader, str_sub(arn, at + prefix.n, arn.n), ret, err);
}

GLUE_RUN(glue_run_get_tags)
{
    struct json_val request;
    struct glue_job job;
    struct build b;
    (void)tx;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        load_tagged(c, reader, request, &job, err) != STATUS_OK)
        return err->status;
    build_begin(&b, c->arena);
    build_put(&b, "Tags", job.tags);
    return glue_reply(reply, build_end(&b), err);
}

static bool is_listed(struct json_val list, str text)
{
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++)
        if (str_eq(json_str(list.items[i]), text))
            return true;
    return false;
}

/* Tags without some, with more. */
static struct json_val changed(struct arena *arena, struct json_val tags, struct json_val without,
                               struct json_val more)
{
    struct build b;
    build_begin(&b, arena);
    for (uint32_t i = 0; i < tags.len; i++) {
        const struct json_key *key = &tags.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (!is_listed(without, name) && json_get(more, name).tag == JSON_UNDEFINED)
            json_obj_put(&b.object, name, key->flags, tags.obj->vals[i]);
    }
    for (uint32_t i = 0; more.tag == JSON_OBJECT && i < more.len; i++) {
        const struct json_key *key = &more.obj->shape->keys[i];
        json_obj_put(&b.object, (str){key->p, key->n}, key->flags, more.obj->vals[i]);
    }
    return build_end(&b);
}

static enum status change_tags(const struct service_call *c, struct store_reader *reader,
                               struct store_tx *tx, str args, struct buf *reply, struct error *err)
{
    struct json_val request;
    struct glue_job job;
    if (glue_request(c, args, &request, err) != STATUS_OK ||
        load_tagged(c, reader, request, &job, err) != STATUS_OK)
        return err->status;
    job.tags = changed(c->arena, job.tags, json_get(request, STR("TagsToRemove")),
                       json_get(request, STR("TagsToAdd")));
    if (job.tags.len > MAX_TAGS)
        return error_set(err, STATUS_LIMIT, "InvalidInputException",
                         "A resource may have at most %d tags.", MAX_TAGS);
    enum status status = glue_job_save(c->arena, tx, &job, err);
    if (status == STATUS_OK)
        buf_add(reply, STR("{}"));
    return status;
}

GLUE_RUN(glue_run_tag)
{
    return change_tags(c, reader, tx, args, reply, err);
}

GLUE_RUN(glue_run_untag)
{
    return change_tags(c, reader, tx, args, reply, err);
}
