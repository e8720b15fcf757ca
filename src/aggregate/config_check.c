/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the members of a configuration must be together, and what only others can read: addresses
 * (template.h) and JSONata.
 */
#include "aggregate/config.h"

#include "aggregate/auth.h"
#include "aggregate/template.h"
#include "jsonata/jsonata.h"

static enum status say(const char **ret_member, const char *member, struct error *err,
                       const char *what)
{
    *ret_member = member;
    return error_set(err, STATUS_INVALID, "Config", "%s", what);
}

static bool needs_api(str template)
{
    return template.n == 0 || str_find(template, STR("{api}"), 0) != STR_NONE;
}

static enum status check_auth(const struct aggregate_config *c, const char **ret_member,
                              struct error *err)
{
    struct auth auth;
    if (c->connection.n > 0)
        return STATUS_OK;
    if (c->auth.n == 0)
        return say(ret_member, "auth", err, "is missing; an API that wants nothing has 'none'");
    enum status status = auth_read(c->auth, &auth, err);
    *ret_member = "auth";
    if (status != STATUS_OK)
        return status;
    if (auth.kind == AUTH_OAUTH && c->token_url.n == 0)
        return say(ret_member, "token_url", err,
                   "is missing: where an oauth client gets its token");
    if (auth.kind != AUTH_OAUTH && c->token_url.n > 0)
        return say(ret_member, "token_url", err, "is for oauth:CLIENT_ID=SECRET only");
    if (auth.kind != AUTH_OAUTH && c->scope.n > 0)
        return say(ret_member, "scope", err, "is for oauth:CLIENT_ID=SECRET only");
    return STATUS_OK;
}

/* ---- addresses and expressions ---- */

static enum status check_addresses(const struct aggregate_config *c, const char **ret_member,
                                   struct error *err)
{
    const struct {
        const char *member;
        str text;
        enum template_kind kind;
    } addresses[] = {{"api", c->api, TEMPLATE_API},
                     {"summary_url", c->summary_url, TEMPLATE_SUMMARY},
                     {"page_url", c->page_url, TEMPLATE_PAGE}};
    enum status status = STATUS_OK;
    struct template read;
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(addresses) && status == STATUS_OK; i++) {
        *ret_member = addresses[i].member;
        if (addresses[i].text.n > 0)
            status = template_read(addresses[i].text, addresses[i].kind, &a, &read, err);
    }
    arena_done(&a);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "is no address");
}

/* Alone, as its place in the workflow is not the one that its author knows. */
static enum status check_expression(str text, unsigned flags, struct error *err)
{
    struct jsonata *code;
    struct jsonata_error why;
    size_t characters = 1;
    if (jsonata_compile(text, flags, &code, &why) == STATUS_OK) {
        jsonata_free(code);
        return STATUS_OK;
    }
    for (size_t i = 0; i < why.start && i < text.n; i++)
        characters += ((unsigned char)text.p[i] & 0xC0) != 0x80;
    return error_set(err, STATUS_INVALID, "Config", "is no JSONata: %s (character %zu)",
                     why.message, characters);
}

static enum status check_expressions(const struct aggregate_config *c, bool is_strict,
                                     const char **ret_member, struct error *err)
{
    const struct {
        const char *member;
        str text;
    } expressions[] = {
        {"summary", c->summary}, {"rows", c->rows}, {"row", c->row}, {"more", c->more}};
    unsigned flags = JSONATA_STEP_FUNCTIONS | (is_strict ? JSONATA_VERSION_206 : 0);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(expressions) && status == STATUS_OK; i++) {
        *ret_member = expressions[i].member;
        if (expressions[i].text.n > 0)
            status = check_expression(expressions[i].text, flags, err);
    }
    return status;
}

/* ---- all together ---- */

static enum status check_needed(const struct aggregate_config *c, const char **ret_member,
                                struct error *err)
{
    bool asks_api = needs_api(c->page_url) || (!c->has_no_summary && needs_api(c->summary_url));
    if (c->api.n == 0 && asks_api)
        return say(ret_member, "api", err, "is missing");
    if (c->locations.n == 0)
        return say(ret_member, "locations", err, "is missing");
    enum status status = check_auth(c, ret_member, err);
    if (status != STATUS_OK)
        return status;
    if (c->out.n == 0)
        return say(ret_member, "out", err, "is missing");
    *ret_member = "out";
    if (str_ends(c->out, STR(".csv")) && c->out.n > 4)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "Config", "ends with .csv, not '%.*s'",
                     c->out.n > 200 ? 200 : (int)c->out.n, c->out.p);
}

enum status aggregate_config_check(const struct aggregate_config *c, bool is_strict,
                                   const char **ret_member, struct error *err)
{
    enum status status = check_needed(c, ret_member, err);
    if (status == STATUS_OK)
        status = check_addresses(c, ret_member, err);
    return status == STATUS_OK ? check_expressions(c, is_strict, ret_member, err) : status;
}
