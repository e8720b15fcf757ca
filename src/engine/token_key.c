/* SPDX-License-Identifier: Apache-2.0 */
/* The key of task tokens: drawn once, durable before the first token is given away. */
#include "engine/token_key.h"
#include "base/arena.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <unistd.h>

static enum status key_error(struct error *err, const char *path, const char *what)
{
    return error_set(err, STATUS_IO, "EngineKey", "%s: %s", path, what);
}

/* A token that was given away must still be good after a power cut. */
static bool write_key(const char *folder, const char *part, const char *path,
                      uint8_t key[ASL_TOKEN_KEY_BYTES])
{
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_made = file >= 0 && RAND_bytes(key, ASL_TOKEN_KEY_BYTES) == 1 &&
                   write(file, key, ASL_TOKEN_KEY_BYTES) == ASL_TOKEN_KEY_BYTES && fsync(file) == 0;
    if (file >= 0)
        close(file);
    is_made = is_made && rename(part, path) == 0;
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    is_made = dir >= 0 && is_made && fsync(dir) == 0;
    if (dir >= 0)
        close(dir);
    return is_made;
}

static enum status read_key(FILE *f, const char *path, uint8_t key[ASL_TOKEN_KEY_BYTES],
                            struct error *err)
{
    size_t n = fread(key, 1, ASL_TOKEN_KEY_BYTES, f);
    fclose(f);
    return n == ASL_TOKEN_KEY_BYTES ? STATUS_OK : key_error(err, path, "the key is cut off");
}

enum status engine_read_key(str folder, uint8_t key[ASL_TOKEN_KEY_BYTES], struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    char *path = arena_cstr(&a, arena_printf(&a, "%.*s/token.key", STR_ARG(folder)));
    char *part = arena_cstr(&a, arena_printf(&a, "%s.new", path));
    enum status status = STATUS_OK;
    FILE *f = fopen(path, "rb");
    if (f)
        status = read_key(f, path, key, err);
    else if (errno != ENOENT)
        status = key_error(err, path, "the key cannot be opened");
    else if (!write_key(arena_cstr(&a, folder), part, path, key))
        status = key_error(err, path, "the key cannot be made");
    arena_done(&a);
    return status;
}
