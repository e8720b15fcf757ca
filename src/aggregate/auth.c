/* SPDX-License-Identifier: Apache-2.0 */
/* See auth.h. */
#include "aggregate/auth.h"

#include "json/write.h"
#include <string.h>

static const struct {
    const char *prefix;
    enum auth_kind kind;
} kinds[] = {
    {"api-key:", AUTH_API_KEY},
    {"basic:", AUTH_BASIC},
    {"oauth:", AUTH_OAUTH},
};

static enum status wrong(struct error *err)
{
    return error_set(err, STATUS_INVALID, "Config",
                     "is api-key:HEADER=SECRET, basic:USER=SECRET, oauth:CLIENT_ID=SECRET or none, "
                     "SECRET being env:VARIABLE or file:PATH, never the secret itself");
}

/* Names may have a '=' in them, so that it is looked for with what comes behind it. */
static bool split(str text, struct auth *ret)
{
    size_t env = str_find(text, STR("=env:"), 0), file = str_find(text, STR("=file:"), 0);
    size_t at = env < file ? env : file;
    if (at == STR_NONE)
        return false;
    ret->name = str_sub(text, 0, at);
    ret->is_file = file < env;
    ret->secret = str_sub(text, at + (ret->is_file ? 6 : 5), text.n);
    return ret->name.n > 0 && ret->secret.n > 0;
}

/* A token of HTTP. */
static bool is_header(str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], low = (char)(c | 0x20);
        bool is_plain = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
        if (!is_plain && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return true;
}

enum status auth_read(str how, struct auth *ret, struct error *err)
{
    *ret = (struct auth){.kind = AUTH_NONE};
    if (str_eq(how, STR("none")))
        return STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        str prefix = str_of(kinds[i].prefix);
        ret->kind = kinds[i].kind;
        if (!str_starts(how, prefix))
            continue;
        if (!split(str_sub(how, prefix.n, how.n), ret))
            return wrong(err);
        if (ret->kind == AUTH_API_KEY && !is_header(ret->name))
            return error_set(err, STATUS_INVALID, "Config",
                             "has a HEADER that HTTP does not allow; X-Api-Key is one");
        return STATUS_OK;
    }
    return wrong(err);
}

static void put(struct buf *out, const char *before, str text)
{
    buf_add(out, str_of(before));
    json_write_string(out, text);
}

static void put_oauth(const struct auth *auth, str secret, str token_url, str scope,
                      struct buf *out)
{
    put(out,
        ",\"AuthorizationType\":\"OAUTH_CLIENT_CREDENTIALS\",\"AuthParameters\":{"
        "\"OAuthParameters\":{\"HttpMethod\":\"POST\",\"AuthorizationEndpoint\":",
        token_url);
    put(out, ",\"ClientParameters\":{\"ClientID\":", auth->name);
    put(out, ",\"ClientSecret\":", secret);
    buf_add(out, STR("},\"OAuthHttpParameters\":{\"BodyParameters\":[{\"Key\":\"grant_type\","
                     "\"Value\":\"client_credentials\",\"IsValueSecret\":false}"));
    if (scope.n > 0) {
        put(out, ",{\"Key\":\"scope\",\"Value\":", scope);
        buf_add(out, STR(",\"IsValueSecret\":false}"));
    }
    buf_add(out, STR("]}}}}"));
}

void auth_put_connection(const struct auth *auth, str name, str secret, str token_url, str scope,
                         struct buf *out)
{
    put(out, "{\"Name\":", name);
    switch (auth->kind) {
    case AUTH_OAUTH: put_oauth(auth, secret, token_url, scope, out); return;
    case AUTH_BASIC:
        put(out,
            ",\"AuthorizationType\":\"BASIC\",\"AuthParameters\":{\"BasicAuthParameters\":{"
            "\"Username\":",
            auth->name);
        put(out, ",\"Password\":", secret);
        break;
    case AUTH_API_KEY:
    case AUTH_NONE: /* a call has a connection: its header harms nobody */
        put(out,
            ",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{\"ApiKeyAuthParameters\":{"
            "\"ApiKeyName\":",
            auth->kind == AUTH_NONE ? STR("X-Client") : auth->name);
        put(out, ",\"ApiKeyValue\":", auth->kind == AUTH_NONE ? STR("afflux") : secret);
        break;
    }
    buf_add(out, STR("}}}"));
}
