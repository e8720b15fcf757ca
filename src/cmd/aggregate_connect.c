/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_connect.h. Secrets are read here, and nowhere else. */
#include "cmd/aggregate_connect.h"

#include "aggregate/auth.h"
#include "base/utf8.h"
#include "cmd/reader.h"
#include "cmd/run_connections.h"
#include "json/parse.h"
#include "json/write.h"
#include <errno.h>
#include <stdlib.h>

static PRINTF_LIKE(3, 4) enum status
    wrong(struct error *err, enum status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    error_vset(err, status, "Auth", fmt, args);
    va_end(args);
    return status;
}

/* ---- a secret ---- */

static enum status read_secret(const struct auth *auth, struct buf *out, struct error *err)
{
    const char *name = auth->secret.p; /* the end of a text that has a NUL behind it */
    const char *value = auth->is_file ? NULL : getenv(name);
    if (auth->is_file && !reader_read_file(name, AGGREGATE_SECRET_MAX, out))
        return wrong(err, STATUS_NOT_FOUND, "auth: %s: %s", name, strerrordesc_np(errno));
    if (!auth->is_file && (!value || !*value))
        return wrong(err, STATUS_NOT_FOUND, "auth: the variable %s is not set", name);
    if (value)
        buf_add(out, str_of(value));
    while (out->n > 0 && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r'))
        out->n--; /* the end of a file's line is no part of it */
    if (out->n == 0 || utf8_check(buf_str(out)) != out->n)
        return wrong(err, STATUS_INVALID, "auth: the secret in %s is empty, or not UTF-8", name);
    for (size_t i = 0; i < out->n; i++)
        if ((unsigned char)out->p[i] < ' ' || out->p[i] == 0x7F)
            return wrong(err, STATUS_INVALID,
                         "auth: the secret in %s has a line end or another control character "
                         "within",
                         name);
    return STATUS_OK;
}

static void wipe(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->n);
    buf_done(b);
}

static enum status connection_of_auth(const struct aggregate_config *c, str name, struct buf *out,
                                      struct error *err)
{
    struct auth auth;
    struct buf secret;
    enum status status = auth_read(c->auth, &auth, err);
    if (status != STATUS_OK)
        return wrong(err, status, "auth is not understood");
    buf_init(&secret, AGGREGATE_SECRET_MAX);
    if (auth.kind != AUTH_NONE)
        status = read_secret(&auth, &secret, err);
    if (status == STATUS_OK)
        auth_put_connection(&auth, name, buf_str(&secret), c->token_url, c->scope, out);
    wipe(&secret);
    return status;
}

/* ---- a file ---- */

static enum status put_renamed(struct json_val request, str name, struct buf *out,
                               struct error *err)
{
    enum status status = STATUS_OK;
    buf_add(out, STR("{\"Name\":"));
    json_write_string(out, name);
    for (uint32_t i = 0; i < request.len && status == STATUS_OK; i++) {
        const struct json_key *key = &request.obj->shape->keys[i];
        if (str_eq((str){key->p, key->n}, STR("Name")))
            continue;
        buf_add_byte(out, ',');
        json_write_string(out, (str){key->p, key->n});
        buf_add_byte(out, ':');
        status = json_write(out, request.obj->vals[i], 0, err);
    }
    buf_add_byte(out, '}');
    return status;
}

static enum status connection_of_file(const struct aggregate_config *c, str name, struct buf *out,
                                      struct error *err)
{
    struct buf text;
    struct json_doc *doc;
    buf_init(&text, RUN_MAX_CONNECTIONS);
    if (!reader_read_file(c->connection.p, RUN_MAX_CONNECTIONS, &text)) {
        buf_done(&text);
        return wrong(err, STATUS_NOT_FOUND, "connection: %s: %s", c->connection.p,
                     strerrordesc_np(errno));
    }
    enum status status = json_parse(buf_str(&text), NULL, &doc, err);
    wipe(&text);
    if (status != STATUS_OK) {
        str why = str_of(err->message);
        char copy[ERROR_MESSAGE_MAX];
        memcpy(copy, why.p, why.n + 1);
        return wrong(err, status, "connection: %s: %s", c->connection.p, copy);
    }
    struct json_val v = json_doc_root(doc);
    if (v.tag == JSON_ARRAY && v.len > 0)
        v = v.items[0];
    status = v.tag == JSON_OBJECT
                 ? put_renamed(v, name, out, err)
                 : wrong(err, STATUS_INVALID,
                         "connection: %s: it is an object as CreateConnection takes it, or an "
                         "array of them",
                         c->connection.p);
    json_doc_unref(doc);
    return status;
}

enum status aggregate_connection(const struct aggregate_config *c, str name, struct buf *out,
                                 struct error *err)
{
    return c->connection.n > 0 ? connection_of_file(c, name, out, err)
                               : connection_of_auth(c, name, out, err);
}

enum status aggregate_connection_check(const struct aggregate_config *c, struct error *err)
{
    struct buf request;
    buf_init(&request, SIZE_MAX / 2);
    enum status status = aggregate_connection(c, STR("any"), &request, err);
    wipe(&request);
    return status;
}

/* ---- certificates ---- */

enum status aggregate_certificates_check(str path, struct error *err)
{
    struct buf text;
    enum status status = STATUS_OK;
    if (path.n == 0)
        return STATUS_OK;
    buf_init(&text, AGGREGATE_CERTIFICATES_MAX);
    if (!reader_read_file(path.p, AGGREGATE_CERTIFICATES_MAX, &text))
        status = error_set(err, STATUS_NOT_FOUND, "Certificates", "%s: %s", path.p,
                           strerrordesc_np(errno));
    else if (str_find(buf_str(&text), STR("CERTIFICATE-----"), 0) == STR_NONE)
        status = error_set(err, STATUS_INVALID, "Certificates",
                           "%s: there is no certificate in it; they are PEM", path.p);
    buf_done(&text);
    return status;
}
