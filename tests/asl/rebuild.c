/* SPDX-License-Identifier: Apache-2.0 */
/* See rebuild.h. */
#include "rebuild.h"

#include "asl/encode.h"
#include "base/check.h"
#include <stdlib.h>

enum {
    SNAPSHOT_EVERY = 3, /* steps */
    TEXT_BYTES = 1 << 26,
};

static void note_trouble(struct rebuild *r, const char *what, const struct error *err)
{
    if (r->trouble.n == 0)
        buf_printf(&r->trouble, "step %u, %s: %s", r->steps, what, err->message);
}

static struct asl_exec *fresh(const struct asl_exec *like)
{
    return asl_exec_new(like->definition, like->machine, like->type, &like->options);
}

/* Applies the batches from `from` on; NULL when that fails. */
static struct asl_exec *replayed(struct rebuild *r, struct asl_exec *x, uint32_t from,
                                 const char *what)
{
    struct error err = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = from; status == STATUS_OK && i < r->count; i++) {
        size_t begin = i > 0 ? r->ends[i - 1] : 0;
        status = asl_replay(x, str_sub(buf_str(&r->bytes), begin, r->ends[i]), &err);
    }
    if (status == STATUS_OK && x->status != ASL_EXEC_NEW)
        status = asl_exec_check(x, &err);
    if (status == STATUS_OK)
        return x;
    note_trouble(r, what, &err);
    asl_exec_free(x);
    return NULL;
}

static struct asl_exec *from_start(struct rebuild *r, const struct asl_exec *like)
{
    return replayed(r, fresh(like), 0, "from all batches");
}

static struct asl_exec *from_snapshot(struct rebuild *r, const struct asl_exec *like)
{
    struct error err;
    struct asl_exec *x = fresh(like);
    if (r->has_snapshot && asl_snapshot_read(x, buf_str(&r->snapshot), &err) != STATUS_OK) {
        note_trouble(r, "reading the snapshot", &err);
        asl_exec_free(x);
        return NULL;
    }
    return replayed(r, x, r->has_snapshot ? r->snapshot_at : 0, "from the snapshot");
}

/* ---- comparing ---- */

/* The inside, and what it waits for. */
static void show(struct asl_exec *x, struct buf *text)
{
    struct asl_out out;
    asl_exec_print(x, text);
    asl_out_init(&out);
    asl_pending(x, &out);
    for (uint32_t i = 0; i < out.command_count; i++)
        asl_command_print(&out.commands[i], text);
    asl_out_done(&out);
    buf_printf(text, "\ndue %lld\n", (long long)asl_exec_due(x));
}

static str line_at(str text, size_t at)
{
    size_t from = at < text.n ? at : text.n, to = str_find_byte(text, '\n', from);
    while (from > 0 && text.p[from - 1] != '\n')
        from--;
    return str_sub(text, from, to == STR_NONE ? text.n : to);
}

static void check_same(struct rebuild *r, const char *what, struct asl_exec *live,
                       struct asl_exec *x)
{
    struct buf a, b;
    if (!x || r->trouble.n > 0)
        return;
    buf_init(&a, TEXT_BYTES);
    buf_init(&b, TEXT_BYTES);
    show(live, &a);
    show(x, &b);
    if (!str_eq(buf_str(&a), buf_str(&b))) {
        size_t at = 0;
        while (at < a.n && at < b.n && a.p[at] == b.p[at])
            at++;
        buf_printf(&r->trouble, "step %u, %s: lives '%.*s', rebuilt '%.*s'", r->steps, what,
                   STR_ARG(line_at(buf_str(&a), at)), STR_ARG(line_at(buf_str(&b), at)));
    }
    buf_done(&a);
    buf_done(&b);
}

/* ---- behind each step ---- */

static void retire(struct rebuild *r, struct asl_exec *x)
{
    asl_exec_free(r->retired);
    r->retired = x;
}

static void keep(struct rebuild *r, struct asl_exec *x, const struct asl_out *out)
{
    if (out->record_count > 0) {
        check(r->count < REBUILD_BATCHES);
        asl_encode_batch(out, &r->bytes);
        r->ends[r->count++] = r->bytes.n;
    }
    if (r->steps % SNAPSHOT_EVERY == 0) {
        buf_clear(&r->snapshot);
        asl_snapshot_write(x, &r->snapshot);
        r->snapshot_at = r->count;
        r->has_snapshot = true;
    }
    check(buf_ok(&r->bytes) && buf_ok(&r->snapshot));
}

void rebuild_step(struct rebuild *r, struct asl_exec **x, const struct asl_out *out)
{
    retire(r, NULL);
    r->steps++;
    keep(r, *x, out);
    struct asl_exec *a = from_start(r, *x), *b = from_snapshot(r, *x);
    bool is_first = r->steps % 2 == 0;
    check_same(r, "from all batches", *x, a);
    check_same(r, "from the snapshot", *x, b);
    struct asl_exec *next = is_first ? a : b, *other = is_first ? b : a;
    asl_exec_free(other);
    if (!next)
        return;
    next->clock_ms = (*x)->clock_ms; /* not kept: in life, time has passed by then */
    retire(r, *x);
    *x = next;
}

/* ---- beginning and end ---- */

struct rebuild *rebuild_new(void)
{
    struct rebuild *r = calloc(1, sizeof(*r));
    check(r != NULL);
    buf_init(&r->bytes, TEXT_BYTES);
    buf_init(&r->snapshot, TEXT_BYTES);
    buf_init(&r->trouble, TEXT_BYTES);
    return r;
}

void rebuild_free(struct rebuild *r)
{
    retire(r, NULL);
    buf_done(&r->bytes);
    buf_done(&r->snapshot);
    buf_done(&r->trouble);
    free(r);
}
