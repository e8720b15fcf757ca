/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a JSON object member by member into a buffer; values come as they are at hand. */
#ifndef AFFLUX_ENGINE_WRITE_H
#define AFFLUX_ENGINE_WRITE_H

#include "json/write.h"

struct object_writer {
    struct buf *out;
    bool has_members;
};

static inline void object_begin(struct object_writer *w, struct buf *out)
{
    *w = (struct object_writer){.out = out};
    buf_add_byte(out, '{');
}

static inline void object_end(struct object_writer *w)
{
    buf_add_byte(w->out, '}');
}

static inline void object_key(struct object_writer *w, const char *key)
{
    buf_printf(w->out, "%s\"%s\":", w->has_members ? "," : "", key);
    w->has_members = true;
}

static inline void object_text(struct object_writer *w, const char *key, str text)
{
    object_key(w, key);
    json_write_string(w->out, text);
}

/* Left out when it is empty. */
static inline void object_text_if(struct object_writer *w, const char *key, str text)
{
    if (text.n > 0)
        object_text(w, key, text);
}

static inline void object_int(struct object_writer *w, const char *key, int64_t n)
{
    object_key(w, key);
    buf_printf(w->out, "%lld", (long long)n);
}

static inline void object_bool(struct object_writer *w, const char *key, bool b)
{
    object_key(w, key);
    buf_add(w->out, b ? STR("true") : STR("false"));
}

/* JSON text, as it is; left out when empty. */
static inline void object_json(struct object_writer *w, const char *key, str json)
{
    if (json.n == 0)
        return;
    object_key(w, key);
    buf_add(w->out, json);
}

/* Epoch seconds with milliseconds, as the JSON protocols send times. */
static inline void object_time(struct object_writer *w, const char *key, int64_t ms)
{
    object_key(w, key);
    buf_printf(w->out, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
}

#endif
