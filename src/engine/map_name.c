/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The permutation is a Feistel network of eight rounds over two halves of 61 bits, with AES as its
 * function: 122 bits are what version and variant leave of a UUID.
 */
#include "engine/map_name.h"
#include "base/check.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { ROUNDS = 8, BLOCK_BYTES = 16, DIGEST_BYTES = 32 };
#define HALF_MASK ((UINT64_C(1) << 61) - 1)

struct map_namer {
    EVP_CIPHER_CTX *cipher;
};

struct map_namer *map_namer_new(const uint8_t token_key[ASL_TOKEN_KEY_BYTES])
{
    static const char what[] = "names of map children";
    uint8_t key[DIGEST_BYTES];
    unsigned n = 0;
    struct map_namer *namer = calloc(1, sizeof(*namer));
    check(namer != NULL);
    check(HMAC(EVP_sha256(), token_key, ASL_TOKEN_KEY_BYTES, (const uint8_t *)what,
               sizeof(what) - 1, key, &n));
    namer->cipher = EVP_CIPHER_CTX_new();
    check(namer->cipher != NULL);
    check(EVP_EncryptInit_ex(namer->cipher, EVP_aes_128_ecb(), NULL, key, NULL) == 1);
    check(EVP_CIPHER_CTX_set_padding(namer->cipher, 0) == 1);
    return namer;
}

void map_namer_free(struct map_namer *n)
{
    if (!n)
        return;
    EVP_CIPHER_CTX_free(n->cipher);
    free(n);
}

/* ---- the permutation ---- */

static uint64_t scramble(struct map_namer *n, uint64_t half, int round)
{
    uint8_t in[BLOCK_BYTES] = {0}, out[BLOCK_BYTES];
    int written = 0;
    for (int i = 0; i < 8; i++)
        in[i] = (uint8_t)(half >> (8 * i));
    in[8] = (uint8_t)round;
    check(EVP_EncryptUpdate(n->cipher, out, &written, in, BLOCK_BYTES) == 1 &&
          written == BLOCK_BYTES);
    uint64_t ret = 0;
    for (int i = 0; i < 8; i++)
        ret |= (uint64_t)out[i] << (8 * i);
    return ret & HALF_MASK;
}

static void permute(struct map_namer *n, uint64_t *left, uint64_t *right)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t old = *right;
        *right = *left ^ scramble(n, old, round);
        *left = old;
    }
}

static void permute_back(struct map_namer *n, uint64_t *left, uint64_t *right)
{
    for (int round = ROUNDS; round-- > 0;) {
        uint64_t old = *left;
        *left = *right ^ scramble(n, old, round);
        *right = old;
    }
}

/* ---- as text ---- */

static bool is_dash_at(int position)
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

void map_name_make(struct map_namer *n, int64_t map_run, uint64_t index, char ret[MAP_NAME_BYTES])
{
    uint64_t left = (uint64_t)map_run, right = index;
    check(left <= HALF_MASK && right <= HALF_MASK);
    permute(n, &left, &right);
    uint64_t bits = left >> 1; /* 60 of them, around the version */
    uint64_t words[2] = {(bits & ~UINT64_C(0xFFF)) << 4 | 0x3000 | (bits & 0xFFF),
                         UINT64_C(1) << 63 | (left & 1) << 61 | right};
    for (int i = 0, digit = 0; i < MAP_NAME_BYTES; i++) {
        if (is_dash_at(i)) {
            ret[i] = '-';
            continue;
        }
        ret[i] = "0123456789abcdef"[words[digit / 16] >> (60 - 4 * (digit % 16)) & 15];
        digit++;
    }
}

bool map_name_read(struct map_namer *n, str name, int64_t *ret_map_run, uint64_t *ret_index)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t words[2] = {0};
    if (name.n != MAP_NAME_BYTES)
        return false;
    for (int i = 0, digit = 0; i < MAP_NAME_BYTES; i++) {
        if (is_dash_at(i) != (name.p[i] == '-'))
            return false;
        if (name.p[i] == '-')
            continue;
        const char *at = name.p[i] ? strchr(digits, name.p[i]) : NULL;
        if (!at)
            return false;
        words[digit / 16] = words[digit / 16] << 4 | (uint64_t)(at - digits);
        digit++;
    }
    if ((words[0] & 0xF000) != 0x3000 || words[1] >> 62 != 2)
        return false;
    uint64_t left = ((words[0] >> 4 & ~UINT64_C(0xFFF)) | (words[0] & 0xFFF)) << 1;
    left |= words[1] >> 61 & 1;
    uint64_t right = words[1] & HALF_MASK;
    permute_back(n, &left, &right);
    *ret_map_run = (int64_t)left;
    *ret_index = right;
    return true;
}
