/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux validate: reads definitions and says what is wrong with them, in the manner of a compiler.
 * The checks themselves are asl/definition.h.
 */
#include "cmd/cmd.h"

#include "asl/definition.h"
#include "base/utf8.h"
#include "cmd/args.h"
#include "cmd/findings.h"
#include "cmd/output.h"
#include "cmd/reader.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    VALIDATE_MAX_FILE =
        1 << 26,             /* what is longer than a definition may be is for the checks to say */
    VALIDATE_JSON_MAX = 100, /* findings in an answer of AWS */
};

enum {
    OPT_HELP = 1,
    OPT_JSON,
    OPT_TYPE,
    OPT_STRICT_AWS,
    OPT_SEVERITY,
    OPT_SHOW,
};

static const struct arg_option validate_table[] = {
    {OPT_TYPE, 't', "type", "TYPE", "STANDARD (the default) or EXPRESS"},
    {OPT_STRICT_AWS, 0, "strict-aws", NULL,
     "refuse what afflux would run and AWS would not: JSONata\nbeyond version 2.0.6"},
    {OPT_SEVERITY, 's', "severity", "LEVEL",
     "what to report: WARNING (the default: everything) or\nERROR"},
    {OPT_JSON, 'j', "json", NULL,
     "print the answer of ValidateStateMachineDefinition,\na line for each file"},
    {OPT_SHOW, 0, "show", NULL, "print definitions as they were understood"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

struct validate {
    struct asl_load_options load;
    enum asl_severity severity;
    bool is_json, is_shown, is_help, is_colored, has_failed;
    uint32_t errors, warnings;
    const char **files;
    size_t file_count;
    struct output out;
};

/* ---- findings ---- */

static void validate_show(struct validate *v, const char *file, str text,
                          const struct asl_diagnostics *found)
{
    bool is_text = utf8_check(text) == text.n;
    if (v->is_json) {
        asl_diagnostics_print_json(found, v->severity, VALIDATE_JSON_MAX, &v->out.buf);
        buf_add_byte(&v->out.buf, '\n');
        return;
    }
    for (uint32_t i = 0; i < found->count; i++) {
        if (found->items[i].severity > v->severity)
            continue;
        findings_show(file, is_text ? text : STR(""), &found->items[i], v->is_colored, &v->out.buf);
        output_check(&v->out);
    }
}

/* ---- files ---- */

static void validate_text(struct validate *v, const char *file, str text)
{
    struct asl_diagnostics found;
    struct asl_definition *definition;
    asl_diagnostics_init(&found);
    enum status status = asl_definition_load(text, &v->load, &found, &definition, NULL);
    validate_show(v, file, text, &found);
    if (status == STATUS_OK) {
        if (v->is_shown)
            asl_definition_print(definition, &v->out.buf);
        asl_definition_unref(definition);
    }
    v->errors += found.error_count;
    v->warnings += found.warning_count;
    asl_diagnostics_done(&found);
    output_check(&v->out);
}

static void validate_file(struct validate *v, const char *path)
{
    struct buf text;
    if (!reader_read_file(path, VALIDATE_MAX_FILE, &text)) {
        cmd_error("validate", "cannot read %s: %s", path, strerrordesc_np(errno));
        v->has_failed = true;
        return;
    }
    validate_text(v, strcmp(path, "-") == 0 ? "<stdin>" : path, buf_str(&text));
    buf_done(&text);
}

static void validate_summary(struct validate *v)
{
    uint32_t warnings = v->severity == ASL_WARNING ? v->warnings : 0;
    if (v->is_json || v->errors + warnings == 0)
        return;
    buf_printf(&v->out.buf, "%u error%s, %u warning%s\n", v->errors, v->errors == 1 ? "" : "s",
               warnings, warnings == 1 ? "" : "s");
}

static int validate_run(struct validate *v)
{
    output_init(&v->out, STDOUT_FILENO, "validate");
    v->is_colored = cmd_may_color(STDOUT_FILENO);
    for (size_t i = 0; i < v->file_count && !v->out.has_failed; i++)
        validate_file(v, v->files[i]);
    validate_summary(v);
    bool is_written = output_flush(&v->out);
    output_done(&v->out);
    return v->errors > 0 || v->has_failed || !is_written ? CMD_FAILED : CMD_OK;
}

/* ---- the command line ---- */

void cmd_validate_help(struct buf *out)
{
    buf_add(out, STR("afflux validate: check state machine definitions\n"
                     "\n"
                     "usage: afflux validate [OPTIONS] FILE…\n"
                     "\n"
                     "Reads definitions in Amazon States Language (- is stdin) and reports "
                     "everything that is wrong with\n"
                     "them, with AWS's codes and texts, the place in the file, and what to do. "
                     "Nothing is printed\n"
                     "about a definition that is right.\n"
                     "\n"));
    args_print_help(validate_table, ARRAY_LEN(validate_table), out);
    buf_add(out, STR("\n"
                     "Examples\n"
                     "  afflux validate workflow.asl.json\n"
                     "  afflux validate --type EXPRESS --severity ERROR workflows/*.asl.json\n"
                     "  afflux validate --show workflow.asl.json\n"
                     "\n"
                     "Exit status: 0 no errors (warnings do not count); 1 errors, or a file that "
                     "cannot be read;\n"
                     "2 wrong usage.\n"));
}

static int validate_option(struct validate *v, int id, const struct args *a)
{
    const char *value = a->value[0];
    switch (id) {
    case OPT_HELP: v->is_help = true; break;
    case OPT_JSON: v->is_json = true; break;
    case OPT_SHOW: v->is_shown = true; break;
    case OPT_STRICT_AWS: v->load.strict = true; break;
    case OPT_TYPE:
        if (strcmp(value, "STANDARD") != 0 && strcmp(value, "EXPRESS") != 0)
            return cmd_usage("validate", "--type is STANDARD or EXPRESS, not '%s'", value);
        v->load.type = value[0] == 'E' ? ASL_EXPRESS : ASL_STANDARD;
        break;
    case OPT_SEVERITY:
        if (strcmp(value, "ERROR") != 0 && strcmp(value, "WARNING") != 0)
            return cmd_usage("validate", "--severity is ERROR or WARNING, not '%s'", value);
        v->severity = value[0] == 'E' ? ASL_ERROR : ASL_WARNING;
        break;
    case ARG_OPERAND: v->files[v->file_count++] = value; break;
    default: return cmd_usage("validate", "%s", a->message);
    }
    return CMD_OK;
}

static int validate_options(struct validate *v, int argc, char **argv)
{
    struct args a;
    int id, code = CMD_OK;
    args_init(&a, argc, argv, validate_table, ARRAY_LEN(validate_table));
    while (code == CMD_OK && !v->is_help && (id = args_next(&a)) != ARG_END)
        code = validate_option(v, id, &a);
    if (code != CMD_OK || v->is_help)
        return code;
    if (v->file_count == 0)
        return cmd_usage("validate", "a file is missing (- reads stdin)");
    if (v->is_json && v->is_shown)
        return cmd_usage("validate", "--show prints text, --json prints JSON: choose one");
    return CMD_OK;
}

static int validate_print_help(void)
{
    struct buf text;
    buf_init(&text, 1 << 16);
    cmd_validate_help(&text);
    int code = cmd_print("validate", buf_str(&text));
    buf_done(&text);
    return code;
}

int cmd_validate(int argc, char **argv)
{
    struct arena arena;
    struct validate v = {.severity = ASL_WARNING};
    arena_init(&arena, 0);
    v.files = arena_alloc(&arena, sizeof(*v.files) * (size_t)(argc + 1));
    int code = validate_options(&v, argc, argv);
    if (code == CMD_OK)
        code = v.is_help ? validate_print_help() : validate_run(&v);
    arena_done(&arena);
    return code;
}
