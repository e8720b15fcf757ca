/* SPDX-License-Identifier: Apache-2.0 */
/*
 * API calls that AWS answered: the sequences in $AFFLUX_VECTORS/states (default: the folder
 * shared/vectors beside the source tree) that need no other service. Arguments: words that the
 * names of the files to play contain. Skipped where there are no vectors.
 */
#include "api_sequence.h"

#include "base/check.h"
#include "json/doc.h"
#include "json/parse.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, EXIT_SKIPPED = 77, FEWEST = 250 };

/* others: files that are no sequences, which other tests play. */
static unsigned passed, failed, skipped, others;

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

static bool needs_more(struct json_val file)
{
    struct json_val services = json_get(file, STR("services_needed"));
    return services.tag != JSON_ARRAY || services.len != 1;
}

static void play(const char *path, const char *name)
{
    struct arena a;
    struct buf text;
    struct json_val file;
    str difference;
    struct error err;
    arena_init(&a, 0);
    buf_init(&text, SIZE_MAX / 2);
    check(read_file(path, &text));
    if (json_parse_in(&a, buf_str(&text), NULL, &file, &err) != STATUS_OK) {
        printf("FAIL %s: %s\n", name, err.message);
        failed++;
    } else if (json_get(file, STR("calls")).tag != JSON_ARRAY) {
        others++;
    } else if (needs_more(file)) {
        printf("skipped %s: it needs other services\n", name);
        skipped++;
    } else {
        struct api_house options = {.clock_speed = 20, .is_strict = true};
        if (api_sequence_play(&options, file, &a, &difference)) {
            passed++;
        } else {
            printf("FAIL %s\n     %.*s\n", name, STR_ARG(difference));
            failed++;
        }
    }
    buf_done(&text);
    arena_done(&a);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]))
            return true;
    }
    return argc == 1;
}

static void play_folder(const char *folder, int argc, char **argv)
{
    char path[PATH_BYTES * 2];
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (str_ends(str_of(name), STR(".json")) && is_wanted(name, argc, argv))
            play(path, name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    static const char *const areas[] = {"activities",         "credentials",
                                        "scenarios",          "sfn_api",
                                        "sfn_api_activities", "sfn_api_aliasing",
                                        "sfn_api_express",    "sfn_api_logs",
                                        "sfn_api_map_run",    "sfn_api_tagging",
                                        "sfn_api_validation", "sfn_api_variable_references",
                                        "sfn_api_versioning", "test_state"};
    const char *vectors = getenv("AFFLUX_VECTORS");
    char folder[PATH_BYTES];
    snprintf(folder, sizeof(folder), "%s/states",
             vectors ? vectors : SOURCE_ROOT "/../shared/vectors");
    if (access(folder, R_OK) != 0) {
        printf("no vectors in %s\n", folder);
        return EXIT_SKIPPED;
    }
    for (size_t i = 0; i < ARRAY_LEN(areas); i++) {
        char area[PATH_BYTES + 64];
        snprintf(area, sizeof(area), "%s/%s", folder, areas[i]);
        unsigned passed_before = passed, failed_before = failed, skipped_before = skipped;
        play_folder(area, argc, argv);
        printf("%-28s %4u passed, %4u failed, %4u skipped\n", areas[i], passed - passed_before,
               failed - failed_before, skipped - skipped_before);
    }
    printf("%u files are no sequences\n", others);
    printf("cases: %u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed > 0 || (argc == 1 && passed < FEWEST);
}
