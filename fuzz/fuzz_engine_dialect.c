/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task's Resource as a definition may have it, to the service that is called, and a service's
 * error (behind a NUL) to what the workflow sees.
 */
#include "engine/dialect.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static struct asl_definition *load(str resource)
{
    struct asl_load_options options = {.type = ASL_STANDARD};
    struct asl_definition *d = NULL;
    struct error err = {0};
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"));
    json_write_string(&text, resource);
    buf_add(&text, STR(",\"End\":true}}}"));
    if (asl_definition_load(buf_str(&text), &options, NULL, &d, &err) != STATUS_OK)
        require(err.name[0] != '\0');
    buf_done(&text);
    return d;
}

static void check_error(const struct dialect *d, bool is_sdk, str text, struct arena *a)
{
    struct error err = {.status = (enum status)(text.n % (STATUS_CANCELED + 1))};
    str name = str_sub(text, 0, sizeof(err.name) - 1);
    if (err.status == STATUS_OK)
        return;
    (void)snprintf(err.name, sizeof(err.name), "%.*s", STR_ARG(name));
    (void)snprintf(err.message, sizeof(err.message), "%.*s", STR_ARG(text));
    struct dialect_error said = dialect_spell(d, is_sdk, &err, STR("id"), a);
    require(said.error.n > 0 && said.cause.n > 0);
    require(str_find_byte(said.error, '.', 0) != STR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    str bytes = {(const char *)data, size}, operation;
    size_t end = str_find_byte(bytes, '\0', 0);
    bool is_sdk;
    arena_init(&a, 0);
    struct asl_definition *d = load(str_sub(bytes, 0, end == STR_NONE ? size : end));
    if (d) {
        const struct asl_resource *r = &d->states[0]->task.resource;
        const struct dialect *found = dialect_find(r, &a, &operation, &is_sdk);
        require(!found || r->kind == ASL_RESOURCE_SERVICE);
        if (found && end != STR_NONE)
            check_error(found, is_sdk, str_sub(bytes, end + 1, size), &a);
        asl_definition_unref(d);
    }
    arena_done(&a);
    return 0;
}
