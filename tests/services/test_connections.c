/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of services/connections.h and connection_auth.h beyond what cases of calls can say. */
#include "services/connection_auth.h"
#include "services/connections_memory.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct error err;

struct world {
    struct arena arena;
    struct secret_box box;
    struct connections_memory *memory;
    struct connections c;
    struct connection_auth auth;
    struct service_failure failure;
};

static int world_init(void **state)
{
    static struct world w;
    w = (struct world){.memory = connections_memory_new()};
    arena_init(&w.arena, 0);
    assert_int_equal(secret_box_random(&w.box, &err), STATUS_OK);
    w.c = (struct connections){.store = connections_memory_store(w.memory),
                               .box = &w.box,
                               .region = STR("eu-central-1"),
                               .account = STR("000000000000")};
    *state = &w;
    return 0;
}

static int world_done(void **state)
{
    struct world *w = *state;
    connections_memory_free(w->memory);
    arena_done(&w->arena);
    return 0;
}

/* The ConnectionArn of the answer. */
static str run(struct world *w, const char *operation, const char *request)
{
    struct json_doc *doc;
    struct json_val v = parse_quoted(&w->arena, request);
    assert_int_equal(connections_find(str_of(operation))->run(&w->c, v, 1000, &doc, &err),
                     STATUS_OK);
    struct json_val arn = json_get(json_doc_root(doc), STR("ConnectionArn"));
    str text = arn.tag == JSON_STRING ? arena_dup(&w->arena, json_str(arn)) : STR("");
    json_doc_unref(doc);
    return text;
}

static str described(struct world *w, const char *member)
{
    struct json_doc *doc;
    assert_int_equal(connections_find(STR("DescribeConnection"))
                         ->run(&w->c, parse_quoted(&w->arena, "{'Name':'c'}"), 1000, &doc, &err),
                     STATUS_OK);
    struct json_val v = json_get(json_doc_root(doc), str_of(member));
    str text = v.tag == JSON_STRING ? arena_dup(&w->arena, json_str(v)) : STR("");
    json_doc_unref(doc);
    return text;
}

#define assert_str(s, text) assert_true(str_eq(s, STR(text)))

static const char *const oauth =
    "{'Name':'c','AuthorizationType':'OAUTH_CLIENT_CREDENTIALS','AuthParameters':{"
    "'OAuthParameters':{'ClientParameters':{'ClientID':'i','ClientSecret':'s'},"
    "'AuthorizationEndpoint':'https://a/t','HttpMethod':'POST'}}}";
static const char *const basic = "{'Name':'c','AuthorizationType':'BASIC','AuthParameters':{"
                                 "'BasicAuthParameters':{'Username':'u','Password':'p'}}}";

static bool load(struct world *w, str arn)
{
    return connection_auth_load(&w->c, &w->arena, arn, &w->auth, &w->failure);
}

static void a_connection_opens_by_its_arn(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", basic);
    assert_true(str_starts(arn, STR("arn:aws:events:eu-central-1:000000000000:connection/c/")));
    assert_true(load(w, arn));
    assert_int_equal(w->auth.type, CONNECTION_BASIC);
    assert_str(w->auth.user, "u");
    assert_str(w->auth.password, "p");
    assert_true(w->auth.is_settled);
}

static void an_arn_of_no_connection_is_not_found(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", basic);
    static const char *const arns[] = {
        "",
        "c",
        "arn:aws:events:eu-central-1:000000000000:connection/c/other",
        "arn:aws:events:eu-central-1:000000000000:connection/c/",
        "arn:aws:events:eu-west-1:000000000000:connection/c",
        "arn:aws:events:eu-central-1:000000000000:connection/d/1",
        "x:connection/c/1"};
    for (size_t i = 0; i < sizeof arns / sizeof arns[0]; i++) {
        assert_false(load(w, str_of(arns[i])));
        assert_str(w->failure.error, "Events.ConnectionResource.ResourceNotFound");
    }
    run(w, "DeleteConnection", "{'Name':'c'}");
    run(w, "CreateConnection", basic);
    assert_false(load(w, arn)); /* one of the same name is another one */
}

static void an_arn_may_end_with_the_name_unless_it_is_strict(void **state)
{
    struct world *w = *state;
    str name = STR("arn:aws:events:eu-central-1:000000000000:connection/c");
    str arn = run(w, "CreateConnection", basic);
    assert_true(load(w, name));
    assert_true(str_eq(w->auth.arn, arn));
    w->c.is_strict = true;
    assert_false(load(w, name));
    assert_true(load(w, arn));
}

static void a_deauthorized_connection_fails_calls(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", basic);
    run(w, "DeauthorizeConnection", "{'Name':'c'}");
    assert_false(load(w, arn));
    assert_str(w->failure.error, "Events.ConnectionResource.InvalidConnectionState");
}

static void another_key_fails_calls_and_new_parameters_heal_it(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", basic);
    w->box.key[0] ^= 1;
    assert_false(load(w, arn));
    assert_str(w->failure.error, "Events.ConnectionResource.AccessDenied");
    assert_str(w->failure.cause, "No permissions to call DescribeSecret and/or GetSecretValue on "
                                 "the secret associated with the connection resource.");
    assert_str(described(w, "ConnectionState"), "AUTHORIZED");
    run(w, "UpdateConnection",
        "{'Name':'c','AuthParameters':{'BasicAuthParameters':{'Username':'u','Password':'p2'}}}");
    assert_true(load(w, arn));
    assert_str(w->auth.password, "p2");
}

static void the_first_token_settles_the_state(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", oauth);
    assert_true(load(w, arn));
    assert_false(w->auth.is_settled);
    assert_str(described(w, "ConnectionState"), "AUTHORIZING");
    assert_int_equal(connections_settle(&w->c, arn, w->auth.revision, true, STR(""), 2000, &err),
                     STATUS_OK);
    assert_str(described(w, "ConnectionState"), "AUTHORIZED");
    assert_true(load(w, arn));
    assert_true(w->auth.is_settled);
}

static void a_token_refused_says_why(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", oauth);
    assert_true(load(w, arn));
    assert_int_equal(connections_settle(&w->c, arn, w->auth.revision, false, STR("no"), 2000, &err),
                     STATUS_OK);
    assert_str(described(w, "ConnectionState"), "DEAUTHORIZED");
    assert_str(described(w, "StateReason"), "no");
    assert_false(load(w, arn));
}

static void what_was_changed_since_is_not_settled(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", oauth);
    assert_true(load(w, arn));
    run(w, "UpdateConnection",
        "{'Name':'c','AuthParameters':{'OAuthParameters':{'ClientParameters':{'ClientID':'j'}}}}");
    assert_int_equal(connections_settle(&w->c, arn, w->auth.revision, false, STR("no"), 2000, &err),
                     STATUS_OK);
    assert_str(described(w, "ConnectionState"), "AUTHORIZING");
    assert_true(load(w, arn));
    assert_str(w->auth.client_id, "j");
    assert_str(w->auth.client_secret, "s");
    run(w, "DeleteConnection", "{'Name':'c'}");
    assert_int_equal(connections_settle(&w->c, arn, w->auth.revision, true, STR(""), 2000, &err),
                     STATUS_OK);
}

static void damaged_bytes_are_an_error_and_no_crash(void **state)
{
    struct world *w = *state;
    str arn = run(w, "CreateConnection", basic);
    struct buf bytes;
    buf_init(&bytes, CONNECTION_MAX_RECORD);
    assert_int_equal(w->c.store->load(w->memory, STR("c"), &bytes, &err), STATUS_OK);
    for (size_t n = 0; n < bytes.n; n++) {
        assert_int_equal(
            w->c.store->save(w->memory, STR("c"), str_sub(buf_str(&bytes), 0, n), &err), STATUS_OK);
        assert_false(load(w, arn));
        bytes.p[n] ^= 0x55;
        assert_int_equal(w->c.store->save(w->memory, STR("c"), buf_str(&bytes), &err), STATUS_OK);
        (void)load(w, arn);
        bytes.p[n] ^= 0x55;
    }
    buf_done(&bytes);
}

static enum status busy_load(void *self, str name, struct buf *out, struct error *e)
{
    (void)self, (void)name, (void)out;
    return error_set(e, STATUS_BUSY, "Busy", "the store is busy");
}

static void an_error_of_the_store_goes_out_as_it_is(void **state)
{
    struct world *w = *state;
    struct connection_store busy = *w->c.store;
    struct json_doc *doc;
    busy.load = busy_load;
    w->c.store = &busy;
    assert_int_equal(connections_find(STR("CreateConnection"))
                         ->run(&w->c, parse_quoted(&w->arena, basic), 1000, &doc, &err),
                     STATUS_BUSY);
    assert_string_equal(err.name, "Busy");
    assert_false(load(w, STR("arn:aws:events:r:a:connection/c/1")));
    assert_str(w->failure.error, "Events.ConnectionResource.InternalError");
}

static void an_operation_has_a_name(void **state)
{
    (void)state;
    assert_null(connections_find(STR("ListRules")));
    for (size_t i = 0; i < CONNECTION_OPERATIONS; i++)
        assert_ptr_equal(connections_find(str_of(connection_operations[i].name)),
                         &connection_operations[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_init, world_done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_opens_by_its_arn),
        TEST(an_arn_of_no_connection_is_not_found),
        TEST(an_arn_may_end_with_the_name_unless_it_is_strict),
        TEST(a_deauthorized_connection_fails_calls),
        TEST(another_key_fails_calls_and_new_parameters_heal_it),
        TEST(the_first_token_settles_the_state),
        TEST(a_token_refused_says_why),
        TEST(what_was_changed_since_is_not_settled),
        TEST(damaged_bytes_are_an_error_and_no_crash),
        TEST(an_error_of_the_store_goes_out_as_it_is),
        TEST(an_operation_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
