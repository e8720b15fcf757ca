/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every definition among the recorded answers of AWS (vectors/states): what was accepted must be
 * accepted, what was refused must be refused with the recorded text. Arguments are parts of file
 * names.
 *
 * Where the recorded text is not AWS's own ("Error=ValueError …", of the tool that recorded it)
 * only the refusal counts. TestState takes one state; it is tried as a machine with the name AWS
 * gives it.
 */
#include "../jsonata/support.h"

#include "asl/definition.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    EXIT_SKIPPED = 77,
    PATH_BYTES = 4096,
    AREAS_MAX = 64,
    ACCEPTED = 522, /* definitions in the vectors, by what AWS said */
    REFUSED = 60,
    VALIDATED = 7,
    TESTED = 83,
    DESCRIBED = 18,
};

struct area {
    char name[64];
    unsigned passed, failed;
};

struct vectors {
    struct report report;
    struct area areas[AREAS_MAX];
    unsigned area_count, accepted, refused, validated, tested, described;
    struct json_val created; /* the last definition */
    const char *file;
    struct area *area;
};

/* ---- judging ---- */

static void judge(struct vectors *v, bool passed, str expected, str actual)
{
    v->report.ran++;
    v->report.passed += passed;
    v->report.failed += !passed;
    v->area->passed += passed;
    v->area->failed += !passed;
    if (!passed)
        printf("FAIL %s/%s: expected %.*s | actual %.*s\n", v->area->name, v->file,
               STR_ARG(expected), STR_ARG(actual));
}

static void definition_text(struct buf *out, struct json_val definition)
{
    struct error err;
    buf_init(out, SIZE_MAX);
    if (definition.tag == JSON_STRING)
        buf_add(out, json_str(definition));
    else if (json_write(out, definition, 0, &err) != STATUS_OK)
        support_stop(err.message, "a definition");
}

/* What the create call would answer; empty when the definition is accepted. */
static void load(str text, enum asl_type type, struct buf *answer, struct asl_diagnostics *found)
{
    struct asl_load_options options = {.type = type};
    struct asl_definition *definition;
    asl_diagnostics_init(found);
    buf_init(answer, SIZE_MAX);
    if (asl_definition_load(text, &options, found, &definition, NULL) == STATUS_OK)
        asl_definition_unref(definition);
    else
        asl_diagnostics_print_error(found, answer);
}

/* message: undefined when AWS accepted it. */
static void try_definition(struct vectors *v, struct json_val definition, enum asl_type type,
                           struct json_val message)
{
    struct buf text, answer;
    struct asl_diagnostics found;
    definition_text(&text, definition);
    load(buf_str(&text), type, &answer, &found);
    str expected = message.tag == JSON_STRING ? json_str(message) : STR("");
    bool is_recorded = !str_starts(expected, STR("Error="));
    judge(v, is_recorded ? str_eq(buf_str(&answer), expected) : answer.n > 0, expected,
          buf_str(&answer));
    asl_diagnostics_done(&found);
    buf_done(&answer);
    buf_done(&text);
}

/* ---- calls ---- */

static enum asl_type type_of(struct json_val object)
{
    struct json_val type = json_get(object, STR("type"));
    return type.tag == JSON_STRING && str_eq(json_str(type), STR("EXPRESS")) ? ASL_EXPRESS
                                                                             : ASL_STANDARD;
}

static bool is_text(struct json_val v, const char *text)
{
    return v.tag == JSON_STRING && str_eq(json_str(v), str_of(text));
}

static void try_create(struct vectors *v, struct json_val request, struct json_val error)
{
    bool is_refused =
        error.tag == JSON_OBJECT && is_text(json_get(error, STR("code")), "InvalidDefinition");
    v->created = json_get(request, STR("definition"));
    v->refused += is_refused;
    v->accepted += !is_refused;
    try_definition(v, json_get(request, STR("definition")), type_of(request),
                   is_refused ? json_get(error, STR("message")) : json_undefined());
}

static void try_validate(struct vectors *v, struct json_val request, struct json_val response)
{
    struct buf text, answer, json, expected;
    struct asl_diagnostics found;
    struct error err;
    struct json_val result = json_get(response, STR("result"));
    struct json_val list = json_get(response, STR("diagnostics"));
    definition_text(&text, json_get(request, STR("definition")));
    load(buf_str(&text), type_of(request), &answer, &found);
    buf_init(&json, SIZE_MAX);
    buf_init(&expected, SIZE_MAX);
    bool passed = is_text(result, found.error_count > 0 ? "FAIL" : "OK") && list.len == found.count;
    for (uint32_t i = 0; passed && i < list.len; i++)
        passed =
            is_text(json_get(list.items[i], STR("code")), found.items[i].code) &&
            str_eq(json_str(json_get(list.items[i], STR("message"))), found.items[i].message) &&
            str_eq(json_str(json_get(list.items[i], STR("location"))), found.items[i].location);
    asl_diagnostics_print_json(&found, ASL_WARNING, UINT32_MAX, &json);
    if (json_write(&expected, response, 0, &err) != STATUS_OK)
        support_stop(err.message, v->file);
    judge(v, passed, buf_str(&expected), buf_str(&json));
    v->validated++;
    asl_diagnostics_done(&found);
    buf_done(&expected);
    buf_done(&json);
    buf_done(&answer);
    buf_done(&text);
}

/* One state stands alone: its transitions lead nowhere, and that does not matter. */
static void judge_state(struct vectors *v, str text)
{
    struct buf answer;
    struct asl_diagnostics found;
    bool passed = true;
    load(text, ASL_STANDARD, &answer, &found);
    for (uint32_t i = 0; i < found.count; i++)
        passed = passed && (found.items[i].severity == ASL_WARNING ||
                            strcmp(found.items[i].code, "MISSING_TRANSITION_TARGET") == 0 ||
                            strcmp(found.items[i].code, "MISSING_END_STATE") == 0);
    judge(v, passed, STR(""), buf_str(&answer));
    asl_diagnostics_done(&found);
    buf_done(&answer);
}

/* A state as AWS wraps it, or a machine. Other errors than those of the definition leave open what
 * AWS thinks of it. */
static void try_state(struct vectors *v, struct json_val request, struct json_val error)
{
    struct json_val message =
        error.tag == JSON_OBJECT ? json_get(error, STR("message")) : json_undefined();
    str definition = json_str(json_get(request, STR("definition")));
    bool is_refused = message.tag == JSON_STRING &&
                      str_starts(json_str(message), STR("Invalid State Machine Definition"));
    if (error.tag == JSON_OBJECT && !is_refused)
        return;
    struct buf text;
    buf_init(&text, SIZE_MAX);
    bool is_machine = json_get(request, STR("stateName")).tag == JSON_STRING;
    buf_add(&text, is_machine ? STR("")
                              : STR("{\"StartAt\": \"StateName\", \"States\": {\"StateName\": "));
    buf_add(&text, definition);
    buf_add(&text, is_machine ? STR("") : STR("}}"));
    v->tested++;
    if (is_refused)
        try_definition(v, json_string(buf_str(&text), 0), ASL_STANDARD, message);
    else
        judge_state(v, buf_str(&text));
    buf_done(&text);
}

static bool is_listed(struct json_val list, str name)
{
    for (uint32_t i = 0; list.tag == JSON_ARRAY && i < list.len; i++)
        if (str_eq(json_str(list.items[i]), name))
            return true;
    return false;
}

/* What DescribeStateMachine says about variables: an object of lists in no order. */
static void try_references(struct vectors *v, struct json_val expected)
{
    struct buf text, shown;
    struct error err;
    struct asl_definition *d;
    struct asl_load_options options = {.type = ASL_STANDARD};
    uint32_t states = 0;
    definition_text(&text, v->created);
    if (asl_definition_load(buf_str(&text), &options, NULL, &d, &err) != STATUS_OK)
        support_stop(err.message, v->file);
    bool passed = true;
    for (uint32_t i = 0; i < d->state_count; i++) {
        const struct asl_state *state = d->states[i];
        struct json_val list = json_get(expected, state->name);
        states += state->reference_count > 0;
        passed = passed && (list.tag == JSON_ARRAY ? list.len : 0) == state->reference_count;
        for (uint32_t k = 0; k < state->reference_count; k++)
            passed = passed && is_listed(list, state->references[k]);
    }
    passed = passed && states == expected.len;
    buf_init(&shown, SIZE_MAX);
    if (json_write(&shown, expected, 0, &err) != STATUS_OK)
        support_stop(err.message, v->file);
    judge(v, passed, buf_str(&shown), STR("others"));
    v->described++;
    asl_definition_unref(d);
    buf_done(&shown);
    buf_done(&text);
}

static void try_call(struct vectors *v, struct json_val call)
{
    struct json_val operation = json_get(call, STR("operation"));
    struct json_val answer = json_get(call, STR("response"));
    if (answer.tag == JSON_OBJECT && json_get(answer, STR("variableReferences")).tag == JSON_OBJECT)
        try_references(v, json_get(answer, STR("variableReferences")));
    struct json_val request = json_get(call, STR("request")), error = json_get(call, STR("error"));
    if (request.tag != JSON_OBJECT || json_get(request, STR("definition")).tag == JSON_UNDEFINED)
        return;
    if (is_text(operation, "CreateStateMachine") || is_text(operation, "UpdateStateMachine"))
        try_create(v, request, error);
    else if (is_text(operation, "ValidateStateMachineDefinition"))
        try_validate(v, request, json_get(call, STR("response")));
    else if (is_text(operation, "TestState"))
        try_state(v, request, error);
}

static void try_calls(struct vectors *v, struct json_val calls)
{
    for (uint32_t i = 0; calls.tag == JSON_ARRAY && i < calls.len; i++)
        try_call(v, calls.items[i]);
}

static void try_file(struct vectors *v, struct json_val root)
{
    struct json_val definition = json_get(root, STR("definition"));
    struct json_val cases = json_get(root, STR("cases"));
    if (definition.tag != JSON_UNDEFINED) {
        v->accepted++;
        try_definition(v, definition, type_of(root), json_undefined());
    }
    for (uint32_t i = 0; cases.tag == JSON_ARRAY && i < cases.len; i++) {
        definition = json_get(cases.items[i], STR("definition"));
        if (definition.tag == JSON_UNDEFINED)
            continue;
        v->accepted++;
        try_definition(v, definition, type_of(cases.items[i]), json_undefined());
    }
    try_calls(v, json_get(root, STR("setup")));
    try_calls(v, json_get(root, STR("calls")));
}

/* ---- folders ---- */

static void try_area(struct vectors *v, const char *root, const char *name)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct arena arena;
    const char *const *files;
    arena_init(&arena, 0);
    if (snprintf(folder, sizeof(folder), "%s/%s", root, name) >= (int)sizeof(folder))
        support_stop("is too long", root);
    if (v->area_count == AREAS_MAX)
        support_stop("has too many areas", root);
    v->area = &v->areas[v->area_count++];
    snprintf(v->area->name, sizeof(v->area->name), "%.60s", name);
    uint32_t count = support_list(&arena, folder, ".json", &files);
    for (uint32_t i = 0; i < count; i++) {
        v->file = files[i];
        if (!report_wants(&v->report, files[i]))
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", folder, files[i]) >= (int)sizeof(path))
            support_stop("is too long", folder);
        try_file(v, support_json(&arena, path));
    }
    arena_done(&arena);
}

static bool is_complete(const struct vectors *v)
{
    bool is = v->accepted == ACCEPTED && v->refused == REFUSED && v->validated == VALIDATED &&
              v->tested == TESTED && v->described == DESCRIBED;
    printf("definitions: %u accepted by AWS, %u refused, %u validated, %u of TestState; "
           "%u described\n",
           v->accepted, v->refused, v->validated, v->tested, v->described);
    if (!is)
        printf("expected were %d, %d, %d, %d, %d\n", ACCEPTED, REFUSED, VALIDATED, TESTED,
               DESCRIBED);
    return is || v->report.filter_count > 0;
}

int main(int argc, char **argv)
{
    char root[PATH_BYTES];
    const char *vectors = getenv("AFFLUX_VECTORS");
    snprintf(root, sizeof(root), "%s/states", vectors ? vectors : SOURCE_ROOT "/../shared/vectors");
    if (access(root, R_OK) != 0) {
        const char *require = getenv("AFFLUX_REQUIRE_VECTORS");
        printf("recorded definitions: no vectors at %s\n", root);
        return require && strcmp(require, "1") == 0 ? 1 : EXIT_SKIPPED;
    }
    static struct vectors v;
    v.report = (struct report){.filters = argv + 1, .filter_count = argc - 1};
    struct arena arena;
    const char *const *areas;
    arena_init(&arena, 0);
    uint32_t count = support_list(&arena, root, "", &areas);
    for (uint32_t i = 0; i < count; i++)
        if (strchr(areas[i], '.') == NULL)
            try_area(&v, root, areas[i]);
    arena_done(&arena);
    for (unsigned i = 0; i < v.area_count; i++)
        if (v.areas[i].passed + v.areas[i].failed > 0)
            printf("%s: %u passed, %u failed\n", v.areas[i].name, v.areas[i].passed,
                   v.areas[i].failed);
    printf("cases: %u passed, %u failed, %u skipped\n", v.report.passed, v.report.failed,
           v.report.skipped);
    return v.report.failed == 0 && v.report.ran > 0 && is_complete(&v) ? 0 : 1;
}
