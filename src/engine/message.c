/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executions talk to each other by messages, and only by these: a child that ended tells its
 * parent, a task token's answer goes to whoever waits. A message is a row of the inbox, written
 * together with what caused it and removed together with what it does, so it arrives exactly once.
 *
 * Bytes of a message: version, kind, frame, attempt, stage, flags, document, error, cause.
 */
#include "asl/bytes.h"
#include "engine/engine_internal.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

enum { MESSAGE_VERSION = 1, HAS_ERROR = 1, HAS_CAUSE = 2, HAS_DOCUMENT = 4, IS_CHILD = 8 };

void engine_message_write(const struct engine_message *m, struct buf *bytes)
{
    unsigned flags = (m->has_error ? HAS_ERROR : 0) | (m->has_cause ? HAS_CAUSE : 0) |
                     (m->document.n > 0 ? HAS_DOCUMENT : 0) | (m->is_child ? IS_CHILD : 0);
    buf_add_byte(bytes, MESSAGE_VERSION);
    put_number(bytes, m->kind);
    put_number(bytes, m->frame);
    put_number(bytes, m->attempt);
    put_number(bytes, m->stage);
    put_number(bytes, flags);
    put_text(bytes, m->document);
    put_text(bytes, m->error);
    put_text(bytes, m->cause);
}

enum status engine_message_read(str bytes, struct engine_message *ret, struct error *err)
{
    struct byte_reader r = {.bytes = bytes};
    uint8_t version = get_byte(&r);
    uint32_t kind = get_u32(&r);
    *ret = (struct engine_message){.frame = get_u32(&r), .attempt = get_u32(&r)};
    uint32_t stage = get_u32(&r), flags = get_u32(&r);
    ret->document = get_text(&r);
    ret->error = get_text(&r);
    ret->cause = get_text(&r);
    ret->has_error = (flags & HAS_ERROR) != 0;
    ret->has_cause = (flags & HAS_CAUSE) != 0;
    ret->is_child = (flags & IS_CHILD) != 0;
    if (r.is_failed || version != MESSAGE_VERSION || kind > ASL_EVENT_REDRIVE ||
        stage > ASL_STAGE_SCHEDULE || r.at != bytes.n)
        return error_set(err, STATUS_CORRUPT, "MessageCorrupt", "a message cannot be read");
    ret->kind = (enum asl_event_kind)kind;
    ret->stage = (enum asl_task_stage)stage;
    return STATUS_OK;
}

void engine_send_done(struct engine_send *send)
{
    free(send->memory);
    *send = (struct engine_send){0};
}

/* What .sync:2 gives, with Input and Output as texts, as .sync gives it. */
static struct json_doc *as_texts(struct json_doc *doc)
{
    struct json_val v = json_doc_root(doc);
    struct json_doc *made = NULL;
    struct buf text, part;
    buf_init(&text, SIZE_MAX / 2);
    buf_init(&part, SIZE_MAX / 2);
    buf_add_byte(&text, '{');
    for (uint32_t i = 0; v.tag == JSON_OBJECT && i < v.len; i++) {
        str key = {v.obj->shape->keys[i].p, v.obj->shape->keys[i].n};
        bool is_text = str_eq(key, STR("Input")) || str_eq(key, STR("Output"));
        buf_clear(&part);
        if (json_write(&part, v.obj->vals[i], 0, NULL) != STATUS_OK)
            break;
        buf_printf(&text, "%s\"%.*s\":", i > 0 ? "," : "", STR_ARG(key));
        if (is_text)
            json_write_string(&text, buf_str(&part));
        else
            buf_add(&text, buf_str(&part));
    }
    buf_add_byte(&text, '}');
    if (json_parse(buf_str(&text), NULL, &made, NULL) != STATUS_OK)
        made = json_doc_ref(doc);
    buf_done(&text);
    buf_done(&part);
    json_doc_unref(doc);
    return made;
}

static void post_message(struct engine_execution *ex, const struct engine_message *m, int64_t id)
{
    struct json_doc *doc = NULL;
    if (m->document.n > 0 && json_parse(m->document, NULL, &doc, NULL) != STATUS_OK)
        doc = NULL;
    const struct asl_frame *f = asl_exec_frame(ex->x, m->frame);
    if (doc && m->is_child && f && f->state && f->state->type == ASL_TASK &&
        f->state->task.resource.pattern == ASL_SYNC)
        doc = as_texts(doc);
    struct asl_event event = {.kind = m->kind,
                              .frame = m->frame,
                              .attempt = m->attempt,
                              .doc = doc,
                              .error = m->error,
                              .cause = m->cause,
                              .has_error = m->has_error,
                              .has_cause = m->has_cause,
                              .stage = m->stage};
    engine_post(ex, &event, id);
    json_doc_unref(doc);
}

void engine_deliver(struct engine *e, int64_t execution, int64_t message, str body)
{
    struct engine_execution *ex;
    struct engine_message m;
    struct error err;
    enum status status = engine_message_read(body, &m, &err);
    if (status == STATUS_OK)
        status = engine_execution_get(e, execution, &ex, &err);
    if (status != STATUS_OK) {
        if (message != 0 && status == STATUS_NOT_FOUND)
            engine_commit_receive(e, message); /* it is gone, and so is who it is for */
        else if (engine_is_passing(status))
            e->has_undelivered = true;
        return;
    }
    if (message != 0 && engine_has_message(ex, message))
        return;
    if (message != 0 && !ex->is_kept) /* what it does is not kept: the row has no other end */
        engine_commit_receive(e, message);
    if (m.is_child)
        engine_child_drop(ex, m.frame, m.attempt);
    post_message(ex, &m, ex->is_kept ? message : 0);
}
