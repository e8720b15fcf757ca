/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled definition as text for people: a line per state with its type and where it goes,
 * indented below it what it does, in the order in which it is done. Nothing is left to defaults
 * that the author left to them.
 */
#include "asl/definition.h"
#include "json/write.h"

enum { PRINT_STEP = 2, PRINT_JSON_MAX = 1 << 16 };

struct printer {
    const struct asl_definition *d;
    struct buf *out;
    uint32_t indent;
};

static void print_machine(struct printer *p, const struct asl_machine *machine);

/* ---- values ---- */

static void print_json(struct printer *p, struct json_val v)
{
    struct buf text;
    struct error ignored;
    buf_init(&text, PRINT_JSON_MAX);
    if (json_write(&text, v, 0, &ignored) == STATUS_OK && buf_ok(&text))
        buf_add(p->out, buf_str(&text));
    else
        buf_add(p->out, STR("(a large value)"));
    buf_done(&text);
}

static void print_jsonata(struct printer *p, const struct asl_jsonata *x)
{
    buf_add(p->out, STR("{% "));
    buf_add(p->out, x->text);
    buf_add(p->out, STR(" %}"));
    for (uint32_t i = 0; i < x->variable_count; i++) {
        buf_add(p->out, i == 0 ? STR(" reads $") : STR(", $"));
        buf_add(p->out, p->d->variables[x->variables[i]]);
    }
}

static void print_template(struct printer *p, const struct asl_template *t)
{
    switch (t->kind) {
    case ASL_TEMPLATE_LITERAL: print_json(p, t->literal); return;
    case ASL_TEMPLATE_JSONATA: print_jsonata(p, t->jsonata); return;
    case ASL_TEMPLATE_PATH: buf_add(p->out, t->text); return;
    case ASL_TEMPLATE_OBJECT:
    case ASL_TEMPLATE_ARRAY: break;
    }
    bool is_object = t->kind == ASL_TEMPLATE_OBJECT;
    buf_add_byte(p->out, is_object ? '{' : '[');
    for (uint32_t i = 0; i < t->count; i++) {
        buf_add(p->out, i > 0 ? STR(", ") : STR(""));
        if (is_object) {
            const struct json_key *key = &t->shape->keys[i];
            json_write_string(p->out, (str){key->p, key->n});
            buf_add(p->out, STR(": "));
        }
        print_template(p, &t->items[i]);
    }
    buf_add_byte(p->out, is_object ? '}' : ']');
}

/* ---- lines ---- */

static void print_begin(struct printer *p, const char *name)
{
    buf_add_fill(p->out, ' ', (size_t)p->indent * PRINT_STEP);
    buf_add(p->out, str_of(name));
    buf_add_byte(p->out, ' ');
}

static void print_end(struct printer *p)
{
    buf_add_byte(p->out, '\n');
}

static void print_field(struct printer *p, const char *name, const struct asl_template *t)
{
    if (t == NULL)
        return;
    print_begin(p, name);
    print_template(p, t);
    print_end(p);
}

static void print_path(struct printer *p, const char *name, const struct asl_path *path)
{
    if (path->kind == ASL_PATH_DEFAULT)
        return;
    print_begin(p, name);
    buf_add(p->out, path->kind == ASL_PATH_NULL ? STR("null") : jsonpath_text(path->path));
    print_end(p);
}

static void print_number(struct printer *p, const char *name, const struct asl_number *n)
{
    if (n->kind == ASL_FIELD_ABSENT)
        return;
    print_begin(p, name);
    if (n->kind == ASL_FIELD_LITERAL)
        print_json(p, json_num(n->value));
    else if (n->kind == ASL_FIELD_PATH)
        buf_add(p->out, jsonpath_text(n->path));
    else
        print_jsonata(p, n->jsonata);
    print_end(p);
}

static void print_text(struct printer *p, const char *name, const struct asl_text *t)
{
    if (t->kind == ASL_FIELD_ABSENT)
        return;
    print_begin(p, name);
    if (t->kind == ASL_FIELD_LITERAL)
        json_write_string(p->out, t->value);
    else if (t->kind == ASL_FIELD_PATH)
        buf_add(p->out, t->value);
    else
        print_jsonata(p, t->jsonata);
    print_end(p);
}

static void print_assign(struct printer *p, const struct asl_assign *assign)
{
    for (uint32_t i = 0; i < assign->count; i++) {
        print_begin(p, "Assign");
        buf_add_byte(p->out, '$');
        buf_add(p->out, p->d->variables[assign->items[i].variable]);
        buf_add(p->out, STR(" = "));
        print_template(p, &assign->items[i].value);
        print_end(p);
    }
}

static void print_to(struct printer *p, const struct asl_state *state)
{
    buf_add(p->out, STR(" -> "));
    buf_add(p->out, state != NULL ? state->name : STR("(end)"));
}

/* ---- Retry, Catch ---- */

static void print_errors(struct printer *p, const str *errors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buf_add(p->out, i > 0 ? STR(", ") : STR(""));
        buf_add(p->out, errors[i]);
    }
}

static void print_retriers(struct printer *p, const struct asl_state *state)
{
    for (uint32_t i = 0; i < state->retrier_count; i++) {
        const struct asl_retrier *r = &state->retriers[i];
        print_begin(p, "Retry");
        print_errors(p, r->errors, r->error_count);
        buf_printf(p->out, ": %lld times, after %g s, times %g", (long long)r->max_attempts,
                   r->interval_seconds, r->backoff_rate);
        if (r->max_delay_seconds > 0)
            buf_printf(p->out, ", at most %g s", r->max_delay_seconds);
        buf_add(p->out, r->jitter_full ? STR(", full jitter") : STR(""));
        print_end(p);
    }
}

static void print_catchers(struct printer *p, const struct asl_state *state)
{
    for (uint32_t i = 0; i < state->catcher_count; i++) {
        const struct asl_catcher *c = &state->catchers[i];
        print_begin(p, "Catch");
        print_errors(p, c->errors, c->error_count);
        print_to(p, c->next);
        print_end(p);
        p->indent++;
        print_assign(p, &c->assign);
        print_path(p, "ResultPath", &c->result_path);
        print_field(p, "Output", c->output);
        p->indent--;
    }
}

/* ---- Choice ---- */

static const char *print_operator_name(enum asl_operator op)
{
    static const char *const names[] = {
#define X(id, text) [ASL_##id] = text,
        ASL_OPERATOR_LIST(X)
#undef X
            [ASL_AND] = "And",
        [ASL_OR] = "Or", [ASL_NOT] = "Not"};
    return names[op];
}

static void print_condition(struct printer *p, const struct asl_condition *c)
{
    if (c->op < ASL_AND) {
        buf_add(p->out, jsonpath_text(c->variable));
        buf_printf(p->out, " %s ", print_operator_name(c->op));
        if (c->value_path != NULL)
            buf_add(p->out, jsonpath_text(c->value_path));
        else
            print_json(p, c->value);
        return;
    }
    buf_printf(p->out, "%s(", print_operator_name(c->op));
    for (uint32_t i = 0; i < c->count; i++) {
        buf_add(p->out, i > 0 ? STR(", ") : STR(""));
        print_condition(p, &c->operands[i]);
    }
    buf_add_byte(p->out, ')');
}

static void print_rule(struct printer *p, const struct asl_rule *rule)
{
    print_begin(p, "when");
    if (rule->condition != NULL)
        print_condition(p, rule->condition);
    else if (rule->jsonata != NULL)
        print_jsonata(p, rule->jsonata);
    else
        buf_add(p->out, rule->literal ? STR("true") : STR("false"));
    print_to(p, rule->next);
    print_end(p);
    p->indent++;
    print_assign(p, &rule->assign);
    print_field(p, "Output", rule->output);
    p->indent--;
}

static void print_choice(struct printer *p, const struct asl_choice *choice)
{
    for (uint32_t i = 0; i < choice->rule_count; i++)
        print_rule(p, &choice->rules[i]);
    if (choice->otherwise == NULL)
        return;
    print_begin(p, "otherwise");
    p->out->n--;
    print_to(p, choice->otherwise);
    print_end(p);
}

/* ---- Map ---- */

static void print_resource(struct printer *p, const struct asl_resource *r)
{
    static const char *const patterns[] = {[ASL_REQUEST_RESPONSE] = "",
                                           [ASL_SYNC] = ", waits for the job",
                                           [ASL_SYNC_2] = ", waits for the job",
                                           [ASL_WAIT_FOR_TASK_TOKEN] = ", waits for the token"};
    print_begin(p, "Resource");
    buf_add(p->out, r->arn);
    buf_add(p->out, str_of(patterns[r->pattern]));
    print_end(p);
}

static void print_reader(struct printer *p, const struct asl_item_reader *r)
{
    static const char *const types[] = {
        [ASL_INPUT_NONE] = "objects", [ASL_CSV] = "CSV",         [ASL_JSON] = "JSON",
        [ASL_JSONL] = "JSONL",        [ASL_PARQUET] = "PARQUET", [ASL_MANIFEST] = "MANIFEST"};
    print_begin(p, "ItemReader");
    buf_add(p->out, str_of(types[r->input_type]));
    buf_add(p->out, r->load_and_flatten ? STR(", loaded and flattened") : STR(""));
    print_end(p);
    p->indent++;
    print_resource(p, &r->resource);
    print_field(p, "Arguments", r->arguments);
    print_number(p, "MaxItems", &r->max_items);
    p->indent--;
}

static void print_writer(struct printer *p, const struct asl_result_writer *w)
{
    static const char *const kinds[] = {[ASL_WRITER_DEFAULT] = "",
                                        [ASL_WRITER_NONE] = " NONE",
                                        [ASL_WRITER_COMPACT] = " COMPACT",
                                        [ASL_WRITER_FLATTEN] = " FLATTEN"};
    print_begin(p, "ResultWriter");
    buf_printf(p->out, "%s%s", w->jsonl ? "JSONL" : "JSON", kinds[w->transformation]);
    print_end(p);
    p->indent++;
    if (w->has_resource)
        print_resource(p, &w->resource);
    print_field(p, "Arguments", w->arguments);
    p->indent--;
}

static void print_map(struct printer *p, const struct asl_map *map)
{
    print_path(p, "ItemsPath", &map->items_path);
    print_field(p, "Items", map->items);
    if (map->reader != NULL)
        print_reader(p, map->reader);
    print_field(p, "ItemSelector", map->item_selector);
    if (map->batcher != NULL) {
        print_number(p, "MaxItemsPerBatch", &map->batcher->max_items);
        print_number(p, "MaxInputBytesPerBatch", &map->batcher->max_bytes);
        print_field(p, "BatchInput", map->batcher->batch_input);
    }
    print_number(p, "MaxConcurrency", &map->max_concurrency);
    print_number(p, "ToleratedFailureCount", &map->tolerated_count);
    print_number(p, "ToleratedFailurePercentage", &map->tolerated_percentage);
    if (map->writer != NULL)
        print_writer(p, map->writer);
    print_begin(p, map->is_distributed ? "distributed" : "inline");
    if (map->is_distributed) {
        buf_add(p->out, map->execution_type == ASL_EXPRESS ? STR("EXPRESS ") : STR("STANDARD "));
        buf_add(p->out, map->label);
    }
    print_end(p);
    print_machine(p, map->processor);
}

/* ---- states ---- */

static void print_special(struct printer *p, const struct asl_state *state)
{
    switch (state->type) {
    case ASL_PASS:
        if (!state->pass.has_result)
            return;
        print_begin(p, "Result");
        print_json(p, state->pass.result);
        print_end(p);
        return;
    case ASL_TASK:
        print_resource(p, &state->task.resource);
        print_field(p, "Credentials", state->task.credentials);
        print_number(p, "TimeoutSeconds", &state->task.timeout_seconds);
        print_number(p, "HeartbeatSeconds", &state->task.heartbeat_seconds);
        return;
    case ASL_CHOICE: print_choice(p, &state->choice); return;
    case ASL_WAIT:
        print_number(p, "Seconds", &state->wait.seconds);
        print_text(p, "Timestamp", &state->wait.timestamp);
        return;
    case ASL_FAIL:
        print_text(p, "Error", &state->fail.error);
        print_text(p, "Cause", &state->fail.cause);
        return;
    case ASL_PARALLEL:
        for (uint32_t i = 0; i < state->parallel.branch_count; i++)
            print_machine(p, state->parallel.branches[i]);
        return;
    case ASL_MAP: print_map(p, &state->map); return;
    case ASL_SUCCEED: return;
    }
}

static void print_state(struct printer *p, const struct asl_state *state)
{
    bool moves = state->type != ASL_CHOICE && state->type != ASL_SUCCEED && state->type != ASL_FAIL;
    print_begin(p, asl_state_type_name(state->type));
    buf_add(p->out, state->name);
    if (moves)
        print_to(p, state->next);
    buf_add(p->out, state->language == ASL_JSONATA ? STR("    JSONata") : STR(""));
    print_end(p);
    p->indent++;
    print_path(p, "InputPath", &state->input_path);
    print_field(p, state->language == ASL_JSONATA ? "Arguments" : "Parameters", state->parameters);
    print_special(p, state);
    print_assign(p, &state->assign);
    print_field(p, "ResultSelector", state->result_selector);
    print_path(p, "ResultPath", &state->result_path);
    print_path(p, "OutputPath", &state->output_path);
    print_field(p, "Output", state->output);
    print_retriers(p, state);
    print_catchers(p, state);
    p->indent--;
}

static void print_machine(struct printer *p, const struct asl_machine *machine)
{
    print_begin(p, "start");
    p->out->n--;
    print_to(p, machine->start);
    print_end(p);
    p->indent++;
    for (uint32_t i = 0; i < machine->state_count; i++)
        print_state(p, machine->states[i]);
    p->indent--;
}

void asl_definition_print(const struct asl_definition *d, struct buf *out)
{
    struct printer p = {.d = d, .out = out};
    buf_printf(out, "%s, %u state%s\n", d->type == ASL_EXPRESS ? "EXPRESS" : "STANDARD",
               d->state_count, d->state_count == 1 ? "" : "s");
    if (d->timeout_seconds > 0)
        buf_printf(out, "TimeoutSeconds %.0f\n", d->timeout_seconds);
    print_machine(&p, d->root);
}
