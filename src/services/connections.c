/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations on connections. Shapes are checked first (connection_shape.c); what is checked
 * here is what needs more than one member or the store. What AWS does in the background (creating,
 * deleting, deauthorizing) is done at once; answers name the state AWS answers with.
 */
#include "services/connections.h"

#include "base/utf8.h"
#include "json/freeze.h"
#include "services/build.h"
#include "services/connection_shape.h"
#include <openssl/rand.h>
#include <stdio.h>

enum { LIST_DEFAULT = 100, UUID_TEXT = 36, SECRET_SUFFIX = 6 };

/* ---- common parts ---- */

/* The scope of one operation. */
struct operation {
    const struct connections *c;
    struct json_val request;
    int64_t now_ms;
    struct arena arena;
    struct connection_record record;
    struct error *err;
};

static void operation_begin(struct operation *op, const struct connections *c,
                            struct json_val request, int64_t now_ms, struct error *err)
{
    *op = (struct operation){.c = c, .request = request, .now_ms = now_ms, .err = err};
    arena_init(&op->arena, 0);
}

static enum status invalid(struct operation *op, const char *text)
{
    return error_set(op->err, STATUS_INVALID, "ValidationException", "%s", text);
}

/* The record of a name; STATUS_NOT_FOUND without words. */
static enum status load_record(struct operation *op, str name)
{
    struct buf bytes;
    buf_init(&bytes, CONNECTION_MAX_RECORD);
    enum status status = op->c->store->load(op->c->store->self, name, &bytes, op->err);
    if (status == STATUS_OK)
        status = connection_record_read(&op->arena, arena_dup(&op->arena, buf_str(&bytes)),
                                        &op->record, op->err);
    buf_done(&bytes);
    return status;
}

static enum status load_named(struct operation *op)
{
    str name = build_get_text(op->request, "Name");
    enum status status = load_record(op, name);
    if (status == STATUS_NOT_FOUND)
        return error_set(op->err, STATUS_NOT_FOUND, "ResourceNotFoundException",
                         "Failed to describe the connection(s). Connection '%.*s' does not exist.",
                         STR_ARG(name));
    return status;
}

static enum status save_record(struct operation *op)
{
    struct buf bytes;
    buf_init(&bytes, CONNECTION_MAX_RECORD);
    enum status status = connection_record_write(&op->record, &bytes, op->err);
    if (status == STATUS_OK)
        status = op->c->store->save(op->c->store->self, op->record.name, buf_str(&bytes), op->err);
    buf_done(&bytes);
    return status;
}

static void put_time(struct build *b, const char *name, int64_t ms)
{
    if (ms != 0)
        build_put(b, name, json_num((double)ms / 1000));
}

static void put_times(struct build *b, const struct connection_record *r)
{
    put_time(b, "CreationTime", r->created_ms);
    put_time(b, "LastModifiedTime", r->modified_ms);
    put_time(b, "LastAuthorizedTime", r->authorized_ms);
}

static enum status answer(struct operation *op, struct json_val v, struct json_doc **ret)
{
    return json_freeze(v, NULL, ret, op->err);
}

/* What all operations that change a connection answer. */
static enum status answer_state(struct operation *op, str state, struct json_doc **ret)
{
    struct build b;
    build_begin(&b, &op->arena);
    build_text(&b, "ConnectionArn", op->record.arn);
    build_text(&b, "ConnectionState", state);
    put_times(&b, &op->record);
    return answer(op, build_end(&b), ret);
}

/* ---- parameters ---- */

static const struct {
    const char *type, *member;
} type_members[] = {
    {"BASIC", "BasicAuthParameters"},
    {"API_KEY", "ApiKeyAuthParameters"},
    {"OAUTH_CLIENT_CREDENTIALS", "OAuthParameters"},
};

static bool is_oauth(str type)
{
    return str_eq(type, STR("OAUTH_CLIENT_CREDENTIALS"));
}

static enum status check_private(struct operation *op)
{
    struct json_val auth = json_get(op->request, STR("AuthParameters"));
    if (json_get(op->request, STR("InvocationConnectivityParameters")).tag == JSON_OBJECT ||
        json_get(auth, STR("ConnectivityParameters")).tag == JSON_OBJECT)
        return invalid(op, "Connectivity through VPC Lattice is not available here: leave "
                           "InvocationConnectivityParameters and ConnectivityParameters out. "
                           "Private addresses need none of them.");
    return STATUS_OK;
}

static enum status check_token_endpoint(struct operation *op, struct json_val auth)
{
    str endpoint = build_get_text(json_get(auth, STR("OAuthParameters")), "AuthorizationEndpoint");
    if (str_starts(endpoint, STR("https://")) ||
        (!op->c->is_strict && str_starts(endpoint, STR("http://"))))
        return STATUS_OK;
    return invalid(op, op->c->is_strict ? "AuthorizationEndpoint must begin with https://."
                                        : "AuthorizationEndpoint must begin with https:// or "
                                          "http://.");
}

/* Whole parameters fit the type: its own member is there, and no other type's. */
static enum status check_auth(struct operation *op, str type, struct json_val auth)
{
    for (size_t i = 0; i < ARRAY_LEN(type_members); i++) {
        bool is_wanted = str_eq(type, str_of(type_members[i].type));
        bool is_there = json_get(auth, str_of(type_members[i].member)).tag == JSON_OBJECT;
        if (is_wanted != is_there)
            return error_set(op->err, STATUS_INVALID, "ValidationException",
                             "Parameter AuthParameters is not valid. Reason: %s must %sbe given "
                             "with the authorization type %.*s.",
                             type_members[i].member, is_wanted ? "" : "not ", STR_ARG(type));
    }
    return is_oauth(type) ? check_token_endpoint(op, auth) : STATUS_OK;
}

/* New parameters: sealed, and the state that follows. */
static enum status take_auth(struct operation *op, str type, struct json_val auth)
{
    enum status status = check_auth(op, type, auth);
    if (status != STATUS_OK)
        return status;
    struct connection_record *r = &op->record;
    r->type = type;
    r->revision++;
    r->state = is_oauth(type) ? STR("AUTHORIZING") : STR("AUTHORIZED");
    r->state_reason = (str){"", 0};
    if (!is_oauth(type))
        r->authorized_ms = op->now_ms;
    return connection_record_seal(op->c->box, &op->arena, auth, r, op->err);
}

/* ---- names ---- */

static enum status random_uuid(struct operation *op, char out[UUID_TEXT + 1])
{
    unsigned char b[16];
    if (RAND_bytes(b, sizeof b) != 1)
        return error_set(op->err, STATUS_UNAVAILABLE, "InternalException",
                         "no random bytes from the system");
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    (void)snprintf(out, UUID_TEXT + 1,
                   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
                   b[14], b[15]);
    return STATUS_OK;
}

static enum status name_record(struct operation *op)
{
    char id[UUID_TEXT + 1], secret[UUID_TEXT + 1];
    enum status status = random_uuid(op, id);
    if (status == STATUS_OK)
        status = random_uuid(op, secret);
    if (status != STATUS_OK)
        return status;
    struct connection_record *r = &op->record;
    r->name = build_get_text(op->request, "Name");
    r->arn = arena_printf(&op->arena, "arn:aws:events:%.*s:%.*s:connection/%.*s/%s",
                          STR_ARG(op->c->region), STR_ARG(op->c->account), STR_ARG(r->name), id);
    r->secret_arn = arena_printf(
        &op->arena, "arn:aws:secretsmanager:%.*s:%.*s:secret:events!connection/%.*s/%s-%.*s",
        STR_ARG(op->c->region), STR_ARG(op->c->account), STR_ARG(r->name), id, SECRET_SUFFIX,
        secret);
    return STATUS_OK;
}

/* ---- CreateConnection ---- */

static enum status create(struct operation *op, struct json_doc **ret)
{
    enum status status = check_private(op);
    if (status != STATUS_OK)
        return status;
    str name = build_get_text(op->request, "Name");
    status = load_record(op, name);
    if (status == STATUS_OK)
        return error_set(op->err, STATUS_CONFLICT, "ResourceAlreadyExistsException",
                         "Connection %.*s already exists.", STR_ARG(name));
    if (status != STATUS_NOT_FOUND)
        return status;
    op->record = (struct connection_record){
        .created_ms = op->now_ms,
        .modified_ms = op->now_ms,
        .description = build_get_text(op->request, "Description"),
        .kms_key = build_get_text(op->request, "KmsKeyIdentifier"),
    };
    status = name_record(op);
    if (status == STATUS_OK)
        status = take_auth(op, build_get_text(op->request, "AuthorizationType"),
                           json_get(op->request, STR("AuthParameters")));
    if (status == STATUS_OK)
        status = save_record(op);
    if (status != STATUS_OK)
        return status;
    struct build b;
    build_begin(&b, &op->arena);
    build_text(&b, "ConnectionArn", op->record.arn);
    build_text(&b, "ConnectionState", op->record.state);
    put_time(&b, "CreationTime", op->record.created_ms);
    put_time(&b, "LastModifiedTime", op->record.modified_ms);
    return answer(op, build_end(&b), ret);
}

/* ---- UpdateConnection ---- */

/* Of the parameters before, those that a change of this type goes over. */
static enum status old_auth(struct operation *op, str new_type, struct json_val *ret)
{
    *ret = json_undefined();
    if (op->record.sealed.n == 0)
        return STATUS_OK;
    str type;
    struct json_val auth;
    enum status status =
        connection_record_unseal(op->c->box, &op->arena, &op->record, &type, &auth, op->err);
    if (status == STATUS_CORRUPT) /* its key is lost: all of it must be given anew */
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    *ret = auth;
    if (!str_eq(type, new_type)) {
        struct build b;
        build_begin(&b, &op->arena);
        struct json_val http = json_get(auth, STR("InvocationHttpParameters"));
        if (http.tag == JSON_OBJECT)
            build_put(&b, "InvocationHttpParameters", http);
        *ret = build_end(&b);
    }
    return STATUS_OK;
}

static enum status update_auth(struct operation *op)
{
    struct json_val change = json_get(op->request, STR("AuthParameters"));
    str type = build_get_text(op->request, "AuthorizationType");
    if (type.n == 0 && change.tag != JSON_OBJECT)
        return STATUS_OK;
    if (type.n == 0)
        type = op->record.type;
    struct json_val old;
    enum status status = old_auth(op, type, &old);
    if (status != STATUS_OK)
        return status;
    struct json_val auth = connection_auth_merge(&op->arena, old, change);
    if (auth.tag != JSON_OBJECT)
        return invalid(op, "AuthParameters must be given: the connection has none any more.");
    status = shape_check(&connection_auth_shape, auth, op->err);
    return status == STATUS_OK ? take_auth(op, type, auth) : status;
}

static enum status update(struct operation *op, struct json_doc **ret)
{
    enum status status = check_private(op);
    if (status == STATUS_OK)
        status = load_named(op);
    if (status == STATUS_OK)
        status = update_auth(op);
    if (status != STATUS_OK)
        return status;
    struct json_val description = json_get(op->request, STR("Description"));
    struct json_val kms_key = json_get(op->request, STR("KmsKeyIdentifier"));
    if (description.tag == JSON_STRING)
        op->record.description = json_str(description);
    if (kms_key.tag == JSON_STRING)
        op->record.kms_key = json_str(kms_key);
    op->record.modified_ms = op->now_ms;
    status = save_record(op);
    return status == STATUS_OK ? answer_state(op, op->record.state, ret) : status;
}

/* ---- DescribeConnection, DeleteConnection, DeauthorizeConnection ---- */

static enum status describe(struct operation *op, struct json_doc **ret)
{
    enum status status = load_named(op);
    if (status != STATUS_OK)
        return status;
    const struct connection_record *r = &op->record;
    struct build b;
    build_begin(&b, &op->arena);
    build_text(&b, "ConnectionArn", r->arn);
    build_text(&b, "Name", r->name);
    build_text(&b, "Description", r->description);
    build_text(&b, "ConnectionState", r->state);
    build_text(&b, "StateReason", r->state_reason);
    build_text(&b, "AuthorizationType", r->type);
    build_text(&b, "SecretArn", r->secret_arn);
    build_text(&b, "KmsKeyIdentifier", r->kms_key);
    if (r->auth.tag == JSON_OBJECT)
        build_put(&b, "AuthParameters", r->auth);
    put_times(&b, r);
    return answer(op, build_end(&b), ret);
}

static enum status delete (struct operation *op, struct json_doc **ret) {
    enum status status = load_named(op);
    if (status == STATUS_OK)
        status = op->c->store->remove(op->c->store->self, op->record.name, op->err);
    return status == STATUS_OK ? answer_state(op, STR("DELETING"), ret) : status;
}

static enum status deauthorize(struct operation *op, struct json_doc **ret)
{
    enum status status = load_named(op);
    if (status != STATUS_OK)
        return status;
    op->record.state = STR("DEAUTHORIZED");
    op->record.state_reason = (str){"", 0};
    op->record.sealed = (str){"", 0};
    op->record.auth = json_undefined();
    op->record.revision++;
    op->record.modified_ms = op->now_ms;
    status = save_record(op);
    return status == STATUS_OK ? answer_state(op, STR("DEAUTHORIZING"), ret) : status;
}

/* ---- ListConnections ---- */

static struct json_val listed(struct operation *op)
{
    const struct connection_record *r = &op->record;
    struct build b;
    build_begin(&b, &op->arena);
    build_text(&b, "ConnectionArn", r->arn);
    build_text(&b, "Name", r->name);
    build_text(&b, "ConnectionState", r->state);
    build_text(&b, "StateReason", r->state_reason);
    build_text(&b, "AuthorizationType", r->type);
    put_times(&b, r);
    return build_end(&b);
}

/* NextToken is the last name that was looked at. */
static enum status list(struct operation *op, struct json_doc **ret)
{
    str prefix = build_get_text(op->request, "NamePrefix");
    str state = build_get_text(op->request, "ConnectionState");
    str after = build_get_text(op->request, "NextToken");
    struct json_val limit = json_get(op->request, STR("Limit"));
    uint32_t wanted = json_is_number(limit) ? (uint32_t)json_number(limit) : LIST_DEFAULT;
    struct json_val items[LIST_DEFAULT];
    str names[LIST_DEFAULT + 1];
    uint32_t count = 0, found = 0, i = 0;
    do {
        enum status status = op->c->store->list(op->c->store->self, &op->arena, prefix, after,
                                                names, LIST_DEFAULT + 1, &found, op->err);
        for (i = 0; status == STATUS_OK && i < found && count < wanted; i++) {
            status = load_record(op, names[i]);
            if (status == STATUS_NOT_FOUND) /* gone since it was listed */
                status = STATUS_OK;
            else if (status == STATUS_OK && (state.n == 0 || str_eq(state, op->record.state)))
                items[count++] = listed(op);
            after = names[i];
        }
        if (status != STATUS_OK)
            return status;
    } while (count < wanted && found == LIST_DEFAULT + 1);
    struct build b;
    build_begin(&b, &op->arena);
    build_put(&b, "Connections", json_array(items, count));
    if (i < found)
        build_text(&b, "NextToken", after);
    return answer(op, build_end(&b), ret);
}

/* ---- the table ---- */

typedef enum status operation_body(struct operation *op, struct json_doc **ret);

static enum status run_operation(const struct shape *shape, operation_body *body,
                                 const struct connections *c, struct json_val request,
                                 int64_t now_ms, struct json_doc **ret, struct error *err)
{
    enum status status = shape_check(shape, request, err);
    if (status != STATUS_OK)
        return status;
    struct operation op;
    operation_begin(&op, c, request, now_ms, err);
    status = body(&op, ret);
    arena_done(&op.arena);
    return status;
}

#define OPERATION(function, shape, body)                                                           \
    static enum status function(const struct connections *c, struct json_val request,              \
                                int64_t now_ms, struct json_doc **ret, struct error *err)          \
    {                                                                                              \
        return run_operation(&shape, body, c, request, now_ms, ret, err);                          \
    }

OPERATION(create_connection, connection_create_shape, create)
OPERATION(update_connection, connection_update_shape, update)
OPERATION(describe_connection, connection_name_shape, describe)
OPERATION(delete_connection, connection_name_shape, delete)
OPERATION(deauthorize_connection, connection_name_shape, deauthorize)
OPERATION(list_connections, connection_list_shape, list)

const struct connection_operation connection_operations[CONNECTION_OPERATIONS] = {
    {"CreateConnection", create_connection, true},
    {"UpdateConnection", update_connection, true},
    {"DescribeConnection", describe_connection, false},
    {"DeleteConnection", delete_connection, true},
    {"DeauthorizeConnection", deauthorize_connection, true},
    {"ListConnections", list_connections, false},
};

const struct connection_operation *connections_find(str name)
{
    for (size_t i = 0; i < CONNECTION_OPERATIONS; i++)
        if (str_eq(name, str_of(connection_operations[i].name)))
            return &connection_operations[i];
    return NULL;
}

/* ---- connections_settle ---- */

enum { REASON_CHARACTERS = 512 };

static enum status settle(struct operation *op, str arn, int64_t revision, bool is_authorized,
                          str reason)
{
    enum status status = load_record(op, connection_name_of(arn));
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    struct connection_record *r = &op->record;
    if (status != STATUS_OK || !str_eq(r->arn, arn) || r->revision != revision)
        return status;
    r->state = is_authorized ? STR("AUTHORIZED") : STR("DEAUTHORIZED");
    r->state_reason =
        is_authorized ? (str){"", 0} : str_sub(reason, 0, utf8_offset(reason, REASON_CHARACTERS));
    if (is_authorized)
        r->authorized_ms = op->now_ms;
    return save_record(op);
}

enum status connections_settle(const struct connections *c, str arn, int64_t revision,
                               bool is_authorized, str reason, int64_t now_ms, struct error *err)
{
    struct operation op;
    operation_begin(&op, c, json_undefined(), now_ms, err);
    enum status status = settle(&op, arn, revision, is_authorized, reason);
    arena_done(&op.arena);
    return status;
}
