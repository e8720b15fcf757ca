/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection as it is kept: what may be seen, and what is sealed.
 *
 * Bytes: version (1), length of the open part (4, little endian), the open part as a JSON object,
 * the sealed part (services/secret_box.h, bound to the ARN). The sealed part is the JSON object
 * {"AuthorizationType", "AuthParameters"} with everything that calls are made of, so nobody who
 * only writes to the store can send the secrets elsewhere. The open part repeats it without
 * secrets.
 */
#ifndef AFFLUX_SERVICES_CONNECTION_RECORD_H
#define AFFLUX_SERVICES_CONNECTION_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "json/value.h"
#include "services/secret_box.h"

#define CONNECTION_MAX_RECORD ((size_t)4 << 20) /* bytes */

/* Texts are empty and times 0 where there is none. */
struct connection_record {
    str arn, name, description, state, state_reason, type, secret_arn, kms_key;
    int64_t created_ms, modified_ms, authorized_ms;
    int64_t revision;     /* one more with each change of its parameters */
    struct json_val auth; /* AuthParameters without secrets; undefined: none */
    str sealed;           /* empty: none */
};

/* Values lie in the arena, sealed in bytes. STATUS_CORRUPT "ConnectionRecord". */
NODISCARD enum status connection_record_read(struct arena *arena, str bytes,
                                             struct connection_record *ret, struct error *err);
/* Appends the bytes. STATUS_LIMIT "LimitExceededException". */
NODISCARD enum status connection_record_write(const struct connection_record *r, struct buf *out,
                                              struct error *err);

/* The name within the ARN of a connection, with or without its id; empty when it is none. */
str connection_name_of(str arn);

/* ---- parameters, with and without secrets ---- */

/* What of AuthParameters is known to the shape of connections. is_open: without Password,
 * ApiKeyValue, ClientSecret and the Value of parameters whose IsValueSecret is true. */
struct json_val connection_auth_copy(struct arena *arena, struct json_val auth, bool is_open);
/* Parameters with those of a change over them: members one by one, lists as wholes. A secret
 * parameter of a list that comes without Value keeps the one it had. */
struct json_val connection_auth_merge(struct arena *arena, struct json_val old,
                                      struct json_val change);

/* Sets auth and sealed of r from its type and parameters; sealed lies in the arena. */
NODISCARD enum status connection_record_seal(const struct secret_box *box, struct arena *arena,
                                             struct json_val auth, struct connection_record *r,
                                             struct error *err);
/* The parameters with all secrets, in the arena, and their type. */
NODISCARD enum status connection_record_unseal(const struct secret_box *box, struct arena *arena,
                                               const struct connection_record *r, str *ret_type,
                                               struct json_val *ret_auth, struct error *err);

#endif
