/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file: JSON, read by the table of members. */
#include "aggregate/config_internal.h"

#include "json/parse.h"

enum { NAME_SHOWN_MAX = 80, DEPTH_MAX = 20 };

struct reading {
    struct aggregate_config *c;
    str folder;
    struct arena *a;
};

static PRINTF_LIKE(2, 3) enum status wrong(struct error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    enum status status = error_vset(err, STATUS_INVALID, "Config", fmt, args);
    va_end(args);
    return status;
}

/* ---- names that are not known ---- */

/* The part of a member's name that stands at a level: of "tables.tasks" "tables" at the top,
 * "tasks" in it; empty when it does not belong there. */
static str part_at(const struct config_member *m, str group)
{
    str name = str_of(m->name);
    size_t dot = str_find_byte(name, '.', 0);
    if (group.n == 0)
        return str_sub(name, 0, dot);
    bool is_in = dot == group.n && str_eq(str_sub(name, 0, dot), group);
    return is_in ? str_sub(name, dot + 1, name.n) : STR("");
}

static enum status unknown(str group, str name, struct error *err)
{
    str best = STR("");
    unsigned least = 3; /* further away it is another word, not a slip */
    str shown = str_sub(name, 0, NAME_SHOWN_MAX);
    for (uint32_t i = 0; i < config_member_count; i++) {
        str part = part_at(&config_members[i], group);
        unsigned distance = str_distance(name, part);
        if (distance < least && distance < part.n) {
            least = distance;
            best = part;
        }
    }
    if (best.n == 0)
        return wrong(err, "%.*s%s%.*s is not known", STR_ARG(group), group.n > 0 ? "." : "",
                     STR_ARG(shown));
    return wrong(err, "%.*s%s%.*s is not known; did you mean %.*s?", STR_ARG(group),
                 group.n > 0 ? "." : "", STR_ARG(shown), STR_ARG(best));
}

/* ---- values ---- */

static str copy_of(struct reading *r, struct json_val v)
{
    return (str){arena_cstr(r->a, json_str(v)), v.len};
}

/* Made so that it can be opened from where the program is. */
static str behind_folder(void *arg, str path)
{
    struct reading *r = arg;
    str folder = r->folder;
    if (folder.n == 0 || path.n == 0 || path.p[0] == '/')
        return path;
    const char *between = folder.p[folder.n - 1] == '/' ? "" : "/";
    return arena_printf(r->a, "%.*s%s%.*s", STR_ARG(folder), between, STR_ARG(path));
}

static enum status read_names(struct reading *r, const struct config_member *m, struct json_val v,
                              struct error *err)
{
    str *names = arena_alloc(r->a, v.len * sizeof(*names));
    for (uint32_t i = 0; i < v.len; i++) {
        if (v.items[i].tag != JSON_STRING)
            return wrong(err, "has texts, not %s", json_type_name(v.items[i]));
        names[i] = copy_of(r, v.items[i]);
    }
    return config_set_names(r->c, m, names, v.len, err);
}

static enum status read_value(struct reading *r, const struct config_member *m, struct json_val v,
                              struct error *err)
{
    if (m->kind == CONFIG_NUMBER)
        return json_is_number(v) ? config_set_number(r->c, m, json_number(v), err)
                                 : wrong(err, "is a number from %u to %u, not %s", m->low, m->high,
                                         json_type_name(v));
    if (m->kind == CONFIG_FLAG) {
        if (v.tag != JSON_BOOL)
            return wrong(err, "is true or false, not %s", json_type_name(v));
        config_set_flag(r->c, m, v.b);
        return STATUS_OK;
    }
    if (config_is_list(m))
        return v.tag == JSON_ARRAY ? read_names(r, m, v, err)
                                   : wrong(err, "is an array of texts, not %s", json_type_name(v));
    if (v.tag != JSON_STRING)
        return wrong(err, "is a text, not %s", json_type_name(v));
    if (v.len > AGGREGATE_TEXT_MAX)
        return wrong(err, "has more than %d bytes", AGGREGATE_TEXT_MAX);
    str text = config_place(m, copy_of(r, v), behind_folder, r, r->a);
    return config_set_text(r->c, m, text, r->a, err);
}

/* ---- objects ---- */

static enum status read_members(struct reading *r, str group, struct json_val object,
                                struct error *err);

static enum status read_member(struct reading *r, str group, str name, struct json_val v,
                               struct error *err)
{
    str whole =
        group.n == 0 ? name : arena_printf(r->a, "%.*s.%.*s", STR_ARG(group), STR_ARG(name));
    const struct config_member *m = config_find(whole);
    if (m) {
        struct error why; /* its message goes on behind the name */
        enum status status = read_value(r, m, v, &why);
        return status == STATUS_OK ? STATUS_OK : wrong(err, "%s %s", m->name, why.message);
    }
    bool is_group = group.n == 0 && (str_eq(name, STR("tables")) || str_eq(name, STR("buckets")));
    if (!is_group)
        return unknown(group, name, err);
    return v.tag == JSON_OBJECT
               ? read_members(r, name, v, err)
               : wrong(err, "%.*s is an object, not %s", STR_ARG(name), json_type_name(v));
}

static enum status read_members(struct reading *r, str group, struct json_val object,
                                struct error *err)
{
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        str name = {key->p, key->n};
        if (str_starts(name, STR("//")))
            continue;
        enum status status = read_member(r, group, name, object.obj->vals[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* A flag counts as given when it is true. */
static bool has(struct json_val object, const char *name)
{
    struct json_val v = json_get(object, str_of(name));
    return v.tag != JSON_UNDEFINED && !(v.tag == JSON_BOOL && !v.b);
}

enum status aggregate_config_read(struct aggregate_config *c, str text, str folder, struct arena *a,
                                  struct error *err)
{
    struct json_parse_options options = {.max_depth = DEPTH_MAX, .max_bytes = AGGREGATE_FILE_MAX};
    struct reading r = {c, folder, a};
    struct json_val root;
    enum status status = json_parse_in(a, text, &options, &root, err);
    if (status != STATUS_OK)
        return status;
    if (root.tag != JSON_OBJECT)
        return wrong(err, "it is an object, not %s", json_type_name(root));
    status = read_members(&r, STR(""), root, err);
    for (uint32_t i = 0; i < aggregate_pair_count && status == STATUS_OK; i++) {
        const struct aggregate_pair *p = &aggregate_pairs[i];
        if (has(root, p->one) && has(root, p->other))
            status = wrong(err, "%s and %s exclude each other", p->one, p->other);
    }
    return status;
}
