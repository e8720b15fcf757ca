/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of records as bytes:
 *
 *   version, the last time an expression was given, count of documents, documents
 *   (encode_document.c), count of records,
 *   and for each: kind, the set of fields that follow, the fields in the order of FIELD_LIST
 *
 * Fields that have their usual value are left out. A history event's id is not written, being one
 * more than the last; the event it follows is written as the distance back, times as the distance
 * from the record before. Kinds and fields are numbers in files: they may be added at the end of
 * their lists and never change their places.
 */
#include "asl/encode.h"
#include "asl/apply.h"
#include "asl/encode_document.h"
#include "asl/encode_internal.h"
#include "base/check.h"
#include <stdlib.h>

/* Name of the member, and how it is written. */
#define FIELD_LIST(X)                                                                              \
    X(frame, U32)                                                                                  \
    X(state, STATE)                                                                                \
    X(next, STATE)                                                                                 \
    X(doc, DOC)                                                                                    \
    X(number, SIGNED)                                                                              \
    X(child, U32)                                                                                  \
    X(attempt, U32)                                                                                \
    X(concurrency, U32)                                                                            \
    X(due_ms, SIGNED)                                                                              \
    X(timeout_ms, SIGNED)                                                                          \
    X(heartbeat_ms, SIGNED)                                                                        \
    X(timeout_seconds, DOUBLE)                                                                     \
    X(heartbeat_seconds, DOUBLE)                                                                   \
    X(credentials, DOC)                                                                            \
    X(error, TEXT)                                                                                 \
    X(cause, TEXT)                                                                                 \
    X(text, TEXT)                                                                                  \
    X(has_error, FLAG)                                                                             \
    X(has_cause, FLAG)                                                                             \
    X(has_keys, FLAG)

enum field_form { U32, STATE, DOC, SIGNED, DOUBLE, TEXT, FLAG };

struct field {
    size_t offset;
    enum field_form form;
};

static const struct field FIELDS[] = {
#define X(name, form) {offsetof(struct asl_record, name), form},
    FIELD_LIST(X)
#undef X
};

enum { HAS_ASSIGNED = ARRAY_LEN(FIELDS), HAS_IDENTITY, HAS_TIME, HAS_FIELDS };

/* ---- writing ---- */

static bool is_usual(const struct asl_record *r, const struct field *f)
{
    const char *at = (const char *)r + f->offset;
    switch (f->form) {
    case U32: return *(const uint32_t *)(const void *)at == 0;
    case STATE: return *(const uint32_t *)(const void *)at == ASL_NO_STATE;
    case DOC: return *(struct asl_document *const *)(const void *)at == NULL;
    case SIGNED: return *(const int64_t *)(const void *)at == 0;
    case DOUBLE: return !(*(const double *)(const void *)at != 0);
    case TEXT: return ((const str *)(const void *)at)->n == 0;
    case FLAG: return !*(const bool *)(const void *)at;
    }
    unreachable();
}

static void put_field(struct buf *b, const struct asl_record *r, const struct field *f)
{
    const char *at = (const char *)r + f->offset;
    switch (f->form) {
    case U32:
    case STATE: put_number(b, *(const uint32_t *)(const void *)at); return;
    case DOC: put_number(b, (*(struct asl_document *const *)(const void *)at)->number); return;
    case SIGNED: put_signed(b, *(const int64_t *)(const void *)at); return;
    case DOUBLE: put_double(b, *(const double *)(const void *)at); return;
    case TEXT: put_text(b, *(const str *)(const void *)at); return;
    case FLAG: return; /* that it is there says it */
    }
    unreachable();
}

static void put_record(struct buf *b, const struct asl_record *r, int64_t last_ms)
{
    uint32_t has = 0;
    for (uint32_t i = 0; i < ARRAY_LEN(FIELDS); i++)
        has |= is_usual(r, &FIELDS[i]) ? 0 : 1u << i;
    has |= r->assigned_count > 0 ? 1u << HAS_ASSIGNED : 0;
    has |= r->identity ? 1u << HAS_IDENTITY : 0;
    has |= r->time_ms != last_ms ? 1u << HAS_TIME : 0;
    put_number(b, r->kind);
    put_number(b, has);
    if (r->event != 0)
        put_number(b, r->event - r->previous);
    if (r->time_ms != last_ms)
        put_signed(b, r->time_ms - last_ms);
    for (uint32_t i = 0; i < ARRAY_LEN(FIELDS); i++) {
        if (has & 1u << i)
            put_field(b, r, &FIELDS[i]);
    }
    if (r->assigned_count > 0)
        put_number(b, r->assigned_count);
    for (uint32_t i = 0; i < r->assigned_count; i++) {
        put_number(b, r->assigned[i].variable);
        put_number(b, r->assigned[i].value->number);
    }
    if (r->identity)
        asl_put_identity(b, r->identity);
}

void asl_put_identity(struct buf *b, const struct asl_identity *identity)
{
    put_text(b, identity->id);
    put_text(b, identity->name);
    put_text(b, identity->role_arn);
    put_text(b, identity->state_machine_id);
    put_text(b, identity->state_machine_name);
    put_signed(b, identity->start_ms);
}

void asl_encode_batch(const struct asl_out *out, struct buf *bytes)
{
    int64_t last_ms = 0;
    buf_add_byte(bytes, ASL_BATCH_VERSION);
    put_signed(bytes, out->clock_ms);
    put_number(bytes, out->document_count);
    for (uint32_t i = 0; i < out->document_count; i++)
        asl_encode_document(out->documents[i], bytes);
    put_number(bytes, out->record_count);
    for (uint32_t i = 0; i < out->record_count; i++) {
        put_record(bytes, &out->records[i], last_ms);
        last_ms = out->records[i].time_ms;
    }
}

/* ---- reading ---- */

struct batch_reader {
    struct byte_reader r;
    struct asl_documents *documents;
    const struct asl_definition *definition;
    struct arena *arena;
    struct asl_batch *batch;
    uint64_t last_event;
    int64_t last_ms;
    struct error *err;
};

static enum status corrupt(struct error *err, const char *what)
{
    return error_set(err, STATUS_CORRUPT, "BatchCorrupt", "%s", what);
}

static void hold(struct batch_reader *b, struct asl_document *doc)
{
    struct asl_batch *batch = b->batch;
    if (batch->held_count == batch->held_cap) {
        uint32_t cap = batch->held_cap ? batch->held_cap * 2 : 16;
        batch->held = realloc(batch->held, sizeof(struct asl_document *) * cap);
        check(batch->held != NULL);
        batch->held_cap = cap;
    }
    batch->held[batch->held_count++] = doc;
}

/* A document that a record names. */
static struct asl_document *get_document(struct batch_reader *b)
{
    struct asl_document *doc = asl_documents_find(b->documents, get_number(&b->r));
    if (!doc) {
        b->r.is_failed = true;
        return NULL;
    }
    hold(b, asl_document_ref(doc));
    return doc;
}

static uint32_t get_state(struct batch_reader *b)
{
    uint32_t number = get_u32(&b->r);
    if (number >= b->definition->state_count)
        b->r.is_failed = true;
    return b->r.is_failed ? ASL_NO_STATE : number;
}

static void get_field(struct batch_reader *b, struct asl_record *ret, const struct field *f)
{
    void *at = (char *)ret + f->offset;
    switch (f->form) {
    case U32: *(uint32_t *)at = get_u32(&b->r); return;
    case STATE: *(uint32_t *)at = get_state(b); return;
    case DOC: *(struct asl_document **)at = get_document(b); return;
    case SIGNED: *(int64_t *)at = get_signed(&b->r); return;
    case DOUBLE: *(double *)at = get_double(&b->r); return;
    case TEXT: *(str *)at = arena_dup(b->arena, get_text(&b->r)); return;
    case FLAG: *(bool *)at = true; return;
    }
    unreachable();
}

static void get_assigned(struct batch_reader *b, struct asl_record *ret)
{
    uint32_t count = get_count(&b->r);
    struct asl_slot *slots = arena_alloc(b->arena, sizeof(*slots) * count);
    for (uint32_t i = 0; i < count; i++) {
        slots[i].variable = get_u32(&b->r);
        slots[i].value = get_document(b);
        if (slots[i].variable >= b->definition->variable_count)
            b->r.is_failed = true;
    }
    ret->assigned = slots;
    ret->assigned_count = count;
}

void asl_get_identity(struct byte_reader *r, struct arena *a, struct asl_identity *ret)
{
    ret->id = arena_dup(a, get_text(r));
    ret->name = arena_dup(a, get_text(r));
    ret->role_arn = arena_dup(a, get_text(r));
    ret->state_machine_id = arena_dup(a, get_text(r));
    ret->state_machine_name = arena_dup(a, get_text(r));
    ret->start_ms = get_signed(r);
}

static void get_record(struct batch_reader *b, struct asl_record *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->state = ret->next = ASL_NO_STATE;
    uint32_t kind = get_u32(&b->r), has = get_u32(&b->r);
    if (kind >= ASL_RECORD_KINDS || has >> HAS_FIELDS != 0) {
        b->r.is_failed = true;
        return;
    }
    ret->kind = (enum asl_record_kind)kind;
    if (asl_record_is_event(ret->kind)) {
        uint64_t back = get_number(&b->r);
        ret->event = ++b->last_event;
        if (back == 0 || back > ret->event)
            b->r.is_failed = true;
        ret->previous = ret->event - back;
    }
    if (has & 1u << HAS_TIME)
        b->last_ms = (int64_t)((uint64_t)b->last_ms + (uint64_t)get_signed(&b->r));
    ret->time_ms = b->last_ms;
    for (uint32_t i = 0; i < ARRAY_LEN(FIELDS) && !b->r.is_failed; i++) {
        if (has & 1u << i)
            get_field(b, ret, &FIELDS[i]);
    }
    if (has & 1u << HAS_ASSIGNED)
        get_assigned(b, ret);
    if (has & 1u << HAS_IDENTITY) {
        struct asl_identity *identity = arena_zalloc(b->arena, sizeof(*identity));
        asl_get_identity(&b->r, b->arena, identity);
        ret->identity = identity;
    }
}

static enum status get_documents(struct batch_reader *b)
{
    uint32_t count = get_count(&b->r);
    for (uint32_t i = 0; i < count; i++) {
        struct asl_document *doc;
        enum status status = asl_decode_document(b->documents, &b->r, &doc, b->err);
        if (status != STATUS_OK)
            return status;
        hold(b, doc);
    }
    return STATUS_OK;
}

static enum status get_batch(struct batch_reader *b)
{
    if (get_byte(&b->r) != ASL_BATCH_VERSION)
        return corrupt(b->err, "the batch has a version that is not known here");
    b->batch->clock_ms = get_signed(&b->r);
    if (b->batch->clock_ms < 0 || b->batch->clock_ms > ASL_MAX_TIME_MS)
        return corrupt(b->err, "the batch has a time out of range");
    enum status status = get_documents(b);
    if (status != STATUS_OK)
        return status;
    uint32_t count = get_count(&b->r);
    b->batch->records = arena_alloc(b->arena, sizeof(struct asl_record) * count);
    for (uint32_t i = 0; i < count && !b->r.is_failed; i++)
        get_record(b, &b->batch->records[i]);
    if (b->r.is_failed || b->r.at != b->r.bytes.n)
        return corrupt(b->err, "the batch is cut off or has more than it says");
    b->batch->record_count = count;
    return STATUS_OK;
}

enum status asl_decode_batch(struct asl_documents *d, const struct asl_definition *definition,
                             uint64_t last_event, str bytes, struct arena *a, struct asl_batch *ret,
                             struct error *err)
{
    *ret = (struct asl_batch){0};
    struct batch_reader b = {.r = {.bytes = bytes},
                             .documents = d,
                             .definition = definition,
                             .arena = a,
                             .batch = ret,
                             .last_event = last_event,
                             .err = err};
    enum status status = get_batch(&b);
    if (status != STATUS_OK)
        asl_batch_release(ret);
    return status == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

void asl_batch_release(struct asl_batch *batch)
{
    for (uint32_t i = 0; i < batch->held_count; i++)
        asl_document_unref(batch->held[i]);
    free(batch->held);
    *batch = (struct asl_batch){0};
}

enum status asl_replay(struct asl_exec *x, str bytes, struct error *err)
{
    struct arena a;
    struct asl_batch batch;
    arena_init(&a, 0);
    enum status status =
        asl_decode_batch(&x->documents, x->definition, x->last_event, bytes, &a, &batch, err);
    for (uint32_t i = 0; status == STATUS_OK && i < batch.record_count; i++) {
        status = asl_record_check(x, &batch.records[i], err);
        if (status == STATUS_OK)
            asl_apply(x, &batch.records[i]);
    }
    if (status == STATUS_OK && batch.clock_ms > x->clock_ms)
        x->clock_ms = batch.clock_ms;
    asl_batch_release(&batch);
    arena_done(&a);
    return status;
}
