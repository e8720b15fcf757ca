/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run that consolidates parts into one CSV, in a thread of its own (and those that
 * services/consolidate/ takes). Its arguments:
 *
 *   --bucket, --source_bucket        where the parts are
 *   --source_prefix, --prefix        what their keys begin with; or --task_id ID: tmp/ID/
 *   --destination_bucket             where the CSV goes; the same bucket, unless told
 *   --output_file_name, --destination_key   its key
 *   --columns A,B,C                  exactly these; all that occur, unless told
 *   --skip_bad true                  bad parts are left out and logged; otherwise one ends the run
 *   --quote minimal                  only cells that need it; all, unless told
 *   --delimiter C
 *   --crlf true                      rows end with CR LF
 *   --bom true                       the file begins with a byte order mark
 *   --ledger_key                     what became of each part, as an object beside the CSV
 *   --threads N
 *
 * Parts stay where they are: after a crash the run begins anew. No parts are a file with a header
 * of the --columns, or an empty one. The log has a line for each part.
 */
#include "services/glue/runner_internal.h"

#include "base/check.h"
#include "services/consolidate/parts_ledger.h"
#include "services/consolidate/sink_objects.h"
#include "services/consolidate/source_objects.h"
#include <pthread.h>
#include <stdlib.h>

enum { MAX_COLUMNS = 4096 };

struct glue_native {
    struct glue_run *run;
    pthread_t thread;
    bool has_thread;
    struct arena arena;
    struct glue_door *door;
    struct objects *objects;
    const char *folder;
    str bucket, prefix, to_bucket, to_key;
    str ledger_key; /* empty: nobody wants one */
    struct consolidate_options options;
    struct consolidate_progress progress;
    struct glue_log *log;

    /* of the thread, until is_over */
    enum status status;
    struct error error;
    struct consolidate_result result;
    uint64_t left_out;
    struct parts_ledger *ledger; /* or NULL */
    atomic_bool is_over;
};

/* ---- arguments ---- */

static bool refuse(struct glue_native *n, const char *what)
{
    glue_run_over(n->run, "FAILED", "%s", what);
    return false;
}

/* The first of these that is given; p NULL: none. */
static str first_of(const struct glue_run *run, const char *a, const char *b)
{
    str v = glue_run_argument(run, a);
    return v.n > 0 ? v : glue_run_argument(run, b);
}

/* Would the next run read it as a part? */
static bool is_part(const struct glue_native *n, str key)
{
    return str_eq(n->bucket, n->to_bucket) && str_starts(key, n->prefix) &&
           source_objects_is_part(key);
}

static bool read_ledger_key(struct glue_native *n)
{
    n->ledger_key = glue_run_argument(n->run, "ledger_key");
    if (n->ledger_key.n > OBJECTS_MAX_KEY)
        return refuse(n, "The argument --ledger_key must have 1024 bytes at most.");
    if (str_eq(n->ledger_key, n->to_key))
        return refuse(n, "The argument --ledger_key is the key of the CSV: give it another.");
    if (is_part(n, n->ledger_key))
        return refuse(n, "The ledger would be a part of the next run: give it another key.");
    return true;
}

static bool read_places(struct glue_native *n)
{
    const struct glue_run *run = n->run;
    str task = glue_run_argument(run, "task_id");
    n->bucket = first_of(run, "source_bucket", "bucket");
    n->prefix = first_of(run, "source_prefix", "prefix");
    if (n->prefix.n == 0 && task.n > 0)
        n->prefix = arena_printf(&n->arena, "tmp/%.*s/", STR_ARG(task));
    n->to_bucket = glue_run_argument(run, "destination_bucket");
    if (n->to_bucket.n == 0)
        n->to_bucket = n->bucket;
    n->to_key = first_of(run, "destination_key", "output_file_name");
    if (n->bucket.n == 0)
        return refuse(n, "The argument --bucket (or --source_bucket) is missing: where parts are.");
    if (n->prefix.n == 0)
        return refuse(n, "The argument --source_prefix (or --task_id) is missing: what keys of "
                         "parts begin with.");
    if (n->to_key.n == 0)
        return refuse(n, "The argument --output_file_name (or --destination_key) is missing: the "
                         "key of the CSV.");
    if (is_part(n, n->to_key))
        return refuse(n, "The CSV would be a part of the next run: give it another key.");
    return read_ledger_key(n);
}

static bool read_columns(struct glue_native *n)
{
    str rest = glue_run_argument(n->run, "columns");
    if (rest.n == 0)
        return true;
    str *columns = arena_alloc(&n->arena, MAX_COLUMNS * sizeof(*columns));
    uint32_t count = 0;
    while (rest.p) {
        size_t comma = str_find_byte(rest, ',', 0);
        str one = str_sub(rest, 0, comma);
        rest = comma == STR_NONE ? (str){NULL, 0} : str_sub(rest, comma + 1, rest.n);
        for (uint32_t i = 0; i < count; i++)
            if (str_eq(columns[i], one))
                return refuse(n, "The argument --columns has a name twice.");
        if (count == MAX_COLUMNS)
            return refuse(n, "The argument --columns has more than 4096 names.");
        columns[count++] = one;
    }
    n->options.columns = columns;
    n->options.column_count = count;
    return true;
}

static bool read_truth(struct glue_native *n, const char *name, bool *ret)
{
    str v = glue_run_argument(n->run, name);
    *ret = str_eq(v, STR("true"));
    return v.n == 0 || *ret || str_eq(v, STR("false"));
}

static bool read_options(struct glue_native *n)
{
    const struct glue_run *run = n->run;
    str quote = glue_run_argument(run, "quote"), delimiter = glue_run_argument(run, "delimiter");
    str threads = glue_run_argument(run, "threads");
    n->options.dialect = csv_dialect_default();
    if (!read_truth(n, "skip_bad", &n->options.skips_bad))
        return refuse(n, "The argument --skip_bad must be true or false.");
    if (!read_truth(n, "crlf", &n->options.dialect.has_crlf))
        return refuse(n, "The argument --crlf must be true or false.");
    if (!read_truth(n, "bom", &n->options.dialect.has_mark))
        return refuse(n, "The argument --bom must be true or false.");
    if (quote.n > 0 && !str_eq(quote, STR("all")) && !str_eq(quote, STR("minimal")))
        return refuse(n, "The argument --quote must be all or minimal.");
    if (str_eq(quote, STR("minimal")))
        n->options.dialect.quote = CSV_QUOTE_MINIMAL;
    if (delimiter.n > 0 && (delimiter.n != 1 || !csv_is_delimiter(delimiter.p[0])))
        return refuse(n, "The argument --delimiter must be one character that can be one.");
    if (delimiter.n > 0)
        n->options.dialect.delimiter = delimiter.p[0];
    for (size_t i = 0; i < threads.n; i++) {
        if (threads.p[i] < '0' || threads.p[i] > '9' || n->options.threads > 99)
            return refuse(n, "The argument --threads must be a number up to 64.");
        n->options.threads = n->options.threads * 10 + (uint32_t)(threads.p[i] - '0');
    }
    if (n->options.threads > CONSOLIDATE_MAX_THREADS)
        return refuse(n, "The argument --threads must be a number up to 64.");
    return read_columns(n);
}

/* ---- the thread ---- */

static void on_part(void *arg, const struct consolidate_part *part)
{
    struct glue_native *n = arg;
    if (part->error)
        glue_log_line(n->log, "part %.*s is left out: %s", STR_ARG(part->key),
                      part->error->message);
    else
        glue_log_line(n->log, "part %.*s: %llu rows", STR_ARG(part->key),
                      (unsigned long long)part->rows);
    if (n->ledger)
        parts_ledger_on_part(n->ledger, part);
}

static enum status make_csv(struct glue_native *n, struct source_objects *source,
                            const struct consolidate_sink *to, struct error *err)
{
    struct consolidate_source from = source_objects_source(source);
    enum status status = consolidate(&n->options, &from, to, &n->result, err);
    n->left_out = source_objects_left_out(source);
    return status;
}

static enum status make_both(struct glue_native *n, struct source_objects *source,
                             const struct consolidate_sink *to, struct error *err)
{
    struct sink_objects *lines;
    struct parts_ledger ledger;
    if (sink_objects_new(n->objects, n->to_bucket, n->ledger_key, n->folder,
                         &n->progress.is_canceled, &lines, err) != STATUS_OK)
        return err->status;
    struct consolidate_sink lines_sink = sink_objects_sink(lines);
    parts_ledger_init(&ledger, to, &lines_sink);
    struct consolidate_sink both = parts_ledger_sink(&ledger);
    n->ledger = &ledger;
    enum status status = make_csv(n, source, &both, err);
    n->ledger = NULL;
    parts_ledger_done(&ledger);
    sink_objects_free(lines);
    return status;
}

static enum status work(struct glue_native *n, struct error *err)
{
    struct source_objects *source = NULL;
    struct sink_objects *sink = NULL;
    enum status status = source_objects_new(n->objects, n->bucket, n->prefix,
                                            &n->progress.is_canceled, &source, err);
    if (status == STATUS_OK)
        status = sink_objects_new(n->objects, n->to_bucket, n->to_key, n->folder,
                                  &n->progress.is_canceled, &sink, err);
    if (status == STATUS_OK) {
        struct consolidate_sink to = sink_objects_sink(sink);
        status = (n->ledger_key.n > 0 ? make_both : make_csv)(n, source, &to, err);
    }
    sink_objects_free(sink);
    source_objects_free(source);
    return status;
}

static void *run_thread(void *arg)
{
    struct glue_native *n = arg;
    n->status = work(n, &n->error);
    struct glue_door *door = n->door; /* n is the loop's from here on */
    atomic_store(&n->is_over, true);
    glue_door_ring(door);
    return NULL;
}

/* ---- on the loop ---- */

void glue_native_begin(struct glue_run *run)
{
    struct glue_runner *r = run->runner;
    struct glue_native *n = calloc(1, sizeof(*n));
    check(n != NULL);
    run->native = n;
    n->run = run;
    arena_init(&n->arena, 0);
    n->door = r->door;
    n->objects = r->options.objects;
    n->folder = r->files.p;
    n->log = run->log;
    n->options.progress = &n->progress;
    n->options.on_part = on_part;
    n->options.on_part_arg = n;
    if (!n->objects) {
        refuse(n, "There are no objects here.");
        return;
    }
    if (!read_places(n) || !read_options(n))
        return;
    n->has_thread = pthread_create(&n->thread, NULL, run_thread, n) == 0;
    if (!n->has_thread)
        refuse(n, "No thread can be started on this machine now.");
}

void glue_native_stop(struct glue_run *run)
{
    atomic_store(&run->native->progress.is_canceled, true);
}

void glue_native_tell(struct glue_run *run)
{
    const struct glue_native *n = run->native;
    glue_run_tell(run, "%llu parts, %llu rows, %llu bytes read so far",
                  (unsigned long long)atomic_load(&n->progress.parts),
                  (unsigned long long)atomic_load(&n->progress.rows),
                  (unsigned long long)atomic_load(&n->progress.bytes_read));
}

static void succeed(struct glue_native *n)
{
    const struct consolidate_result *result = &n->result;
    if (n->left_out > 0)
        glue_log_line(n->log,
                      "%llu objects are no parts: their keys do not end with .json, .jsonl "
                      "or .ndjson",
                      (unsigned long long)n->left_out);
    glue_run_tell(
        n->run, "%llu parts (%llu bad), %llu rows, %u columns: %llu bytes in s3://%.*s/%.*s",
        (unsigned long long)result->parts, (unsigned long long)result->bad,
        (unsigned long long)result->rows, result->columns,
        (unsigned long long)result->bytes_written, STR_ARG(n->to_bucket), STR_ARG(n->to_key));
    glue_log_line(n->log, "%.*s", STR_ARG(buf_str(&n->run->detail)));
    glue_run_over(n->run, "SUCCEEDED", "%s", "");
}

void glue_native_look(struct glue_run *run)
{
    struct glue_native *n = run->native;
    if (!n->has_thread || !atomic_load(&n->is_over))
        return;
    check(pthread_join(n->thread, NULL) == 0);
    n->has_thread = false;
    if (n->status == STATUS_OK)
        succeed(n);
    else
        glue_run_over(run, "FAILED", "%s", n->error.message);
}

void glue_native_free(struct glue_run *run)
{
    struct glue_native *n = run->native;
    if (!n)
        return;
    run->native = NULL;
    atomic_store(&n->progress.is_canceled, true);
    if (n->has_thread)
        check(pthread_join(n->thread, NULL) == 0);
    arena_done(&n->arena);
    free(n);
}
