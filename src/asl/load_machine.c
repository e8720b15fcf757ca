/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines: the whole, the branches of a Parallel and what a Map does. A machine's states are all
 * made before the first is read, in the order of the text.
 */
#include "asl/load_internal.h"

#include "base/utf8.h"

static const char *const version_words[] = {"1.0", NULL};
static const char *const language_words[] = {"JSONPath", "JSONata", NULL};

void load_value(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    (void)l;
    (void)at;
    (void)f;
    *(struct json_val *)target = v;
}

#define BODY(member) .offset = offsetof(struct body, member)
#define BODY_FIELDS                                                                                \
    {.name = "States", .required = true, .read = load_value, BODY(states)},                        \
        {.name = "StartAt", .required = true, .read = load_string, BODY(start_at)},                \
    {                                                                                              \
        .name = "Comment", .read = load_comment                                                    \
    }

static const struct field root_fields[] = {
    BODY_FIELDS,
    ROW_WORD("Version", version_words, struct body, version),
    ROW_WORD("QueryLanguage", language_words, struct body, language),
    ROW_NUMBER("TimeoutSeconds", load_plain_int, 1, 99999999, struct body, timeout),
};
static const struct field branch_fields[] = {BODY_FIELDS};
static const struct field processor_fields[] = {
    BODY_FIELDS,
    ROW("ProcessorConfig", LOAD_BOTH, load_value, struct body, config),
};

const struct table load_root_table = {.fields = root_fields, .count = ARRAY_LEN(root_fields)};
const struct table load_branch_table = {.fields = branch_fields, .count = ARRAY_LEN(branch_fields)};
const struct table load_processor_table = {.fields = processor_fields,
                                           .count = ARRAY_LEN(processor_fields)};

/* ---- states of a machine ---- */

static void machine_check_name(struct load *l, const struct at *at, str name, uint32_t number)
{
    size_t n = utf8_len(name);
    if (n == 0 || n > ASL_MAX_NAME)
        load_error(l, "INVALID_STATE_NAME", at, NULL,
                   "The name of a state must have between 1 and %d characters", ASL_MAX_NAME);
    uint32_t *place = map_at(&l->names, name);
    if (*place == MAP_NONE)
        *place = number;
    else
        load_point_key(
            l,
            load_error(l, "DUPLICATE_STATE_NAME", at,
                       "names of states must differ in the whole definition, branches included",
                       "Duplicate State name: %.*s", STR_ARG(name)),
            at);
}

static struct asl_state *machine_add_state(struct load *l, const struct asl_machine *machine,
                                           const struct at *at)
{
    struct asl_state *state = arena_zalloc(&l->d->arena, sizeof(*state));
    state->name = at->key;
    state->machine = machine;
    state->number = l->states.count;
    state->language = l->d->language;
    struct state_note *note = list_push(l, &l->states, sizeof(*note));
    *note = (struct state_note){.state = state, .at = at};
    machine_check_name(l, at, at->key, state->number);
    return state;
}

static void machine_states(struct load *l, const struct at *at, struct json_val states,
                           struct asl_machine *machine)
{
    const struct at *here = at_key(l, at, STR("States"));
    if (!load_is_object(l, here, states))
        return;
    if (states.len == 0) {
        load_error(l, SCHEMA, here, NULL, "Value cannot be empty");
        return;
    }
    uint32_t first = l->states.count;
    const struct asl_state **items = arena_alloc(&l->d->arena, states.len * sizeof(*items));
    for (uint32_t i = 0; i < states.len; i++) {
        const struct json_key *key = &states.obj->shape->keys[i];
        items[i] = machine_add_state(l, machine, at_key(l, here, (str){key->p, key->n}));
    }
    machine->states = items;
    machine->state_count = states.len;
    for (uint32_t i = 0; i < states.len; i++)
        load_state(l, first + i, states.obj->vals[i]);
}

const struct asl_machine *load_machine(struct load *l, const struct at *at, const struct body *body,
                                       const struct asl_state *owner)
{
    if (l->depth == ASL_MAX_NESTING) {
        load_error(l, "TOO_DEEPLY_NESTED", at, NULL, "States are nested more than %d levels deep",
                   ASL_MAX_NESTING);
        return NULL;
    }
    l->depth++;
    struct asl_machine *machine = arena_zalloc(&l->d->arena, sizeof(*machine));
    machine->owner = owner;
    machine->number = l->machines.count;
    struct machine_note *note = list_push(l, &l->machines, sizeof(*note));
    *note = (struct machine_note){.machine = machine, .at = at};
    struct transition *start = list_push(l, &l->transitions, sizeof(*start));
    *start = (struct transition){.at = at_key(l, at, STR("StartAt")),
                                 .name = body->start_at,
                                 .target = &machine->start,
                                 .machine = machine};
    if (body->states.tag != JSON_UNDEFINED)
        machine_states(l, at, body->states, machine);
    l->depth--;
    return machine;
}

/* ---- Parallel ---- */

void load_branches(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                   void *target)
{
    struct asl_parallel *parallel = target;
    (void)f;
    if (!load_is_array(l, at, v))
        return;
    if (v.len == 0)
        load_error(l, SCHEMA, at, NULL, "Value cannot be empty");
    const struct asl_state *owner = l->state;
    const struct asl_machine **branches =
        arena_alloc(&l->d->arena, (v.len + 1) * sizeof(*branches));
    for (uint32_t i = 0; i < v.len; i++) {
        struct body body = {.timeout = 0};
        const struct at *here = at_index(l, at, i);
        if (load_fields(l, here, v.items[i], &load_branch_table, &body))
            branches[parallel->branch_count++] = load_machine(l, here, &body, owner);
    }
    parallel->branches = branches;
}
