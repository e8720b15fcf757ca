/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to what executions ask for: found in the caller's function or the mocks, and put into the
 * agenda as the events that will bring them. */
#include "json/parse.h"
#include "sim/sim_internal.h"

static void say_unanswered(struct sim *s, const struct asl_state *state, str resource,
                           enum sim_mock_found found, uint32_t call)
{
    if (found == SIM_MOCK_USED_UP)
        sim_fail(s, STATUS_NOT_FOUND, "NoAnswer",
                 "state \"%.*s\" (%.*s) has no response for its call %u (the first is 0)",
                 STR_ARG(state->name), STR_ARG(resource), (unsigned)call);
    else
        sim_fail(s, STATUS_NOT_FOUND, "NoAnswer",
                 "nothing says how to answer state \"%.*s\" (%.*s)", STR_ARG(state->name),
                 STR_ARG(resource));
}

static bool ask_mocks(struct sim *s, const struct asl_state *state, str resource,
                      struct sim_answer *ret)
{
    uint32_t call = s->mock_calls[state->number]++;
    enum sim_mock_found found =
        s->options.mocks ? sim_mocks_find(s->options.mocks, state, call, ret) : SIM_MOCK_UNKNOWN;
    if (found != SIM_MOCK_FOUND)
        say_unanswered(s, state, resource, found, call);
    return found == SIM_MOCK_FOUND;
}

/* ---- tasks ---- */

static void bring(struct sim *s, const struct sim_exec *e, int64_t at_ms, struct sim_news news)
{
    sim_agenda_add(&s->agenda, at_ms, SIM_NEWS, e->number, sim_news_new(&news));
}

/* What comes before the result. */
static void bring_beginning(struct sim *s, const struct sim_exec *e, struct sim_news news,
                            const struct asl_resource *resource, const struct sim_answer *a)
{
    if (resource->kind == ASL_RESOURCE_ACTIVITY) {
        news.kind = ASL_EVENT_TASK_STARTED;
        news.worker = a->worker.n > 0 ? a->worker : STR("worker");
        bring(s, e, s->now_ms, news);
    } else if (resource->pattern != ASL_REQUEST_RESPONSE) {
        news.kind = ASL_EVENT_TASK_SUBMITTED;
        news.output = a->submit.n > 0 ? a->submit : STR("{}");
        bring(s, e, s->now_ms, news);
    }
}

static void bring_heartbeats(struct sim *s, const struct sim_exec *e, struct sim_news news,
                             const struct sim_answer *a)
{
    if (a->heartbeat_ms == 0)
        return;
    news.kind = ASL_EVENT_TASK_HEARTBEAT;
    news.every_ms = a->heartbeat_ms;
    news.until_ms = s->now_ms + a->delay_ms;
    if (s->now_ms + news.every_ms < news.until_ms)
        bring(s, e, s->now_ms + news.every_ms, news);
}

static void bring_result(struct sim *s, const struct sim_exec *e, struct sim_news news,
                         const struct sim_answer *a)
{
    if (a->kind == SIM_SILENCE)
        return;
    news.kind = a->kind == SIM_RETURN ? ASL_EVENT_TASK_SUCCEEDED : ASL_EVENT_TASK_FAILED;
    if (a->kind == SIM_RETURN) {
        news.output = a->output;
    } else {
        news.error = a->error;
        news.cause = a->cause;
        news.has_error = a->has_error;
        news.has_cause = a->has_cause;
        news.stage = a->stage;
    }
    bring(s, e, s->now_ms + a->delay_ms, news);
}

void sim_answer_task(struct sim *s, struct sim_exec *e, const struct asl_command *c)
{
    const struct asl_resource *resource = &c->state->task.resource;
    struct sim_answer a = {.kind = SIM_RETURN};
    bool is_answered = s->options.task && s->options.task(s->options.arg, e->x, c, &a);
    if (!is_answered && !ask_mocks(s, c->state, resource->arn, &a))
        return;
    struct sim_news news = {.frame = c->frame, .attempt = c->attempt};
    if (a.kind != SIM_THROW || a.stage == ASL_STAGE_RUN) {
        bring_beginning(s, e, news, resource, &a);
        bring_heartbeats(s, e, news, &a);
    }
    bring_result(s, e, news, &a);
}

/* ---- readers ---- */

static bool ask_items(struct sim *s, const struct sim_exec *e, const struct asl_command *c,
                      struct sim_answer *ret)
{
    *ret = (struct sim_answer){.kind = SIM_RETURN};
    if (s->options.items && s->options.items(s->options.arg, e->x, c, &ret->output))
        return true;
    return ask_mocks(s, c->state, c->state->map.reader->resource.arn, ret);
}

bool sim_answer_items(struct sim *s, const struct sim_exec *e, const struct asl_command *c,
                      struct sim_answer *ret, struct json_doc **ret_doc)
{
    struct error err;
    *ret_doc = NULL;
    if (!ask_items(s, e, c, ret))
        return false;
    if (ret->kind == SIM_THROW)
        return true;
    struct json_doc *doc = NULL;
    if (json_parse(ret->output, NULL, &doc, &err) != STATUS_OK) {
        sim_fail(s, STATUS_INVALID, "InvalidAnswer", "the items of state \"%.*s\" are not JSON: %s",
                 STR_ARG(c->state->name), err.message);
        return false;
    }
    if (json_doc_root(doc).tag != JSON_ARRAY) {
        sim_fail(s, STATUS_INVALID, "InvalidAnswer", "the items of state \"%.*s\" are no array",
                 STR_ARG(c->state->name));
        json_doc_unref(doc);
        return false;
    }
    *ret_doc = doc;
    return true;
}
