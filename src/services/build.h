/* SPDX-License-Identifier: Apache-2.0 */
/* Putting answers together: objects member by member, in an arena. */
#ifndef AFFLUX_SERVICES_BUILD_H
#define AFFLUX_SERVICES_BUILD_H

#include "json/shape.h"

struct build {
    struct json_shapes shapes; /* and the arena */
    struct json_obj_builder object;
};

static inline void build_begin(struct build *b, struct arena *arena)
{
    json_shapes_init(&b->shapes, arena);
    json_obj_begin(&b->object, &b->shapes, 8);
}

static inline void build_put(struct build *b, const char *name, struct json_val v)
{
    json_obj_put(&b->object, str_of(name), JSON_ASCII | JSON_PLAIN, v);
}

/* A member that is left out when the text is empty. */
static inline void build_text(struct build *b, const char *name, str text)
{
    if (text.n > 0)
        build_put(b, name, json_string(text, 0));
}

static inline struct json_val build_end(struct build *b)
{
    return json_obj_end(&b->object);
}

/* A text member, empty when there is none. */
static inline str build_get_text(struct json_val object, const char *name)
{
    struct json_val v = json_get(object, str_of(name));
    return v.tag == JSON_STRING ? json_str(v) : (str){"", 0};
}

#endif
