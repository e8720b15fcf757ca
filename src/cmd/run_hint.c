/* SPDX-License-Identifier: Apache-2.0 */
/* See run_hint.h: a table of errors with how their causes begin. */
#include "cmd/run_hint.h"

#include "base/check.h"
#include "cmd/eval_show.h"
#include "cmd/output.h"
#include "engine/engine.h"
#include <string.h>
#include <unistd.h>

/* ---- where ---- */

static const struct asl_frame *failed_child(const struct asl_frame *f)
{
    const struct asl_frame *c = f->first_child;
    while (c && c->phase != ASL_PHASE_FAILED)
        c = c->next_sibling;
    return c;
}

static const struct asl_frame *innermost(const struct asl_exec *root)
{
    const struct asl_frame *f = root->root;
    for (const struct asl_frame *c = f; c && c->state; c = failed_child(c))
        f = c;
    return f && f->state ? f : NULL;
}

static void put_frame(const struct asl_frame *f, const struct asl_frame *child, struct buf *out)
{
    if (f->parent)
        put_frame(f->parent, f, out);
    buf_printf(out, "%s%.*s", f->parent ? "/" : "", STR_ARG(f->state->name));
    if (child && f->state->type == ASL_MAP)
        buf_printf(out, "[%u]", child->index);
}

str run_where(const struct asl_exec *root, struct arena *a)
{
    struct buf text;
    const struct asl_frame *f = innermost(root);
    buf_init(&text, 1 << 20);
    if (f)
        put_frame(f, NULL, &text);
    str ret = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return ret;
}

/* ---- hints ---- */

static void say(str hint)
{
    struct output err;
    output_init(&err, STDERR_FILENO, "run");
    buf_add(&err.buf, STR("  hint: "));
    eval_show_message(hint, &err.buf);
    output_flush(&err);
    output_done(&err);
}

static const struct {
    const char *error, *cause; /* cause: its beginning */
    const char *hint;
    const char *behind_state; /* the hint ends with the state's name, and this; or NULL */
} failures[] = {
    {"States.Runtime", ENGINE_NOBODY_CAUSE, "answer it with --mock FILE, where FILE has {\"",
     "\": {\"Return\": {}}}"},
    {"Events.ConnectionResource.ResourceNotFound", "",
     "connections are made from a file with --connections; 'afflux run --help' has an example",
     NULL},
    {"States.Runtime", "The Parameters '{\"ApiEndpoint\"",
     "http:invoke needs Authentication with the ConnectionArn of a connection; 'afflux run --help' "
     "has an example",
     NULL},
};

static bool looks_for_input(const struct asl_exec *root)
{
    static const char *const causes[] = {"The JSONPath '$.", "Invalid path '$.", "input value: $.",
                                         "'$states.input"};
    size_t i = 0;
    while (i < ARRAY_LEN(causes) && str_find(root->cause, str_of(causes[i]), 0) == STR_NONE)
        i++;
    return i < ARRAY_LEN(causes);
}

void run_hint_failure(const struct asl_exec *root, const char *input)
{
    const struct asl_frame *f = innermost(root);
    struct arena a;
    size_t i = 0;
    while (i < ARRAY_LEN(failures) && !(str_eq(root->error, str_of(failures[i].error)) &&
                                        str_starts(root->cause, str_of(failures[i].cause))))
        i++;
    if (f && i < ARRAY_LEN(failures)) {
        arena_init(&a, 0);
        const char *behind = failures[i].behind_state;
        say(behind ? arena_printf(&a, "%s%.*s%s", failures[i].hint, STR_ARG(f->state->name), behind)
                   : str_of(failures[i].hint));
        arena_done(&a);
    } else if (!input && looks_for_input(root)) {
        say(STR("no input was given, so it was {}; give it with --input"));
    }
}

void run_hint_error(const struct error *err, const char *input)
{
    struct arena a;
    arena_init(&a, 0);
    if (strcmp(err->name, "JsonSyntax") == 0 && input && access(input, F_OK) == 0)
        say(arena_printf(&a, "%s is a file: its content is given with --input @%s", input, input));
    else if (strcmp(err->name, "NoAnswer") == 0)
        say(STR(
            "answers come from --mock FILE, an object from names of states to responses; 'afflux "
            "run --help' has an example"));
    else if (strcmp(err->name, "ExecutionAlreadyExists") == 0)
        say(STR("the one with this name has another input; choose another --name, or none"));
    arena_done(&a);
}
