/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `afflux run`, and its help. */
#include "cmd/run_options.h"

#include "base/time.h"
#include "base/utf8.h"
#include "cmd/args.h"
#include "cmd/cmd.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_HELP = 1,
    OPT_INPUT,
    OPT_MOCK,
    OPT_TEST_CASE,
    OPT_VIRTUAL,
    OPT_NOW,
    OPT_HISTORY,
    OPT_TRACE,
    OPT_STRICT_AWS,
    OPT_TYPE,
    OPT_NAME,
    OPT_SEED,
    OPT_JSON,
    OPT_DATA,
    OPT_CONNECTIONS,
    OPT_OBJECTS,
    OPT_QUIET,
};

static const struct arg_option run_table[] = {
    {0, 0, NULL, NULL, "What runs"},
    {OPT_INPUT, 'i', "input", "JSON|@FILE", "the input (default {}; @- is stdin)"},
    {OPT_TYPE, 't', "type", "TYPE", "STANDARD (the default) or EXPRESS"},
    {OPT_NAME, 'n', "name", "NAME",
     "name of the execution (default: a UUID;\nwith --data one made of definition and input)"},
    {OPT_STRICT_AWS, 0, "strict-aws", NULL,
     "AWS's limits: 256 KiB, 25,000 events, 40 iterations at\nonce; and JSONata 2.0.6"},
    {OPT_DATA, 'd', "data", "DIR",
     "keep it in this folder: it survives any crash, and the\nsame command line goes on with it, "
     "or "
     "tells how it ended"},
    {0, 0, NULL, NULL, "The world around it"},
    {OPT_CONNECTIONS, 'c', "connections", "FILE", "credentials for http:invoke, see below"},
    {OPT_OBJECTS, 'o', "objects", "DIR",
     "what an ItemReader reads and a ResultWriter writes: each\nfolder in it is a bucket, each "
     "file an object"},
    {OPT_MOCK, 'm', "mock", "FILE", "how tasks are answered, see below"},
    {OPT_TEST_CASE, 0, "test-case", "NAME",
     "which of a mock file's test cases; MACHINE#NAME where it\nhas several machines"},
    {OPT_VIRTUAL, 'v', "virtual-time", NULL, "time jumps to whatever comes next: nobody waits"},
    {OPT_NOW, 0, "now", "TIME", "when it starts, ISO 8601; with --virtual-time only"},
    {OPT_SEED, 0, "seed", "N", "of UUIDs and random numbers: same seed, same result"},
    {0, 0, NULL, NULL, "What is printed"},
    {OPT_HISTORY, 'H', "history", NULL, "the history's events instead of the output, a line each"},
    {OPT_JSON, 'j', "json", NULL,
     "one object: status, output or error and cause, times;\nwith --history its events too"},
    {OPT_TRACE, 0, "trace", NULL,
     "each step on stderr: the event, what was recorded, what\nwas asked for"},
    {OPT_QUIET, 'q', "quiet", NULL,
     "show nothing while it runs; else stderr has what is going\non, on a terminal all of it, "
     "elsewhere a line now and then"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
};

void cmd_run_help(struct buf *out)
{
    buf_add(
        out,
        STR("afflux run: run a state machine in this process\n"
            "\n"
            "usage: afflux run [OPTIONS] DEFINITION\n"
            "\n"
            "Runs a definition in Amazon States Language (- is stdin) and prints its output. "
            "Without --data\n"
            "nothing is kept. Tasks do what they say: http:invoke calls, startExecution starts; "
            "those that a\n"
            "mock file names are answered from it. With --virtual-time or --seed the world is "
            "simulated: then\n"
            "mocks answer all of them, and nothing is called.\n"));
    args_print_help(run_table, ARRAY_LEN(run_table), out);
    buf_add(
        out,
        STR("\n"
            "Mock files\n"
            "  An object from names of states to responses: a list in the order of the calls, an "
            "object by calls\n"
            "  (\"0\", \"2-5\"), or one response for all. Calls are counted over retries, loops "
            "and "
            "iterations.\n"
            "    {\"Fetch\": [{\"Throw\": {\"Error\": \"Busy\"}}, {\"Return\": {\"rows\": 3}}],\n"
            "     \"Store\": {\"Return\": null, \"DelaySeconds\": 2}}\n"
            "  A response has Return, or Throw with Error and Cause (and Stage: SUBMIT, START or "
            "SCHEDULE), or, for\n"
            "  the ItemReader of a Map, Items. Beside it may stand DelaySeconds, HeartbeatSeconds, "
            "Submit (the\n"
            "  first answer of .sync and .waitForTaskToken) and Worker (of an activity).\n"
            "  The format of AWS's local testing tool (StateMachines with TestCases, "
            "MockedResponses) is read too.\n"
            "\n"
            "Connections\n"
            "  What CreateConnection takes, one object or an array; those that exist by their name "
            "are updated.\n"
            "    {\"Name\": \"shop\", \"AuthorizationType\": \"API_KEY\", \"AuthParameters\":\n"
            "     {\"ApiKeyAuthParameters\": {\"ApiKeyName\": \"X-Key\", \"ApiKeyValue\": "
            "\"…\"}}}\n"
            "  A definition names one by its ARN, which may end with the name:\n"
            "    arn:aws:events:us-east-1:000000000000:connection/shop\n"
            "  Secrets are kept encrypted, by a key in the data folder.\n"
            "\n"
            "Examples\n"
            "  afflux run hello.asl.json --input '{\"name\": \"World\"}'\n"
            "  afflux run workflow.asl.json -i @input.json --mock mocks.json --virtual-time "
            "--history\n"
            "  afflux run workflow.asl.json -i @input.json --connections shop.json --data ./kept\n"
            "\n"
            "Exit status: 0 succeeded; 1 failed, timed out, or could not be run; 2 wrong usage; "
            "130 interrupted.\n"));
}

static bool read_seed(const char *text, uint64_t *ret)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    *ret = n;
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static int run_option(struct run_options *o, int id, const struct args *a)
{
    const char *value = a->value[0];
    switch (id) {
    case OPT_HELP: o->is_help = true; break;
    case OPT_INPUT: o->input = value; break;
    case OPT_MOCK: o->mocks = value; break;
    case OPT_TEST_CASE: o->test_case = value; break;
    case OPT_VIRTUAL: o->is_virtual = true; break;
    case OPT_HISTORY: o->is_history = true; break;
    case OPT_QUIET: o->is_quiet = true; break;
    case OPT_TRACE: o->is_traced = true; break;
    case OPT_STRICT_AWS: o->is_strict = true; break;
    case OPT_NAME: o->name = value; break;
    case OPT_DATA: o->data = value; break;
    case OPT_CONNECTIONS: o->connections = value; break;
    case OPT_OBJECTS: o->objects = value; break;
    case OPT_JSON: o->is_json = true; break;
    case OPT_TYPE:
        if (strcmp(value, "STANDARD") != 0 && strcmp(value, "EXPRESS") != 0)
            return cmd_usage("run", "--type is STANDARD or EXPRESS, not '%s'", value);
        o->type = value[0] == 'E' ? ASL_EXPRESS : ASL_STANDARD;
        break;
    case OPT_SEED:
        o->has_seed = true;
        if (!read_seed(value, &o->seed))
            return cmd_usage("run", "--seed is a whole number, not '%s'", value);
        break;
    case OPT_NOW:
        o->has_start = true;
        if (!time_parse_iso(str_of(value), &o->start_ms))
            return cmd_usage("run", "--now is a time like 2026-01-31T12:00:00Z, not '%s'", value);
        break;
    case ARG_OPERAND:
        if (o->file)
            return cmd_usage("run",
                             "one definition at a time; what is '%s'? An input is given with "
                             "--input @%s",
                             value, value);
        o->file = value;
        break;
    default: return cmd_usage("run", "%s", a->message);
    }
    return CMD_OK;
}

/* A name goes into ARNs; what may not be in it is AWS's list. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n > ASL_MAX_NAME || utf8_check(str_of(name)) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c <= ' ' || c == 0x7F || strchr("<>{}[]?*\"#%\\^|~$&,;:/`", c))
            return false;
    }
    return true;
}

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static int stdin_count(const struct run_options *o)
{
    return is_stdin(o->file) + (o->input && strcmp(o->input, "@-") == 0) +
           (o->mocks && is_stdin(o->mocks)) + (o->connections && is_stdin(o->connections));
}

static int run_options_fit(const struct run_options *o)
{
    if (!o->file)
        return cmd_usage("run", "a definition is missing (- reads stdin)");
    if (stdin_count(o) > 1)
        return cmd_usage("run",
                         "only one of definition, input, mocks and connections can be stdin");
    if (o->data && (o->is_virtual || o->has_seed))
        return cmd_usage("run", "--data goes by the clock: it does not go with --virtual-time or "
                                "--seed");
    if (o->data && o->type == ASL_EXPRESS)
        return cmd_usage("run", "Express executions are not kept: --data is for STANDARD ones");
    if (o->connections && (o->is_virtual || o->has_seed))
        return cmd_usage("run", "--connections is for calls, and none is made with --virtual-time "
                                "or --seed");
    if (o->objects && (o->is_virtual || o->has_seed))
        return cmd_usage("run", "--objects is for objects, and none is read or written with "
                                "--virtual-time or --seed");
    if (o->test_case && !o->mocks)
        return cmd_usage("run", "--test-case needs --mock");
    if (o->has_start && !o->is_virtual)
        return cmd_usage("run", "--now needs --virtual-time");
    if (o->name && !is_name(o->name))
        return cmd_usage("run", "--name has 1 to %d characters, no white space and none of %s",
                         ASL_MAX_NAME, "< > { } [ ] ? * \" # % \\ ^ | ~ $ & , ; : / `");
    return CMD_OK;
}

int run_options_read(struct run_options *o, int argc, char **argv)
{
    struct args a;
    int id, code = CMD_OK;
    *o = (struct run_options){.type = ASL_STANDARD};
    args_init(&a, argc, argv, run_table, ARRAY_LEN(run_table));
    while (code == CMD_OK && !o->is_help && (id = args_next(&a)) != ARG_END)
        code = run_option(o, id, &a);
    return code == CMD_OK && !o->is_help ? run_options_fit(o) : code;
}
