/* SPDX-License-Identifier: Apache-2.0 */
/* See scenario_cases.h. */
#include "scenario_cases.h"

#include "scenario_sequence.h"
#include "../jsonata/support.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, PATH_BYTES = 4096 };

/* ---- the report ---- */

void case_passed(struct case_report *r)
{
    r->area->passed++;
}

void case_failed(struct case_report *r, const char *what, str why)
{
    r->area->failed++;
    printf("FAIL %s: %s: %.*s\n", r->name, what, STR_ARG(why));
}

void case_skipped(struct case_report *r, const char *why)
{
    r->area->skipped++;
    printf("skip %s: %s\n", r->name, why);
}

static bool is_wanted(const struct case_report *r, const char *name)
{
    for (int i = 0; i < r->filter_count; i++) {
        if (strstr(name, r->filters[i]))
            return true;
    }
    return r->filter_count == 0;
}

static struct case_counts *area_of(struct case_report *r, str area)
{
    for (uint32_t i = 0; i < r->area_count; i++) {
        if (str_eq(str_of(r->area_names[i]), area))
            return &r->areas[i];
    }
    if (r->area_count == CASE_AREAS)
        support_stop("too many areas", r->title);
    snprintf(r->area_names[r->area_count], sizeof(r->area_names[0]), "%.*s", STR_ARG(area));
    return &r->areas[r->area_count++];
}

static int report_end(struct case_report *r, unsigned files, unsigned cases)
{
    struct case_counts all = {0};
    for (uint32_t i = 0; i < r->area_count; i++) {
        const struct case_counts *c = &r->areas[i];
        if (c->passed + c->failed + c->skipped == 0)
            continue;
        printf("%-28s %4u passed, %4u failed, %4u skipped\n", r->area_names[i], c->passed,
               c->failed, c->skipped);
        all.passed += c->passed;
        all.failed += c->failed;
        all.skipped += c->skipped;
    }
    bool is_complete = r->files == files && r->cases == cases;
    if (!is_complete)
        printf("%s: found %u cases in %u files, expected %u in %u\n", r->title, r->cases, r->files,
               cases, files);
    printf("cases: %u passed, %u failed, %u skipped\n", all.passed, all.failed, all.skipped);
    return all.failed == 0 && (all.passed > 0 || r->filter_count > 0) && is_complete ? 0 : 1;
}

/* ---- walking ---- */

static void path_of(char out[PATH_BYTES], const char *folder, str file)
{
    int n = snprintf(out, PATH_BYTES, "%s/%.*s", folder, STR_ARG(file));
    if (n < 0 || n >= PATH_BYTES)
        support_stop("path is too long", folder);
}

static void run_one(struct case_report *r, case_fn run, const char *name, const struct scenario *s)
{
    r->cases++;
    if (!is_wanted(r, name))
        return;
    r->name = name;
    r->area = area_of(r, json_str(json_get(s->file, STR("area"))));
    run(r, s);
}

static void run_file(struct case_report *r, case_fn run, const char *folder, str file)
{
    char path[PATH_BYTES], name[CASE_NAME];
    struct arena arena;
    arena_init(&arena, 0);
    path_of(path, folder, file);
    struct scenario s = {.file = support_json(r->kept ? r->kept : &arena, path)};
    struct json_val cases = json_get(s.file, STR("cases"));
    int stem = (int)(file.n - strlen(".json"));
    r->files++;
    if (cases.tag != JSON_ARRAY) {
        s.one = s.file;
        snprintf(name, sizeof(name), "%.*s", stem, file.p);
        run_one(r, run, name, &s);
    }
    for (uint32_t i = 0; cases.tag == JSON_ARRAY && i < cases.len; i++) {
        s.one = cases.items[i];
        snprintf(name, sizeof(name), "%.*s[%u]", stem, file.p, i);
        run_one(r, run, name, &s);
    }
    arena_done(&arena);
}

static void run_sequence(struct case_report *r, case_fn run, const char *folder, str file)
{
    char path[PATH_BYTES], name[CASE_NAME];
    const char *reason;
    struct arena arena;
    arena_init(&arena, 0);
    path_of(path, folder, file);
    struct arena *a = r->kept ? r->kept : &arena;
    struct json_val content = support_json(a, path);
    struct json_val calls = json_get(content, STR("calls"));
    for (uint32_t i = 0; i < calls.len; i++) {
        struct scenario s = {0};
        snprintf(name, sizeof(name), "%.*s#%u", (int)(file.n - strlen(".json")), file.p, i);
        if (sequence_scenario(a, content, i, &s, &reason)) {
            run_one(r, run, name, &s);
        } else if (reason && is_wanted(r, name)) {
            r->name = name;
            r->area = area_of(r, STR("sequences"));
            case_skipped(r, reason);
        }
    }
    arena_done(&arena);
}

static void run_all(struct case_report *r, case_fn run, const char *folder)
{
    char path[PATH_BYTES];
    struct arena arena;
    arena_init(&arena, 0);
    path_of(path, folder, STR("index.json"));
    struct json_val index = support_json(&arena, path);
    for (uint32_t i = 0; index.tag == JSON_ARRAY && i < index.len; i++) {
        struct json_val entry = index.items[i];
        if (str_eq(json_str(json_get(entry, STR("kind"))), STR("scenario")))
            run_file(r, run, folder, json_str(json_get(entry, STR("file"))));
        else
            run_sequence(r, run, folder, json_str(json_get(entry, STR("file"))));
    }
    arena_done(&arena);
}

int cases_run(struct case_report *r, case_fn run, unsigned files, unsigned cases)
{
    char folder[PATH_BYTES];
    const char *vectors = getenv("AFFLUX_VECTORS");
    path_of(folder, vectors ? vectors : SOURCE_ROOT "/../shared/vectors", STR("states"));
    if (access(folder, R_OK) != 0) {
        const char *require = getenv("AFFLUX_REQUIRE_VECTORS");
        printf("%s: no vectors at %s\n", r->title, folder);
        return require && strcmp(require, "1") == 0 ? 1 : EXIT_SKIPPED;
    }
    run_all(r, run, folder);
    if (r->end)
        r->end(r);
    return report_end(r, files, cases);
}
