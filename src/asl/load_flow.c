/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transitions: noted while states are read, settled at the end, when all names are known. Then each
 * machine must have an end, and each state a way to it.
 */
#include "asl/load_internal.h"

enum {
    FLOW_MAP_FROM = 9,  /* states, from which on a map finds one faster */
    FLOW_GUESSES = 100, /* states whose names are compared with one that is not there */
};

void load_transition(struct load *l, const struct at *at, str name, const struct asl_state **target)
{
    struct transition *t = list_push(l, &l->transitions, sizeof(*t));
    *t = (struct transition){
        .at = at, .name = name, .target = target, .machine = l->state->machine, .from = l->state};
}

void load_next(struct load *l, const struct at *at, struct json_val v, const struct field *f,
               void *target)
{
    (void)f;
    if (load_is_string(l, at, v))
        load_transition(l, at, json_str(v), target);
}

/* ---- names to states ---- */

static struct machine_note *flow_note(struct load *l, const struct asl_machine *machine)
{
    return (struct machine_note *)l->machines.items + machine->number;
}

static struct map *flow_map(struct load *l, const struct asl_machine *machine)
{
    struct map *map = arena_alloc(&l->scratch, sizeof(*map));
    map_init(map, &l->scratch, machine->state_count);
    for (uint32_t i = 0; i < machine->state_count; i++)
        *map_at(map, machine->states[i]->name) = i;
    return map;
}

static const struct asl_state *flow_find(struct load *l, const struct asl_machine *machine,
                                         str name)
{
    if (machine->state_count >= FLOW_MAP_FROM) {
        struct machine_note *note = flow_note(l, machine);
        if (note->states == NULL)
            note->states = flow_map(l, machine);
        uint32_t i = map_get(note->states, name);
        return i != MAP_NONE ? machine->states[i] : NULL;
    }
    for (uint32_t i = 0; i < machine->state_count; i++)
        if (str_eq(machine->states[i]->name, name))
            return machine->states[i];
    return NULL;
}

static const char *flow_hint(struct load *l, const struct transition *t)
{
    struct guess guess = guess_begin(t->name);
    if (map_get(&l->names, t->name) != MAP_NONE)
        return "a transition leads to a state of the same States object";
    for (uint32_t i = 0; i < t->machine->state_count && i < FLOW_GUESSES; i++)
        guess_try(&guess, t->machine->states[i]->name);
    return guess_hint(l, &guess);
}

static void flow_resolve(struct load *l, struct transition *t)
{
    if (t->name.p == NULL || t->machine->state_count == 0)
        return;
    *t->target = flow_find(l, t->machine, t->name);
    if (*t->target != NULL)
        return;
    struct asl_diagnostic *item = load_error(l, "MISSING_TRANSITION_TARGET", t->at, NULL,
                                             "Missing 'Next' target: %.*s", STR_ARG(t->name));
    if (item != NULL)
        item->hint = flow_hint(l, t);
}

/* ---- reaching ---- */

/* The transitions of all states: those of state i are to[first[i]] up to to[first[i + 1]]. */
struct edges {
    uint32_t *first;
    const struct asl_state **to;
};

static struct edges flow_edges(struct load *l)
{
    struct edges e;
    const struct transition *all = l->transitions.items;
    uint32_t n = l->states.count, *at = arena_zalloc(&l->scratch, (n + 2) * sizeof(*at));
    e.to = arena_alloc(&l->scratch, (l->transitions.count + 1) * sizeof(const struct asl_state *));
    for (uint32_t i = 0; i < l->transitions.count; i++)
        if (all[i].from != NULL)
            at[all[i].from->number + 2]++;
    for (uint32_t i = 2; i < n + 2; i++)
        at[i] += at[i - 1];
    for (uint32_t i = 0; i < l->transitions.count; i++)
        if (all[i].from != NULL)
            e.to[at[all[i].from->number + 1]++] = *all[i].target;
    e.first = at;
    return e;
}

static void flow_reach(struct load *l, const struct edges *e, const struct asl_machine *machine,
                       bool *reached)
{
    const struct asl_state **queue =
        arena_alloc(&l->scratch, (machine->state_count + 1) * sizeof(const struct asl_state *));
    uint32_t head = 0, tail = 0;
    queue[tail++] = machine->start;
    reached[machine->start->number] = true;
    while (head < tail) {
        uint32_t number = queue[head++]->number;
        for (uint32_t i = e->first[number]; i < e->first[number + 1]; i++) {
            const struct asl_state *to = e->to[i];
            if (to == NULL || reached[to->number])
                continue;
            reached[to->number] = true;
            queue[tail++] = to;
        }
    }
}

static void flow_check(struct load *l, const struct edges *e, const struct machine_note *note,
                       bool *reached)
{
    const struct asl_machine *machine = note->machine;
    const struct state_note *notes = l->states.items;
    bool ends = machine->state_count == 0, is_broken = machine->start == NULL;
    for (uint32_t i = 0; i < machine->state_count; i++) {
        ends |= notes[machine->states[i]->number].ends;
        is_broken |= notes[machine->states[i]->number].is_broken;
    }
    if (!ends) {
        struct asl_diagnostic *item =
            load_error(l, "MISSING_END_STATE", note->at,
                       "at least one state needs \"End\": true, or is a Succeed or Fail state",
                       "Workflow has no terminal state");
        if (item != NULL)
            item->location = STR("");
    }
    if (!ends || is_broken)
        return;
    flow_reach(l, e, machine, reached);
    for (uint32_t i = 0; i < machine->state_count; i++) {
        const struct state_note *state = &notes[machine->states[i]->number];
        if (!reached[state->state->number])
            load_point_key(l,
                           load_error(l, "MISSING_TRANSITION_TARGET", state->at,
                                      "no transition leads here from StartAt",
                                      "State \"%.*s\" is not reachable.",
                                      STR_ARG(state->state->name)),
                           state->at);
    }
}

void load_settle_flow(struct load *l)
{
    for (uint32_t i = 0; i < l->transitions.count; i++)
        flow_resolve(l, (struct transition *)l->transitions.items + i);
    struct edges e = flow_edges(l);
    bool *reached = arena_zalloc(&l->scratch, l->states.count + 1);
    for (uint32_t i = 0; i < l->machines.count; i++)
        flow_check(l, &e, (struct machine_note *)l->machines.items + i, reached);
}
