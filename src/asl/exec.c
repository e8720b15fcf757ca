/* SPDX-License-Identifier: Apache-2.0 */
/* An execution's beginning and end in memory. What frames are made of is in frame.c. */
#include "asl/exec.h"
#include "asl/frame.h"
#include "base/check.h"
#include <stdlib.h>

const char *asl_phase_name(enum asl_phase phase)
{
    static const char *const names[] = {
#define X(id, text) [ASL_PHASE_##id] = text,
        ASL_PHASE_LIST(X)
#undef X
    };
    return names[phase];
}

const char *asl_status_name(enum asl_status status)
{
    static const char *const names[] = {
#define X(id, text) [ASL_EXEC_##id] = text,
        ASL_STATUS_LIST(X)
#undef X
    };
    return names[status];
}

enum { FIRST_BYTES = 1024 /* the identity's texts; what only waits needs no more */ };

struct asl_exec *asl_exec_new(struct asl_definition *definition, const struct asl_machine *machine,
                              enum asl_type type, const struct asl_options *options)
{
    struct asl_exec *x = calloc(1, sizeof(*x));
    check(x != NULL);
    x->definition = asl_definition_ref(definition);
    x->machine = machine ? machine : definition->root;
    x->type = type;
    if (options)
        x->options = *options;
    arena_init(&x->arena, 0);
    x->arena.first_size = FIRST_BYTES;
    json_shapes_init(&x->shapes, &x->arena);
    asl_documents_init(&x->documents);
    x->deadline_ms = ASL_NEVER;
    x->next_frame = ASL_ROOT_FRAME;
    return x;
}

void asl_exec_free(struct asl_exec *x)
{
    if (!x)
        return;
    if (x->root)
        asl_frame_remove(x, x->root);
    asl_set(&x->input, NULL);
    asl_set(&x->output, NULL);
    asl_documents_done(&x->documents);
    while (x->idle) {
        struct asl_frame *f = x->idle;
        x->idle = f->next_ready;
        free(f);
    }
    idmap_done(&x->frames);
    free(x->timers);
    arena_done(&x->arena);
    asl_definition_unref(x->definition);
    free(x);
}

void asl_exec_identify(struct asl_exec *x, const struct asl_identity *identity)
{
    x->identity = (struct asl_identity){
        .id = arena_dup(&x->arena, identity->id),
        .name = arena_dup(&x->arena, identity->name),
        .role_arn = arena_dup(&x->arena, identity->role_arn),
        .state_machine_id = arena_dup(&x->arena, identity->state_machine_id),
        .state_machine_name = arena_dup(&x->arena, identity->state_machine_name),
        .start_ms = identity->start_ms,
    };
}
