/* SPDX-License-Identifier: Apache-2.0 */
/* Projections: an item is walked once, each map or list with those paths that lead into it. */
#include "services/dynamodb/project.h"

/* The steps of a path that are ahead. */
struct way {
    str steps;
};

static void project_value(struct arena *a, const struct way *ways, uint32_t count,
                          struct dynamo_value v, struct buf *out);

/* Those of the ways that go on with this name (or index), behind that step. *ret_all: one of them
 * ends here. */
static uint32_t follow(struct arena *a, const struct way *ways, uint32_t count, str name,
                       uint32_t index, struct way **ret, bool *ret_all)
{
    uint32_t found = 0;
    *ret_all = false;
    *ret = NULL;
    for (uint32_t i = 0; i < count; i++) {
        str rest = ways[i].steps;
        struct dynamo_value step;
        uint32_t at;
        if (!dynamo_next(&rest, &step))
            continue;
        if (step.tag == DYNAMO_INDEX) {
            memcpy(&at, step.body.p, sizeof(at));
            if (name.p || at != index)
                continue;
        } else if (!name.p || !str_eq(step.body, name)) {
            continue;
        }
        if (!*ret)
            *ret = arena_alloc(a, count * sizeof(**ret));
        (*ret)[found++].steps = rest;
        *ret_all |= rest.n == 0;
    }
    return found;
}

static void project_map(struct arena *a, const struct way *ways, uint32_t count, str members,
                        struct buf *out)
{
    str name;
    struct dynamo_value v;
    while (dynamo_next_member(&members, &name, &v)) {
        struct way *inner;
        bool is_all;
        uint32_t found = follow(a, ways, count, name, 0, &inner, &is_all);
        size_t before = out->n;
        if (found == 0)
            continue;
        dynamo_put_bytes(out, name);
        size_t start = out->n;
        if (is_all)
            dynamo_put(out, v);
        else
            project_value(a, inner, found, v, out);
        if (out->n == start)
            out->n = before; /* nothing was there */
    }
}

static void project_list(struct arena *a, const struct way *ways, uint32_t count, str list,
                         struct buf *out)
{
    struct dynamo_value v;
    for (uint32_t i = 0; dynamo_next(&list, &v); i++) {
        struct way *inner;
        bool is_all;
        uint32_t found = follow(a, ways, count, (str){NULL, 0}, i, &inner, &is_all);
        if (is_all)
            dynamo_put(out, v);
        else if (found > 0)
            project_value(a, inner, found, v, out);
    }
}

/* Appends what is left of v, or nothing. */
static void project_value(struct arena *a, const struct way *ways, uint32_t count,
                          struct dynamo_value v, struct buf *out)
{
    size_t before = out->n;
    if (v.tag != DYNAMO_M && v.tag != DYNAMO_L)
        return;
    size_t place = dynamo_begin(out, v.tag);
    if (v.tag == DYNAMO_M)
        project_map(a, ways, count, v.body, out);
    else
        project_list(a, ways, count, v.body, out);
    if (out->n == place)
        out->n = before;
    else
        dynamo_end(out, place);
}

void dynamo_project(struct arena *a, str program, str item, struct buf *out)
{
    uint32_t count = 0;
    struct dynamo_value path;
    for (str rest = program; dynamo_next(&rest, &path);)
        count++;
    struct way *ways = arena_alloc(a, count * sizeof(*ways));
    for (uint32_t i = 0; dynamo_next(&program, &path); i++)
        ways[i].steps = path.body;
    project_map(a, ways, count, item, out);
}
