/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State machines as they are kept beside their definitions: revisions, versions and aliases, as
 * JSON in the properties of a machine's row and in things of the service "states":
 *
 *   revision/MACHINE/REVISION     a revision that an execution or version may have
 *   version/MACHINE/NUMBER        a published version; newest first, as the number is counted down
 *   alias/MACHINE/NAME
 *
 * MACHINE is the id of the row, so that a machine of the same name made later has none of them.
 */
#ifndef AFFLUX_ENGINE_MACHINE_H
#define AFFLUX_ENGINE_MACHINE_H

#include "store/tx.h"

struct engine;

#define MACHINE_SERVICE STR("states")
enum { MACHINE_HASH_BYTES = 32 /* SHA-256 of a definition's text */ };

/* What an update changes all at once. Configurations are JSON texts, empty where none was given. */
struct machine_revision {
    int64_t id, definition;
    str uuid; /* empty: the machine was never updated before it */
    str role_arn, logging, tracing, encryption;
    int64_t created_ms;
};

struct machine_properties {
    struct machine_revision revision; /* the present one; its definition is the row's */
    bool is_published;                /* with its creation, */
    str description;                  /* as this version */
    uint32_t last_version;            /* numbers are not used again */
    bool is_deleting;
};

struct machine_version {
    uint32_t number;
    int64_t revision;
    str description;
    int64_t created_ms;
};

enum { MACHINE_ROUTES = 2 };

struct machine_alias {
    str description;
    uint32_t versions[MACHINE_ROUTES], weights[MACHINE_ROUTES], route_count;
    int64_t created_ms, updated_ms;
};

/* 1 to 80 characters, none of those that AWS excludes from names. */
bool machine_is_name(str name);

/* Empty properties are those of a machine that nobody created by the API. STATUS_CORRUPT. */
NODISCARD enum status machine_properties_read(const struct store_machine *m, struct arena *a,
                                              struct machine_properties *ret, struct error *err);
str machine_properties_write(const struct machine_properties *p, struct arena *a);

NODISCARD enum status machine_find_revision(struct store_reader *r, int64_t machine,
                                            int64_t revision, struct arena *a,
                                            struct machine_revision *ret, struct error *err);
NODISCARD enum status machine_put_revision(struct store_tx *tx, int64_t machine,
                                           const struct machine_revision *v, struct arena *a,
                                           struct error *err);

/* Names of things, and bodies read and written. STATUS_NOT_FOUND when there is none. */
str machine_version_thing(int64_t machine, uint32_t number, struct arena *a);
NODISCARD enum status machine_find_version(struct store_reader *r, int64_t machine, uint32_t number,
                                           struct arena *a, struct machine_version *ret,
                                           struct error *err);
str machine_version_write(const struct machine_version *v, struct arena *a);
str machine_alias_thing(int64_t machine, str name, struct arena *a);
NODISCARD enum status machine_find_alias(struct store_reader *r, int64_t machine, str name,
                                         struct arena *a, struct machine_alias *ret,
                                         struct error *err);
str machine_alias_write(const struct machine_alias *v, struct arena *a);

/* What an execution of NAME, NAME:VERSION or NAME:ALIAS runs. Texts lie in the arena. */
struct machine_target {
    struct store_machine machine; /* definition: of the revision */
    int64_t revision;             /* 0: none is kept */
    str role_arn;                 /* empty: none is known */
    str origin;                   /* for store_execution: {"version":1,"alias":"…"}, or empty */
};
/* "StateMachineDoesNotExist", "StateMachineDeleting". */
NODISCARD enum status machine_find_target(struct engine *e, str qualified, struct arena *a,
                                          struct machine_target *ret, struct error *err);

/* What store_execution.origin says. */
struct machine_origin {
    uint32_t version; /* 0: none */
    str alias;
};
struct machine_origin machine_origin_read(str origin, struct arena *a);

#endif
