/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_tidy.h. Executions are RUN, then RUN-2 and so on where those before have failed. */
#include "cmd/aggregate_tidy.h"

#include "aggregate/flow.h"
#include "cmd/aggregate_flows.h"

struct standing {
    str name; /* of the execution that does it, or shall */
    bool has_begun, is_done;
};

static enum status look(struct store_reader *reader, str run, struct arena *a, struct standing *ret,
                        struct error *err)
{
    struct store_machine machine;
    struct store_execution x;
    *ret = (struct standing){.name = run};
    enum status status =
        store_find_machine(reader, aggregate_machine_name(run, "tidy", a), a, &machine, err);
    for (unsigned i = 1; status == STATUS_OK; i++) {
        if (i > 1)
            ret->name = arena_printf(a, "%.*s-%u", STR_ARG(run), i);
        status = store_find_execution_named(reader, machine.id, ret->name, a, &x, err);
        if (status != STATUS_OK)
            break;
        ret->has_begun = true;
        ret->is_done = x.status == STORE_SUCCEEDED;
        if (ret->is_done || x.status == STORE_RUNNING)
            break;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status aggregate_tidy_has_begun(struct store_reader *reader, str run, bool *ret,
                                     struct error *err)
{
    struct standing standing;
    struct arena a;
    arena_init(&a, 0);
    enum status status = look(reader, run, &a, &standing, err);
    *ret = standing.has_begun;
    arena_done(&a);
    return status;
}

/* ---- the execution ---- */

struct tidying {
    struct loop *loop;
    bool is_over;
    enum status status;
    struct error *err;
};

static void over(struct tidying *t, enum status status)
{
    t->status = status;
    t->is_over = true;
    loop_stop(t->loop);
}

static void ended(void *arg, const struct engine_result *result)
{
    struct tidying *t = arg;
    over(t, result->status == ASL_EXEC_SUCCEEDED
                ? STATUS_OK
                : error_set(t->err, STATUS_UNAVAILABLE, "Tidy", "%.*s: %.*s",
                            STR_ARG(result->error), STR_ARG(result->cause)));
}

static void refused(void *arg, const struct error *err)
{
    struct tidying *t = arg;
    *t->err = *err;
    over(t, err->status);
}

static enum status put_machine(struct engine *e, str name, str bucket, struct error *err)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    const struct flow_value value = {"Bucket", bucket, false};
    enum status status = flow_fill(flow_text("tidy"), &value, 1, &text, err);
    if (status == STATUS_OK)
        status = engine_put_machine(e, name, ASL_STANDARD, buf_str(&text), err);
    buf_done(&text);
    return status;
}

static enum status perform(struct engine *e, str run, str name, str bucket,
                           const bool *is_interrupted, struct arena *a, struct error *err)
{
    struct tidying t = {.loop = engine_loop(e), .err = err};
    struct engine_start start = {
        .machine = aggregate_machine_name(run, "tidy", a),
        .name = name,
        .input = arena_printf(a, "{\"prefixes\":[\"parts/%.*s/%.*s/\",\"locations/%.*s/\"]}",
                              STR_ARG(run), STR_ARG(run), STR_ARG(run)),
        .ended = ended,
        .refused = refused,
        .arg = &t};
    enum status status = put_machine(e, start.machine, bucket, err);
    if (status == STATUS_OK)
        status = engine_start(e, &start, err);
    if (status != STATUS_OK)
        return status;
    while (!t.is_over && !*is_interrupted)
        loop_run(t.loop);
    return t.status;
}

enum status aggregate_tidy(struct engine *e, str data, str run, str bucket,
                           const bool *is_interrupted, struct error *err)
{
    struct standing standing = {0};
    struct store_reader *reader;
    struct arena a;
    if (store_reader_open(data, NULL, &reader, err) != STATUS_OK)
        return err->status;
    arena_init(&a, 0);
    enum status status = look(reader, run, &a, &standing, err);
    store_reader_close(reader);
    if (status == STATUS_OK && !standing.is_done)
        status = perform(e, run, standing.name, bucket, is_interrupted, &a, err);
    arena_done(&a);
    return status;
}
