/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetExecutionHistory: the records of an execution as AWS's events. They are read from the first
 * step on, since the documents that later ones name were written by earlier ones; what is written
 * are the events of the page.
 */
#include "engine/sfn_internal.h"
#include "asl/history.h"
#include "asl/apply.h"

/* Documents of all steps so far, as records name them. */
struct reading {
    struct sfn_scope *s;
    struct asl_exec *x; /* who it is: names and ARNs that events show */
    struct asl_documents documents;
    uint64_t last_event;
    uint64_t first, end; /* events of the page: [first, end) */
    bool with_data;
    struct buf text; /* of its events, one after the other */
    size_t *ends;
    uint32_t count;
};

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

static void take_record(struct reading *r, const struct asl_record *record)
{
    if (record->event == 0)
        return;
    r->last_event = record->event;
    if (record->event < r->first || record->event >= r->end)
        return;
    asl_history_write(r->x, record, r->with_data, &r->text);
    r->ends[r->count++] = r->text.n;
}

static enum status read_step(struct reading *r, int64_t id, struct error *err)
{
    struct arena a;
    struct store_step step;
    struct asl_batch batch;
    arena_init(&a, 0);
    enum status status = store_find_step(r->s->reader, id, &a, &step, err);
    if (status == STATUS_OK)
        status = asl_decode_batch(&r->documents, r->x->definition, r->last_event, step.body, &a,
                                  &batch, err);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < batch.record_count; i++)
            take_record(r, &batch.records[i]);
        batch.held_count = 0; /* documents stay: later steps name them */
        asl_batch_release(&batch);
    }
    arena_done(&a);
    return status;
}

/* Until the page is full, or so large that the rest is for the next one. */
static enum status read_events(struct reading *r, int64_t execution, struct error *err)
{
    int64_t *ids;
    uint32_t count;
    enum status status = store_list_steps(r->s->reader, execution, r->s->arena, &ids, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count && r->last_event + 1 < r->end; i++)
        status = read_step(r, ids[i], err);
    return status;
}

/* ---- pages ---- */

static uint64_t read_number(str text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* How many events from either end stay within the bytes of a page; one at least. */
static uint32_t fitting(const struct reading *r, bool is_reversed)
{
    uint32_t n = 0;
    while (n < r->count) {
        size_t bytes = is_reversed ? r->text.n - (n + 1 < r->count ? r->ends[r->count - n - 2] : 0)
                                   : r->ends[n];
        if (n > 0 && bytes > SFN_PAGE_BYTES)
            break;
        n++;
    }
    return n;
}

static void put_events(struct reading *r, bool is_reversed, uint32_t n)
{
    struct buf *out = r->s->answer;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = is_reversed ? r->count - 1 - i : i;
        size_t from = at > 0 ? r->ends[at - 1] : 0;
        if (i > 0)
            buf_add_byte(out, ',');
        buf_add(out, str_sub(buf_str(&r->text), from, r->ends[at]));
    }
}

/* [first, end) of the page, from its token or the end it begins with; all: events there are. */
static void choose(struct reading *r, const struct sfn_page *page, bool is_reversed, uint64_t all)
{
    uint64_t from = page->after.n > 0 ? read_number(page->after) : is_reversed ? all : 1;
    if (is_reversed) {
        r->end = (from < all ? from : all) + 1;
        r->first = r->end > page->limit ? r->end - page->limit : 1;
    } else {
        r->first = from;
        r->end = from + page->limit < all + 1 ? from + page->limit : all + 1;
    }
}

static void put_next(struct reading *r, struct object_writer *w, str subject, bool is_reversed,
                     uint32_t n, uint64_t all)
{
    uint64_t next = is_reversed ? r->end - 1 - n : r->first + n;
    if (n > 0 && (is_reversed ? next > 0 : next <= all))
        sfn_page_next(r->s, w, subject,
                      arena_printf(r->s->arena, "%llu", (unsigned long long)next));
}

static enum status write_page(struct reading *r, int64_t execution, const struct sfn_page *page,
                              str subject, struct error *err)
{
    struct sfn_scope *s = r->s;
    struct object_writer w;
    bool is_reversed = sfn_flag(s, "reverseOrder");
    uint64_t all = r->x->last_event;
    choose(r, page, is_reversed, all);
    r->ends = arena_alloc(s->arena, sizeof(*r->ends) * ((size_t)page->limit + 1));
    enum status status = r->first < r->end ? read_events(r, execution, err) : STATUS_OK;
    uint32_t n = status == STATUS_OK ? fitting(r, is_reversed) : 0;
    object_begin(&w, s->answer);
    object_key(&w, "events");
    buf_add_byte(s->answer, '[');
    put_events(r, is_reversed, n);
    buf_add_byte(s->answer, ']');
    put_next(r, &w, subject, is_reversed, n, all);
    object_end(&w);
    return status;
}

enum status sfn_get_history(struct sfn_scope *s, struct error *err)
{
    struct store_execution row;
    struct store_machine m;
    struct sfn_page page;
    struct reading r = {.s = s, .with_data = true};
    str arn = sfn_text(s, "executionArn");
    if (sfn_has(s, "includeExecutionData"))
        r.with_data = sfn_flag(s, "includeExecutionData");
    str subject = arena_printf(s->arena, "events %.*s %d %d", STR_ARG(arn),
                               sfn_flag(s, "reverseOrder"), r.with_data);
    enum status status = sfn_find_execution(s, arn, &row, &m, err);
    if (status == STATUS_OK)
        status = sfn_page_read(s, subject, &page, err);
    if (status == STATUS_OK)
        status = engine_execution_peek(s->engine, row.id, &r.x, err);
    if (status != STATUS_OK)
        return status;
    asl_documents_init(&r.documents);
    buf_init(&r.text, SIZE_MAX / 2);
    status = write_page(&r, row.id, &page, subject, err);
    buf_done(&r.text);
    drop_documents(&r.documents);
    asl_exec_free(r.x);
    return status;
}
