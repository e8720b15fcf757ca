/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is settled when all states are read: which variables an expression reads, that no inner
 * scope assigns a name of an outer one, and the labels of distributed maps.
 */
#include "asl/load_internal.h"

#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- variables ---- */

static void scope_bind(struct load *l, struct asl_jsonata *x)
{
    str name;
    uint32_t count = 0;
    while (jsonata_free_variable(x->code, count, &name))
        count++;
    asl_variable *found = arena_alloc(&l->d->arena, (count + 1) * sizeof(*found));
    for (uint32_t i = 0; i < count && jsonata_free_variable(x->code, i, &name); i++) {
        uint32_t variable = map_get(&l->variables, name);
        if (variable != MAP_NONE)
            found[x->variable_count++] = variable;
    }
    x->variables = found;
}

void load_reference(struct load *l, str name)
{
    if (name.n == 0 || l->state == NULL || str_eq(name, STR("states")))
        return;
    struct reference *r = list_push(l, &l->references, sizeof(*r));
    *r = (struct reference){l->state->number, name};
}

static int reference_order(const void *left, const void *right)
{
    const struct reference *a = left, *b = right;
    if (a->state != b->state)
        return a->state < b->state ? -1 : 1;
    return str_cmp(a->name, b->name);
}

/* Sorted by state and name, the names of a state stand in a row; each is kept once. */
static void scope_settle_references(struct load *l)
{
    struct reference *all = l->references.items;
    uint32_t count = l->references.count;
    if (count == 0)
        return;
    qsort(all, count, sizeof(*all), reference_order);
    str *names = arena_alloc(&l->d->arena, count * sizeof(*names));
    for (uint32_t i = 0; i < count; i++) {
        struct asl_state *state = ((struct state_note *)l->states.items)[all[i].state].state;
        if (i > 0 && reference_order(&all[i - 1], &all[i]) == 0)
            continue;
        if (state->reference_count == 0)
            state->references = names;
        state->reference_count++;
        *names++ = arena_dup(&l->d->arena, all[i].name);
    }
}

/* A variable as a machine assigns it, for the map. */
struct scope_key {
    uint32_t machine, variable;
};

static str scope_text(const struct scope_key *key)
{
    return (str){(const char *)key, sizeof(*key)};
}

/* The machine whose variables the states of this one see, too; NULL when there is none. */
static const struct asl_machine *scope_outer(const struct asl_machine *machine)
{
    const struct asl_state *owner = machine->owner;
    if (owner == NULL || (owner->type == ASL_MAP && owner->map.is_distributed))
        return NULL;
    return owner->machine;
}

static void scope_check(struct load *l, const struct map *assigned, const struct assigned *a)
{
    const struct asl_machine *machine = a->machine;
    while ((machine = scope_outer(machine)) != NULL) {
        struct scope_key key = {machine->number, a->variable};
        if (map_get(assigned, scope_text(&key)) == MAP_NONE)
            continue;
        load_error(l, SCHEMA, a->at,
                   "an inner scope may read the variables of the outer ones, not assign them: take "
                   "another name",
                   "The variable '%.*s' is already assigned in an outer scope",
                   STR_ARG(((const str *)l->names_of_variables.items)[a->variable]));
        return;
    }
}

void load_settle_scopes(struct load *l)
{
    const struct assigned *all = l->assigns.items;
    struct map assigned;
    map_init(&assigned, &l->scratch, l->assigns.count);
    struct scope_key *keys = arena_alloc(&l->scratch, (l->assigns.count + 1) * sizeof(*keys));
    for (uint32_t i = 0; i < l->assigns.count; i++) {
        keys[i] = (struct scope_key){all[i].machine->number, all[i].variable};
        *map_at(&assigned, scope_text(&keys[i])) = i;
    }
    for (uint32_t i = 0; i < l->assigns.count; i++)
        scope_check(l, &assigned, &all[i]);
    for (uint32_t i = 0; i < l->expressions.count; i++)
        scope_bind(l, ((struct asl_jsonata **)l->expressions.items)[i]);
    scope_settle_references(l);
}

/* ---- labels ---- */

static bool label_may_hold(uint32_t c)
{
    static const char forbidden[] = "<>{}[]?*\"#%\\^|~$&,;:/`";
    if (c <= ' ' || (c >= 0x7F && c <= 0x9F) || c == 0xFFFE || c == 0xFFFF || utf8_is_surrogate(c))
        return false;
    bool is_space = c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
                    c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    return !is_space && (c >= 0x80 || strchr(forbidden, (int)c) == NULL);
}

void load_label(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    if (v.tag != JSON_STRING) {
        load_string(l, at, v, f, target);
        return;
    }
    str label = json_str(v);
    bool is_right = true;
    for (size_t i = 0; i < label.n && is_right;)
        is_right = label_may_hold(utf8_next(label, &i));
    if (!is_right)
        load_error(l, "INVALID_LABEL_NAME", at,
                   "no blanks, control characters, or any of <>{}[]?*\"#%\\^|~$&,;:/`",
                   "The label contains a character that is not allowed");
    if (label.n == 0 || utf8_len(label) > ASL_MAX_LABEL)
        load_error(l, "INVALID_LABEL_NAME", at, NULL,
                   "A label must have between 1 and %d characters", ASL_MAX_LABEL);
    *(str *)target = label;
}

/* FNV-1a, so that a definition gives the same labels everywhere and for ever. */
static uint32_t label_hash(str s, uint32_t salt)
{
    uint32_t h = 2166136261u ^ salt;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    return h;
}

/* "NAME-xxxxxxxx": letters, digits, _ and - of the state's name, 31 at most, and a hash of all of
 * it. */
static str label_make(struct load *l, str name, uint32_t salt)
{
    char text[ASL_MAX_LABEL + 1];
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < ASL_MAX_LABEL - 9; i++) {
        char c = name.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (is_plain)
            text[n++] = c;
    }
    snprintf(text + n, sizeof(text) - n, "%s%08x", n > 0 ? "-" : "", label_hash(name, salt));
    return arena_dup(&l->d->arena, str_of(text));
}

static void label_check(struct load *l, struct map *taken, const struct label *label)
{
    if (label->map->label.n == 0)
        return;
    uint32_t *place = map_at(taken, label->map->label);
    if (*place != MAP_NONE)
        load_error(l, "DUPLICATE_LABEL_NAME", at_key(l, label->at, STR("Label")), NULL,
                   "Duplicate label name: %.*s", STR_ARG(label->map->label));
    *place = 0;
}

void load_settle_labels(struct load *l)
{
    struct label *all = l->labels.items;
    struct map taken;
    map_init(&taken, &l->scratch, l->labels.count);
    for (uint32_t i = 0; i < l->labels.count; i++)
        label_check(l, &taken, &all[i]);
    for (uint32_t i = 0; i < l->labels.count; i++) {
        uint32_t salt = 0;
        while (all[i].map->label.n == 0) {
            str label = label_make(l, all[i].name, salt++);
            uint32_t *place = map_at(&taken, label);
            if (*place == MAP_NONE)
                all[i].map->label = label;
            *place = 0;
        }
    }
}
