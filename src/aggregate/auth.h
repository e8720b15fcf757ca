/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --auth says, and the connection that is made of it. A secret is named, never written: by a
 * variable of the environment or a file, which whoever calls this reads.
 */
#ifndef AFFLUX_AGGREGATE_AUTH_H
#define AFFLUX_AGGREGATE_AUTH_H

#include "base/buf.h"
#include "base/error.h"

enum auth_kind { AUTH_NONE, AUTH_API_KEY, AUTH_BASIC, AUTH_OAUTH };

struct auth {
    enum auth_kind kind;
    str name;     /* of the header, of the user, or the client's ID */
    bool is_file; /* the secret is in a file, not in a variable */
    str secret;   /* the variable or path; a slice of what was read, up to its end */
};

/* STATUS_INVALID "Config", without a word of the text: it may have a secret in it. */
NODISCARD enum status auth_read(str how, struct auth *ret, struct error *err);

/* Appends what CreateConnection takes. token_url and scope: of AUTH_OAUTH; scope may be empty. */
void auth_put_connection(const struct auth *auth, str name, str secret, str token_url, str scope,
                         struct buf *out);

#endif
