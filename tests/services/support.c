/* SPDX-License-Identifier: Apache-2.0 */
/* Running cases, and comparing with wildcards. */
#include "support.h"

#include "json/compare.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 4 << 20 };
#define ANY "<any>"

NORETURN static void stop(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", what, which);
    exit(2);
}

struct json_val value_of_text(str text)
{
    return json_string(text, 0);
}

str text_of_value(struct arena *arena, struct json_val v)
{
    struct buf text;
    if (v.tag == JSON_UNDEFINED)
        return STR("nothing");
    buf_init(&text, FILE_MAX);
    if (json_write(&text, v, 0, NULL) != STATUS_OK)
        stop("cannot be written", "a value");
    str copy = arena_dup(arena, buf_str(&text));
    buf_done(&text);
    return copy;
}

static struct json_val parse_text(struct arena *arena, str text, const char *which)
{
    struct json_val v;
    struct error err;
    if (json_parse_in(arena, text, NULL, &v, &err) != STATUS_OK)
        stop(which, err.message);
    return v;
}

struct json_val parse_quoted(struct arena *arena, const char *text)
{
    char *copy = arena_cstr(arena, str_of(text));
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return parse_text(arena, str_of(copy), text);
}

/* ---- comparing ---- */

static bool fits_pattern(str pattern, str text)
{
    size_t any = str_find(pattern, STR(ANY), 0);
    if (any == STR_NONE)
        return str_eq(pattern, text);
    if (!str_starts(text, str_sub(pattern, 0, any)))
        return false;
    str rest = str_sub(pattern, any + strlen(ANY), pattern.n);
    for (size_t at = any; at <= text.n; at++)
        if (fits_pattern(rest, str_sub(text, at, text.n)))
            return true;
    return false;
}

static bool is_object_as_expected(struct json_val expected, struct json_val actual)
{
    if (actual.tag != JSON_OBJECT || actual.len != expected.len)
        return false;
    for (uint32_t i = 0; i < expected.len; i++) {
        const struct json_key *key = &expected.obj->shape->keys[i];
        if (!is_as_expected(expected.obj->vals[i], json_get(actual, (str){key->p, key->n})))
            return false;
    }
    return true;
}

bool is_as_expected(struct json_val expected, struct json_val actual)
{
    if (expected.tag == JSON_STRING && str_eq(json_str(expected), STR(ANY)))
        return actual.tag != JSON_UNDEFINED;
    if (expected.tag == JSON_STRING)
        return actual.tag == JSON_STRING && fits_pattern(json_str(expected), json_str(actual));
    if (expected.tag == JSON_OBJECT)
        return is_object_as_expected(expected, actual);
    if (expected.tag == JSON_ARRAY) {
        if (actual.tag != JSON_ARRAY || actual.len != expected.len)
            return false;
        for (uint32_t i = 0; i < expected.len; i++)
            if (!is_as_expected(expected.items[i], actual.items[i]))
                return false;
        return true;
    }
    return json_equal(expected, actual);
}

bool expect_value(struct buf *why, const char *what, struct json_val expected,
                  struct json_val actual)
{
    if (is_as_expected(expected, actual))
        return true;
    struct arena arena;
    arena_init(&arena, 0);
    str e = text_of_value(&arena, expected), a = text_of_value(&arena, actual);
    buf_printf(why, "%s\n    expected: %.*s\n    got:      %.*s\n", what, STR_ARG(e), STR_ARG(a));
    arena_done(&arena);
    return false;
}

/* ---- running ---- */

static struct json_val read_cases(struct arena *arena, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/tests/cases/services/%s", SOURCE_ROOT, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        stop("cannot be opened", path);
    struct buf text;
    buf_init(&text, FILE_MAX);
    if (!buf_reserve(&text, FILE_MAX))
        stop("too large", path);
    text.n = fread(text.p, 1, FILE_MAX, file);
    (void)fclose(file);
    struct json_val cases = parse_text(arena, buf_str(&text), path);
    buf_done(&text);
    if (cases.tag != JSON_ARRAY || cases.len == 0)
        stop("no cases", path);
    return cases;
}

static bool is_wanted(str name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (str_find(name, str_of(argv[i]), 0) != STR_NONE)
            return true;
    return argc < 2;
}

int run_cases(const char *name, case_fn *fn, int argc, char **argv)
{
    struct arena all;
    unsigned passed = 0, failed = 0, skipped = 0;
    arena_init(&all, 0);
    struct json_val cases = read_cases(&all, name);
    for (uint32_t i = 0; i < cases.len; i++) {
        struct json_val title = json_get(cases.items[i], STR("name"));
        if (title.tag != JSON_STRING)
            stop("a case without a name", name);
        if (!is_wanted(json_str(title), argc, argv)) {
            skipped++;
            continue;
        }
        struct arena arena;
        struct buf why;
        arena_init(&arena, 0);
        buf_init(&why, FILE_MAX);
        if (fn(&arena, cases.items[i], &why)) {
            passed++;
        } else {
            failed++;
            printf("FAILED %.*s: %.*s\n", STR_ARG(json_str(title)), STR_ARG(buf_str(&why)));
        }
        buf_done(&why);
        arena_done(&arena);
    }
    arena_done(&all);
    printf("cases: %u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed > 0;
}
