/* SPDX-License-Identifier: Apache-2.0 */
/* Children of a map run on other loops (map_guest.c); nothing here is used where there is one. */
#ifndef AFFLUX_ENGINE_MAP_GUEST_H
#define AFFLUX_ENGINE_MAP_GUEST_H

#include "engine/map_internal.h"
#include "engine/team.h"

/* ---- at home ---- */

/* The shard of the next new child: children are dealt out one by one, so that a few large ones
 * keep all loops busy. */
uint32_t map_guest_shard(struct map_run *r);
/* Children in the memory of other loops, or on their way there. */
uint32_t map_guest_in_memory(const struct map_run *r);
/* A child that runs on another loop, until its end was counted. */
bool map_guest_is_away(const struct map_run *r, int64_t id);
void map_guest_remember(struct map_run *r, const struct store_execution *row);
void map_guest_forget(struct map_run *r, int64_t id);
/* The first item of the earliest of these; UINT64_MAX. */
uint64_t map_guest_earliest(const struct map_run *r);
/* Has one of them no row yet? */
bool map_guest_is_beginning(const struct map_run *r);
/* To the loop of its shard. */
void map_guest_begin(struct map_run *r, const struct store_execution *row,
                     const struct asl_identity *who, str input);
void map_guest_again(struct map_run *r, const struct store_execution *row);
void map_guest_stop_all(const struct map_run *r);
void map_guest_over_all(const struct map_run *r);

/* ---- of a guest ---- */

/* A child has ended (durably), or could not be begun. */
void map_guest_tell(struct map_run *r, const struct map_report *entry);
void map_guest_pump(struct map_run *r);
/* A child was read back whose run has its home on another loop: it has a guest now, and home is
 * told. */
void map_guest_resumed(struct engine_execution *ex, const struct store_map_run *row, uint32_t home,
                       uint32_t shard);

#endif
