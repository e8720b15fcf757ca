/* SPDX-License-Identifier: Apache-2.0 */
/* Interpreter, arguments and environment of scripts (services/glue/script.h). */
#include "services/glue/script.h"

#include "base/utf8.h"
#include "services/build.h"
#include "services/glue/process.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

enum { OWN_VARIABLES = 20, OWN_ARGUMENTS = 8, MAX_NAME = 200 };

#define STARTER "afflux_job.py"

/* ---- places ---- */

bool glue_read_location(str text, str *ret_bucket, str *ret_key)
{
    static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        if (!str_starts(text, str_of(schemes[i])))
            continue;
        str rest = str_sub(text, strlen(schemes[i]), text.n);
        size_t slash = str_find_byte(rest, '/', 0);
        if (slash == STR_NONE || slash == 0 || slash + 1 == rest.n)
            return false;
        *ret_bucket = str_sub(rest, 0, slash);
        *ret_key = str_sub(rest, slash + 1, rest.n);
        return true;
    }
    return false;
}

str glue_file_name(str key)
{
    size_t slash = str_rfind_byte(key, '/');
    str name = slash == STR_NONE ? key : str_sub(key, slash + 1, key.n);
    bool is_plain = name.n > 0 && name.n <= MAX_NAME && name.p[0] != '.' && name.p[0] != '-';
    for (size_t i = 0; is_plain && i < name.n; i++) {
        char c = name.p[i];
        is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   c == '.' || c == '_' || c == '-';
    }
    return is_plain ? name : (str){NULL, 0};
}

/* A program by its path, or by its name from PATH. */
static const char *find_program(struct arena *arena, const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? name : NULL;
    str rest = str_of(path ? path : "/usr/local/bin:/usr/bin:/bin");
    while (rest.n > 0) {
        size_t end = str_find_byte(rest, ':', 0);
        str folder = str_sub(rest, 0, end == STR_NONE ? rest.n : end);
        str file = arena_printf(arena, "%.*s/%s", STR_ARG(folder), name);
        const char *found = arena_cstr(arena, file);
        if (folder.n > 0 && access(found, X_OK) == 0)
            return found;
        rest = str_sub(rest, folder.n + 1, rest.n);
    }
    return NULL;
}

/* Is the starter in this folder? */
static const char *try_modules(struct arena *arena, str folder)
{
    str starter = arena_printf(arena, "%.*s/" STARTER, STR_ARG(folder));
    return access(arena_cstr(arena, starter), R_OK) == 0 ? arena_cstr(arena, folder) : NULL;
}

/* Beside the program when it is installed; where it was built, otherwise. */
static const char *find_modules(struct arena *arena, const struct glue_runner *r)
{
    char self[4096];
    if (r->options.modules)
        return try_modules(arena, str_of(r->options.modules));
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self));
    size_t slash = n > 0 ? str_rfind_byte((str){self, (size_t)n}, '/') : STR_NONE;
    const char *found = NULL;
    if (slash != STR_NONE)
        found = try_modules(arena,
                            arena_printf(arena, "%.*s/../share/afflux/python", (int)slash, self));
    return found ? found : try_modules(arena, STR(AFFLUX_SOURCE_PYTHON));
}

/* ---- environment ---- */

struct list {
    struct arena *arena;
    char **items;
    size_t count;
};

static void add(struct list *l, str text)
{
    l->items[l->count++] = arena_cstr(l->arena, text);
}

static void add_variable(struct list *l, const char *name, str value)
{
    add(l, arena_printf(l->arena, "%s=%.*s", name, STR_ARG(value)));
}

/* What is ours to say: nothing of it comes from outside. */
static bool is_ours(const char *variable)
{
    static const char *const prefixes[] = {
        "AWS_",    "PYTHONPATH=", "PYTHONUNBUFFERED=", "PYTHONDONTWRITEBYTECODE=",
        "TMPDIR=", "NO_PROXY=",   "no_proxy=",         (GLUE_RUN_VARIABLE "=")};
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_starts(str_of(variable), str_of(prefixes[i])))
            return true;
    return false;
}

/* No proxy stands between a script and the services here. */
static void add_no_proxy(struct list *l, const char *name)
{
    const char *outside = getenv(name);
    add(l, arena_printf(l->arena, "%s=localhost,127.0.0.1,::1%s%s", name, outside ? "," : "",
                        outside ? outside : ""));
}

static char **make_environment(const struct glue_run *run, struct arena *arena, const char *folder,
                               str libraries)
{
    const struct glue_runner *r = run->runner;
    size_t outside = 0;
    while (environ && environ[outside])
        outside++;
    struct list l = {arena, arena_alloc(arena, (outside + OWN_VARIABLES) * sizeof(char *)), 0};
    for (size_t i = 0; i < outside; i++)
        if (!is_ours(environ[i]))
            l.items[l.count++] = environ[i];
    add_variable(&l, "AWS_ENDPOINT_URL", r->endpoint);
    add_variable(&l, "AWS_REGION", r->options.settings->region);
    add_variable(&l, "AWS_DEFAULT_REGION", r->options.settings->region);
    add_variable(&l, "AWS_ACCESS_KEY_ID", STR("afflux"));
    add_variable(&l, "AWS_SECRET_ACCESS_KEY", STR("afflux"));
    add_variable(&l, "AWS_EC2_METADATA_DISABLED", STR("true"));
    add_variable(&l, "AWS_CONFIG_FILE", STR("/dev/null"));
    add_variable(&l, "AWS_SHARED_CREDENTIALS_FILE", STR("/dev/null"));
    add_no_proxy(&l, "NO_PROXY");
    add_no_proxy(&l, "no_proxy");
    add_variable(&l, "TMPDIR", str_of(folder));
    add_variable(&l, "PYTHONUNBUFFERED", STR("1"));
    add_variable(&l, "PYTHONDONTWRITEBYTECODE", STR("1")); /* not into our own folder */
    if (libraries.n > 0)
        add_variable(&l, "PYTHONPATH", libraries);
    add_variable(&l, GLUE_RUN_VARIABLE, run->name);
    l.items[l.count] = NULL;
    return l.items;
}

/* ---- arguments ---- */

static char **make_arguments(const struct glue_run *run, struct arena *arena, const char *python,
                             const char *modules, str file)
{
    struct json_val all = json_get(run->body, STR("All"));
    uint32_t count = all.tag == JSON_OBJECT ? all.len : 0;
    struct list l = {
        arena, arena_alloc(arena, (2 * (size_t)count + OWN_ARGUMENTS + 1) * sizeof(char *)), 0};
    add(&l, str_of(python));
    add(&l, arena_printf(arena, "%s/" STARTER, modules));
    add(&l, file);
    add(&l, STR("--JOB_NAME"));
    add(&l, build_get_text(run->body, "JobName"));
    add(&l, STR("--JOB_RUN_ID"));
    add(&l, run->name);
    for (uint32_t i = 0; i < count; i++) {
        const struct json_key *key = &all.obj->shape->keys[i];
        add(&l, (str){key->p, key->n});
        add(&l, json_str(all.obj->vals[i]));
    }
    l.items[l.count] = NULL;
    return l.items;
}

enum status glue_script_start(struct glue_run *run, struct arena *arena, const char *folder,
                              str file, str libraries, struct glue_start *ret, struct error *err)
{
    const struct glue_runner *r = run->runner;
    const char *name = r->options.python ? r->options.python : "python3";
    const char *python = find_program(arena, name);
    if (!python)
        return error_set(err, STATUS_NOT_FOUND, "GlueScript",
                         "The interpreter %s of scripts is not on this machine.", name);
    const char *modules = find_modules(arena, r);
    if (!modules)
        return error_set(err, STATUS_NOT_FOUND, "GlueScript",
                         "The folder share/afflux/python of afflux's Python modules is not there.");
    *ret = (struct glue_start){
        .python = python,
        .argv = make_arguments(run, arena, python, modules, file),
        .envp = make_environment(run, arena, folder, libraries),
    };
    return STATUS_OK;
}

/* ---- what it said last ---- */

static str trim(str text)
{
    while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ')
        text.n--;
    return text;
}

void glue_last_lines(str written, struct buf *out)
{
    str text = trim(written);
    if (text.n > GLUE_ERROR_BYTES) {
        text = str_sub(text, text.n - GLUE_ERROR_BYTES, text.n);
        size_t line = str_find_byte(text, '\n', 0);
        if (line != STR_NONE)
            text = str_sub(text, line + 1, text.n);
    }
    while (text.n > 0) {
        size_t valid = utf8_check(text);
        for (size_t i = 0; i < valid; i++)
            buf_add_byte(out, text.p[i] == '\0' ? ' ' : text.p[i]);
        if (valid < text.n)
            buf_add_byte(out, '?');
        text = str_sub(text, valid + (valid < text.n), text.n);
    }
}
