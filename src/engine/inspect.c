/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads executions back as recovery does, without an engine: definition, snapshot, steps. The
 * records of a history are read from the first step on, since a snapshot has forgotten them.
 */
#include "engine/inspect.h"
#include "asl/encode.h"
#include "base/check.h"
#include <stdlib.h>

struct inspect {
    struct store_reader *reader;
};

enum status inspect_open(str data, struct inspect **ret, struct error *err)
{
    struct inspect *i = calloc(1, sizeof(*i));
    check(i != NULL);
    enum status status = store_reader_open(data, NULL, &i->reader, err);
    if (status == STATUS_OK)
        *ret = i;
    else
        free(i);
    return status;
}

void inspect_close(struct inspect *i)
{
    if (i)
        store_reader_close(i->reader);
    free(i);
}

/* ---- lists ---- */

enum { INSPECT_PAGE = 500 };

typedef bool row_fn(void *arg, const struct store_machine *m, const struct store_execution *e);

/* All executions of a machine; *ret_stop when fn wants no more. */
static enum status each_execution(struct inspect *i, const struct store_machine *m, row_fn *fn,
                                  void *arg, bool *ret_stop, struct error *err)
{
    struct store_list_query query = {.machine = m->id, .limit = INSPECT_PAGE};
    do {
        struct arena a;
        struct store_page page;
        arena_init(&a, 0);
        enum status status = store_list_executions(i->reader, &query, &a, &page, err);
        for (uint32_t k = 0; status == STATUS_OK && k < page.count && !*ret_stop; k++)
            *ret_stop = !fn(arg, m, &page.rows[k]);
        query.from = status == STATUS_OK ? page.next : 0;
        arena_done(&a);
        if (status != STATUS_OK)
            return status;
    } while (query.from != 0 && !*ret_stop);
    return STATUS_OK;
}

static enum status each_machine(struct inspect *i, row_fn *fn, void *arg, struct error *err)
{
    struct arena a;
    enum status status = STATUS_OK;
    str after = {0};
    bool is_stopped = false;
    uint32_t count = 1;
    arena_init(&a, 0);
    while (status == STATUS_OK && count > 0 && !is_stopped) {
        struct store_machine *machines;
        status = store_list_machines(i->reader, after, INSPECT_PAGE, &a, &machines, &count, err);
        for (uint32_t k = 0; status == STATUS_OK && k < count && !is_stopped; k++) {
            after = machines[k].name;
            status = each_execution(i, &machines[k], fn, arg, &is_stopped, err);
        }
    }
    arena_done(&a);
    return status;
}

struct list {
    inspect_row_fn *fn;
    void *arg;
};

static bool list_row(void *arg, const struct store_machine *m, const struct store_execution *e)
{
    const struct list *list = arg;
    struct inspect_row row = {.id = e->id,
                              .machine = m->name,
                              .name = e->name,
                              .status = store_status_name(e->status),
                              .started_ms = e->started_ms,
                              .stopped_ms = e->stopped_ms,
                              .due_ms = e->due_ms};
    list->fn(list->arg, &row);
    return true;
}

enum status inspect_list(struct inspect *i, inspect_row_fn *fn, void *arg, struct error *err)
{
    struct list list = {fn, arg};
    return each_machine(i, list_row, &list, err);
}

struct search {
    str name;
    int64_t id;
};

static bool search_row(void *arg, const struct store_machine *m, const struct store_execution *e)
{
    struct search *search = arg;
    (void)m;
    if (!str_eq(e->name, search->name))
        return true;
    search->id = e->id;
    return false;
}

/* Digits only: the id, if there is such an execution. */
static bool find_id(struct inspect *i, str text, int64_t *ret)
{
    struct store_execution row;
    struct arena a;
    struct error unused;
    int64_t id = 0;
    for (size_t k = 0; k < text.n; k++) {
        if (text.p[k] < '0' || text.p[k] > '9' || id > INT64_MAX / 10 - 10)
            return false;
        id = id * 10 + (text.p[k] - '0');
    }
    arena_init(&a, 0);
    enum status status = store_find_execution(i->reader, id, &a, &row, &unused);
    arena_done(&a);
    *ret = id;
    return status == STATUS_OK;
}

enum status inspect_find(struct inspect *i, str id_or_name, int64_t *ret_id, struct error *err)
{
    if (find_id(i, id_or_name, ret_id))
        return STATUS_OK;
    struct search search = {.name = id_or_name};
    enum status status = each_machine(i, search_row, &search, err);
    if (status != STATUS_OK)
        return status;
    *ret_id = search.id;
    return search.id != 0
               ? STATUS_OK
               : error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                           "no execution has the id or name '%.*s'", STR_ARG(id_or_name));
}

enum status inspect_failed_child(struct inspect *i, int64_t execution, struct arena *a,
                                 struct store_execution *ret, struct error *err)
{
    struct store_map_run *runs = NULL;
    uint32_t count = 0;
    enum status status =
        store_list_map_runs(i->reader, execution, 0, INSPECT_PAGE, a, &runs, &count, err);
    for (uint32_t k = count; status == STATUS_OK && k > 0; k--) {
        struct store_list_query query = {
            .map_run = runs[k - 1].id, .status_set = 1U << STORE_FAILED, .limit = 1};
        struct store_page page = {.next = 1};
        while (status == STATUS_OK && page.next != 0) {
            status = store_list_executions(i->reader, &query, a, &page, err);
            query.from = page.next;
            if (status == STATUS_OK && page.count > 0) {
                *ret = page.rows[0];
                return STATUS_OK;
            }
        }
    }
    return status != STATUS_OK ? status
                               : error_set(err, STATUS_NOT_FOUND, "ExecutionDoesNotExist",
                                           "no child of a map run has failed");
}

/* ---- one execution ---- */

struct subject {
    struct arena arena;
    struct asl_definition *definition;
    struct asl_exec *x;
};

static void subject_done(struct subject *s)
{
    asl_exec_free(s->x);
    asl_definition_unref(s->definition);
    arena_done(&s->arena);
}

static enum status subject_open(struct inspect *i, int64_t id, struct subject *s,
                                struct store_loaded *ret, struct error *err)
{
    struct asl_load_options load = {.type = ASL_STANDARD};
    str text;
    *s = (struct subject){0};
    arena_init(&s->arena, 0);
    enum status status = store_load(i->reader, id, &s->arena, ret, err);
    if (status == STATUS_OK)
        status = store_find_definition(i->reader, ret->execution.definition, &s->arena, &text, err);
    if (status == STATUS_OK)
        status = asl_definition_load(text, &load, NULL, &s->definition, err);
    if (status == STATUS_OK)
        s->x = asl_exec_new(s->definition, NULL, ASL_STANDARD, NULL);
    return status;
}

enum status inspect_exec(struct inspect *i, int64_t id, inspect_exec_fn *fn, void *arg,
                         struct error *err)
{
    struct subject s;
    struct store_loaded loaded;
    enum status status = subject_open(i, id, &s, &loaded, err);
    if (status == STATUS_OK && loaded.snapshot.p)
        status = asl_snapshot_read(s.x, loaded.snapshot, err);
    for (uint32_t k = 0; status == STATUS_OK && k < loaded.step_count; k++)
        status = asl_replay(s.x, loaded.steps[k].body, err);
    if (status == STATUS_OK)
        fn(arg, s.x);
    subject_done(&s);
    return status;
}

static enum status show_step(struct subject *s, struct asl_documents *documents,
                             const struct store_step *step, uint64_t *last_event,
                             inspect_record_fn *fn, void *arg, struct error *err)
{
    struct arena a;
    struct asl_batch batch;
    arena_init(&a, 0);
    enum status status =
        asl_decode_batch(documents, s->definition, *last_event, step->body, &a, &batch, err);
    if (status == STATUS_OK)
        status = asl_replay(s->x, step->body, err);
    for (uint32_t k = 0; status == STATUS_OK && k < batch.record_count; k++) {
        if (batch.records[k].event != 0)
            *last_event = batch.records[k].event;
        fn(arg, s->x, &batch.records[k]);
    }
    /* documents stay: later steps name them, also where the execution has dropped them */
    if (status == STATUS_OK)
        batch.held_count = 0;
    asl_batch_release(&batch);
    arena_done(&a);
    return status;
}

static void drop_documents(struct asl_documents *d)
{
    struct asl_document *doc;
    uint32_t at = 0;
    while ((doc = idmap_next(&d->map, &at)) != NULL) {
        asl_document_unref(doc);
        at = 0;
    }
    asl_documents_done(d);
}

enum status inspect_records(struct inspect *i, int64_t id, inspect_record_fn *fn, void *arg,
                            struct error *err)
{
    struct subject s;
    struct store_loaded loaded;
    struct asl_documents documents;
    int64_t *ids = NULL;
    uint32_t count = 0;
    uint64_t last_event = 0;
    asl_documents_init(&documents);
    enum status status = subject_open(i, id, &s, &loaded, err);
    if (status == STATUS_OK)
        status = store_list_steps(i->reader, id, &s.arena, &ids, &count, err);
    for (uint32_t k = 0; status == STATUS_OK && k < count; k++) {
        struct arena a;
        struct store_step step;
        arena_init(&a, 0);
        status = store_find_step(i->reader, ids[k], &a, &step, err);
        if (status == STATUS_OK)
            status = show_step(&s, &documents, &step, &last_event, fn, arg, err);
        arena_done(&a);
    }
    drop_documents(&documents);
    subject_done(&s);
    return status;
}
