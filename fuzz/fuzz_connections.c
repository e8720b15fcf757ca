/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the operations on connections, over a storage in memory: each line is one, its first
 * byte the operation, the rest JSON. Answers can be written, errors have names, what was created is
 * found, and no answer shows a value of a password.
 */
#include "json/parse.h"
#include "json/write.h"
#include "services/connection_auth.h"
#include "services/connections_memory.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_REQUESTS = 12 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Values of secrets are only in what was asked, never in what is answered. */
static void require_no_secret(str text)
{
    static const char *const members[] = {"\"Password\"", "\"ApiKeyValue\"", "\"ClientSecret\""};
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        require(str_find(text, str_of(members[i]), 0) == STR_NONE);
}

static void check_answer(struct json_doc *answer)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    require(json_write(&text, json_doc_root(answer), 0, NULL) == STATUS_OK);
    require_no_secret(buf_str(&text));
    buf_done(&text);
}

/* Whoever was told an ARN can call through it, or hears why not. */
static void check_arn(const struct connections *c, struct arena *a, struct json_val answer)
{
    str arn = json_str(json_get(answer, STR("ConnectionArn")));
    struct connection_auth auth;
    struct service_failure failure = {0};
    struct error err;
    if (arn.n == 0)
        return;
    require(connection_name_of(arn).n > 0);
    if (!connection_auth_load(c, a, arn, &auth, &failure))
        require(failure.error.n > 0);
    require(connections_settle(c, arn, 1, arn.n % 2 == 0, STR("r"), 5, &err) == STATUS_OK);
}

static void ask(const struct connections *c, struct arena *a, str line)
{
    const struct connection_operation *op =
        &connection_operations[(uint8_t)line.p[0] % CONNECTION_OPERATIONS];
    struct json_doc *request, *answer;
    struct error err = {0};
    if (json_parse(str_sub(line, 1, line.n), NULL, &request, NULL) != STATUS_OK)
        return;
    if (op->run(c, json_doc_root(request), 1767225600000, &answer, &err) == STATUS_OK) {
        check_answer(answer);
        if (op->is_writing && !str_eq(str_of(op->name), STR("DeleteConnection")))
            check_arn(c, a, json_doc_root(answer));
        json_doc_unref(answer);
    } else {
        require(err.name[0] != '\0' && err.message[0] != '\0');
        require(err.status != STATUS_CORRUPT);
    }
    json_doc_unref(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct connections_memory *memory = connections_memory_new();
    struct secret_box box = {{1, 2, 3}};
    struct connections c = {.store = connections_memory_store(memory),
                            .box = &box,
                            .region = STR("us-east-1"),
                            .account = STR("000000000000"),
                            .is_strict = size % 2 == 1};
    str rest = {(const char *)data, size};
    struct arena a;
    arena_init(&a, 0);
    for (int i = 0; i < MOST_REQUESTS && rest.n > 0; i++) {
        size_t end = str_find_byte(rest, '\n', 0);
        str line = str_sub(rest, 0, end == STR_NONE ? rest.n : end);
        rest = str_sub(rest, end == STR_NONE ? rest.n : end + 1, rest.n);
        if (line.n > 1)
            ask(&c, &a, line);
    }
    arena_done(&a);
    connections_memory_free(memory);
    return 0;
}
