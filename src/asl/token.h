/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are derived and not drawn, so that they need no table: task tokens, which say whose
 * task they are and cannot be made up without the key, and UUIDs of map runs and their children.
 */
#ifndef AFFLUX_ASL_TOKEN_H
#define AFFLUX_ASL_TOKEN_H

#include "asl/exec.h"

enum { ASL_TOKEN_MAX = 2048 };

/* The token of a frame's attempt; text in the arena. */
str asl_token_make(const struct asl_exec *x, uint32_t frame, uint32_t attempt, struct arena *a);

struct asl_token {
    str execution; /* ARN */
    uint32_t frame, attempt;
};

/* Reads a token back. STATUS_INVALID "InvalidToken" when it is none or another key made it. */
NODISCARD enum status asl_token_read(str text, const uint8_t key[ASL_TOKEN_KEY_BYTES],
                                     struct arena *a, struct asl_token *ret, struct error *err);

/* A name-based UUID (RFC 4122, version 3 form) of a text and two numbers; 36 bytes. */
str asl_uuid_of(str text, uint64_t first, uint64_t second, struct arena *a);

#endif
