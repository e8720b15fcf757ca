/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of a map run on other loops than its own. The run's loop is its home: it finds the
 * items, decides which child begins, and counts. What another loop has is a guest: it knows enough
 * of the run to begin, keep and stop children there, and tells home of them.
 *
 *   home ── child, again, stop, over ──► guest
 *        ◄── report, resumed ──────────
 *
 * Home remembers whom it has sent away until it hears of their end. An end of a child that it does
 * not remember is not counted: it was seen in the child's row when the run was counted, because the
 * row comes first. So mails that a crash takes, or that cross a count, change no number.
 */
#include "engine/map_guest.h"
#include "json/parse.h"
#include <stdlib.h>

/* ---- who is where ---- */

uint32_t map_guest_shard(struct map_run *r)
{
    const struct engine *e = r->all->engine;
    uint32_t loops = e->team->count, number = r->dealt++, loop = (e->number + number) % loops;
    if (loop == e->number)
        return r->shard;
    struct store_shards shards = engine_shards_of(e, loop);
    return shards.first + number / loops % (shards.last - shards.first + 1);
}

uint32_t map_guest_in_memory(const struct map_run *r)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; r->loops && i < r->all->engine->team->count; i++)
        sum += r->loops[i].in_memory + (r->loops[i].sent - r->loops[i].received);
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static struct map_loop *loop_of(struct map_run *r, uint32_t loop)
{
    if (!r->loops) {
        r->loops = calloc(r->all->engine->team->count, sizeof(*r->loops));
        check(r->loops != NULL);
    }
    return &r->loops[loop];
}

bool map_guest_is_away(const struct map_run *r, int64_t id)
{
    return idmap_get(&r->away, (uint64_t)id) != NULL;
}

void map_guest_remember(struct map_run *r, const struct store_execution *row)
{
    if (!map_guest_is_away(r, row->id))
        idmap_put(&r->away, (uint64_t)row->id, (void *)(uintptr_t)(row->map_index + 1));
}

void map_guest_forget(struct map_run *r, int64_t id)
{
    idmap_remove(&r->away, (uint64_t)id);
}

uint64_t map_guest_earliest(const struct map_run *r)
{
    uint64_t ret = UINT64_MAX;
    const void *value;
    for (uint32_t at = 0; (value = idmap_next(&r->away, &at)) != NULL;) {
        uint64_t index = (uint64_t)(uintptr_t)value - 1;
        ret = index < ret ? index : ret;
    }
    return ret;
}

bool map_guest_is_beginning(const struct map_run *r)
{
    struct store_reader *reader = r->all->engine->reader;
    const void *value;
    bool ret = false;
    for (uint32_t at = 0; !ret && (value = idmap_next(&r->away, &at)) != NULL;) {
        struct store_execution row;
        struct arena a;
        struct error err;
        arena_init(&a, 0);
        ret = store_find_child(reader, r->row.id, (uint64_t)(uintptr_t)value - 1, &a, &row, &err) !=
              STATUS_OK;
        arena_done(&a);
    }
    return ret;
}

/* ---- guests ---- */

/* What a guest is made of; numbers, so that it can go in any mail. */
struct guest_facts {
    int64_t run, execution, machine, definition;
    uint32_t home, shard, frame, state;
};

static struct guest_facts facts_of(const struct map_run *r)
{
    return (struct guest_facts){.run = r->row.id,
                                .execution = r->row.execution,
                                .machine = r->machine,
                                .definition = r->definition,
                                .home = r->all->engine->number,
                                .shard = r->shard,
                                .frame = r->row.frame,
                                .state = r->state->number};
}

/* The guest of this run; NULL with an error when its definition cannot be read. */
static struct map_run *guest_get(struct engine *e, const struct guest_facts *f, struct error *err)
{
    struct asl_definition *d;
    struct map_run *r = map_run_find(e, f->run);
    if (r) {
        r->is_over_at_home = false;
        return r;
    }
    if (engine_definition_get(e, f->definition, ASL_STANDARD, &d, err) != STATUS_OK)
        return NULL;
    if (f->state >= d->state_count || d->states[f->state]->type != ASL_MAP) {
        error_set(err, STATUS_CORRUPT, "MapRunCorrupt", "a map run's state is not a Map");
        return NULL;
    }
    r = map_run_blank(e->maps, asl_definition_ref(d), d->states[f->state]);
    r->is_guest = true;
    r->home = f->home;
    r->shard = f->shard;
    r->machine = f->machine;
    r->definition = f->definition;
    r->row.id = f->run;
    r->row.execution = f->execution;
    r->row.frame = f->frame;
    return r;
}

/* ---- what guests tell ---- */

struct report_mail {
    struct engine_mail mail;
    int64_t run;
    uint64_t received;
    uint32_t from, in_memory, count;
    struct map_report entries[];
};

static void take_report(struct engine *e, struct engine_mail *mail)
{
    struct report_mail *m = (struct report_mail *)(void *)mail;
    struct map_run *r = e && e->maps ? map_run_find(e, m->run) : NULL;
    if (!r || r->is_guest) {
        free(m);
        return;
    }
    struct map_loop *loop = loop_of(r, m->from);
    loop->received = m->received;
    loop->in_memory = m->in_memory;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct map_report *entry = &m->entries[i];
        bool was_away = map_guest_is_away(r, entry->id);
        map_guest_forget(r, entry->id);
        if (was_away && !entry->is_refused) {
            map_child_counted(r, entry->items, entry->status);
        } else if (was_away) {
            r->is_stale = true;
            map_run_ask_later(r);
        }
    }
    map_run_ask(r);
    free(m);
}

static void report(struct map_run *r)
{
    struct report_mail *m = malloc(sizeof(*m) + r->report_count * sizeof(m->entries[0]));
    check(m != NULL);
    *m = (struct report_mail){.mail.take = take_report,
                              .run = r->row.id,
                              .received = r->received,
                              .from = r->all->engine->number,
                              .in_memory = r->in_memory,
                              .count = r->report_count};
    if (r->report_count > 0)
        memcpy(m->entries, r->reports, r->report_count * sizeof(m->entries[0]));
    r->report_count = 0;
    engine_mail_send(r->all->engine, r->home, &m->mail);
}

void map_guest_tell(struct map_run *r, const struct map_report *entry)
{
    if (r->report_count == r->report_cap) {
        r->report_cap = r->report_cap ? r->report_cap * 2 : 16;
        r->reports = realloc(r->reports, r->report_cap * sizeof(*r->reports));
        check(r->reports != NULL);
    }
    r->reports[r->report_count++] = *entry;
    map_run_ask(r);
}

void map_guest_pump(struct map_run *r)
{
    if (r->is_cancelled && !map_children_stop(r))
        map_run_ask(r);
    report(r);
    if (r->is_over_at_home && r->in_memory == 0 && !map_store_has(r))
        map_run_free(r);
}

/* ---- a child that begins ---- */

struct child_mail {
    struct engine_mail mail;
    struct guest_facts facts;
    struct store_execution row;
    struct asl_identity who; /* texts behind the struct, like the input */
    str input;
};

static void refuse(struct engine *e, const struct guest_facts *f, int64_t id)
{
    struct report_mail *m = malloc(sizeof(*m) + sizeof(m->entries[0]));
    check(m != NULL);
    *m = (struct report_mail){
        .mail.take = take_report, .run = f->run, .from = e->number, .count = 1};
    m->entries[0] = (struct map_report){.id = id, .is_refused = true};
    engine_mail_send(e, f->home, &m->mail);
}

static void take_child(struct engine *e, struct engine_mail *mail)
{
    struct child_mail *m = (struct child_mail *)(void *)mail;
    struct error err;
    struct map_run *r = e && e->maps ? guest_get(e, &m->facts, &err) : NULL;
    if (r) {
        r->received++;
        map_child_begin_here(r, &m->row, &m->who, m->input);
    } else if (e && e->maps) {
        refuse(e, &m->facts, m->row.id);
    }
    free(m);
}

void map_guest_begin(struct map_run *r, const struct store_execution *row,
                     const struct asl_identity *who, str input)
{
    struct engine *e = r->all->engine;
    uint32_t to = engine_owner(e, row->shard);
    size_t n = who->id.n + who->name.n + who->role_arn.n + who->state_machine_id.n +
               who->state_machine_name.n + input.n;
    struct child_mail *m = malloc(sizeof(*m) + n);
    check(m != NULL);
    *m = (struct child_mail){
        .mail.take = take_child, .facts = facts_of(r), .row = *row, .who = *who};
    m->row.name = m->row.error = m->row.cause = (str){0};
    char *at = (char *)(m + 1);
    m->who.id = engine_mail_text(&at, who->id);
    m->who.name = engine_mail_text(&at, who->name);
    m->who.role_arn = engine_mail_text(&at, who->role_arn);
    m->who.state_machine_id = engine_mail_text(&at, who->state_machine_id);
    m->who.state_machine_name = engine_mail_text(&at, who->state_machine_name);
    m->input = engine_mail_text(&at, input);
    map_guest_remember(r, row);
    loop_of(r, to)->sent++;
    engine_mail_send(e, to, &m->mail);
}

/* ---- a Standard child that goes on after it failed ---- */

struct again_mail {
    struct engine_mail mail;
    struct guest_facts facts;
    int64_t id;
};

static void take_again(struct engine *e, struct engine_mail *mail)
{
    struct again_mail *m = (struct again_mail *)(void *)mail;
    struct error err;
    struct map_run *r = e && e->maps ? guest_get(e, &m->facts, &err) : NULL;
    if (r) {
        r->received++;
        map_run_ask(r);
    }
    if (e && e->maps && (!r || map_child_again_here(r, m->id, &err) != STATUS_OK))
        refuse(e, &m->facts, m->id);
    free(m);
}

void map_guest_again(struct map_run *r, const struct store_execution *row)
{
    struct engine *e = r->all->engine;
    uint32_t to = engine_owner(e, row->shard);
    struct again_mail *m = malloc(sizeof(*m));
    check(m != NULL);
    *m = (struct again_mail){.mail.take = take_again, .facts = facts_of(r), .id = row->id};
    map_guest_remember(r, row);
    loop_of(r, to)->sent++;
    engine_mail_send(e, to, &m->mail);
}

/* ---- to all loops: children are to stop, the run is over ---- */

struct word_mail {
    struct engine_mail mail;
    struct guest_facts facts;
};

static void take_stop(struct engine *e, struct engine_mail *mail)
{
    struct word_mail *m = (struct word_mail *)(void *)mail;
    struct error err;
    struct map_run *r = e && e->maps ? guest_get(e, &m->facts, &err) : NULL;
    if (r) { /* else its children are stopped when they are read, as nobody waits for them */
        r->is_cancelled = true;
        r->is_stopped = r->is_all_stopped = false;
        r->stop_from = 0;
        map_run_ask(r);
    }
    free(m);
}

static void take_over(struct engine *e, struct engine_mail *mail)
{
    struct word_mail *m = (struct word_mail *)(void *)mail;
    struct map_run *r = e && e->maps ? map_run_find(e, m->facts.run) : NULL;
    if (r && r->is_guest) {
        r->is_over_at_home = true;
        map_run_ask(r);
    }
    free(m);
}

static void tell_all(const struct map_run *r, void (*take)(struct engine *, struct engine_mail *))
{
    struct engine *e = r->all->engine;
    for (uint32_t i = 0; i < e->team->count; i++) {
        if (i == e->number)
            continue;
        struct word_mail *m = malloc(sizeof(*m));
        check(m != NULL);
        *m = (struct word_mail){.mail.take = take, .facts = facts_of(r)};
        engine_mail_send(e, i, &m->mail);
    }
}

void map_guest_stop_all(const struct map_run *r)
{
    tell_all(r, take_stop);
}

void map_guest_over_all(const struct map_run *r)
{
    tell_all(r, take_over);
}

/* ---- a child that was read back ---- */

static void take_resumed(struct engine *e, struct engine_mail *mail)
{
    struct word_mail *m = (struct word_mail *)(void *)mail;
    if (e && e->maps)
        map_run_resume(e, m->facts.run);
    free(m);
}

void map_guest_resumed(struct engine_execution *ex, const struct store_map_run *row, uint32_t home,
                       uint32_t shard)
{
    struct engine *e = ex->engine;
    struct map_run_state s;
    struct error err;
    if (map_run_state_read(row->state, &s, &err) != STATUS_OK)
        return;
    struct guest_facts facts = {.run = row->id,
                                .execution = row->execution,
                                .machine = ex->row.machine,
                                .definition = ex->row.definition,
                                .home = home,
                                .shard = shard,
                                .frame = row->frame,
                                .state = s.state};
    if (!guest_get(e, &facts, &err))
        return;
    engine_map_child_joins(ex);
    struct word_mail *m = malloc(sizeof(*m));
    check(m != NULL);
    *m = (struct word_mail){.mail.take = take_resumed, .facts = facts};
    engine_mail_send(e, home, &m->mail);
}
