/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See aggregate_init.h. The configuration file is written last, and what was written before is
 * taken away again when something fails: a folder that has one is complete.
 */
#include "cmd/aggregate_init.h"

#include "aggregate/flow.h"
#include "cmd/aggregate_file.h"
#include "cmd/cmd.h"
#include "services/consolidate/sink_file.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 8 };

struct init {
    str folder; /* without a slash at its end */
    struct aggregate_config config;
    struct arena arena;
    const char *written[FILES_MAX]; /* by this, folders first */
    uint32_t count;
};

static const char *const flow_names[] = {"parent", "extraction", "processing"};

static const char sample[] = "location_id,name\nporto-1,Porto\nlyon-1,Lyon\n";

static const char readme[] =
    "# An aggregation\n"
    "\n"
    "    afflux aggregate DIR\n"
    "\n"
    "with this folder for DIR asks the API of `" AGGREGATE_FILE
    "` for the rows of all locations and puts them into one CSV. It "
    "may be interrupted:\n"
    "the same command goes on where it was. Options count more than the file; `afflux aggregate "
    "--help` has them all.\n"
    "\n"
    "| file | |\n"
    "|---|---|\n"
    "| `" AGGREGATE_FILE
    "` | whom to ask, how, and what comes out; members that begin with `//` are "
    "examples that are not looked at |\n"
    "| `workflows/` | the three state machines that do it; their names are in the member "
    "`workflows`, without which the program's own are taken |\n"
    "| `locations.csv` | a location a line; further columns are there for expressions as "
    "`$location.COLUMN` |\n"
    "\n"
    "Secrets are in none of them: `auth` names a variable or a file that has one.\n"
    "\n"
    "A changed workflow makes a new aggregation, and so does whatever else makes a difference to "
    "the result. What stands in\n"
    "a workflow between `/*NAME:*/` and `/*:NAME*/` is replaced by the member NAME of the "
    "configuration, if it has one.\n"
    "\n"
    "`afflux serve --deploy DIR` puts workflows, tables, buckets, job and connection into a "
    "server, "
    "where the `aws` command\n"
    "starts them. They run on AWS as well, with their `${Placeholders}` filled in:\n"
    "\n"
    "    sed -e 's|${ApiEndpoint}|https://api.example.com/v1|' … workflows/parent.asl.json "
    ">parent.json\n"
    "    aws stepfunctions create-state-machine --name parent --definition file://parent.json "
    "--role-arn …\n";

/* ---- files ---- */

static const char *path_in(struct init *n, const char *name)
{
    return arena_printf(&n->arena, "%.*s/%s", STR_ARG(n->folder), name).p;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static enum status make_folder(struct init *n, const char *path, struct error *err)
{
    struct stat st;
    if (mkdir(path, 0777) == 0) {
        n->written[n->count++] = path;
        return STATUS_OK;
    }
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return STATUS_OK;
    return error_set(err, STATUS_IO, "Init", "%s: %s", path, strerrordesc_np(errno));
}

static enum status write_file(struct init *n, const char *path, str text, struct error *err)
{
    struct sink_file *file;
    enum status status = sink_file_new(str_of(path), &file, err);
    if (status != STATUS_OK)
        return status;
    struct consolidate_sink sink = sink_file_sink(file);
    status = sink.write(sink.arg, text, err);
    if (status == STATUS_OK)
        status = sink.publish(sink.arg, err);
    else
        sink.discard(sink.arg);
    sink_file_free(file);
    if (status == STATUS_OK)
        n->written[n->count++] = path;
    return status;
}

static void take_away(struct init *n)
{
    while (n->count > 0)
        remove(n->written[--n->count]);
}

/* ---- the configuration ---- */

/* As the file has to say it, which lies in the folder. */
static str seen_from_folder(void *arg, str path)
{
    struct init *n = arg;
    char here[PATH_MAX];
    if (path.p[0] == '/' || str_eq(n->folder, STR(".")))
        return path;
    if (str_starts(path, n->folder) && path.n > n->folder.n + 1 && path.p[n->folder.n] == '/')
        return (str){path.p + n->folder.n + 1, path.n - n->folder.n - 1};
    return getcwd(here, sizeof(here)) ? arena_printf(&n->arena, "%s/%.*s", here, STR_ARG(path))
                                      : path;
}

/* What was not given is what somebody changes first. */
static void fill(struct init *n)
{
    struct aggregate_config *c = &n->config;
    aggregate_config_paths(c, seen_from_folder, n, &n->arena);
    const struct {
        str *text;
        str example;
    } needed[] = {{&c->api, STR("https://api.example.com/v1")},
                  {&c->locations, STR("locations.csv")},
                  {&c->out, STR("report.csv")},
                  {&c->workflows, STR("workflows")}};
    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        if (needed[i].text->n == 0)
            *needed[i].text = needed[i].example;
    str name = str_sub(n->folder, str_rfind_byte(n->folder, '/') + 1, n->folder.n);
    struct aggregate_config usual;
    aggregate_config_init(&usual);
    if (str_eq(c->name, usual.name)) /* it stays where a folder is called what a machine may not */
        (void)!aggregate_config_set(c, STR("name"), name, &n->arena, NULL);
    if (c->auth.n == 0 && c->connection.n == 0)
        c->auth = STR("api-key:X-Api-Key=env:API_KEY");
}

/* ---- all of it ---- */

static enum status write_all(struct init *n, bool has_sample, struct error *err)
{
    const char *workflows = path_in(n, "workflows");
    struct buf text;
    enum status status = make_folder(n, n->folder.p, err);
    if (status == STATUS_OK)
        status = make_folder(n, workflows, err);
    for (size_t i = 0; i < ARRAY_LEN(flow_names) && status == STATUS_OK; i++) {
        str path = arena_printf(&n->arena, "%s/%s.asl.json", workflows, flow_names[i]);
        status = write_file(n, path.p, flow_text(flow_names[i]), err);
    }
    if (status == STATUS_OK && has_sample && !exists(path_in(n, "locations.csv")))
        status = write_file(n, path_in(n, "locations.csv"), str_of(sample), err);
    if (status == STATUS_OK && !exists(path_in(n, "README.md")))
        status = write_file(n, path_in(n, "README.md"), str_of(readme), err);
    buf_init(&text, SIZE_MAX / 2);
    aggregate_config_write(&n->config, &text);
    if (status == STATUS_OK)
        status = write_file(n, path_in(n, AGGREGATE_FILE), buf_str(&text), err);
    buf_done(&text);
    if (status != STATUS_OK)
        take_away(n);
    return status;
}

static enum status refuse_others(struct init *n, struct error *err)
{
    const char *paths[1 + ARRAY_LEN(flow_names)] = {path_in(n, AGGREGATE_FILE)};
    for (size_t i = 0; i < ARRAY_LEN(flow_names); i++)
        paths[i + 1] =
            arena_printf(&n->arena, "%.*s/workflows/%s.asl.json", STR_ARG(n->folder), flow_names[i])
                .p;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (exists(paths[i]))
            return error_set(err, STATUS_CONFLICT, "Init",
                             "%s is there already: nothing is written", paths[i]);
    return STATUS_OK;
}

static int init(struct init *n)
{
    struct error err;
    const char *member;
    bool has_sample = n->config.locations.n == 0;
    fill(n);
    if (aggregate_config_check(&n->config, false, &member, &err) != STATUS_OK) {
        cmd_error("aggregate", "%s %s", member, err.message);
        return CMD_USAGE;
    }
    enum status status = refuse_others(n, &err);
    if (status == STATUS_OK)
        status = write_all(n, has_sample, &err);
    if (status == STATUS_OK)
        return CMD_OK;
    cmd_error("aggregate", "%s", err.message);
    return CMD_FAILED;
}

int aggregate_init(const struct aggregate_options *o)
{
    struct init n = {.folder = str_of(o->init), .config = o->config};
    struct buf text;
    arena_init(&n.arena, 0);
    buf_init(&text, 1 << 16);
    while (n.folder.n > 1 && n.folder.p[n.folder.n - 1] == '/')
        n.folder.n--;
    n.folder = str_of(arena_cstr(&n.arena, n.folder));
    int code = init(&n);
    if (code == CMD_OK && !o->is_quiet) {
        buf_printf(&text,
                   "%s/" AGGREGATE_FILE " is written; 'afflux aggregate %s' does what it says.\n",
                   n.folder.p, n.folder.p);
        code = cmd_print("aggregate", buf_str(&text));
    }
    buf_done(&text);
    arena_done(&n.arena);
    return code;
}
