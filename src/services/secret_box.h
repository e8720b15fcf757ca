/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets at rest: AES-256-GCM with the key of one data folder. The key lies in a file of its own,
 * 32 random bytes, readable by its owner alone. What is sealed is bound to a name (the ARN of what
 * it belongs to): moved elsewhere, it does not open.
 *
 * Sealed bytes: version (1), nonce (12, random), tag (16), ciphertext. The version is authenticated
 * with the name.
 */
#ifndef AFFLUX_SERVICES_SECRET_BOX_H
#define AFFLUX_SERVICES_SECRET_BOX_H

#include "base/buf.h"
#include "base/error.h"

enum {
    SECRET_KEY_BYTES = 32,
    SECRET_NONCE_BYTES = 12,
    SECRET_TAG_BYTES = 16,
    SECRET_OVERHEAD = 1 + SECRET_NONCE_BYTES + SECRET_TAG_BYTES,
    SECRET_MAX_BYTES = 4 << 20, /* of one secret */
};

struct secret_box {
    unsigned char key[SECRET_KEY_BYTES];
};

/* Reads the key file; makes it, mode 0600 and on disk, when there is none. Two processes that make
 * it at once get the same key. STATUS_INVALID "KeyFile" when others may read or write it, when it
 * belongs to someone else, or when it does not hold a key; STATUS_IO "KeyFile" else. */
NODISCARD enum status secret_box_open(const char *path, struct secret_box *ret, struct error *err);
/* A key that lives only in this process. */
NODISCARD enum status secret_box_random(struct secret_box *ret, struct error *err);
void secret_box_done(struct secret_box *box);

/* Appends the sealed bytes. STATUS_LIMIT "SecretTooLarge", STATUS_UNAVAILABLE "Random". */
NODISCARD enum status secret_seal(const struct secret_box *box, str plain, str bound_to,
                                  struct buf *out, struct error *err);
/* Appends the secret; whoever is done with it calls secret_wipe. STATUS_CORRUPT "SecretUnreadable"
 * when key, name or bytes are not those of the sealing; nothing is appended then. */
NODISCARD enum status secret_unseal(const struct secret_box *box, str sealed, str bound_to,
                                    struct buf *out, struct error *err);

/* Overwrites and frees the bytes. */
void secret_wipe(struct buf *b);
/* Overwrites bytes in place. */
void secret_clear(void *p, size_t n);

#endif
