/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one loop has to do with executions of another: starts go to the loop that the name belongs
 * to and are told how it went, messages go to the loop of their receiver. Between loops go mails
 * (team.h), which are bytes.
 *
 *   engine_start ──mail──► begun there, with a relay that watches ──mails──► started, ended,
 * refused
 */
#include "engine/team.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

/* ---- messages ---- */

struct message_mail {
    struct engine_mail mail;
    int64_t execution, message;
    str body; /* behind the struct */
};

static void take_message(struct engine *e, struct engine_mail *mail)
{
    struct message_mail *m = (struct message_mail *)(void *)mail;
    if (e)
        engine_deliver(e, m->execution, m->message, m->body);
    free(m);
}

void engine_send(struct engine *e, const struct store_message *m)
{
    uint32_t to = engine_owner(e, m->shard);
    if (to == e->number) {
        engine_deliver(e, m->execution, m->id, m->body);
        return;
    }
    struct message_mail *mail = malloc(sizeof(*mail) + m->body.n);
    check(mail != NULL);
    char *body = (char *)(mail + 1);
    memcpy(body, m->body.p, m->body.n);
    *mail = (struct message_mail){.mail.take = take_message,
                                  .execution = m->execution,
                                  .message = m->id,
                                  .body = {body, m->body.n}};
    engine_mail_send(e, to, &mail->mail);
}

/* ---- starts ---- */

/* What the caller of engine_start wants to hear; only his loop calls it. */
struct start_wish {
    uint32_t from;
    engine_started_fn *started;
    engine_ended_fn *ended;
    engine_refused_fn *refused;
    void *arg;
};

struct start_mail {
    struct engine_mail mail;
    struct start_wish wish;
    bool refuses_ended;
    str machine, name, input; /* behind the struct */
};

/* Watches an execution for another loop. */
struct engine_relay {
    struct engine_relay *next, **place;
    struct engine *engine;
    struct start_wish wish;
};

enum told { TOLD_STARTED, TOLD_ENDED, TOLD_REFUSED };

struct told_mail {
    struct engine_mail mail;
    struct start_wish wish;
    enum told what;
    int64_t execution, start_ms;
    enum asl_status status;
    bool has_output, has_error, has_cause;
    struct error refusal;
    str text, error, cause; /* ARN or output; behind the struct */
};

static void relay_free(struct engine_relay *relay)
{
    *relay->place = relay->next;
    if (relay->next)
        relay->next->place = relay->place;
    free(relay);
}

static struct engine_relay *relay_new(struct engine *e, const struct start_wish *wish)
{
    struct engine_relay *relay = malloc(sizeof(*relay));
    check(relay != NULL);
    *relay =
        (struct engine_relay){.next = e->relays, .place = &e->relays, .engine = e, .wish = *wish};
    if (relay->next)
        relay->next->place = &relay->next;
    e->relays = relay;
    return relay;
}

void engine_relays_close(struct engine *e)
{
    while (e->relays)
        relay_free(e->relays);
}

static void tell_wish(const struct told_mail *m)
{
    const struct start_wish *w = &m->wish;
    struct engine_result result = {.execution = m->execution,
                                   .status = m->status,
                                   .error = m->error,
                                   .cause = m->cause,
                                   .has_error = m->has_error,
                                   .has_cause = m->has_cause};
    switch (m->what) {
    case TOLD_STARTED:
        if (w->started)
            w->started(w->arg, m->execution, m->text, m->start_ms);
        break;
    case TOLD_ENDED:
        if (m->has_output)
            check(json_parse(m->text, NULL, &result.output, NULL) == STATUS_OK); /* we wrote it */
        if (w->ended)
            w->ended(w->arg, &result);
        json_doc_unref(result.output);
        break;
    case TOLD_REFUSED:
        if (w->refused)
            w->refused(w->arg, &m->refusal);
        break;
    }
}

static void take_told(struct engine *e, struct engine_mail *mail)
{
    struct told_mail *m = (struct told_mail *)(void *)mail;
    if (e)
        tell_wish(m);
    free(m);
}

static void tell(struct engine *e, const struct told_mail *what)
{
    struct told_mail *m = malloc(sizeof(*m) + what->text.n + what->error.n + what->cause.n);
    check(m != NULL);
    *m = *what;
    m->mail = (struct engine_mail){.take = take_told};
    char *at = (char *)(m + 1);
    m->text = engine_mail_text(&at, what->text);
    m->error = engine_mail_text(&at, what->error);
    m->cause = engine_mail_text(&at, what->cause);
    engine_mail_send(e, m->wish.from, &m->mail);
}

static void relay_started(void *arg, int64_t execution, str arn, int64_t start_ms)
{
    struct engine_relay *relay = arg;
    tell(relay->engine, &(struct told_mail){.wish = relay->wish,
                                            .what = TOLD_STARTED,
                                            .execution = execution,
                                            .text = arn,
                                            .start_ms = start_ms});
    if (!relay->wish.ended)
        relay_free(relay);
}

static void relay_ended(void *arg, const struct engine_result *result)
{
    struct engine_relay *relay = arg;
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    bool has_output =
        result->output && json_write(&text, json_doc_root(result->output), 0, NULL) == STATUS_OK;
    tell(relay->engine, &(struct told_mail){.wish = relay->wish,
                                            .what = TOLD_ENDED,
                                            .execution = result->execution,
                                            .status = result->status,
                                            .has_output = has_output,
                                            .has_error = result->has_error,
                                            .has_cause = result->has_cause,
                                            .text = has_output ? buf_str(&text) : (str){0},
                                            .error = result->error,
                                            .cause = result->cause});
    buf_done(&text);
    relay_free(relay);
}

static void relay_refused(void *arg, const struct error *err)
{
    struct engine_relay *relay = arg;
    tell(relay->engine,
         &(struct told_mail){.wish = relay->wish, .what = TOLD_REFUSED, .refusal = *err});
    relay_free(relay);
}

static void take_start(struct engine *e, struct engine_mail *mail)
{
    struct start_mail *m = (struct start_mail *)(void *)mail;
    struct error err;
    if (!e) {
        free(m);
        return;
    }
    struct engine_relay *relay = relay_new(e, &m->wish);
    struct engine_start start = {.machine = m->machine,
                                 .name = m->name,
                                 .input = m->input,
                                 .started = relay_started,
                                 .ended = m->wish.ended ? relay_ended : NULL,
                                 .refused = relay_refused,
                                 .arg = relay,
                                 .refuses_ended = m->refuses_ended};
    uint32_t loop = e->number;
    enum status status = engine_start_here(e, &start, &loop, &err);
    if (loop != e->number) { /* a child of this name was begun there meanwhile */
        relay_free(relay);
        engine_mail_send(e, loop, &m->mail);
        return;
    }
    if (status != STATUS_OK)
        relay_refused(relay, &err);
    free(m);
}

void engine_start_there(struct engine *e, uint32_t loop, const struct engine_start *start)
{
    struct start_mail *m = malloc(sizeof(*m) + start->machine.n + start->name.n + start->input.n);
    check(m != NULL);
    *m = (struct start_mail){.mail.take = take_start,
                             .refuses_ended = start->refuses_ended,
                             .wish = {.from = e->number,
                                      .started = start->started,
                                      .ended = start->ended,
                                      .refused = start->refused,
                                      .arg = start->arg}};
    char *at = (char *)(m + 1);
    m->machine = engine_mail_text(&at, start->machine);
    m->name = engine_mail_text(&at, start->name);
    m->input = engine_mail_text(&at, start->input);
    engine_mail_send(e, loop, &m->mail);
}

/* ---- whom an execution belongs to ---- */

enum status engine_loop_of(struct engine *e, int64_t execution, uint32_t *ret, struct error *err)
{
    struct store_execution row;
    struct arena a;
    const struct engine_execution *ex = engine_find(e, execution);
    if (ex) {
        *ret = e->number;
        return STATUS_OK;
    }
    arena_init(&a, 0);
    enum status status = store_find_execution(e->reader, execution, &a, &row, err);
    arena_done(&a);
    if (status == STATUS_OK)
        *ret = engine_owner(e, row.shard);
    else if (status == STATUS_NOT_FOUND)
        error_set(err, status, "ExecutionDoesNotExist", "Execution Does Not Exist");
    return status;
}

uint32_t engine_loop_number(const struct engine *e)
{
    return e->number;
}
