/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `afflux eval`: its table, its checks, and the two things an evaluation cannot
 * have from the pure library, time and chance. Names follow jq where jq has the same thing.
 */
#include "cmd/eval_options.h"

#include "base/check.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "json/parse.h"
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum option_id {
    OPT_HELP = 1,
    OPT_FILE,
    OPT_NO_INPUT,
    OPT_SLURP,
    OPT_RAW,
    OPT_JOIN,
    OPT_COMPACT,
    OPT_LINES,
    OPT_COLOR,
    OPT_MONOCHROME,
    OPT_EXIT_STATUS,
    OPT_ARG,
    OPT_ARGJSON,
    OPT_BIND,
    OPT_STEP_FUNCTIONS,
    OPT_STRICT_AWS,
    OPT_NOW,
    OPT_SEED,
    OPT_MAX_STEPS,
    OPT_MAX_DEPTH,
    OPT_MAX_BYTES,
    OPT_MAX_TEXT,
    OPT_AST,
    OPT_TOKENS,
    OPT_TRACE,
    OPT_STREAM,
};

static const struct arg_option eval_table[] = {
    {.help = "Input and output"},
    {OPT_FILE, 'f', "from-file", "FILE", "read the expression from FILE (- is stdin)"},
    {OPT_NO_INPUT, 'n', "null-input", NULL, "read no input; the input is undefined"},
    {OPT_SLURP, 's', "slurp", NULL, "put all documents into one array, evaluate once"},
    {OPT_RAW, 'r', "raw-output", NULL, "print strings as they are, without quotes"},
    {OPT_JOIN, 'j', "join-output", NULL, "as -r, and no line break behind a result"},
    {OPT_LINES, 'l', "lines", NULL, "print the items of an array, not the array"},
    {OPT_COMPACT, 'c', "compact-output", NULL, "each result on one line"},
    {OPT_COLOR, 'C', "color-output", NULL, "colours even when the output is no terminal"},
    {OPT_MONOCHROME, 'M', "monochrome-output", NULL, "no colours"},
    {OPT_EXIT_STATUS, 'e', "exit-status", NULL,
     "exit with 1 when the last result is false or null,\nwith 4 when there was none"},
    {.help = "Variables"},
    {OPT_ARG, 0, "arg", "NAME TEXT", "bind $NAME to a string"},
    {OPT_ARGJSON, 0, "argjson", "NAME JSON", "bind $NAME to a JSON value"},
    {OPT_BIND, 0, "bind", "JSON", "bind each member of a JSON object"},
    {.help = "Dialect"},
    {OPT_STEP_FUNCTIONS, 0, "step-functions", NULL,
     "with the functions that AWS Step Functions adds\n($parse, $hash, $partition, $range, $uuid, "
     "…), "
     "without $eval"},
    {OPT_STRICT_AWS, 0, "strict-aws", NULL,
     "the same, and only the syntax of JSONata 2.0.6,\nwithout the operators ?: and ?\?"},
    {.help = "Runs that can be repeated, and their limits"},
    {OPT_NOW, 0, "now", "TIME",
     "what $now() and $millis() say: ISO 8601, or\nmilliseconds since 1970"},
    {OPT_SEED, 0, "seed", "N", "of $random, $shuffle and $uuid"},
    {OPT_MAX_STEPS, 0, "max-steps", "N", "steps of one evaluation; then it fails with D1012"},
    {OPT_MAX_DEPTH, 0, "max-depth", "N", "nested calls; D1011"},
    {OPT_MAX_BYTES, 0, "max-bytes", "N", "memory of one evaluation, K, M and G understood;\nU1002"},
    {OPT_MAX_TEXT, 0, "max-text", "N", "bytes of one input document or line (default 2G)"},
    {.help = "Looking inside"},
    {OPT_AST, 0, "ast", NULL, "print the tree of the expression"},
    {OPT_TOKENS, 0, "tokens", NULL, "print its tokens"},
    {OPT_TRACE, 0, "trace", NULL, "report each part evaluated, with its result, on stderr"},
    {.help = "Programs that ask much"},
    {OPT_STREAM, 0, "stream", NULL, "questions from stdin, answers to stdout; see below"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

static const char eval_usage_text[] =
    "afflux eval: evaluate a JSONata expression over JSON\n"
    "\n"
    "usage: afflux eval [OPTIONS] EXPR [FILE…]\n"
    "       afflux eval [OPTIONS] -f EXPRFILE [FILE…]\n"
    "       afflux eval [OPTIONS] --stream\n"
    "\n"
    "Each JSON document of the files (or of stdin) is evaluated in turn; a file may hold many, one "
    "behind\n"
    "the other. A result that is undefined, or a function, prints nothing.\n";

static const char eval_more_text[] =
    "\n"
    "Examples\n"
    "  afflux eval 'orders.items[price > 10].sku' orders.json\n"
    "  curl -s URL | afflux eval -c 'records.{\"id\": id, \"day\": $substring(at, 0, 10)}'\n"
    "  afflux eval -rl 'orders.(id & \",\" & day)' orders.json         lines of CSV\n"
    "  afflux eval -s '$sum(amount)' january.ndjson february.ndjson\n"
    "  afflux eval --arg day 2026-02-04 'orders[day = $day]' orders.json\n"
    "  afflux eval -n --now 2026-10-01T12:00:00Z '$now(\"[D] [MNn] [Y]\")'\n"
    "  if afflux eval -e '$exists(error)' answer.json >/dev/null; then …\n"
    "\n"
    "--stream\n"
    "  Each line of stdin is a question, each line of stdout its answer, in the same order:\n"
    "    {\"expr\": \"a + $b\", \"data\": {\"a\": 1}, \"bind\": {\"b\": 2}}    {\"result\":3}\n"
    "    {\"expr\": \"nothing\"}                                       {}     (undefined)\n"
    "    {\"expr\": \"1 + true\"}          "
    "{\"error\":\"T2002\",\"message\":…,\"position\":3,\"token\":\"+\",…}\n"
    "  Without \"data\" the input is undefined. Optional: \"steps\" and \"depth\" (limits of this "
    "question),\n"
    "  \"flags\": [\"step-functions\"] or [\"strict-aws\"]. \"position\" counts UTF-16 units up to "
    "the end of\n"
    "  the token that failed; \"token\" and \"value\" (JSON as text) are there when known. A line "
    "that is\n"
    "  no question gets the error JsonSyntax or Usage. Answers do not wait: they are written "
    "before\n"
    "  the next read that would.\n"
    "\n"
    "Exit status: 0 all well; 1 an expression failed, or input was bad (-e: see there); 2 wrong "
    "usage.\n";

void cmd_eval_help(struct buf *out)
{
    buf_add(out, str_of(eval_usage_text));
    args_print_help(eval_table, ARRAY_LEN(eval_table), out);
    buf_add(out, str_of(eval_more_text));
}

/* ---- values ---- */

/* Decimal digits, optionally followed by K, M or G. */
static bool option_number(const char *text, bool has_unit, uint64_t max, uint64_t *ret)
{
    static const char units[] = "KMG";
    uint64_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
            return false;
    }
    const char *unit = *p && has_unit && p > text ? strchr(units, *p) : NULL;
    for (const char *u = units; unit && u <= unit; u++) {
        if (__builtin_mul_overflow(n, 1024, &n))
            return false;
    }
    p += unit != NULL;
    *ret = n;
    return p > text && *p == '\0' && n <= max;
}

static int option_limit(const char *name, const char *text, uint64_t max, uint64_t *ret)
{
    bool has_unit = max > UINT32_MAX;
    if (!option_number(text, has_unit, max, ret) || *ret == 0)
        return cmd_usage("eval", "--%s needs a number from 1 to %llu, not '%s'", name,
                         (unsigned long long)max, text);
    return CMD_OK;
}

static int option_now(struct eval_options *o, const char *text)
{
    uint64_t ms;
    bool is_negative = text[0] == '-';
    o->has_now = true;
    if (option_number(text + is_negative, false, (uint64_t)8640000000000000, &ms))
        o->now_ms = is_negative ? -(int64_t)ms : (int64_t)ms;
    else if (!time_parse_iso(str_of(text), &o->now_ms))
        return cmd_usage(
            "eval", "--now needs a time like 2026-10-01T12:00:00Z or milliseconds, not '%s'", text);
    return CMD_OK;
}

static int option_seed(struct eval_options *o, const char *text)
{
    o->has_seed = true;
    if (!option_number(text, false, UINT64_MAX, &o->seed))
        return cmd_usage("eval", "--seed needs a number, not '%s'", text);
    return CMD_OK;
}

static int option_bind_name(struct eval_options *o, str name, struct json_val value)
{
    if (name.n > 0 && name.p[0] == '$')
        name = str_sub(name, 1, name.n);
    if (name.n == 0)
        return cmd_usage("eval", "the name of a variable is empty");
    uint32_t *place = map_at(&o->binding_places, name);
    if (*place == MAP_NONE) {
        uint32_t n = o->binding_count;
        if ((n & (n - 1)) == 0) { /* full: the room is always a power of two */
            struct jsonata_binding *more =
                arena_alloc(&o->arena, sizeof(*more) * (2 * (size_t)n + 1));
            if (n > 0)
                memcpy(more, o->bindings, sizeof(*more) * n);
            o->bindings = more;
        }
        *place = o->binding_count++;
    }
    o->bindings[*place] = (struct jsonata_binding){.name = name, .value = value};
    return CMD_OK;
}

static int option_json(struct eval_options *o, const char *option, const char *text,
                       struct json_val *ret)
{
    struct error err;
    if (json_parse_in(&o->arena, str_of(text), NULL, ret, &err) != STATUS_OK)
        return cmd_usage("eval", "the value of --%s is not JSON: %s", option, err.message);
    return CMD_OK;
}

static int option_arg(struct eval_options *o, const char *name, const char *text, bool is_json)
{
    struct json_val value = json_string(str_of(text), 0);
    str s = str_of(text);
    if (utf8_check(str_of(name)) != strlen(name) || (!is_json && utf8_check(s) != s.n))
        return cmd_usage("eval", "the variable %s is not valid UTF-8", name);
    if (is_json) {
        int code = option_json(o, "argjson", text, &value);
        if (code != CMD_OK)
            return code;
    }
    return option_bind_name(o, str_of(name), value);
}

static int option_bind(struct eval_options *o, const char *text)
{
    struct json_val object;
    int code = option_json(o, "bind", text, &object);
    if (code != CMD_OK)
        return code;
    if (object.tag != JSON_OBJECT)
        return cmd_usage("eval", "--bind needs a JSON object, its value is of type %s",
                         json_type_name(object));
    for (uint32_t i = 0; i < object.len && code == CMD_OK; i++) {
        const struct json_key *key = &object.obj->shape->keys[i];
        code = option_bind_name(o, (str){key->p, key->n}, object.obj->vals[i]);
    }
    return code;
}

static int option_budget(struct eval_options *o, int id, const char *text)
{
    uint64_t n;
    int code;
    switch (id) {
    case OPT_MAX_STEPS: return option_limit("max-steps", text, INT64_MAX, &o->limits.steps);
    case OPT_MAX_DEPTH:
        code = option_limit("max-depth", text, UINT32_MAX, &n);
        o->limits.depth = code == CMD_OK ? (uint32_t)n : 0;
        return code;
    case OPT_MAX_BYTES:
        code = option_limit("max-bytes", text, INT64_MAX, &n);
        o->limits.bytes = code == CMD_OK ? (size_t)n : 0;
        return code;
    default:
        code = option_limit("max-text", text, JSON_MAX_TEXT, &n);
        o->max_text = code == CMD_OK ? (size_t)n : 0;
        return code;
    }
}

/* ---- the walk ---- */

unsigned eval_options_dialect(str name)
{
    if (str_eq(name, STR("step-functions")))
        return JSONATA_STEP_FUNCTIONS;
    if (str_eq(name, STR("strict-aws")))
        return JSONATA_STEP_FUNCTIONS | JSONATA_VERSION_206;
    return 0;
}

static int option_apply(struct eval_options *o, int id, struct args *a)
{
    switch (id) {
    case OPT_HELP: o->mode = EVAL_HELP; break;
    case OPT_FILE: o->text_file = a->value[0]; break;
    case OPT_NO_INPUT: o->is_without_input = true; break;
    case OPT_SLURP: o->is_slurped = true; break;
    case OPT_RAW: o->is_raw = true; break;
    case OPT_JOIN: o->is_raw = o->is_joined = true; break;
    case OPT_COMPACT: o->is_compact = true; break;
    case OPT_LINES: o->is_by_line = true; break;
    case OPT_COLOR: o->color = 1; break;
    case OPT_MONOCHROME: o->color = -1; break;
    case OPT_EXIT_STATUS: o->has_exit_status = true; break;
    case OPT_ARG: return option_arg(o, a->value[0], a->value[1], false);
    case OPT_ARGJSON: return option_arg(o, a->value[0], a->value[1], true);
    case OPT_BIND: return option_bind(o, a->value[0]);
    case OPT_STEP_FUNCTIONS: o->flags |= JSONATA_STEP_FUNCTIONS; break;
    case OPT_STRICT_AWS: o->flags |= JSONATA_STEP_FUNCTIONS | JSONATA_VERSION_206; break;
    case OPT_NOW: return option_now(o, a->value[0]);
    case OPT_SEED: return option_seed(o, a->value[0]);
    case OPT_AST: o->mode = EVAL_TREE; break;
    case OPT_TOKENS: o->mode = EVAL_TOKENS; break;
    case OPT_TRACE: o->is_traced = true; break;
    case OPT_STREAM: o->mode = EVAL_STREAM; break;
    case ARG_OPERAND: o->files[o->file_count++] = a->value[0]; break;
    case ARG_WRONG: return cmd_usage("eval", "%s", a->message);
    default: return option_budget(o, id, a->value[0]);
    }
    return CMD_OK;
}

/* What does not go together, and where the expression is. */
static int option_settle(struct eval_options *o)
{
    if (o->mode == EVAL_STREAM) {
        if (o->text_file || o->file_count > 0)
            return cmd_usage("eval", "--stream takes expressions and data from stdin, no operands");
        if (o->is_slurped || o->is_raw || o->is_compact || o->is_without_input || o->is_by_line ||
            o->has_exit_status || o->is_traced || o->color > 0)
            return cmd_usage("eval", "--stream has its own form of output; of the other options it "
                                     "takes variables, dialect, time, seed and limits");
        return CMD_OK;
    }
    if (!o->text_file) {
        if (o->file_count == 0)
            return cmd_usage("eval", "an expression is missing");
        o->text = *o->files++;
        o->file_count--;
    }
    if (o->is_without_input && o->file_count > 0)
        return cmd_usage("eval", "-n reads no input, but there is a file: %s", o->files[0]);
    if (o->text_file && strcmp(o->text_file, "-") == 0 && o->mode == EVAL_VALUES &&
        o->file_count == 0 && !o->is_without_input)
        return cmd_usage("eval", "stdin holds the expression: give the input as a file, or -n");
    return CMD_OK;
}

static void option_draw_seed(struct eval_options *o)
{
    ssize_t n = getrandom(&o->seed, sizeof(o->seed), 0);
    check(n == (ssize_t)sizeof(o->seed));
}

int eval_options_read(struct eval_options *o, int argc, char **argv)
{
    *o = (struct eval_options){.max_text = JSON_MAX_TEXT};
    arena_init(&o->arena, 0);
    map_init(&o->binding_places, &o->arena, 0);
    o->files = arena_alloc(&o->arena, sizeof(*o->files) * (size_t)(argc + 1));
    struct args a;
    args_init(&a, argc, argv, eval_table, ARRAY_LEN(eval_table));
    int id, code = CMD_OK;
    while (code == CMD_OK && o->mode != EVAL_HELP && (id = args_next(&a)) != ARG_END)
        code = option_apply(o, id, &a);
    if (code == CMD_OK && o->mode != EVAL_HELP)
        code = option_settle(o);
    if (!o->has_seed)
        option_draw_seed(o);
    return code;
}

void eval_options_done(struct eval_options *o)
{
    arena_done(&o->arena);
}

int64_t eval_options_now(const struct eval_options *o)
{
    if (o->has_now)
        return o->now_ms;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Further documents get further seeds, or all would draw the same numbers. */
uint64_t eval_options_seed(struct eval_options *o)
{
    uint64_t seed = o->seed;
    o->seed += 0x9E3779B97F4A7C15u;
    return seed;
}
