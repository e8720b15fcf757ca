/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributed maps that AWS ran: the recordings in $AFFLUX_VECTORS/states/scenarios (default: the
 * folder shared/vectors beside the source tree) whose maps read texts or state data. Each is run
 * by the engine, and its end compared. Skipped where there are no vectors.
 */
#include "engine_test.h"

#include "json/compare.h"
#include "json/parse.h"
#include "json/write.h"
#include "engine/map_reader.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, EXIT_SKIPPED = 77, FEWEST_CASES = 20 };

/* ---- objects of a case ---- */

struct text_source {
    struct map_source source;
    str text;
    bool is_read;
};

static enum map_read text_more(struct map_source *s, str *ret)
{
    struct text_source *t = (struct text_source *)(void *)s;
    bool is_over = t->is_read || t->text.n == 0;
    t->is_read = true;
    *ret = t->text;
    return is_over ? MAP_READ_END : MAP_READ_ITEM;
}

static void text_rewind(struct map_source *s)
{
    ((struct text_source *)(void *)s)->is_read = false;
}

static void text_free(struct map_source *s)
{
    free(s);
}

static const struct map_source_kind text_kind = {
    .more = text_more, .rewind = text_rewind, .free = text_free};

/* arg: the setup, an array of calls. */
static struct map_source *open_object(void *arg, str bucket, str key, str version,
                                      const char **ret_cause)
{
    struct json_val setup = *(const struct json_val *)arg;
    (void)version;
    *ret_cause = "There is no such object.";
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len; i++) {
        struct json_val request = json_get(setup.items[i], STR("request"));
        struct json_val body = json_get(request, STR("Body"));
        if (body.tag != JSON_STRING || !str_eq(json_str(json_get(request, STR("Key"))), key) ||
            !str_eq(json_str(json_get(request, STR("Bucket"))), bucket))
            continue;
        struct text_source *t = calloc(1, sizeof(*t));
        assert_non_null(t);
        t->source.kind = &text_kind;
        t->text = json_str(body);
        return &t->source;
    }
    return NULL;
}

/* ---- cases ---- */

static unsigned cases, failures;

static char *text_of(struct json_val v)
{
    struct buf text;
    size_t n;
    buf_init(&text, SIZE_MAX / 2);
    if (v.tag == JSON_STRING)
        buf_add(&text, json_str(v));
    else
        assert_int_equal(json_write(&text, v, 0, NULL), STATUS_OK);
    buf_add_byte(&text, '\0');
    return buf_take(&text, &n);
}

/* Ours is JSON text, or "error: cause". */
static bool is_as_expected(struct json_val expect, const char *ours)
{
    struct json_val output = json_get(expect, STR("output"));
    struct arena a;
    struct json_val v;
    bool ret;
    arena_init(&a, 0);
    if (str_eq(json_str(json_get(expect, STR("status"))), STR("SUCCEEDED"))) {
        ret = json_parse_in(&a, str_of(ours), NULL, &v, NULL) == STATUS_OK && json_equal(v, output);
    } else {
        str error = json_str(json_get(expect, STR("error")));
        str cause = json_str(json_get(expect, STR("cause")));
        ret = str_eq(str_of(ours), arena_printf(&a, "%.*s: %.*s", STR_ARG(error), STR_ARG(cause)));
    }
    arena_done(&a);
    return ret;
}

static void run_case(const char *name, struct json_val file, const char *definition)
{
    struct house h = {.is_strict = true, .clock_speed = 100};
    struct json_val setup = json_get(file, STR("setup")), expect = json_get(file, STR("expect"));
    char *input = text_of(json_get(file, STR("input")));
    h.open_object = open_object;
    h.open_object_arg = &setup;
    house_build(&h);
    house_machine(&h, "map", ASL_STANDARD, definition);
    const char *ours = house_run(&h, "map", "a", input);
    cases++;
    if (!is_as_expected(expect, ours)) {
        char *theirs = text_of(expect);
        printf("%s\n  ours:   %.300s\n  theirs: %.300s\n", name, ours, theirs);
        free(theirs);
        failures++;
    }
    house_tear_down(&h);
    free(input);
}

/* Recorded before the items of a JSON text could be the members of an object. */
static const char OUTDATED[] = "map-item-reader-json-no-json-list-object";

/* Runs it when it is a distributed map of the kinds that are read here. */
static void run_file(const char *name, struct json_val file)
{
    char *definition = text_of(json_get(file, STR("definition")));
    str text = str_of(definition);
    bool is_ours = str_find(text, STR("\"DISTRIBUTED\""), 0) != STR_NONE &&
                   str_find(text, STR("listObjectsV2"), 0) == STR_NONE &&
                   str_find(text, STR("ResultWriter"), 0) == STR_NONE &&
                   str_find(text, STR("\"Task\""), 0) == STR_NONE &&
                   str_find(str_of(name), str_of(OUTDATED), 0) == STR_NONE &&
                   json_get(file, STR("expect")).tag == JSON_OBJECT;
    if (is_ours)
        run_case(name, file, definition);
    free(definition);
}

static void read_file(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct buf text;
    struct arena a;
    struct json_val file;
    char block[65536];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&text, SIZE_MAX / 2);
    arena_init(&a, 0);
    for (size_t n; (n = fread(block, 1, sizeof(block), f)) > 0;)
        buf_add(&text, (str){block, n});
    fclose(f);
    assert_int_equal(json_parse_in(&a, buf_str(&text), NULL, &file, NULL), STATUS_OK);
    run_file(name, file);
    arena_done(&a);
    buf_done(&text);
}

int main(void)
{
    char folder[PATH_BYTES];
    const char *vectors = getenv("AFFLUX_VECTORS"), *require = getenv("AFFLUX_REQUIRE_VECTORS");
    snprintf(folder, sizeof(folder), "%s/states/scenarios",
             vectors ? vectors : SOURCE_ROOT "/../shared/vectors");
    DIR *dir = opendir(folder);
    if (!dir) {
        printf("no vectors at %s\n", folder);
        return require && strcmp(require, "1") == 0 ? 1 : EXIT_SKIPPED;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (str_ends(str_of(entry->d_name), STR(".json")))
            read_file(folder, entry->d_name);
    }
    closedir(dir);
    printf("distributed maps: %u cases, %u failed\n", cases, failures);
    return failures == 0 && cases >= FEWEST_CASES ? 0 : 1;
}
