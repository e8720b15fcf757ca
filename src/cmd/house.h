/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The house: all services of a data folder beside an engine, as every command has them that runs
 * workflows. Tables, objects, jobs and connections are rows of the same folder as the executions;
 * each is registered in house.c, and nowhere else. The wire (serve_wire.c) takes them from here.
 *
 *   house_init ─► house_fill(engine_options) ─► engine_open ─► … ─► engine_close
 */
#ifndef AFFLUX_CMD_HOUSE_H
#define AFFLUX_CMD_HOUSE_H

#include "cmd/house_sweep.h"
#include "engine/engine.h"
#include "services/events.h"
#include "services/glue/runner.h"
#include "services/s3/objects.h"

/* In ARNs, unless told. */
#define HOUSE_ACCOUNT "000000000000"
#define HOUSE_REGION "us-east-1"

enum { HOUSE_SERVICES_MAX = 8, HOUSE_SHRINK_MS = 10000 };

/* Set before house_fill. */
struct house_options {
    bool allows_scripts; /* of jobs */
    str endpoint;        /* that scripts are told of; empty: none */
    int64_t keep_ms;     /* ended executions and runs of jobs are kept so long; 0: for ever */
};

struct house {
    struct service_settings settings;
    struct house_options options;
    struct engine_service tasks[HOUSE_SERVICES_MAX]; /* what workflows may call */
    uint32_t count;
    struct events_self events;
    struct s3_self s3;
    struct s3_objects objects; /* what map runs and jobs read and write */
    struct house_sweep sweep;  /* on the first loop, like */
    struct glue_runner *jobs;
    struct store_options store;
    bool is_shrinking; /* much was deleted: room is given back before the store closes */
};

/* settings are copied, their texts are borrowed (empty: HOUSE_ACCOUNT, HOUSE_REGION); options
 * may be NULL. The house stays where it is. */
void house_init(struct house *h, const struct service_settings *settings,
                const struct house_options *options);
/* The services, objects and hooks of an engine's options. Whoever sets loop_opened and loop_closing
 * himself afterwards calls house_opened and house_closing there. */
void house_fill(struct house *h, struct engine_options *o);

/* On each loop, when its engine stands, and before it goes. */
NODISCARD enum status house_opened(struct house *h, struct engine *e, struct error *err);
void house_closing(struct house *h, struct engine *e);

#endif
