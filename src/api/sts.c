/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STS: who am I. One operation of the Query protocol (a form in, XML out). Nobody is anybody here
 * until requests are authenticated, so the answer is the account's root.
 */
#include "api/api_internal.h"
#include "base/check.h"

enum { STS_BODY_MAX = 64 << 10, STS_ANSWER_MAX = 16 << 10 };

#define STS_NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

static void sts_send(struct http_exchange *x, int status, const char *id, struct buf *body)
{
    api_answer(x, status, "text/xml", id, body);
}

static void sts_identity(struct api *api, struct http_exchange *x)
{
    struct buf body;
    char id[REQUEST_ID_MAX];
    str account = api->options.settings->account;
    api_new_id(api, false, id);
    buf_init(&body, STS_ANSWER_MAX);
    buf_printf(&body,
               "<GetCallerIdentityResponse xmlns=\"" STS_NAMESPACE "\">\n"
               "  <GetCallerIdentityResult>\n"
               "    <Arn>arn:aws:iam::%.*s:root</Arn>\n"
               "    <UserId>%.*s</UserId>\n"
               "    <Account>%.*s</Account>\n"
               "  </GetCallerIdentityResult>\n"
               "  <ResponseMetadata>\n"
               "    <RequestId>%s</RequestId>\n"
               "  </ResponseMetadata>\n"
               "</GetCallerIdentityResponse>\n",
               STR_ARG(account), STR_ARG(account), STR_ARG(account), id);
    sts_send(x, 200, id, &body);
}

static void sts_refuse(struct api *api, struct http_exchange *x, const char *code,
                       const char *message)
{
    struct buf body;
    char id[REQUEST_ID_MAX];
    api_new_id(api, false, id);
    buf_init(&body, STS_ANSWER_MAX);
    buf_printf(&body,
               "<ErrorResponse xmlns=\"" STS_NAMESPACE "\">\n"
               "  <Error>\n"
               "    <Type>Sender</Type>\n"
               "    <Code>%s</Code>\n"
               "    <Message>%s</Message>\n"
               "  </Error>\n"
               "  <RequestId>%s</RequestId>\n"
               "</ErrorResponse>\n",
               code, message, id);
    sts_send(x, 400, id, &body);
}

/* A form's escapes are checked here: those of targets were checked before. */
static str sts_action(struct http_exchange *x, str form)
{
    struct http_target checked;
    struct arena *a = http_exchange_arena(x);
    str text = arena_printf(a, "/?%.*s", STR_ARG(form));
    if (http_target_read(text, &checked, NULL) != STATUS_OK)
        return (str){0};
    return http_query_get(a, checked.query, STR("Action"));
}

static void sts_body(void *arg, struct http_exchange *x, str body)
{
    struct api *api = arg;
    str query = http_exchange_target(x)->query;
    str action = sts_action(x, body.n > 0 ? str_sub(body, 0, HTTP_TARGET_MAX - 2) : query);
    if (!action.p || action.n == 0)
        sts_refuse(api, x, "MissingAction", "The request names no Action.");
    else if (!str_eq(action, STR("GetCallerIdentity")))
        sts_refuse(api, x, "InvalidAction", "The only Action here is GetCallerIdentity.");
    else
        sts_identity(api, x);
}

void api_sts_begin(struct api *api, const struct api_request *r)
{
    http_exchange_gather(r->x, STS_BODY_MAX, sts_body, api);
}
