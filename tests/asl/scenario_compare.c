/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_compare.h. */
#include "scenario_compare.h"

#include "json/parse.h"
#include "json/write.h"

static bool event_is(struct json_val event, const char *type)
{
    return str_eq(json_str(json_get(event, STR("type"))), str_of(type));
}

static struct json_val text_or_none(bool has, str text)
{
    return has ? json_string(text, 0) : json_undefined();
}

/* Nothing is compared where only the history was recorded. */
static bool outcome_fits(struct scenario_run *run, struct json_val expect)
{
    if (json_get(expect, STR("status")).tag == JSON_UNDEFINED)
        return true;
    const struct asl_exec *x = run->x;
    struct match *m = &run->match;
    str status = str_of(asl_status_name(x->status));
    struct json_val output = x->output ? x->output->root : json_undefined();
    return match_member(m, STR("status"), json_get(expect, STR("status")),
                        json_string(status, 0)) &&
           match_member(m, STR("error"), json_get(expect, STR("error")),
                        text_or_none(x->has_error, x->error)) &&
           match_member(m, STR("cause"), json_get(expect, STR("cause")),
                        text_or_none(x->has_cause, x->cause)) &&
           match_member(m, STR("output"), json_get(expect, STR("output")), output);
}

/* ---- histories whose events were sorted before they were published ---- */

/* Those without id, in any order; of ours, events about Parallel states may be left over. */
static bool sets_fit(struct scenario_run *run, struct json_val recorded)
{
    struct json_val came = run->history;
    bool *is_used = arena_zalloc(&run->arena, came.len + 1);
    struct match *m = &run->match;
    for (uint32_t i = 0; i < recorded.len; i++) {
        uint32_t at = 0;
        while (at < came.len &&
               (is_used[at] || !match_without_ids(m, recorded.items[i], came.items[at])))
            at++;
        if (at == came.len)
            return match_item(m, i, recorded.items[i], json_undefined());
        is_used[at] = true;
    }
    for (uint32_t i = 0; i < came.len; i++) {
        if (!is_used[i] &&
            !str_starts(json_str(json_get(came.items[i], STR("type"))), STR("Parallel")))
            return match_item(m, i, json_undefined(), came.items[i]);
    }
    return true;
}

/* ---- histories in order ---- */

/*
 * Until late 2024 MapRunSucceeded was an event that the next one follows; since then what follows
 * it points to what it points to itself. Both forms are recorded; the older is read as the newer.
 */
static struct json_val as_of_today(struct arena *arena, struct json_val recorded)
{
    struct json_val *items = arena_alloc(arena, sizeof(*items) * recorded.len);
    for (uint32_t i = 0; i < recorded.len; i++) {
        struct json_val event = recorded.items[i];
        double previous = json_number(json_get(event, STR("previousEventId")));
        items[i] = event;
        if (previous < 1 || previous > recorded.len || !event_is(event, "MapStateExited") ||
            !event_is(recorded.items[(uint32_t)previous - 1], "MapRunSucceeded"))
            continue;
        struct json_val run = recorded.items[(uint32_t)previous - 1];
        struct json_object *copy =
            arena_alloc(arena, sizeof(*copy) + event.len * sizeof(copy->vals[0]));
        *copy = *event.obj;
        for (uint32_t m = 0; m < event.len; m++)
            copy->vals[m] = event.obj->vals[m];
        str key = STR("previousEventId");
        copy->vals[json_shape_find(copy->shape, key, json_key_hash(key))] = json_get(run, key);
        items[i] = json_object(copy);
    }
    return json_array(items, recorded.len);
}

bool scenario_is_as_recorded(struct scenario_run *run, const struct scenario *s)
{
    struct json_val expect = scenario_get(s, "expect");
    struct json_val recorded = json_get(expect, STR("history"));
    struct json_val unordered = json_get(expect, STR("history_unordered"));
    if (recorded.tag == JSON_ARRAY && unordered.tag == JSON_BOOL && unordered.b)
        return outcome_fits(run, expect) && sets_fit(run, recorded);
    if (recorded.tag == JSON_ARRAY &&
        !match_member(&run->match, STR("events"), as_of_today(&run->arena, recorded), run->history))
        return false;
    struct json_val last = json_get(expect, STR("last_event"));
    if (last.tag == JSON_STRING &&
        !match_member(&run->match, STR("last_event"), last,
                      json_get(run->history.items[run->history.len - 1], STR("type"))))
        return false;
    return outcome_fits(run, expect);
}
