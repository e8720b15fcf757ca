/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A definition as a whole: read, counted, looked up in. What its parts are is read by the load_*.c
 * files.
 */
#include "asl/definition.h"

#include "asl/load_internal.h"
#include "base/check.h"
#include "json/parse.h"
#include <stdlib.h>

static void definition_free(struct asl_definition *d)
{
    json_doc_unref(d->doc);
    arena_done(&d->arena);
    free(d);
}

struct asl_definition *asl_definition_ref(struct asl_definition *d)
{
    d->refs++;
    return d;
}

void asl_definition_unref(struct asl_definition *d)
{
    if (d != NULL && --d->refs == 0)
        definition_free(d);
}

const struct asl_state *asl_definition_find(const struct asl_definition *d, str name)
{
    uint32_t number = map_get(&d->state_numbers, name);
    return number != MAP_NONE ? d->states[number] : NULL;
}

asl_variable asl_definition_variable(const struct asl_definition *d, str name)
{
    return map_get(&d->variable_numbers, name);
}

/* ---- reading ---- */

/* The parser puts the place in front of its reason. */
static const char *definition_reason(const char *message)
{
    const char *colon = strncmp(message, "line ", 5) == 0 ? strstr(message, ": ") : NULL;
    return colon != NULL ? colon + 2 : message;
}

static bool definition_parse(struct load *l)
{
    struct error err;
    struct json_place place = {0};
    struct json_parse_options options = {.max_bytes = ASL_MAX_DEFINITION, .place = &place};
    if (l->text.n == 0) {
        load_error(l, SCHEMA, NULL, NULL, "Definition must be a valid JSON object");
        return false;
    }
    if (l->text.n > ASL_MAX_DEFINITION) {
        l->text = STR("");
        load_error(l, SCHEMA, NULL, "parts of it can become state machines of their own",
                   "The definition has more than %zu bytes", ASL_MAX_DEFINITION);
        return false;
    }
    if (json_parse(l->text, &options, &l->d->doc, &err) == STATUS_OK)
        return true;
    l->d->doc = NULL;
    load_error_json(l, definition_reason(err.message), place.offset, place.line, place.column);
    return false;
}

static void definition_read(struct load *l)
{
    struct asl_definition *d = l->d;
    struct body body = {.timeout = 0};
    const struct at *root = at_key(l, NULL, STR(""));
    struct json_val v = json_doc_root(d->doc);
    if (v.tag != JSON_OBJECT) {
        load_error(l, SCHEMA, root, NULL, "Definition must be a valid JSON object")->location =
            STR("");
        return;
    }
    if (json_get(v, STR("QueryLanguage")).tag != JSON_UNDEFINED)
        body.language = ASL_JSONATA; /* what AWS takes an unknown one for */
    load_fields(l, root, v, &load_root_table, &body);
    d->language = (enum asl_language)body.language;
    d->timeout_seconds = body.timeout;
    l->language = d->language;
    d->root = load_machine(l, root, &body, NULL);
    load_settle_flow(l);
    load_settle_scopes(l);
    load_settle_labels(l);
}

/* The lists move from the scratch arena to the definition's. */
static void definition_complete(struct load *l)
{
    struct asl_definition *d = l->d;
    const struct state_note *states = l->states.items;
    const struct machine_note *machines = l->machines.items;
    const struct asl_state **all =
        arena_alloc(&d->arena, (l->states.count + 1) * sizeof(const struct asl_state *));
    const struct asl_machine **bodies =
        arena_alloc(&d->arena, (l->machines.count + 1) * sizeof(const struct asl_machine *));
    str *names = arena_alloc(&d->arena, (l->names_of_variables.count + 1) * sizeof(*names));
    map_init(&d->state_numbers, &d->arena, l->states.count);
    map_init(&d->variable_numbers, &d->arena, l->names_of_variables.count);
    for (uint32_t i = 0; i < l->states.count; i++) {
        all[i] = states[i].state;
        *map_at(&d->state_numbers, states[i].state->name) = i;
    }
    for (uint32_t i = 0; i < l->machines.count; i++)
        bodies[i] = machines[i].machine;
    for (uint32_t i = 0; i < l->names_of_variables.count; i++) {
        names[i] = ((const str *)l->names_of_variables.items)[i];
        *map_at(&d->variable_numbers, names[i]) = i;
    }
    d->states = all;
    d->state_count = l->states.count;
    d->machines = bodies;
    d->machine_count = l->machines.count;
    d->variables = names;
    d->variable_count = l->names_of_variables.count;
}

static struct asl_definition *definition_new(enum asl_type type)
{
    struct asl_definition *d = calloc(1, sizeof(*d));
    check(d != NULL);
    d->refs = 1;
    d->type = type;
    arena_init(&d->arena, 0);
    json_shapes_init(&d->shapes, &d->arena);
    return d;
}

static enum status definition_refuse(const struct asl_diagnostics *out, struct error *err)
{
    struct buf text;
    buf_init(&text, SIZE_MAX);
    asl_diagnostics_print_error(out, &text);
    enum status status =
        error_set(err, STATUS_INVALID, "InvalidDefinition", "%.*s", STR_ARG(buf_str(&text)));
    buf_done(&text);
    return status;
}

enum status asl_definition_load(str text, const struct asl_load_options *options,
                                struct asl_diagnostics *out, struct asl_definition **ret,
                                struct error *err)
{
    struct asl_diagnostics own;
    asl_diagnostics_init(&own);
    struct load l = {.d = definition_new(options->type),
                     .options = options,
                     .out = out != NULL ? out : &own,
                     .text = text,
                     .in_express = options->type == ASL_EXPRESS};
    arena_init(&l.scratch, 0);
    map_init(&l.names, &l.scratch, 0);
    map_init(&l.variables, &l.scratch, 0);
    if (definition_parse(&l))
        definition_read(&l);
    definition_complete(&l);
    arena_done(&l.scratch);
    enum status status = STATUS_OK;
    if (l.out->error_count == 0)
        *ret = l.d;
    else
        status = definition_refuse(l.out, err);
    if (status != STATUS_OK)
        definition_free(l.d);
    asl_diagnostics_done(&own);
    return status;
}
