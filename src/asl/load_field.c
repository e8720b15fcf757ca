/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of a definition read by tables of their fields, and the plain values in them: texts,
 * words of a list, numbers, times. Which fields there are is said by the tables in the files of the
 * parts.
 */
#include "asl/load_internal.h"

#include "base/number.h"
#include "base/time.h"
#include "base/utf8.h"
#include <stdio.h>

/* ---- kinds of values ---- */

static bool load_is_kind(struct load *l, const struct at *at, bool is, const char *kind)
{
    if (!is)
        load_error(l, SCHEMA, at, NULL, "Expected value of type %s", kind);
    return is;
}

bool load_is_object(struct load *l, const struct at *at, struct json_val v)
{
    return load_is_kind(l, at, v.tag == JSON_OBJECT, "Object");
}

bool load_is_array(struct load *l, const struct at *at, struct json_val v)
{
    return load_is_kind(l, at, v.tag == JSON_ARRAY, "Array");
}

bool load_is_string(struct load *l, const struct at *at, struct json_val v)
{
    return load_is_kind(l, at, v.tag == JSON_STRING, "String");
}

/* ---- objects ---- */

static const struct field *table_find(const struct table *table, str name, unsigned type)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct field *f = &table->fields[i];
        if ((f->types == 0 || (f->types & type) != 0) && str_eq(str_of(f->name), name))
            return f;
    }
    return table->also != NULL ? table_find(table->also, name, type) : NULL;
}

static bool load_has(struct json_val object, const char *name)
{
    return json_get(object, str_of(name)).tag != JSON_UNDEFINED;
}

/* Does the query language that rules here know the field? */
static bool field_is_known(const struct load *l, const struct field *f)
{
    unsigned language = l->language == ASL_JSONATA ? LOAD_J : LOAD_P;
    return f->languages == 0 || (f->languages & language) != 0;
}

/* What was probably meant by a field that is not known here. */
static const char *field_hint(struct load *l, str name, const struct table *table, unsigned type)
{
    struct guess guess = guess_begin(name);
    for (const struct table *t = table; t != NULL; t = t->also) {
        for (uint32_t i = 0; i < t->count; i++) {
            const struct field *f = &t->fields[i];
            bool is_here = f->types == 0 || (f->types & type) != 0;
            if (!is_here && str_eq(str_of(f->name), name))
                return "states of another type have this field; this one does not";
            if (is_here)
                guess_try(&guess, str_of(f->name));
        }
    }
    if (str_ends(name, STR(".$")))
        return "'.$' works inside Parameters, ResultSelector, ItemSelector and the like, not here";
    return guess_hint(l, &guess);
}

static void load_unknown(struct load *l, const struct at *at, str name, const struct table *table,
                         unsigned type)
{
    struct asl_diagnostic *item =
        load_error(l, SCHEMA, at, NULL, "Field '%.*s' is not supported", STR_ARG(name));
    if (item != NULL)
        item->hint = field_hint(l, name, table, type);
    load_point_key(l, item, at_key(l, at, name));
}

static void load_member(struct load *l, const struct at *at, const struct field *f,
                        struct json_val v, void *target)
{
    if (!field_is_known(l, f)) {
        const char *other = l->language == ASL_JSONATA ? "JSONPath" : "JSONata";
        const char *own = l->language == ASL_JSONATA ? "JSONata" : "JSONPath";
        struct asl_diagnostic *item = load_error(
            l, SCHEMA, at, NULL,
            "The QueryLanguage is set to '%s', but field '%s' is only supported for the '%s' "
            "QueryLanguage",
            own, f->name, other);
        load_point_key(l, item, at_key(l, at, str_of(f->name)));
        return;
    }
    if (f->read == NULL)
        return;
    unsigned reads = l->reads;
    l->reads |= f->reads;
    f->read(l, at_key(l, at, str_of(f->name)), v, f, (char *)target + f->offset);
    l->reads = reads;
}

static void load_missing(struct load *l, const struct at *at, struct json_val object,
                         const struct table *table, unsigned type)
{
    char names[256] = "";
    size_t n = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct field *f = &table->fields[i];
        bool is_missing = f->required && (f->types == 0 || (f->types & type) != 0) &&
                          field_is_known(l, f) && !load_has(object, f->name);
        if (is_missing && n < sizeof(names))
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n > 0 ? ", " : "", f->name);
    }
    if (n > 0)
        load_error(l, SCHEMA, at, NULL, "These fields are required: [%s]", names);
    if (table->also != NULL)
        load_missing(l, at, object, table->also, type);
}

static void load_group(struct load *l, const struct at *at, struct json_val object,
                       const struct one_of *group)
{
    char names[256] = "";
    size_t n = 0;
    unsigned found = 0;
    for (uint32_t i = 0; i < ARRAY_LEN(group->names) && group->names[i] != NULL; i++) {
        found += load_has(object, group->names[i]);
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i > 0 ? ", " : "",
                              group->names[i]);
    }
    if (found > 1)
        load_error(l, SCHEMA, at, NULL, "There should only be one of the following fields: [%s]",
                   names);
    if (found == 0 && group->required)
        load_error(l, SCHEMA, at, NULL, "There should be one of the following fields: [%s]", names);
}

bool load_fields(struct load *l, const struct at *at, struct json_val object,
                 const struct table *table, void *target)
{
    unsigned type = l->state != NULL ? LOAD_TYPE(l->state->type) : 0;
    if (!load_is_object(l, at, object))
        return false;
    load_missing(l, at, object, table, type);
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        str name = {key->p, key->n};
        const struct field *f = table_find(table, name, type);
        if (f == NULL)
            load_unknown(l, at, name, table, type);
        else
            load_member(l, at, f, object.obj->vals[i], target);
    }
    for (uint32_t i = 0; i < table->group_count; i++)
        if (table->groups[i].types == 0 || (table->groups[i].types & type) != 0)
            load_group(l, at, object, &table->groups[i]);
    return true;
}

/* ---- texts ---- */

void load_string(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                 void *target)
{
    (void)f;
    if (load_is_string(l, at, v))
        *(str *)target = json_str(v);
}

void load_comment(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                  void *target)
{
    (void)f;
    (void)target;
    load_is_string(l, at, v);
}

static void load_wrong_word(struct load *l, const struct at *at, const struct field *f)
{
    char words[256] = "";
    size_t n = 0;
    for (uint32_t i = 0; f->words[i] != NULL && n < sizeof(words); i++)
        n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s", i > 0 ? ", " : "", f->words[i]);
    load_error(l, SCHEMA, at, NULL, "The field '%s' should have one of these values: [%s]", f->name,
               words);
}

void load_word(struct load *l, const struct at *at, struct json_val v, const struct field *f,
               void *target)
{
    for (unsigned i = 0; f->words[i] != NULL; i++) {
        if (v.tag == JSON_STRING && str_eq(json_str(v), str_of(f->words[i]))) {
            *(unsigned *)target = i;
            return;
        }
    }
    load_wrong_word(l, at, f);
}

bool load_strings(struct load *l, const struct at *at, struct json_val v, const str **ret,
                  uint32_t *ret_count)
{
    if (!load_is_array(l, at, v))
        return false;
    str *items = arena_alloc(&l->d->arena, (v.len + 1) * sizeof(*items));
    uint32_t count = 0;
    for (uint32_t i = 0; i < v.len; i++)
        if (load_is_string(l, at_index(l, at, i), v.items[i]))
            items[count++] = json_str(v.items[i]);
    *ret = items;
    *ret_count = count;
    return count == v.len;
}

/* ---- numbers ---- */

void load_bool(struct load *l, const struct at *at, struct json_val v, const struct field *f,
               void *target)
{
    (void)f;
    if (load_is_kind(l, at, v.tag == JSON_BOOL, "Boolean"))
        *(bool *)target = v.b;
}

static void load_bound(struct load *l, const struct at *at, bool is_float, const char *which,
                       double bound)
{
    char text[NUMBER_TEXT_MAX];
    size_t n = number_print(bound, text);
    bool is_whole = memchr(text, '.', n) == NULL;
    load_error(l, SCHEMA, at, NULL, "%s value is %.*s%s", which, (int)n, text,
               is_float && is_whole ? ".0" : "");
}

static bool load_number(struct load *l, const struct at *at, struct json_val v,
                        const struct field *f, bool is_float, double *ret)
{
    double n = json_is_number(v) ? json_number(v) : 0;
    bool is_whole = n >= -9e15 && n <= 9e15 && n == (double)(int64_t)n;
    bool is_right = json_is_number(v) && (is_float || is_whole);
    if (!load_is_kind(l, at, is_right, is_float ? "Float" : "Integer"))
        return false;
    if (n < f->min)
        load_bound(l, at, is_float, "Minimum", f->min);
    else if (n > f->max)
        load_bound(l, at, is_float, "Maximum", f->max);
    *ret = n;
    return true;
}

void load_plain_int(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                    void *target)
{
    load_number(l, at, v, f, false, target);
}

void load_plain_float(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                      void *target)
{
    load_number(l, at, v, f, true, target);
}

static void load_any_number(struct load *l, const struct at *at, struct json_val v,
                            const struct field *f, bool is_float, struct asl_number *target)
{
    if (load_is_jsonata(l, v)) {
        target->kind = ASL_FIELD_JSONATA;
        target->jsonata = load_jsonata(l, at, v);
    } else if (load_number(l, at, v, f, is_float, &target->value)) {
        target->kind = ASL_FIELD_LITERAL;
    }
}

void load_int(struct load *l, const struct at *at, struct json_val v, const struct field *f,
              void *target)
{
    load_any_number(l, at, v, f, false, target);
}

void load_float(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                void *target)
{
    load_any_number(l, at, v, f, true, target);
}

void load_number_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                      void *target)
{
    (void)f;
    struct asl_number *number = target;
    number->kind = ASL_FIELD_PATH;
    number->path = load_compile_path(l, at, v, true, false);
}

/* ---- texts that may be found or computed ---- */

static void load_warn_path(struct load *l, const struct at *at, str value)
{
    bool is_path = str_starts(value, STR("$.")) || str_starts(value, STR("$$."));
    if (l->language == ASL_JSONPATH && is_path)
        load_warning(l, "NO_PATH", at, "the field with 'Path' behind its name takes a path",
                     "Field value looks like a path, but field name does not end with 'Path'");
}

void load_text(struct load *l, const struct at *at, struct json_val v, const struct field *f,
               void *target)
{
    (void)f;
    struct asl_text *text = target;
    if (load_is_jsonata(l, v)) {
        text->kind = ASL_FIELD_JSONATA;
        text->jsonata = load_jsonata(l, at, v);
    } else if (load_is_string(l, at, v)) {
        text->kind = ASL_FIELD_LITERAL;
        text->value = json_str(v);
        load_warn_path(l, at, text->value);
    }
}

static void load_text_expr(struct load *l, struct json_val v, struct asl_text *text)
{
    text->kind = ASL_FIELD_PATH;
    text->value = v.tag == JSON_STRING ? json_str(v) : STR("");
    text->path = load_compile_expr(l, v);
}

void load_text_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                    void *target)
{
    (void)f;
    if (load_compile_path(l, at, v, true, false) != NULL)
        load_text_expr(l, v, target);
}

void load_expr_path(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                    void *target)
{
    struct asl_text *text = target;
    load_text_expr(l, v, text);
    if (text->path == NULL)
        load_error(l, SCHEMA, at, NULL,
                   "The value for the field '%s' must be a valid JSONPath or a valid intrinsic "
                   "function call",
                   f->name);
}

/* ---- times ---- */

static bool timestamp_digits(str s, size_t at, size_t n, int least, int most)
{
    int value = 0;
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = value * 10 + (s.p[i] - '0');
    }
    return value >= least && value <= most;
}

/* "Z" or "+hh:mm" */
static bool timestamp_zone(str s)
{
    if (s.n == 1)
        return s.p[0] == 'Z';
    return s.n == 6 && (s.p[0] == '+' || s.p[0] == '-') && timestamp_digits(s, 1, 2, 0, 23) &&
           s.p[3] == ':' && timestamp_digits(s, 4, 2, 0, 59);
}

static bool timestamp_has_day(str s)
{
    struct civil date = {0};
    date.year = (s.p[0] - '0') * 1000 + (s.p[1] - '0') * 100 + (s.p[2] - '0') * 10 + s.p[3] - '0';
    date.month = (s.p[5] - '0') * 10 + s.p[6] - '0';
    date.day = (s.p[8] - '0') * 10 + s.p[9] - '0';
    struct civil same = time_civil(time_ms(&date));
    return same.month == date.month && same.day == date.day;
}

/* RFC 3339 with an upper-case T, "2016-03-14T01:59:00.123Z". */
bool load_is_timestamp(str s)
{
    bool has_form =
        timestamp_digits(s, 0, 4, 0, 9999) && s.n >= 20 && s.p[4] == '-' &&
        timestamp_digits(s, 5, 2, 1, 12) && s.p[7] == '-' && timestamp_digits(s, 8, 2, 1, 31) &&
        s.p[10] == 'T' && timestamp_digits(s, 11, 2, 0, 23) && s.p[13] == ':' &&
        timestamp_digits(s, 14, 2, 0, 59) && s.p[16] == ':' && timestamp_digits(s, 17, 2, 0, 60);
    if (!has_form || !timestamp_has_day(s))
        return false;
    size_t zone = 19;
    if (s.p[zone] == '.') {
        zone++;
        while (zone < s.n && s.p[zone] >= '0' && s.p[zone] <= '9')
            zone++;
        if (zone == 20)
            return false;
    }
    return timestamp_zone(str_sub(s, zone, s.n));
}

void load_timestamp(struct load *l, const struct at *at, struct json_val v, const struct field *f,
                    void *target)
{
    struct asl_text *text = target;
    load_text(l, at, v, f, target);
    if (text->kind == ASL_FIELD_LITERAL && !load_is_timestamp(text->value))
        load_error(l, SCHEMA, at, "write it like 2026-10-01T12:00:00Z, zone included",
                   "String does not match RFC3339 timestamp");
}
