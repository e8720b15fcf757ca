/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_STEP = 1 << 16 };

void support_stop(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", which, what);
    exit(1);
}

struct json_val support_json(struct arena *arena, const char *path)
{
    struct buf text;
    struct json_val v;
    struct error err;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        support_stop("cannot be opened", path);
    buf_init(&text, SIZE_MAX);
    for (size_t n = 1; n > 0; text.n += n) {
        if (!buf_reserve(&text, FILE_STEP))
            support_stop("is too large", path);
        n = fread(text.p + text.n, 1, FILE_STEP, f);
    }
    fclose(f);
    if (json_parse_in(arena, buf_str(&text), NULL, &v, &err) != STATUS_OK)
        v = json_undefined();
    buf_done(&text);
    return v;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

uint32_t support_list(struct arena *arena, const char *folder, const char *const **ret_names)
{
    enum { NAMES_MAX = 4096 };
    const char **names = arena_alloc(arena, sizeof(*names) * NAMES_MAX);
    uint32_t count = 0;
    DIR *dir = opendir(folder);
    *ret_names = names;
    if (dir == NULL)
        return 0;
    for (struct dirent *d; (d = readdir(dir)) != NULL && count < NAMES_MAX;)
        if (str_ends(str_of(d->d_name), STR(".json")))
            names[count++] = arena_cstr(arena, str_of(d->d_name));
    closedir(dir);
    qsort((void *)names, count, sizeof(*names), by_name);
    return count;
}

void support_show(struct buf *out, struct json_val v)
{
    struct error err;
    if (v.tag == JSON_UNDEFINED)
        buf_add(out, STR("undefined"));
    else if (json_write(out, v, 0, &err) != STATUS_OK)
        buf_add(out, STR("unprintable"));
}

static struct json_val trial_context(void *arg)
{
    return ((const struct trial *)arg)->context;
}

static bool trial_variable(void *arg, str name, struct json_val *ret)
{
    const struct trial *t = arg;
    *ret = t->bind.tag == JSON_OBJECT ? json_get(t->bind, name) : json_undefined();
    return ret->tag != JSON_UNDEFINED;
}

static void evaluate(struct arena *arena, const struct jsonpath_expr *x, const struct trial *trial,
                     struct outcome *o)
{
    struct json_shapes *shapes = arena_alloc(arena, sizeof *shapes);
    struct trial copy = *trial;
    json_shapes_init(shapes, arena);
    struct jsonpath_env env = {.arena = arena,
                               .shapes = shapes,
                               .input = trial->input,
                               .context = trial_context,
                               .variable = trial_variable,
                               .arg = &copy,
                               .seed = trial->seed};
    o->status = jsonpath_expr_eval(x, &env, &o->value, &o->missing, &o->kind, &o->path, &o->err);
}

static bool is_same_text(struct json_val a, struct json_val b)
{
    struct buf left, right;
    buf_init(&left, SIZE_MAX);
    buf_init(&right, SIZE_MAX);
    support_show(&left, a);
    support_show(&right, b);
    bool is_same = str_eq(buf_str(&left), buf_str(&right));
    buf_done(&left);
    buf_done(&right);
    return is_same;
}

void support_try(struct arena *arena, str text, const struct trial *trial, struct outcome *ret)
{
    const struct jsonpath_expr *x;
    struct outcome again = {0};
    struct buf before, after;
    *ret = (struct outcome){0};
    ret->status = jsonpath_expr_compile(arena, text, &x, &ret->err);
    ret->is_compiled = ret->status == STATUS_OK;
    if (!ret->is_compiled)
        return;
    buf_init(&before, SIZE_MAX);
    buf_init(&after, SIZE_MAX);
    support_show(&before, trial->input);
    evaluate(arena, x, trial, ret);
    evaluate(arena, x, trial, &again);
    support_show(&after, trial->input);
    if (!str_eq(buf_str(&before), buf_str(&after)))
        ret->trouble = "the input changed";
    else if (again.status != ret->status)
        ret->trouble = "the second evaluation ends differently";
    else if (ret->status == STATUS_OK && !is_same_text(ret->value, again.value))
        ret->trouble = "the second evaluation gives something else";
    buf_done(&before);
    buf_done(&after);
}
