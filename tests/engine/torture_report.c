/* SPDX-License-Identifier: Apache-2.0 */
/* See torture.h. Reads the store beside the engine's own way: steps are decoded, never applied. */
#include "torture.h"

#include "asl/apply.h"
#include "asl/encode.h"
#include "asl/history.h"
#include "base/check.h"
#include "counter_service.h"
#include "json/write.h"
#include "store/reader.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINES = 100000, PAGE = 1000 };

/* What one execution did. */
struct tally {
    uint64_t last_event;
    uint32_t starts, ends;
    uint32_t entered[TORTURE_MAX_STATES], scheduled[TORTURE_MAX_STATES];
    struct buf output;
};

void torture_complain(struct torture_report *r, str name, const char *what)
{
    buf_printf(r->out, "WRONG %.*s: %s\n", STR_ARG(name), what);
    r->is_well = false;
}

static bool is_end(enum asl_record_kind kind)
{
    return kind == ASL_EXECUTION_SUCCEEDED || kind == ASL_EXECUTION_FAILED ||
           kind == ASL_EXECUTION_ABORTED || kind == ASL_EXECUTION_TIMED_OUT;
}

static void tally_record(struct torture_report *r, str name, struct tally *t,
                         const struct asl_record *record)
{
    if (asl_record_is_event(record->kind)) {
        if (record->event != t->last_event + 1)
            torture_complain(r, name, "an event is missing or there twice");
        t->last_event = record->event;
    }
    t->starts += record->kind == ASL_EXECUTION_STARTED;
    t->ends += is_end(record->kind);
    if (record->kind == ASL_STATE_ENTERED && record->state < TORTURE_MAX_STATES)
        t->entered[record->state]++;
    if (record->kind == ASL_TASK_SCHEDULED && record->state < TORTURE_MAX_STATES)
        t->scheduled[record->state]++;
    if (record->kind == ASL_EXECUTION_SUCCEEDED)
        check(json_write(&t->output, record->doc->root, 0, NULL) == STATUS_OK);
}

/* Decodes all steps with a table of documents of its own. */
static bool tally_steps(struct torture_report *r, const struct store_execution *row, str name,
                        const struct asl_definition *definition, struct arena *a, struct tally *t)
{
    struct asl_documents documents;
    int64_t *ids;
    uint32_t count, read = 0;
    struct error err;
    bool is_well = store_list_steps(r->reader, row->id, a, &ids, &count, &err) == STATUS_OK;
    if (!is_well)
        return false;
    struct asl_batch *batches = calloc(count + 1, sizeof(*batches));
    check(batches != NULL);
    asl_documents_init(&documents);
    for (; is_well && read < count; read++) {
        struct store_step step;
        is_well = store_find_step(r->reader, ids[read], a, &step, &err) == STATUS_OK &&
                  asl_decode_batch(&documents, definition, t->last_event, step.body, a,
                                   &batches[read], &err) == STATUS_OK;
        if (!is_well)
            break;
        for (uint32_t i = 0; i < batches[read].record_count; i++)
            tally_record(r, name, t, &batches[read].records[i]);
    }
    if (!is_well)
        torture_complain(r, name, err.message);
    for (uint32_t i = 0; i < read; i++)
        asl_batch_release(&batches[i]);
    asl_documents_done(&documents);
    free(batches);
    return is_well;
}

void torture_report_steps(struct torture_report *r, const struct store_execution *row,
                          const struct asl_definition *definition, str name)
{
    struct arena a;
    struct tally t = {0};
    arena_init(&a, 0);
    buf_init(&t.output, SIZE_MAX / 2);
    tally_steps(r, row, name, definition, &a, &t);
    if (t.starts != 1 || t.ends != 1)
        torture_complain(r, name, "it did not start and end once");
    buf_printf(r->out, "%s %.*s", store_status_name(row->status), STR_ARG(buf_str(&t.output)));
    for (uint32_t i = 0; i < TORTURE_MAX_STATES; i++) {
        if (t.entered[i] > 0)
            buf_printf(r->out, " %u:%u/%u", i, t.entered[i], t.scheduled[i]);
    }
    buf_add_byte(r->out, '\n');
    buf_done(&t.output);
    arena_done(&a);
}

static void report_execution(struct torture_report *r, const struct store_machine *machine,
                             const struct asl_definition *definition,
                             const struct store_execution *row)
{
    buf_printf(r->out, "%.*s %.*s ", STR_ARG(machine->name), STR_ARG(row->name));
    torture_report_steps(r, row, definition, row->name);
    torture_report_maps(r, row, definition);
}

static void report_machine(struct torture_report *r, const struct store_machine *machine,
                           struct arena *a)
{
    struct asl_load_options options = {
        .type = str_eq(machine->type, STR("EXPRESS")) ? ASL_EXPRESS : ASL_STANDARD};
    struct asl_definition *definition;
    struct error err;
    str text;
    check(store_find_definition(r->reader, machine->definition, a, &text, &err) == STATUS_OK);
    check(asl_definition_load(text, &options, NULL, &definition, &err) == STATUS_OK);
    struct store_list_query query = {.machine = machine->id, .limit = PAGE};
    do {
        struct store_page page;
        check(store_list_executions(r->reader, &query, a, &page, &err) == STATUS_OK);
        for (uint32_t i = 0; i < page.count; i++)
            report_execution(r, machine, definition, &page.rows[i]);
        query.from = page.next;
    } while (query.from != 0);
    asl_definition_unref(definition);
}

static void report_counters(struct torture_report *r, struct arena *a)
{
    struct store_names keys;
    struct error err;
    check(store_list_things(r->reader, STR("counter"), STR(""), STR(""), PAGE, a, &keys, &err) ==
          STATUS_OK);
    for (uint32_t i = 0; i < keys.count; i++)
        buf_printf(r->out, "counter %.*s %u\n", STR_ARG(keys.items[i]),
                   counter_value(r->reader, keys.items[i]));
}

static int by_text(const void *a, const void *b)
{
    const str *x = a, *y = b;
    return str_cmp(*x, *y);
}

/* Executions are listed in the order of their ids, which differ from run to run. */
static void sort_lines(struct buf *out)
{
    struct buf sorted;
    static str lines[MAX_LINES];
    size_t count = 0, at = 0, end;
    buf_init(&sorted, SIZE_MAX / 2);
    while (count < MAX_LINES && (end = str_find_byte(buf_str(out), '\n', at)) != STR_NONE) {
        lines[count++] = str_sub(buf_str(out), at, end);
        at = end + 1;
    }
    qsort(lines, count, sizeof(lines[0]), by_text);
    for (size_t i = 0; i < count; i++)
        buf_printf(&sorted, "%.*s\n", STR_ARG(lines[i]));
    buf_clear(out);
    buf_add(out, buf_str(&sorted));
    buf_done(&sorted);
}

bool torture_report(const char *folder, struct buf *out)
{
    struct torture_report r = {.out = out, .is_well = true};
    struct store_machine *machines;
    struct store_message *messages;
    uint32_t count, left;
    struct error err;
    struct arena a;
    arena_init(&a, 0);
    if (store_reader_open(str_of(folder), NULL, &r.reader, &err) != STATUS_OK) {
        buf_printf(out, "WRONG %s: %s\n", folder, err.message);
        arena_done(&a);
        return false;
    }
    check(store_list_machines(r.reader, STR(""), PAGE, &a, &machines, &count, &err) == STATUS_OK);
    for (uint32_t i = 0; i < count; i++)
        report_machine(&r, &machines[i], &a);
    struct store_shards all = {0, STORE_SHARDS - 1};
    check(store_list_messages(r.reader, all, 0, PAGE, &a, &messages, &left, &err) == STATUS_OK);
    report_counters(&r, &a);
    torture_report_objects(&r, folder);
    sort_lines(out);
    buf_printf(out, "messages left: %u\n", left);
    if (store_verify(r.reader, &err) != STATUS_OK) {
        buf_printf(out, "WRONG %s\n", err.message);
        r.is_well = false;
    }
    store_reader_close(r.reader);
    arena_done(&a);
    return r.is_well;
}
