/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared parts of the case runners; see support.h. Nothing here knows what a case looks like.
 */
#include "support.h"

#include "json/compare.h"
#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_BYTES = 400, FILE_BYTES = 1 << 28 };

void support_stop(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", which, what);
    exit(1);
}

/* ---- files ---- */

void support_read(const char *path, struct buf *ret_text)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        support_stop("cannot be opened", path);
    buf_init(ret_text, FILE_BYTES);
    for (;;) {
        if (!buf_reserve(ret_text, 1 << 16))
            support_stop("is too large", path);
        size_t n = fread(ret_text->p + ret_text->n, 1, 1 << 16, f);
        ret_text->n += n;
        if (n == 0)
            break;
    }
    if (ferror(f))
        support_stop("cannot be read", path);
    fclose(f);
}

struct json_val support_json(struct arena *arena, const char *path)
{
    struct buf text;
    struct error err;
    struct json_val v;
    support_read(path, &text);
    if (json_parse_in(arena, buf_str(&text), NULL, &v, &err) != STATUS_OK)
        support_stop(err.message, path);
    buf_done(&text);
    return v;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

uint32_t support_list(struct arena *arena, const char *folder, const char *suffix,
                      const char *const **ret_names)
{
    enum { NAMES = 4096 };
    const char **names = arena_alloc(arena, NAMES * sizeof(*names));
    uint32_t count = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        support_stop("cannot be opened", folder);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        str name = str_of(entry->d_name);
        if (name.p[0] == '.' || !str_ends(name, str_of(suffix)))
            continue;
        if (count == NAMES)
            support_stop("has too many files", folder);
        names[count++] = arena_cstr(arena, name);
    }
    closedir(dir);
    qsort(names, count, sizeof(*names), by_name);
    *ret_names = names;
    return count;
}

/* ---- values ---- */

void support_show(struct buf *out, struct json_val v)
{
    struct error err;
    if (v.tag == JSON_UNDEFINED)
        buf_add(out, STR("undefined"));
    else if (v.tag >= JSON_FUNCTION)
        buf_add(out, STR("a function"));
    else if (json_write(out, v, JSON_WRITE_DOUBLES, &err) != STATUS_OK)
        buf_printf(out, "(%s)", err.name);
}

static bool equal_multisets(struct json_val a, struct json_val b)
{
    bool *used = calloc(b.len + 1, sizeof(*used));
    if (used == NULL)
        support_stop("no memory", "multiset");
    bool equal = a.len == b.len;
    for (uint32_t i = 0; equal && i < a.len; i++) {
        uint32_t at = 0;
        while (at < b.len && (used[at] || !json_equal(a.items[i], b.items[at])))
            at++;
        equal = at < b.len;
        used[at] = true;
    }
    free(used);
    return equal;
}

bool support_equal(struct json_val a, struct json_val b, bool in_any_order)
{
    if (in_any_order && a.tag == JSON_ARRAY && b.tag == JSON_ARRAY)
        return equal_multisets(a, b);
    return json_equal(a, b);
}

bool support_is_value(const struct jsonata_error *err, struct json_val expected)
{
    struct buf text;
    if (expected.tag == JSON_UNDEFINED)
        return true;
    buf_init(&text, SIZE_MAX);
    support_show(&text, expected);
    bool same = err->has_value && str_eq(str_of(err->value), buf_str(&text));
    buf_done(&text);
    return same;
}

uint32_t support_bindings(struct arena *arena, struct json_val object,
                          const struct jsonata_binding **ret)
{
    *ret = NULL;
    if (object.tag != JSON_OBJECT || object.len == 0)
        return 0;
    struct jsonata_binding *b = arena_alloc(arena, object.len * sizeof(*b));
    for (uint32_t i = 0; i < object.len; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        b[i].name = (str){key->p, key->n};
        b[i].value = object.obj->vals[i];
    }
    *ret = b;
    return object.len;
}

/* ---- a trial ---- */

static void evaluate_once(struct trial *t, struct jsonata_context context, struct buf *ret_text)
{
    arena_init(&t->arena, 0);
    context.arena = &t->arena;
    t->status = jsonata_evaluate(t->x, &context, &t->value, &t->err);
    buf_init(ret_text, SIZE_MAX);
    trial_show(t, ret_text);
}

void trial_run(struct trial *t, str text, unsigned flags, const struct jsonata_context *context)
{
    *t = (struct trial){.trouble = NULL};
    t->status = jsonata_compile(text, flags, &t->x, &t->err);
    if (t->status != STATUS_OK) {
        t->x = NULL;
        return;
    }
    struct buf before, after, first, second;
    buf_init(&before, SIZE_MAX);
    buf_init(&after, SIZE_MAX);
    support_show(&before, context->input);
    evaluate_once(t, *context, &first);
    arena_done(&t->arena);
    struct jsonata_context collecting = *context; /* loops tidy up between any two rounds */
    collecting.limits.garbage_bytes = 1;
    evaluate_once(t, collecting, &second);
    support_show(&after, context->input);
    if (!str_eq(buf_str(&first), buf_str(&second)))
        t->trouble = "the second evaluation gives something else";
    if (!str_eq(buf_str(&before), buf_str(&after)))
        t->trouble = "the input was changed";
    buf_done(&before);
    buf_done(&after);
    buf_done(&first);
    buf_done(&second);
}

void trial_done(struct trial *t)
{
    if (t->x == NULL)
        return;
    arena_done(&t->arena);
    jsonata_free(t->x);
}

void trial_show(const struct trial *t, struct buf *out)
{
    if (t->status == STATUS_OK) {
        support_show(out, t->value);
        return;
    }
    const struct jsonata_error *err = &t->err;
    buf_printf(out, "error %s", err->code);
    if (err->position != UINT32_MAX)
        buf_printf(out, " at %u", err->position);
    if (err->has_token)
        buf_printf(out, " token '%s'", err->token);
    if (err->has_value)
        buf_printf(out, " value %s", err->value);
    buf_printf(out, ": %s", err->message);
}

/* ---- the report ---- */

bool report_wants(const struct report *r, const char *name)
{
    for (int i = 0; i < r->filter_count; i++) {
        if (strstr(name, r->filters[i]) != NULL)
            return true;
    }
    return r->filter_count == 0;
}

static void print_on_one_line(str s)
{
    for (size_t i = 0; i < s.n && i < SHOWN_BYTES; i++)
        putchar((unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
    if (s.n > SHOWN_BYTES)
        fputs("...", stdout);
}

void report_case(struct report *r, bool passed, const char *name, str expr, str expected,
                 const struct trial *t)
{
    r->ran++;
    if (passed && t->trouble == NULL) {
        r->passed++;
        return;
    }
    r->failed++;
    struct buf actual;
    buf_init(&actual, SIZE_MAX);
    trial_show(t, &actual);
    printf("FAIL %s: ", name);
    print_on_one_line(expr);
    fputs(" | expected ", stdout);
    print_on_one_line(expected);
    fputs(" | actual ", stdout);
    print_on_one_line(buf_str(&actual));
    printf("%s%s\n", t->trouble ? " | " : "", t->trouble ? t->trouble : "");
    buf_done(&actual);
}
