/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs tests/cases/asl/machine/NAME.json: files of arrays of cases, by subject. Arguments are parts
 * of case names ("flow: a static Result"); none runs everything.
 *
 *   name      a sentence
 *   states    the States; the first is StartAt. jsonata: true for that language. Or machine, all of
 *             the definition
 *   input     of the execution; {} when absent. strict, express: true
 *   do        what happens, in order: ["succeed", state, result], ["fail", state, error, cause],
 *             ["submit", state, answer], ["heartbeat", state], ["started", state], ["after", ms],
 *             ["stop"], ["redrive"]; and what is looked at: ["arguments", state, value],
 *             ["waits", ms to the next time]. At the end all times that are still due come
 *
 * and what comes of it: output, compared as JSON text; or end, "STATUS Error: Cause"; perhaps
 * kinds, the records in their order, records and commands, lists of parts that some line has.
 * "note" is for the reader.
 */
#include "support.h"

#include "base/arena.h"
#include "json/parse.h"
#include "json/write.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { CASES_AT_LEAST = 100, PATH_BYTES = 4096, MOST_FILES = 64 };

struct report {
    char **filters;
    int filter_count;
    unsigned passed, failed;
};

static struct json_val member(struct json_val c, const char *key)
{
    return json_get(c, str_of(key));
}

static bool is_true(struct json_val c, const char *key)
{
    struct json_val v = member(c, key);
    return v.tag == JSON_BOOL && v.b;
}

static void add_json(struct buf *out, struct json_val v)
{
    if (json_write(out, v, 0, NULL) != STATUS_OK)
        buf_add(out, STR("(no JSON)"));
}

/* A string member as a C string in the arena; NULL for null or none. */
static const char *c_text(struct arena *a, struct json_val v)
{
    return v.tag == JSON_STRING ? arena_cstr(a, json_str(v)) : NULL;
}

/* ---- running ---- */

static void definition_text(struct json_val c, struct buf *out)
{
    struct json_val states = member(c, "states");
    if (states.tag != JSON_OBJECT || states.len == 0) {
        add_json(out, member(c, "machine"));
        return;
    }
    const struct json_key *first = &states.obj->shape->keys[0];
    buf_printf(out,
               "{%s\"StartAt\":", is_true(c, "jsonata") ? "\"QueryLanguage\":\"JSONata\"," : "");
    json_write_string(out, (str){first->p, first->n});
    buf_add(out, STR(",\"States\":"));
    add_json(out, states);
    buf_add_byte(out, '}');
}

static bool expect_text(struct buf *why, const char *what, const char *actual, str expected)
{
    if (str_eq(str_of(actual), expected))
        return true;
    buf_printf(why, "    %s: expected %.*s\n    %*s  but got  %s\n", what, STR_ARG(expected),
               (int)strlen(what), "", actual);
    return false;
}

static bool expect_json(struct buf *why, const char *what, const char *actual,
                        struct json_val expected)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    add_json(&text, expected);
    bool is_so = expect_text(why, what, actual, buf_str(&text));
    buf_done(&text);
    return is_so;
}

static bool do_about(struct run *r, const char *what, const char *state, struct json_val v)
{
    struct buf text;
    enum status status;
    buf_init(&text, SIZE_MAX / 2);
    add_json(&text, v);
    if (strcmp(what, "heartbeat") == 0)
        status = run_event(r, run_about(r, state, ASL_EVENT_TASK_HEARTBEAT));
    else if (strcmp(what, "started") == 0)
        status = run_event(r, run_about(r, state, ASL_EVENT_TASK_STARTED));
    else
        status = run_answer(r, state,
                            strcmp(what, "submit") == 0 ? ASL_EVENT_TASK_SUBMITTED
                                                        : ASL_EVENT_TASK_SUCCEEDED,
                            buf_str(&text));
    buf_done(&text);
    return status == STATUS_OK;
}

static bool do_one(struct run *r, struct arena *a, struct json_val what, struct buf *why)
{
    const char *verb = what.len > 0 ? c_text(a, what.items[0]) : NULL;
    struct json_val first = what.len > 1 ? what.items[1] : json_undefined(),
                    second = what.len > 2 ? what.items[2] : json_undefined();
    const char *state = c_text(a, first);
    if (verb && strcmp(verb, "after") == 0)
        return run_after(r, (int64_t)json_number(first)) == STATUS_OK;
    if (verb && strcmp(verb, "waits") == 0) {
        int64_t due_ms = asl_exec_due(r->x) - r->now_ms;
        if (due_ms != (int64_t)json_number(first))
            buf_printf(why, "    waits: %lld ms\n", (long long)due_ms);
        return true;
    }
    if (verb && strcmp(verb, "stop") == 0)
        return run_event(r, (struct asl_event){.kind = ASL_EVENT_STOP}) == STATUS_OK;
    if (verb && strcmp(verb, "redrive") == 0)
        return run_event(r, (struct asl_event){.kind = ASL_EVENT_REDRIVE}) == STATUS_OK;
    if (!verb || !state || !run_frame(r, state))
        return false;
    if (strcmp(verb, "arguments") == 0)
        return expect_json(why, "arguments", run_arguments(r, state), second);
    if (strcmp(verb, "fail") == 0)
        return run_fail(r, state, c_text(a, second),
                        what.len > 3 ? c_text(a, what.items[3]) : NULL) == STATUS_OK;
    return do_about(r, verb, state, second);
}

static void do_all(struct run *r, struct arena *a, struct json_val list, struct buf *why)
{
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++) {
        if (!do_one(r, a, list.items[i], why)) {
            buf_printf(why, "    do[%u] cannot be done: ", i);
            add_json(why, list.items[i]);
            buf_printf(why, " (%s)\n", run_end(r));
            return;
        }
    }
    if (r->x->status == ASL_EXEC_RUNNING)
        run_sleep(r);
}

/* ---- what came of it ---- */

static void expect_parts(struct json_val list, const struct buf *lines, struct buf *why)
{
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++) {
        str part = json_str(list.items[i]);
        if (str_find(buf_str(lines), part, 0) == STR_NONE)
            buf_printf(why, "    no line has %.*s:\n%.*s", STR_ARG(part), STR_ARG(buf_str(lines)));
    }
}

static void expect_all(struct run *r, struct json_val c, struct buf *why)
{
    struct json_val output = member(c, "output"), end = member(c, "end"),
                    kinds = member(c, "kinds");
    if (output.tag != JSON_UNDEFINED && r->x->status == ASL_EXEC_SUCCEEDED)
        expect_json(why, "output", run_output(r), output);
    else if (output.tag != JSON_UNDEFINED)
        expect_text(why, "end", run_end(r), STR("SUCCEEDED"));
    if (end.tag == JSON_STRING)
        expect_text(why, "end", run_end(r), json_str(end));
    if (output.tag == JSON_UNDEFINED && end.tag != JSON_STRING)
        buf_add(why, STR("    the case expects nothing\n"));
    if (kinds.tag == JSON_STRING)
        expect_text(why, "kinds", run_kinds(r), json_str(kinds));
    expect_parts(member(c, "records"), &r->records, why);
    expect_parts(member(c, "commands"), &r->commands, why);
    buf_add(why, buf_str(&r->trouble));
}

static void run_case(struct json_val c, struct buf *why)
{
    struct run r;
    struct arena a;
    struct buf definition, input;
    arena_init(&a, 0);
    buf_init(&definition, SIZE_MAX / 2);
    buf_init(&input, SIZE_MAX / 2);
    definition_text(c, &definition);
    buf_add_byte(&definition, '\0');
    definition.n--;
    if (member(c, "input").tag == JSON_UNDEFINED)
        buf_add(&input, STR("{}"));
    else
        add_json(&input, member(c, "input"));
    run_load_json(&r, buf_str(&definition), is_true(c, "express") ? ASL_EXPRESS : ASL_STANDARD,
                  is_true(c, "strict"));
    if (run_start_json(&r, buf_str(&input)) != STATUS_OK)
        buf_printf(why, "    does not start: %s\n", r.err.message);
    else
        do_all(&r, &a, member(c, "do"), why);
    expect_all(&r, c, why);
    run_done(&r);
    buf_done(&definition);
    buf_done(&input);
    arena_done(&a);
}

/* ---- files ---- */

static bool is_wanted(const struct report *report, const char *name)
{
    for (int i = 0; i < report->filter_count; i++) {
        if (strstr(name, report->filters[i]))
            return true;
    }
    return report->filter_count == 0;
}

static void run_file(struct report *report, const char *folder, const char *file)
{
    char path[PATH_BYTES], name[PATH_BYTES];
    struct buf text;
    struct json_doc *doc;
    struct error err;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    buf_init(&text, SIZE_MAX / 2);
    FILE *f = fopen(path, "rb");
    for (size_t n = 1; f && n > 0 && buf_reserve(&text, 1 << 16);)
        text.n += n = fread(text.p + text.n, 1, 1 << 16, f);
    if (f)
        fclose(f);
    if (json_parse(buf_str(&text), NULL, &doc, &err) != STATUS_OK) {
        printf("FAILED %s: %s\n", file, err.message);
        report->failed++;
        buf_done(&text);
        return;
    }
    struct json_val cases = json_doc_root(doc);
    for (uint32_t i = 0; i < cases.len; i++) {
        struct buf why;
        snprintf(name, sizeof(name), "%.*s: %.*s", (int)(strlen(file) - 5), file,
                 STR_ARG(json_str(member(cases.items[i], "name"))));
        if (!is_wanted(report, name))
            continue;
        buf_init(&why, SIZE_MAX / 2);
        run_case(cases.items[i], &why);
        if (why.n > 0)
            printf("FAILED %s\n%.*s", name, STR_ARG(buf_str(&why)));
        report->failed += why.n > 0;
        report->passed += why.n == 0;
        buf_done(&why);
    }
    json_doc_unref(doc);
    buf_done(&text);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    const char *folder = SOURCE_ROOT "/tests/cases/asl/machine";
    struct report report = {.filters = argv + 1, .filter_count = argc - 1};
    char *files[MOST_FILES];
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL && count < MOST_FILES;) {
        if (str_ends(str_of(entry->d_name), STR(".json")))
            files[count++] = strdup(entry->d_name);
    }
    if (dir)
        closedir(dir);
    qsort(files, count, sizeof(files[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        run_file(&report, folder, files[i]);
        free(files[i]);
    }
    printf("cases: %u passed, %u failed, 0 skipped\n", report.passed, report.failed);
    bool is_enough = argc > 1 || report.passed + report.failed >= CASES_AT_LEAST;
    return report.failed == 0 && is_enough ? 0 : 1;
}
