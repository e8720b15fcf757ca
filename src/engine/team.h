/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops of a process, and how they speak to each other. Each has an engine of its own, with the
 * executions of its shards, and touches nothing of another's. What they share lies in struct
 * engine_team and does not change while they run; what one has to tell another goes as a mail,
 * which is bytes.
 *
 * A mail is not durable. What must arrive is a row of the inbox, and the mail only says so.
 */
#ifndef AFFLUX_ENGINE_TEAM_H
#define AFFLUX_ENGINE_TEAM_H

#include "engine/engine_internal.h"

/* What a loop and the store's thread call, and mails go through; lives as long as anybody may. */
struct engine_door {
    struct engine *engine; /* on its loop's thread only; NULL: closed */
    struct loop *loop;
    atomic_uint references;
    struct loop_task turn, taken;
    bool is_turn_asked;
    atomic_bool is_taken_asked;
};
void engine_door_unref(struct engine_door *door);
static inline void engine_door_ref(struct engine_door *door)
{
    atomic_fetch_add(&door->references, 1);
}

/* Lies at the front of what is sent. take(e, mail) is called once on the loop it is sent to and
 * frees it; with e NULL when that loop's engine is closed, and then it only frees. */
struct engine_mail {
    struct loop_task task;
    struct engine_door *door;
    void (*take)(struct engine *e, struct engine_mail *mail);
};
/* Texts of a mail lie behind its struct: copies one to *at, which moves on. */
static inline str engine_mail_text(char **at, str text)
{
    str copy = {*at, text.n};
    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return copy;
}

/* Mails from one loop to another keep their order. */
void engine_mail_send(struct engine *from, uint32_t to, struct engine_mail *mail);

/* What it did so far, for other loops to see. */
void engine_publish(const struct engine *e);

enum { ENGINE_MAX_LOOPS = 64 };

struct engine_team {
    struct store *store;
    bool has_told_store;           /* store_opened was called, and is content */
    struct engine_options options; /* with texts of its own */
    struct arena arena;
    uint8_t token_key[ASL_TOKEN_KEY_BYTES];
    int64_t clock_base_ms, clock_start_ms;
    uint32_t count;
    struct engine_member *members;
};

/* The loop that a shard belongs to: blocks of equal size. */
static inline uint32_t engine_owner(const struct engine *e, uint32_t shard)
{
    return shard * e->team->count / STORE_SHARDS;
}
static inline bool engine_owns(const struct engine *e, uint32_t shard)
{
    return engine_owner(e, shard) == e->number;
}
/* All that belong to a loop; to this one. */
struct store_shards engine_shards_of(const struct engine *e, uint32_t loop);
static inline struct store_shards engine_shards(const struct engine *e)
{
    return engine_shards_of(e, e->number);
}

#endif
