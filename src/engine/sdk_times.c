/* SPDX-License-Identifier: Apache-2.0 */
/* See sdk_times.h. A text's own quotes are escaped in JSON: what looks like a member is one. */
#include "engine/sdk_times.h"

#include "base/attr.h"
#include "base/number.h"
#include "base/time.h"

static const char *const time_members[] = {
    "\"CreationDateTime\":",                                                     /* DynamoDB */
    "\"CompletedOn\":",      "\"CreatedOn\":",          "\"LastModifiedOn\":",   /* Glue */
    "\"StartedOn\":",                                                            /* Glue */
    "\"CreationTime\":",     "\"LastAuthorizedTime\":", "\"LastModifiedTime\":", /* EventBridge */
};

/* Where the first of these members has its value, from `from` on; STR_NONE: there is none. */
static size_t next_value(str json, size_t from)
{
    size_t first = STR_NONE, value = STR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(time_members); i++) {
        str name = str_of(time_members[i]);
        size_t at = str_find(str_sub(json, 0, first == STR_NONE ? json.n : first), name, from);
        if (at != STR_NONE) {
            first = at;
            value = at + name.n;
        }
    }
    return value;
}

static void add_time(struct buf *out, double seconds)
{
    char text[32];
    str time = {text, time_print_iso((int64_t)(seconds * 1000 + 0.5), text)};
    if (str_ends(time, STR(".000Z")))
        buf_printf(out, "\"%.*sZ\"", (int)(time.n - 5), time.p);
    else
        buf_printf(out, "\"%.*s\"", STR_ARG(time));
}

void sdk_times_as_text(struct buf *json)
{
    const double latest = 253402300799; /* the end of the year 9999 */
    str text = buf_str(json);
    struct buf out;
    size_t at = next_value(text, 0), done = 0;
    if (at == STR_NONE)
        return;
    buf_init(&out, SIZE_MAX / 2);
    for (; at != STR_NONE; at = next_value(text, at)) {
        double seconds;
        size_t n = number_parse(str_sub(text, at, text.n), &seconds);
        if (n == 0 || seconds < 0 || seconds > latest)
            continue;
        buf_add(&out, str_sub(text, done, at));
        add_time(&out, seconds);
        done = at + n;
    }
    buf_add(&out, str_sub(text, done, text.n));
    buf_done(json);
    *json = out;
}
