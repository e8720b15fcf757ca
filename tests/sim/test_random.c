/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines, answers and interventions by chance. Behind every step the execution is checked, its
 * batch is replayed into a twin, and now and then the twin is read from a snapshot; both must print
 * the same. AFFLUX_RANDOM_WORLDS says how many worlds (default 300), AFFLUX_RANDOM_FIRST the first.
 */
#include "world.h"

#include "asl/apply.h"
#include "asl/encode.h"
#include "asl/history.h"
#include "asl/token.h"
#include "base/check.h"
#include "base/map.h"
#include "json/parse.h"
#include "json/write.h"
#include "random_machine.h"
#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 4000, REDRIVES = 4, SNAPSHOT_EVERY = 5 };

struct twin {
    struct asl_exec *x;
    char arn[300];
    unsigned steps;
};

struct chaos {
    struct chance chance;
    uint64_t seed;
    bool is_plain; /* answers say the same to the same question */
    struct sim *sim;
    struct asl_definition *definition;
    struct buf text; /* of the definition */
    struct twin *twins;
    uint32_t count, cap;
    struct buf trouble;
};

static void note(struct chaos *k, const char *what, const char *detail)
{
    if (k->trouble.n == 0)
        buf_printf(&k->trouble, "%s: %s", what, detail);
}

/* ---- twins ---- */

static struct twin *twin_of(struct chaos *k, const struct asl_exec *x)
{
    for (uint32_t i = 0; i < k->count; i++) {
        if (str_eq(str_of(k->twins[i].arn), x->identity.id))
            return &k->twins[i];
    }
    if (k->count == k->cap) {
        k->cap = k->cap ? 2 * k->cap : 64;
        k->twins = realloc(k->twins, sizeof(*k->twins) * k->cap);
        check(k->twins != NULL);
    }
    struct twin *t = &k->twins[k->count++];
    check(x->identity.id.n < sizeof(t->arn));
    memset(t, 0, sizeof(*t));
    memcpy(t->arn, x->identity.id.p, x->identity.id.n);
    t->x = asl_exec_new(x->definition, x->machine, x->type, &x->options);
    return t;
}

static void compare(struct chaos *k, const struct asl_exec *a, const struct asl_exec *b,
                    const char *what)
{
    struct buf left, right;
    buf_init(&left, SIZE_MAX / 2);
    buf_init(&right, SIZE_MAX / 2);
    asl_exec_print(a, &left);
    asl_exec_print(b, &right);
    if (!str_eq(buf_str(&left), buf_str(&right))) {
        buf_add_byte(&left, '\0');
        buf_add_byte(&right, '\0');
        note(k, what, left.p);
        buf_printf(&k->trouble, "\n---- but\n%s", right.p);
    }
    buf_done(&left);
    buf_done(&right);
}

static void read_snapshot(struct chaos *k, struct twin *t)
{
    struct buf bytes;
    struct error err;
    struct asl_exec *x = asl_exec_new(t->x->definition, t->x->machine, t->x->type, &t->x->options);
    buf_init(&bytes, SIZE_MAX / 2);
    asl_snapshot_write(t->x, &bytes);
    if (asl_snapshot_read(x, buf_str(&bytes), &err) != STATUS_OK) {
        note(k, "snapshot", err.message);
        asl_exec_free(x);
    } else {
        asl_exec_free(t->x);
        t->x = x;
    }
    buf_done(&bytes);
}

/* Each event can be shown, follows an earlier one, and is JSON. */
static void check_history(struct chaos *k, const struct asl_exec *x, const struct asl_out *out)
{
    for (uint32_t i = 0; i < out->record_count; i++) {
        const struct asl_record *r = &out->records[i];
        struct json_doc *doc = NULL;
        struct error err;
        struct buf text;
        if (!asl_record_is_event(r->kind))
            continue;
        buf_init(&text, SIZE_MAX / 2);
        asl_history_write(x, r, i % 2 == 0, &text);
        if (json_parse(buf_str(&text), NULL, &doc, &err) != STATUS_OK)
            note(k, "history", err.message);
        if (r->previous >= r->event)
            note(k, "history", asl_record_kind_name(r->kind));
        json_doc_unref(doc);
        buf_done(&text);
    }
}

static void check_step(void *arg, const struct asl_exec *x, const struct asl_event *e,
                       const struct asl_out *out)
{
    struct chaos *k = arg;
    struct twin *t = twin_of(k, x);
    struct error err;
    struct buf bytes;
    (void)e;
    check_history(k, x, out);
    buf_init(&bytes, SIZE_MAX / 2);
    asl_encode_batch(out, &bytes);
    if (k->trouble.n == 0 && asl_exec_check(x, &err) != STATUS_OK)
        note(k, "check", err.message);
    if (k->trouble.n == 0 && asl_replay(t->x, buf_str(&bytes), &err) != STATUS_OK)
        note(k, "replay", err.message);
    if (k->trouble.n == 0)
        compare(k, x, t->x, "the twin differs");
    if (k->trouble.n == 0 && ++t->steps % SNAPSHOT_EVERY == 0) {
        read_snapshot(k, t);
        compare(k, x, t->x, "the snapshot differs");
    }
    buf_done(&bytes);
}

/* ---- answers ---- */

static const char *const results[] = {"1",    "\"text\"", "[1,2,3]", "{\"a\":{\"b\":[1,2]}}",
                                      "null", "[]"};
static const char *const errors[] = {"E1", "E2", "E3", "States.Timeout", "States.Runtime"};

static bool answer_plainly(struct chaos *k, const struct asl_command *c, struct sim_answer *ret)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    if (json_write(&text, c->arguments->root, 0, NULL) != STATUS_OK)
        note(k, "answer", "arguments cannot be written");
    uint64_t which = hash_bytes(buf_str(&text), c->state->number) % ARRAY_LEN(results);
    buf_done(&text);
    ret->output = str_of(results[which]);
    ret->delay_ms = chance_below(&k->chance, 900); /* below all timeouts */
    return true;
}

static bool answer(void *arg, const struct asl_exec *x, const struct asl_command *c,
                   struct sim_answer *ret)
{
    struct chaos *k = arg;
    (void)x;
    if (k->is_plain)
        return answer_plainly(k, c, ret);
    ret->delay_ms = chance_of(&k->chance, 50) ? 0 : 1000 * (int64_t)chance_below(&k->chance, 25);
    ret->heartbeat_ms = chance_of(&k->chance, 30) ? 2000 : 0;
    ret->output = str_of(results[chance_below(&k->chance, ARRAY_LEN(results))]);
    if (chance_of(&k->chance, 20)) {
        ret->kind = SIM_THROW;
        ret->has_error = chance_of(&k->chance, 90);
        ret->error = str_of(errors[chance_below(&k->chance, ARRAY_LEN(errors))]);
        ret->has_cause = chance_of(&k->chance, 50);
        ret->cause = STR("cause");
        if (chance_of(&k->chance, 20))
            ret->stage = c->state->task.resource.kind == ASL_RESOURCE_ACTIVITY ? ASL_STAGE_SCHEDULE
                                                                               : ASL_STAGE_SUBMIT;
    } else if (c->state->task.timeout_seconds.kind != ASL_FIELD_ABSENT &&
               chance_of(&k->chance, 10)) {
        ret->kind = SIM_SILENCE;
    }
    return true;
}

/* ---- interventions ---- */

static const struct asl_frame *find_working(struct chaos *k, const struct asl_frame *f)
{
    for (const struct asl_frame *c = f->first_child; c; c = c->next_sibling) {
        const struct asl_frame *found = find_working(k, c);
        if (found && chance_of(&k->chance, 60))
            return found;
    }
    return f->phase == ASL_PHASE_WORKING ? f : NULL;
}

static void send_token(struct chaos *k)
{
    struct asl_exec *x = sim_root(k->sim);
    const struct asl_frame *f = x->root ? find_working(k, x->root) : NULL;
    struct arena arena;
    struct error err;
    enum status status = STATUS_OK;
    if (!f)
        return;
    arena_init(&arena, 0);
    str token = asl_token_make(x, f->id, f->attempt, &arena);
    uint32_t kind = chance_below(&k->chance, 3);
    if (kind == 0)
        status = sim_send_task_success(k->sim, token, STR("[4,5]"), &err);
    else if (kind == 1)
        status = sim_send_task_failure(k->sim, token, STR("E1"), STR("by token"), &err);
    else
        status = sim_send_task_heartbeat(k->sim, token, &err);
    if (status != STATUS_OK)
        note(k, "token", err.message);
    arena_done(&arena);
}

static void turn(struct chaos *k)
{
    struct error err;
    uint32_t kind = chance_below(&k->chance, 200);
    enum status status = STATUS_OK;
    if (kind == 0)
        status = sim_stop(k->sim, STR("Stop"), STR("chance"), &err);
    else if (kind < 6)
        send_token(k);
    else if (kind < 10)
        sim_advance(k->sim, sim_now(k->sim) + 1000 * (int64_t)chance_below(&k->chance, 30));
    else
        status = sim_turn(k->sim, &err);
    if (status != STATUS_OK)
        note(k, "turn", err.message);
}

/* Turns until it has succeeded, or was redriven often enough. */
static void live(struct chaos *k)
{
    struct error err;
    int redrives = 0;
    for (int turns = 0; k->trouble.n == 0; turns++) {
        const struct asl_exec *x = sim_root(k->sim);
        if (sim_is_over(k->sim)) {
            if (x->status == ASL_EXEC_SUCCEEDED || redrives++ == REDRIVES)
                return;
            if (sim_redrive(k->sim, &err) != STATUS_OK)
                note(k, "redrive", err.message);
        } else if (turns > TURNS) {
            if (sim_stop(k->sim, STR(""), STR(""), &err) != STATUS_OK)
                note(k, "stop", err.message);
            return;
        } else {
            turn(k);
        }
    }
}

/* ---- worlds ---- */

static void check_runs(struct chaos *k)
{
    const struct asl_map_run *run;
    for (uint32_t i = 0; (run = sim_map_run(k->sim, i)) != NULL; i++) {
        const struct asl_map_counts *n = &run->items;
        if (n->pending + n->running + n->succeeded + n->failed + n->timed_out + n->aborted !=
                n->total ||
            n->running > 0 || run->children.running > 0 || run->status == ASL_MAP_RUN_IS_RUNNING)
            note(k, "map run", "its counts do not add up");
    }
}

static void open_world(struct chaos *k, uint64_t seed, bool is_plain)
{
    struct error err;
    struct asl_load_options load = {.type = ASL_STANDARD};
    memset(k, 0, sizeof(*k));
    k->chance.seed = seed * 1000003;
    k->seed = seed;
    k->is_plain = is_plain;
    buf_init(&k->text, 1 << 20);
    buf_init(&k->trouble, 1 << 24);
    random_machine(&k->chance, is_plain, &k->text);
    struct sim_options options = {.start_ms = WORLD_START,
                                  .seed = seed,
                                  .name = STR("test"),
                                  .on_step = check_step,
                                  .task = answer,
                                  .arg = k};
    options.asl.strict = chance_of(&k->chance, 30);
    if (asl_definition_load(buf_str(&k->text), &load, NULL, &k->definition, &err) != STATUS_OK) {
        note(k, "definition", err.message);
        return;
    }
    k->sim = sim_new(k->definition, ASL_STANDARD, &options);
    if (sim_start(k->sim, STR("{\"list\":[1,2,3]}"), &err) != STATUS_OK)
        note(k, "start", err.message);
}

/* Says what was wrong; false when something was. */
static bool close_world(struct chaos *k)
{
    bool is_well = k->trouble.n == 0;
    if (!is_well)
        printf("world %llu: %.*s\n  %.*s\n", (unsigned long long)k->seed,
               STR_ARG(buf_str(&k->trouble)), STR_ARG(buf_str(&k->text)));
    sim_free(k->sim);
    for (uint32_t i = 0; i < k->count; i++)
        asl_exec_free(k->twins[i].x);
    free(k->twins);
    asl_definition_unref(k->definition);
    buf_done(&k->text);
    buf_done(&k->trouble);
    return is_well;
}

static bool world(uint64_t seed, unsigned counts[6])
{
    struct chaos k;
    open_world(&k, seed, false);
    if (k.sim) {
        live(&k);
        check_runs(&k);
        counts[sim_root(k.sim)->status]++;
    }
    return close_world(&k);
}

/* To the end, through so many stops and redrives. */
static void live_stopped(struct chaos *k, int stops)
{
    struct error err;
    enum status status = STATUS_OK;
    while (k->trouble.n == 0) {
        bool was_stopped = sim_root(k->sim)->status == ASL_EXEC_ABORTED;
        if (sim_is_over(k->sim) && !was_stopped)
            return;
        if (was_stopped)
            status = sim_redrive(k->sim, &err);
        else if (stops > 0 && chance_of(&k->chance, 10) && stops-- > 0)
            status = sim_stop(k->sim, STR("Stop"), STR(""), &err);
        else
            status = sim_turn(k->sim, &err);
        if (status != STATUS_OK)
            note(k, "turn", err.message);
    }
}

static str end_of(struct chaos *k, struct buf *out)
{
    const struct asl_exec *x = sim_root(k->sim);
    buf_printf(out, "%s %.*s ", asl_status_name(x->status), STR_ARG(x->error));
    if (x->output && json_write(out, x->output->root, 0, NULL) != STATUS_OK)
        note(k, "end", "the output cannot be written");
    return buf_str(out);
}

/* The same machine twice, once in peace and once with stops and redrives: the end is the same. */
static bool two_worlds(uint64_t seed, unsigned counts[6])
{
    struct chaos peace, war;
    struct buf a, b;
    buf_init(&a, SIZE_MAX / 2);
    buf_init(&b, SIZE_MAX / 2);
    open_world(&peace, seed, true);
    open_world(&war, seed, true);
    if (peace.sim && war.sim) {
        live_stopped(&peace, 0);
        live_stopped(&war, 6);
        check_runs(&war);
        bool is_same = str_eq(end_of(&peace, &a), end_of(&war, &b));
        if (sim_root(peace.sim)->status == ASL_EXEC_FAILED) /* which branch fails first may vary */
            is_same = sim_root(war.sim)->status == ASL_EXEC_FAILED;
        if (!is_same)
            buf_printf(&war.trouble, "in peace: %.*s\nwith stops: %.*s", STR_ARG(buf_str(&a)),
                       STR_ARG(buf_str(&b)));
        counts[sim_root(peace.sim)->status]++;
    }
    bool is_well = close_world(&peace);
    is_well = close_world(&war) && is_well;
    buf_done(&a);
    buf_done(&b);
    return is_well;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void make_worlds(bool (*make)(uint64_t seed, unsigned counts[6]))
{
    uint64_t first = number_of("AFFLUX_RANDOM_FIRST", 1);
    uint64_t count = number_of("AFFLUX_RANDOM_WORLDS", 300);
    unsigned counts[6] = {0}, failed = 0;
    for (uint64_t i = 0; i < count; i++)
        failed += !make(first + i, counts);
    printf("succeeded %u, failed %u, timed out %u, aborted %u\n", counts[ASL_EXEC_SUCCEEDED],
           counts[ASL_EXEC_FAILED], counts[ASL_EXEC_TIMED_OUT], counts[ASL_EXEC_ABORTED]);
    assert_int_equal(failed, 0);
}

static void what_chance_makes_holds_together(void **state)
{
    (void)state;
    make_worlds(world);
}

static void stops_and_redrives_do_not_change_the_end(void **state)
{
    (void)state;
    make_worlds(two_worlds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_chance_makes_holds_together),
        cmocka_unit_test(stops_and_redrives_do_not_change_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
