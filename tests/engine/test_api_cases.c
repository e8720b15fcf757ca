/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of API calls of our own, in tests/cases/engine/api: each file is an array of cases,
 * {"name", "loops", "strict", "calls"}, played by one loop and, where the case does not say how
 * many, by three. Arguments: words that the names of the cases to play contain.
 */
#include "api_sequence.h"

#include "base/check.h"
#include "json/parse.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024, LOOPS = 3 };

static unsigned passed, failed;

static bool read_file(const char *path, struct buf *out)
{
    char block[65536];
    FILE *f = fopen(path, "rb");
    size_t n;
    if (!f)
        return false;
    while ((n = fread(block, 1, sizeof(block), f)) > 0)
        buf_add(out, (str){block, n});
    fclose(f);
    return true;
}

static bool is_wanted(str name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (str_find(name, str_of(argv[i]), 0) != STR_NONE)
            return true;
    }
    return argc == 1;
}

static void play(struct arena *a, struct json_val c, uint32_t loops)
{
    struct json_val strict = json_get(c, STR("strict"));
    struct api_house options = {
        .clock_speed = 20, .loops = loops, .is_strict = strict.tag == JSON_BOOL && strict.b};
    str name = json_str(json_get(c, STR("name"))), difference;
    if (api_sequence_play(&options, c, a, &difference)) {
        passed++;
        return;
    }
    printf("FAIL %.*s (%u loops)\n     %.*s\n", STR_ARG(name), loops, STR_ARG(difference));
    failed++;
}

static void play_file(const char *path, int argc, char **argv)
{
    struct arena a;
    struct buf text;
    struct json_val cases;
    struct error err;
    arena_init(&a, 0);
    buf_init(&text, SIZE_MAX / 2);
    check(read_file(path, &text));
    if (json_parse_in(&a, buf_str(&text), NULL, &cases, &err) != STATUS_OK) {
        printf("FAIL %s: %s\n", path, err.message);
        failed++;
        cases = json_array(NULL, 0);
    }
    for (uint32_t i = 0; i < cases.len; i++) {
        struct json_val c = cases.items[i], loops = json_get(c, STR("loops"));
        if (!is_wanted(json_str(json_get(c, STR("name"))), argc, argv))
            continue;
        if (json_is_number(loops)) {
            play(&a, c, (uint32_t)json_number(loops));
        } else {
            play(&a, c, 1);
            play(&a, c, LOOPS);
        }
    }
    buf_done(&text);
    arena_done(&a);
}

int main(int argc, char **argv)
{
    static const char folder[] = SOURCE_ROOT "/tests/cases/engine/api";
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    check(count >= 0);
    for (int i = 0; i < count; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (str_ends(str_of(entries[i]->d_name), STR(".json")))
            play_file(path, argc, argv);
        free(entries[i]);
    }
    free(entries);
    printf("cases: %u passed, %u failed, 0 skipped\n", passed, failed);
    return failed > 0 || passed == 0;
}
