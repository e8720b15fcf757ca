/* SPDX-License-Identifier: Apache-2.0 */
/* See torture.h. Names of map runs and their children are made of keys that each folder has for
 * itself, so a child is called by the execution, the label and the first item. */
#include "torture.h"

#include "base/check.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { MOST_CHILDREN = 1000, MOST_RUNS = 16, PATH_BYTES = 1024 };

/* ---- children ---- */

/* An Express child has no steps: its row is all that is kept. */
static void report_express(struct torture_report *r, const struct store_execution *child,
                           struct arena *a)
{
    struct error err;
    str output = {"", 0};
    if (child->status == STORE_SUCCEEDED)
        check(store_find_document(r->reader, child->id, child->output, a, &output, &err) ==
              STATUS_OK);
    buf_printf(r->out, "%s %.*s%.*s\n", store_status_name(child->status), STR_ARG(output),
               STR_ARG(child->error));
}

static void report_children(struct torture_report *r, const struct store_map_run *run, str name,
                            const struct asl_definition *definition, struct arena *a)
{
    struct store_list_query query = {.map_run = run->id, .limit = MOST_CHILDREN};
    struct store_page page;
    struct error err;
    uint64_t items = 0;
    check(store_list_executions(r->reader, &query, a, &page, &err) == STATUS_OK && page.next == 0);
    for (uint32_t i = 0; i < page.count; i++) {
        const struct store_execution *child = &page.rows[i];
        str who = arena_printf(a, "%.*s/%.*s/%llu", STR_ARG(name), STR_ARG(run->label),
                               (unsigned long long)child->map_index);
        buf_printf(r->out, "child %.*s+%u ", STR_ARG(who), child->parent_attempt);
        items += child->parent_attempt; /* of a map child: its items */
        if (child->tail != 0)
            torture_report_steps(r, child, definition, who);
        else
            report_express(r, child, a);
    }
    if (items != run->items.total)
        torture_complain(r, name, "items and children do not go together");
}

/* ---- runs ---- */

static void report_counts(struct torture_report *r, const char *what, const struct store_counts *c)
{
    buf_printf(r->out, " %s %llu+%llu/%llu/%llu/%llu/%llu of %llu", what,
               (unsigned long long)c->pending, (unsigned long long)c->running,
               (unsigned long long)c->succeeded, (unsigned long long)c->failed,
               (unsigned long long)c->timed_out, (unsigned long long)c->aborted,
               (unsigned long long)c->total);
}

void torture_report_maps(struct torture_report *r, const struct store_execution *row,
                         const struct asl_definition *definition)
{
    struct store_map_run *runs;
    uint32_t count;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    check(store_list_map_runs(r->reader, row->id, 0, MOST_RUNS, &a, &runs, &count, &err) ==
          STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(r->out, "run %.*s/%.*s %s", STR_ARG(row->name), STR_ARG(runs[i].label),
                   store_status_name(runs[i].status));
        report_counts(r, "items", &runs[i].items);
        report_counts(r, "children", &runs[i].children);
        buf_add_byte(r->out, '\n');
        report_children(r, &runs[i], row->name, definition, &a);
    }
    arena_done(&a);
}

/* ---- objects ---- */

/* Of results the lines; whole records have times and names in them, and only their number counts.
 */
static void report_object(struct torture_report *r, const char *path, const char *owner,
                          const char *name)
{
    static char text[64 << 10];
    uint32_t records = 0, number = 0;
    FILE *f = fopen(path, "r");
    check(f != NULL);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    bool is_compact = strncmp(name, "SUCCEEDED_", strlen("SUCCEEDED_")) == 0;
    char *line = text;
    for (char *end; is_compact && *line; line = end + (*end == '\n')) {
        end = line + strcspn(line, "\n");
        buf_printf(r->out, "object %s %s:%u %.*s\n", owner, name, ++number, (int)(end - line),
                   line);
    }
    for (const char *at = text; (at = strstr(at, "\"Status\"")) != NULL; at++)
        records++;
    if (!is_compact)
        buf_printf(r->out, "object %s %s with %u records\n", owner, name, records);
}

/* path is BUCKET, BUCKET/EXECUTION, or BUCKET/EXECUTION/RUN. */
static void report_folder(struct torture_report *r, const char *path, const char *owner, int depth)
{
    char inner[PATH_BYTES];
    DIR *dir = opendir(path);
    check(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        check(snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) < (int)sizeof(inner));
        if (depth == 2)
            report_object(r, inner, owner, entry->d_name);
        else
            report_folder(r, inner, depth == 0 ? entry->d_name : owner, depth + 1);
    }
    closedir(dir);
}

void torture_report_objects(struct torture_report *r, const char *folder)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/objects/out", folder);
    report_folder(r, path, "", 0);
}
