/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context object: "$$" of JSONPath, $states.context of JSONata. Built anew for each evaluation
 * that reads it, members in the order AWS gives them.
 */
#include "asl/step_internal.h"
#include "base/time.h"

static struct json_val context_text(struct asl_step *s, str text)
{
    (void)s;
    return json_string(text, 0);
}

static struct json_val context_time(struct asl_step *s, int64_t ms)
{
    char text[32];
    size_t n = time_print_iso(ms, text);
    return json_string(arena_dup(&s->out->scratch, (str){text, n}), JSON_ASCII | JSON_PLAIN);
}

static void put(struct json_obj_builder *b, const char *key, struct json_val v)
{
    json_obj_put(b, str_of(key), JSON_ASCII | JSON_PLAIN, v);
}

static struct json_val context_execution(struct asl_step *s)
{
    const struct asl_exec *x = s->x;
    struct json_obj_builder b;
    json_obj_begin(&b, asl_shapes(s), 7);
    put(&b, "Id", context_text(s, x->identity.id));
    put(&b, "Input", x->input->root);
    put(&b, "StartTime", context_time(s, x->identity.start_ms));
    put(&b, "Name", context_text(s, x->identity.name));
    put(&b, "RoleArn", context_text(s, x->identity.role_arn));
    if (x->type == ASL_STANDARD)
        put(&b, "RedriveCount", json_num(x->redrive_count));
    if (x->redrive_count > 0)
        put(&b, "RedriveTime", context_time(s, x->redrive_ms));
    return json_obj_end(&b);
}

static struct json_val context_machine(struct asl_step *s)
{
    struct json_obj_builder b;
    json_obj_begin(&b, asl_shapes(s), 2);
    put(&b, "Id", context_text(s, s->x->identity.state_machine_id));
    put(&b, "Name", context_text(s, s->x->identity.state_machine_name));
    return json_obj_end(&b);
}

static struct json_val context_state(struct asl_step *s, const struct asl_frame *f)
{
    enum asl_state_type type = f->state->type;
    struct json_obj_builder b;
    json_obj_begin(&b, asl_shapes(s), 3);
    str name = s->x->state_name.n > 0 ? s->x->state_name : f->state->name;
    put(&b, "Name", context_text(s, name));
    put(&b, "EnteredTime", context_time(s, f->entered_ms));
    if (type == ASL_TASK || type == ASL_PARALLEL || type == ASL_MAP)
        put(&b, "RetryCount", json_num(f->retry_count));
    return json_obj_end(&b);
}

struct map_item {
    uint32_t index;
    struct json_val key, value;
    str source;
};

/* The item of an ItemSelector, or of the innermost iteration around. */
static bool find_item(const struct asl_scope *scope, struct map_item *ret)
{
    *ret = (struct map_item){.index = scope->item_index,
                             .key = scope->item_key,
                             .value = scope->item,
                             .source = scope->item_source};
    if (scope->item.tag != JSON_UNDEFINED)
        return true;
    const struct asl_frame *f = scope->frame;
    while (f->parent && f->parent->state->type != ASL_MAP)
        f = f->parent;
    if (!f->parent)
        return false;
    *ret = (struct map_item){.index = f->index, .value = f->parent->items->root.items[f->index]};
    if (f->parent->has_keys) {
        ret->key = json_get(ret->value, STR("Key"));
        ret->value = json_get(ret->value, STR("Value"));
    }
    return true;
}

static struct json_val context_map(struct asl_step *s, const struct map_item *item)
{
    struct json_obj_builder b, map;
    json_obj_begin(&b, asl_shapes(s), 4);
    put(&b, "Index", json_num(item->index));
    if (item->key.tag != JSON_UNDEFINED)
        put(&b, "Key", item->key);
    put(&b, "Value", item->value);
    if (item->source.n > 0)
        put(&b, "Source", context_text(s, item->source));
    json_obj_begin(&map, asl_shapes(s), 1);
    put(&map, "Item", json_obj_end(&b));
    return json_obj_end(&map);
}

struct json_val asl_context(struct asl_step *s, const struct asl_scope *scope)
{
    struct json_obj_builder b;
    struct map_item item;
    if (s->x->context.tag == JSON_OBJECT)
        return s->x->context;
    json_obj_begin(&b, asl_shapes(s), 5);
    put(&b, "Execution", context_execution(s));
    put(&b, "StateMachine", context_machine(s));
    put(&b, "State", context_state(s, scope->frame));
    if (find_item(scope, &item))
        put(&b, "Map", context_map(s, &item));
    if (scope->token.n > 0) {
        struct json_obj_builder task;
        json_obj_begin(&task, asl_shapes(s), 1);
        put(&task, "Token", json_string(scope->token, JSON_ASCII | JSON_PLAIN));
        put(&b, "Task", json_obj_end(&task));
    }
    return json_obj_end(&b);
}
