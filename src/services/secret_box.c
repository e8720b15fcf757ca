/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM by OpenSSL, and the key file. A new key is written beside its place and linked there,
 * so that no half of a key is ever found, and the second of two makers takes the first one's.
 */
#include "services/secret_box.h"

#include "base/check.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_VERSION = 1, KEY_PATH_MAX = 4096 };

void secret_clear(void *p, size_t n)
{
    if (n > 0)
        OPENSSL_cleanse(p, n);
}

void secret_wipe(struct buf *b)
{
    secret_clear(b->p, b->n);
    buf_done(b);
}

void secret_box_done(struct secret_box *box)
{
    secret_clear(box, sizeof *box);
}

enum status secret_box_random(struct secret_box *ret, struct error *err)
{
    if (RAND_priv_bytes(ret->key, sizeof ret->key) != 1)
        return error_set(err, STATUS_UNAVAILABLE, "Random", "no random bytes from the system");
    return STATUS_OK;
}

/* ---- the key file ---- */

static enum status key_io(struct error *err, const char *path, const char *what)
{
    return error_set(err, STATUS_IO, "KeyFile", "cannot %s the key file %s (error %d)", what, path,
                     errno);
}

static enum status check_key_file(int fd, const char *path, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return key_io(err, path, "examine");
    if (!S_ISREG(st.st_mode))
        return error_set(err, STATUS_INVALID, "KeyFile", "the key file %s is not a file", path);
    if (st.st_mode & 077)
        return error_set(err, STATUS_INVALID, "KeyFile",
                         "the key file %s is open to others (mode %04o): make it 0600", path,
                         (unsigned)(st.st_mode & 07777));
    if (st.st_uid != geteuid())
        return error_set(err, STATUS_INVALID, "KeyFile", "the key file %s belongs to another user",
                         path);
    if (st.st_size != SECRET_KEY_BYTES)
        return error_set(err, STATUS_INVALID, "KeyFile", "the key file %s does not hold a key",
                         path);
    return STATUS_OK;
}

/* STATUS_NOT_FOUND when there is none. */
static enum status read_key_file(const char *path, struct secret_box *ret, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return error_set(err, STATUS_NOT_FOUND, "KeyFile", "there is no key file %s", path);
    if (fd < 0)
        return key_io(err, path, "open");
    enum status status = check_key_file(fd, path, err);
    if (status == STATUS_OK && read(fd, ret->key, sizeof ret->key) != SECRET_KEY_BYTES)
        status = key_io(err, path, "read");
    (void)close(fd);
    return status;
}

static bool write_key(int fd, const struct secret_box *box)
{
    return write(fd, box->key, sizeof box->key) == SECRET_KEY_BYTES && fsync(fd) == 0;
}

/* The entry of a new file is durable once its folder is. */
static bool sync_folder_of(const char *path)
{
    char folder[KEY_PATH_MAX];
    size_t slash = str_rfind_byte(str_of(path), '/');
    if (slash == STR_NONE || slash >= sizeof folder)
        (void)snprintf(folder, sizeof folder, ".");
    else
        (void)snprintf(folder, sizeof folder, "%.*s", slash == 0 ? 1 : (int)slash, path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_synced = fsync(fd) == 0;
    (void)close(fd);
    return is_synced;
}

static enum status make_key_file(const char *path, struct error *err)
{
    struct secret_box box;
    char temporary[KEY_PATH_MAX];
    int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof temporary)
        return error_set(err, STATUS_INVALID, "KeyFile", "the path of the key file is too long");
    enum status status = secret_box_random(&box, err);
    if (status != STATUS_OK)
        return status;
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    if (fd < 0) {
        secret_box_done(&box);
        return key_io(err, path, "make");
    }
    bool is_made = fchmod(fd, 0600) == 0 && write_key(fd, &box) &&
                   (link(temporary, path) == 0 || errno == EEXIST);
    secret_box_done(&box);
    if (!is_made)
        status = key_io(err, path, "write");
    (void)close(fd);
    (void)unlink(temporary);
    if (is_made && !sync_folder_of(path))
        status = key_io(err, path, "keep");
    return status;
}

enum status secret_box_open(const char *path, struct secret_box *ret, struct error *err)
{
    enum status status = read_key_file(path, ret, err);
    if (status != STATUS_NOT_FOUND)
        return status;
    status = make_key_file(path, err);
    return status == STATUS_OK ? read_key_file(path, ret, err) : status;
}

/* ---- sealing ---- */

/* The cipher with key, nonce and all that is authenticated but not encrypted. */
static EVP_CIPHER_CTX *gcm_begin(const struct secret_box *box, bool is_sealing,
                                 unsigned char version, const unsigned char *nonce, str bound_to)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    check(ctx != NULL && bound_to.n <= INT32_MAX);
    int n = 0;
    const unsigned char *name = (const unsigned char *)bound_to.p;
    if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, box->key, nonce, is_sealing) == 1 &&
        EVP_CipherUpdate(ctx, NULL, &n, &version, 1) == 1 &&
        (bound_to.n == 0 || EVP_CipherUpdate(ctx, NULL, &n, name, (int)bound_to.n) == 1))
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

enum status secret_seal(const struct secret_box *box, str plain, str bound_to, struct buf *out,
                        struct error *err)
{
    if (plain.n > SECRET_MAX_BYTES || !buf_reserve(out, plain.n + SECRET_OVERHEAD))
        return error_set(err, STATUS_LIMIT, "SecretTooLarge", "a secret of %zu bytes is too large",
                         plain.n);
    unsigned char *at = (unsigned char *)out->p + out->n;
    unsigned char *nonce = at + 1, *tag = nonce + SECRET_NONCE_BYTES;
    unsigned char *sealed = tag + SECRET_TAG_BYTES;
    at[0] = SECRET_VERSION;
    if (RAND_bytes(nonce, SECRET_NONCE_BYTES) != 1)
        return error_set(err, STATUS_UNAVAILABLE, "Random", "no random bytes from the system");
    int n = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = gcm_begin(box, true, SECRET_VERSION, nonce, bound_to);
    bool is_sealed =
        ctx &&
        EVP_CipherUpdate(ctx, sealed, &n, (const unsigned char *)plain.p, (int)plain.n) == 1 &&
        EVP_CipherFinal_ex(ctx, sealed + n, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SECRET_TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    check(is_sealed);
    out->n += plain.n + SECRET_OVERHEAD;
    return STATUS_OK;
}

static enum status unreadable(struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "SecretUnreadable",
                     "a secret does not open with the key of this data folder");
}

enum status secret_unseal(const struct secret_box *box, str sealed, str bound_to, struct buf *out,
                          struct error *err)
{
    if (sealed.n < SECRET_OVERHEAD || sealed.n > SECRET_MAX_BYTES + SECRET_OVERHEAD ||
        sealed.p[0] != SECRET_VERSION || !buf_reserve(out, sealed.n - SECRET_OVERHEAD))
        return unreadable(err);
    const unsigned char *nonce = (const unsigned char *)sealed.p + 1;
    unsigned char tag[SECRET_TAG_BYTES];
    memcpy(tag, nonce + SECRET_NONCE_BYTES, sizeof tag);
    const unsigned char *text = nonce + SECRET_NONCE_BYTES + SECRET_TAG_BYTES;
    size_t length = sealed.n - SECRET_OVERHEAD;
    unsigned char *plain = (unsigned char *)out->p + out->n, last[16];
    int n = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = gcm_begin(box, false, SECRET_VERSION, nonce, bound_to);
    bool is_open = ctx &&
                   (length == 0 || EVP_CipherUpdate(ctx, plain, &n, text, (int)length) == 1) &&
                   EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SECRET_TAG_BYTES, tag) == 1 &&
                   EVP_CipherFinal_ex(ctx, last, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!is_open) {
        secret_clear(plain, length);
        return unreadable(err);
    }
    out->n += length;
    return STATUS_OK;
}
