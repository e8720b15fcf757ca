/* SPDX-License-Identifier: Apache-2.0 */
/* A stored connection, opened for a call. */
#include "services/connection_auth.h"

#include "services/build.h"

/* ---- parameters ---- */

static struct connection_parameters read_list(struct arena *arena, struct json_val http,
                                              const char *name)
{
    struct json_val list = json_get(http, str_of(name));
    if (list.tag != JSON_ARRAY || list.len == 0)
        return (struct connection_parameters){0};
    struct connection_parameter *items = arena_alloc(arena, list.len * sizeof *items);
    for (uint32_t i = 0; i < list.len; i++)
        items[i] = (struct connection_parameter){.key = build_get_text(list.items[i], "Key"),
                                                 .value = build_get_text(list.items[i], "Value")};
    return (struct connection_parameters){.items = items, .count = list.len};
}

static struct connection_http read_http(struct arena *arena, struct json_val http)
{
    return (struct connection_http){
        .headers = read_list(arena, http, "HeaderParameters"),
        .query = read_list(arena, http, "QueryStringParameters"),
        .body = read_list(arena, http, "BodyParameters"),
    };
}

static void read_oauth(struct arena *arena, struct json_val oauth, struct connection_auth *a)
{
    struct json_val client = json_get(oauth, STR("ClientParameters"));
    a->client_id = build_get_text(client, "ClientID");
    a->client_secret = build_get_text(client, "ClientSecret");
    a->endpoint = build_get_text(oauth, "AuthorizationEndpoint");
    a->method = build_get_text(oauth, "HttpMethod");
    a->token_http = read_http(arena, json_get(oauth, STR("OAuthHttpParameters")));
}

static bool read_auth(struct arena *arena, str type, struct json_val auth,
                      struct connection_auth *a)
{
    struct json_val basic = json_get(auth, STR("BasicAuthParameters"));
    struct json_val key = json_get(auth, STR("ApiKeyAuthParameters"));
    struct json_val oauth = json_get(auth, STR("OAuthParameters"));
    a->http = read_http(arena, json_get(auth, STR("InvocationHttpParameters")));
    if (str_eq(type, STR("BASIC")) && basic.tag == JSON_OBJECT) {
        a->type = CONNECTION_BASIC;
        a->user = build_get_text(basic, "Username");
        a->password = build_get_text(basic, "Password");
    } else if (str_eq(type, STR("API_KEY")) && key.tag == JSON_OBJECT) {
        a->type = CONNECTION_API_KEY;
        a->key_name = build_get_text(key, "ApiKeyName");
        a->key_value = build_get_text(key, "ApiKeyValue");
    } else if (str_eq(type, STR("OAUTH_CLIENT_CREDENTIALS")) && oauth.tag == JSON_OBJECT) {
        a->type = CONNECTION_OAUTH;
        read_oauth(arena, oauth, a);
    } else {
        return false;
    }
    return true;
}

/* ---- the way from an ARN ---- */

static bool denied(struct service_failure *f, struct arena *arena)
{
    return service_fail(f, arena, "Events.ConnectionResource.AccessDenied",
                        "No permissions to call DescribeSecret and/or GetSecretValue on the secret "
                        "associated with the connection resource.");
}

/* An ARN without the id that AWS draws at random names whatever connection has the name, so that a
 * definition can be written before its connection. */
static bool is_meant(const struct connections *c, str arn, str meant)
{
    return str_eq(arn, meant) ||
           (!c->is_strict && str_starts(arn, meant) && arn.n > meant.n && arn.p[meant.n] == '/');
}

/* False: there is none, or it cannot be read. */
static bool load_stored(const struct connections *c, struct arena *arena, str arn,
                        struct connection_record *ret, struct service_failure *f)
{
    struct buf bytes;
    struct error err;
    str name = connection_name_of(arn);
    buf_init(&bytes, CONNECTION_MAX_RECORD);
    enum status status =
        name.n == 0 ? STATUS_NOT_FOUND : c->store->load(c->store->self, name, &bytes, &err);
    if (status == STATUS_OK)
        status = connection_record_read(arena, arena_dup(arena, buf_str(&bytes)), ret, &err);
    buf_done(&bytes);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && !is_meant(c, ret->arn, arn)))
        return service_fail(f, arena, "Events.ConnectionResource.ResourceNotFound",
                            "Connection '%.*s' does not exist.", STR_ARG(arn));
    if (status != STATUS_OK)
        return service_fail(f, arena, "Events.ConnectionResource.InternalError",
                            "The connection could not be read: %s.", err.message);
    return true;
}

bool connection_auth_load(const struct connections *c, struct arena *arena, str arn,
                          struct connection_auth *ret, struct service_failure *f)
{
    struct connection_record r;
    if (!load_stored(c, arena, arn, &r, f))
        return false;
    bool is_settled = str_eq(r.state, STR("AUTHORIZED"));
    if (r.sealed.n == 0 || (!is_settled && !str_eq(r.state, STR("AUTHORIZING"))))
        return service_fail(f, arena, "Events.ConnectionResource.InvalidConnectionState",
                            "Connection '%.*s' is in the state %.*s.", STR_ARG(arn),
                            STR_ARG(r.state));
    str type;
    struct json_val auth;
    if (connection_record_unseal(c->box, arena, &r, &type, &auth, NULL) != STATUS_OK)
        return denied(f, arena);
    *ret = (struct connection_auth){.arn = r.arn, .revision = r.revision, .is_settled = is_settled};
    return read_auth(arena, type, auth, ret) || denied(f, arena);
}
