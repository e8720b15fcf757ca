/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a path that found nothing says, in the words of Jayway 2.0, which AWS shows to its users:
 * "No results for path: $['a']['b']", "Missing property in path $['no']". Later versions word some
 * of it differently. Where Jayway prints a Java value, the JSON type stands.
 */
#include "jsonpath/path_internal.h"

enum { MESSAGE_PATH_MAX = 4 * JSONPATH_MAX_LENGTH };

void path_describe_step(struct buf *out, const struct path_step *s)
{
    switch ((enum path_kind)s->kind) {
    case PATH_NAME: buf_printf(out, "['%.*s']", STR_ARG(s->name.text)); break;
    case PATH_NAMES:
        for (uint32_t i = 0; i < s->count; i++)
            buf_printf(out, "%s'%.*s'", i ? "," : "[", STR_ARG(s->names[i].text));
        buf_add_byte(out, ']');
        break;
    case PATH_INDEX: buf_printf(out, "[%lld]", (long long)s->index); break;
    case PATH_FUNCTION: buf_add(out, STR(".function()")); break;
    case PATH_INDEXES:
    case PATH_SLICE:
    case PATH_WILDCARD:
    case PATH_SCAN:
    case PATH_FILTER: break; /* such paths have no messages */
    }
}

static void describe_until(struct buf *out, const struct jsonpath *path,
                           const struct path_step *end)
{
    buf_add_byte(out, '$');
    for (const struct path_step *s = path->first; s != end; s = s->next)
        path_describe_step(out, s);
}

/* What was missing, with the path before the step and the step itself. */
static enum status describe_miss(const struct path_miss *miss, str before, str step,
                                 struct error *err)
{
    const char *name = "PathNotFound";
    if (miss->missing == JSONPATH_MISSING_INDEX)
        return error_set(err, STATUS_NOT_FOUND, name,
                         "Index out of bounds when evaluating path %.*s%.*s", STR_ARG(before),
                         STR_ARG(step));
    if (miss->found.tag == JSON_UNDEFINED)
        return error_set(err, STATUS_NOT_FOUND, name, "Missing property in path %.*s%.*s",
                         STR_ARG(before), STR_ARG(step));
    if (miss->step->kind != PATH_INDEX)
        return error_set(err, STATUS_NOT_FOUND, name, "Property %.*s not found in path %.*s",
                         STR_ARG(step), STR_ARG(before));
    if (miss->found.tag == JSON_NULL)
        return error_set(err, STATUS_NOT_FOUND, name, "The path %.*s is null", STR_ARG(before));
    return error_set(err, STATUS_NOT_FOUND, name,
                     "Filter: %.*s can only be applied to arrays. Current context is: %s",
                     STR_ARG(step), json_type_name(miss->found));
}

enum status path_not_found(const struct jsonpath *path, const struct path_miss *miss,
                           struct error *err)
{
    struct buf before, step;
    if (err == NULL)
        return STATUS_NOT_FOUND;
    if (miss->missing == JSONPATH_MISSING_KEY)
        return error_set(err, STATUS_NOT_FOUND, "PathNotFound", "No results for path: %.*s",
                         STR_ARG(path->canonical));
    buf_init(&before, MESSAGE_PATH_MAX);
    buf_init(&step, MESSAGE_PATH_MAX);
    describe_until(&before, path, miss->step);
    path_describe_step(&step, miss->step);
    enum status status = describe_miss(miss, buf_str(&before), buf_str(&step), err);
    buf_done(&before);
    buf_done(&step);
    return status;
}
