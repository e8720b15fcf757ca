/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributed maps that AWS ran: the recordings in $AFFLUX_VECTORS/states/scenarios (default: the
 * folder shared/vectors beside the source tree) whose maps read objects or state data. Each is run
 * by the engine, and its end compared. Skipped where there are no vectors.
 */
#include "engine_test.h"
#include "objects_memory.h"

#include "json/compare.h"
#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, EXIT_SKIPPED = 77, FEWEST_CASES = 20 };

/* ---- objects of a case ---- */

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

static void put_objects(struct memory_objects *m, struct json_val setup)
{
    for (uint32_t i = 0; setup.tag == JSON_ARRAY && i < setup.len; i++) {
        struct json_val request = json_get(setup.items[i], STR("request"));
        struct json_val body = json_get(request, STR("Body"));
        if (body.tag != JSON_STRING)
            continue;
        char *bucket = text_of(json_get(request, STR("Bucket")));
        char *key = text_of(json_get(request, STR("Key")));
        memory_objects_set(m, bucket, key, json_str(body));
        free(bucket);
        free(key);
    }
}

/* ---- cases ---- */

static unsigned cases, failures;

/* Texts like "<any:date>" stand for what was another one each time. */
static bool is_like(struct json_val theirs, struct json_val ours)
{
    bool is_same = theirs.tag == ours.tag && theirs.len == ours.len;
    if (theirs.tag == JSON_STRING && str_starts(json_str(theirs), STR("<")))
        return true;
    if (theirs.tag == JSON_ARRAY) {
        for (uint32_t i = 0; is_same && i < theirs.len; i++)
            is_same = is_like(theirs.items[i], ours.items[i]);
        return is_same;
    }
    if (theirs.tag != JSON_OBJECT || theirs.len == 0)
        return json_equal(theirs, ours);
    for (uint32_t i = 0; is_same && i < theirs.len; i++) {
        const struct json_key *key = &theirs.obj->shape->keys[i];
        is_same = is_like(theirs.obj->vals[i], json_get(ours, (str){key->p, key->n}));
    }
    return is_same;
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
        ret = json_parse_in(&a, str_of(ours), NULL, &v, NULL) == STATUS_OK && is_like(output, v);
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
    struct memory_objects m;
    memory_objects_init(&m);
    put_objects(&m, setup);
    h.objects = &m.objects;
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
    memory_objects_done(&m);
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
