/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that another loop carries out, because what they are about belongs to it: the request goes
 * there as a mail, is called there as if it had come there, and the answer comes back as a mail.
 */
#include "engine/sfn_internal.h"
#include "json/parse.h"
#include <stdlib.h>

struct call_mail {
    struct engine_mail mail;
    uint32_t from;
    uint64_t id;
    const struct sfn_operation *operation; /* NULL: end it, whoever called has left */
    str request;                           /* behind the struct */
};

struct answer_mail {
    struct engine_mail mail;
    uint64_t id;
    bool is_task; /* the answer is a poll's: it would be lost where nobody waits */
    struct engine_api_answer answer; /* texts behind the struct */
};

/* A call that this loop carries out for another. */
struct sfn_relay {
    struct engine_api *api;
    uint32_t from;
    uint64_t id;
    bool is_poll;
    struct engine_api_call *call;
};

static uint64_t relay_key(uint32_t from, uint64_t id)
{
    return (uint64_t)from << 56 | id;
}

/* ---- answers ---- */

static void take_answer(struct engine *e, struct engine_mail *mail)
{
    struct answer_mail *m = (struct answer_mail *)(void *)mail;
    struct engine_api_call *call = e && e->api ? idmap_get(&e->api->forwarded, m->id) : NULL;
    if (e && e->api && m->is_task && (!call || sfn_has_left(call))) {
        activity_answer_lost(e, m->answer.body);
        m->answer.body = STR("{}");
    }
    if (call)
        sfn_pass_on(call, &m->answer);
    free(m);
}

static void put_text(char **at, str *text)
{
    if (text->n > 0)
        memcpy(*at, text->p, text->n);
    text->p = *at;
    *at += text->n;
}

static void relay_answered(void *arg, const struct engine_api_answer *answer)
{
    struct sfn_relay *r = arg;
    struct answer_mail *m = malloc(sizeof(*m) + answer->body.n + answer->error.n +
                                   answer->message.n + answer->fields.n);
    check(m != NULL);
    *m = (struct answer_mail){.mail.take = take_answer,
                              .id = r->id,
                              .is_task = r->is_poll && answer->status == STATUS_OK,
                              .answer = *answer};
    char *at = (char *)(m + 1);
    put_text(&at, &m->answer.body);
    put_text(&at, &m->answer.error);
    put_text(&at, &m->answer.message);
    put_text(&at, &m->answer.fields);
    engine_mail_send(r->api->engine, r->from, &m->mail);
    idmap_remove(&r->api->relays, relay_key(r->from, r->id));
    free(r);
}

/* ---- calls ---- */

static void end_relay(struct engine_api *api, uint64_t key)
{
    struct sfn_relay *r = idmap_get(&api->relays, key);
    if (!r)
        return;
    idmap_remove(&api->relays, key);
    if (r->call)
        engine_api_cancel(r->call);
    free(r);
}

static void begin_relay(struct engine_api *api, const struct call_mail *m)
{
    struct json_doc *request;
    struct sfn_relay *r = malloc(sizeof(*r));
    check(r != NULL);
    *r = (struct sfn_relay){.api = api,
                            .from = m->from,
                            .id = m->id,
                            .is_poll = m->operation->begin == sfn_get_activity_task};
    idmap_put(&api->relays, relay_key(m->from, m->id), r);
    check(json_parse(m->request, NULL, &request, NULL) == STATUS_OK); /* we wrote it */
    struct engine_api_call *call = engine_api_call(api->engine, str_of(m->operation->name),
                                                   json_doc_root(request), relay_answered, r);
    if (call) /* else it was answered, and the relay is gone */
        r->call = call;
    json_doc_unref(request);
}

static void take_call(struct engine *e, struct engine_mail *mail)
{
    struct call_mail *m = (struct call_mail *)(void *)mail;
    if (e && e->api && m->operation)
        begin_relay(e->api, m);
    else if (e && e->api)
        end_relay(e->api, relay_key(m->from, m->id));
    free(m);
}

static void send_call(struct engine_api *api, uint32_t to, uint64_t id,
                      const struct sfn_operation *operation, str request)
{
    struct call_mail *m = malloc(sizeof(*m) + request.n);
    check(m != NULL);
    char *text = (char *)(m + 1);
    if (request.n > 0)
        memcpy(text, request.p, request.n);
    *m = (struct call_mail){.mail.take = take_call,
                            .from = api->engine->number,
                            .id = id,
                            .operation = operation,
                            .request = {text, request.n}};
    engine_mail_send(api->engine, to, &m->mail);
}

bool sfn_forward(struct engine_api_call *call, const struct sfn_scope *s, uint32_t loop)
{
    struct engine_api *api = call->api;
    struct error err;
    if (loop == api->engine->number)
        return false;
    if (json_write(&call->text, s->request, 0, &err) != STATUS_OK) {
        sfn_refuse(call, &err);
        return true;
    }
    call->id = ++api->next_id;
    call->loop = loop;
    idmap_put(&api->forwarded, call->id, call);
    send_call(api, loop, call->id, call->operation, buf_str(&call->text));
    return true;
}

void sfn_forward_end(struct engine_api_call *call, bool is_cancelled)
{
    if (call->id == 0)
        return;
    idmap_remove(&call->api->forwarded, call->id);
    if (is_cancelled)
        send_call(call->api, call->loop, call->id, NULL, (str){0});
    call->id = 0;
}

void sfn_forward_close(struct engine_api *api)
{
    struct sfn_relay *r;
    for (uint32_t at = 0; (r = idmap_next(&api->relays, &at)) != NULL;)
        free(r); /* its call is gone already */
    idmap_done(&api->relays);
    idmap_done(&api->forwarded);
}
