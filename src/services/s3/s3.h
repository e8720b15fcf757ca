/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object service for those who stream bodies: the HTTP door, and parts of the engine in one
 * process. Bodies come and go in pieces in constant memory; everything else is the table of
 * operations in services/s3/service.h, JSON in and JSON out.
 *
 *   s3_put_begin ─► s3_put_write … ─► s3_put_finish ─► done(arg, result or error) when it is
 * durable s3_get_begin ─► s3_get_read … (or s3_get_piece for sendfile) ─► s3_get_end
 *
 * A struct s3 is one of a process. Each thread that puts has a client: its own segment to append to
 * and its own line to the store. Small bodies are appended by that thread at s3_put_finish; large
 * ones are written to a file as they come, and one of two helper threads waits for the disk.
 *
 * Errors carry the codes of services/s3/error.h.
 */
#ifndef AFFLUX_SERVICES_S3_S3_H
#define AFFLUX_SERVICES_S3_S3_H

#include "services/s3/checksum.h"
#include "services/s3/condition.h"
#include "services/s3/properties.h"
#include "services/service.h"
#include "store/body.h"

struct s3;
struct s3_client;

/* Starts the store's collector. Both must outlive it. */
NODISCARD enum status s3_new(struct store *store, const struct service_settings *settings,
                             struct s3 **ret, struct error *err);
/* Gives room back that deleted bodies took, also that of segments that were appended to just now;
 * at most so long, the next process goes on. Nothing is put afterwards: no client may be left. */
void s3_shrink(struct s3 *s, int64_t at_most_ms);
/* No client may be left. NULL does nothing. */
void s3_free(struct s3 *s);
struct store *s3_store(struct s3 *s);

/* wake(arg) is called on any thread when s3_client_turn has something to do; it must return soon
 * and may not call anything here. NULL: the client waits. */
NODISCARD enum status s3_client_new(struct s3 *s, void (*wake)(void *arg), void *arg,
                                    struct s3_client **ret, struct error *err);
/* Waits for what is in flight, whose done functions are called. NULL does nothing. */
void s3_client_free(struct s3_client *c);
/* Calls the done functions of what is done. On the client's thread. */
void s3_client_turn(struct s3_client *c);
/* Sleeps until there is something for s3_client_turn; returns at once when nothing is in flight. */
void s3_client_wait(struct s3_client *c);
/* Of the client's thread, for readings and listings. */
struct store_reader *s3_client_reader(struct s3_client *c);

/* ---- putting ---- */

/* Slices are copied. */
struct s3_put_request {
    str bucket, key;
    struct s3_properties properties;
    struct s3_conditions conditions; /* if_match and if_none_match */
    bool has_length;
    uint64_t length;    /* of the body, if it is known: IncompleteBody when another comes */
    str content_md5;    /* base64; p NULL: none */
    str content_sha256; /* hex, as x-amz-content-sha256 has it; p NULL: none, or not of the body */
    enum s3_algorithm algorithm; /* the additional checksum to keep; S3_NO_ALGORITHM: none */
    str checksum;                /* what it must be, base64; p NULL: a trailer says it, or nobody */
    str upload_id;               /* of a part; p NULL: an object */
    uint32_t part_number;
    int64_t now_ms;
};

struct s3_put_result {
    str etag; /* without quotes */
    struct s3_checksum checksum;
};

struct s3_put;
/* Of done: err is NULL when it is durable, result otherwise. */
typedef void s3_put_fn(void *arg, const struct s3_put_result *result, const struct error *err);

NODISCARD enum status s3_put_begin(struct s3_client *c, const struct s3_put_request *request,
                                   struct s3_put **ret, struct error *err);
/* After an error the put can only be aborted. EntityTooLarge from 5 GB on. */
NODISCARD enum status s3_put_write(struct s3_put *p, str bytes, struct error *err);
/* A trailer with the checksum, before finish; another algorithm than the request's is ignored. */
void s3_put_set_checksum(struct s3_put *p, enum s3_algorithm algorithm, str checksum);
/* The put is no longer the caller's; done is called later by s3_client_turn, but when an error is
 * returned, which is at once when the body is not what was announced. */
NODISCARD enum status s3_put_finish(struct s3_put *p, s3_put_fn *done, void *arg,
                                    struct error *err);
void s3_put_abort(struct s3_put *p);

/* UploadPartCopy: the part is what is in the source ("bucket/key", percent-encoded), or in a range
 * of it ("bytes=0-9"; p NULL: all). A helper reads and writes; done as above. */
NODISCARD enum status s3_part_copy(struct s3_client *c, const struct s3_put_request *part,
                                   str source, const struct s3_conditions *conditions, str range,
                                   s3_put_fn *done, void *arg, struct error *err);

/* ---- getting ---- */

struct s3_get_request {
    str bucket, key;
    struct s3_conditions conditions;
    str range;            /* header; p NULL: none */
    uint32_t part_number; /* 0: none */
    bool is_head;         /* nothing will be read */
};

struct s3_get {
    /* what headers are made of; slices live as long as the get */
    struct store_object object;
    struct s3_properties properties;
    struct s3_checksum checksum; /* S3_NO_ALGORITHM: none */
    uint64_t from, length;       /* of the bytes that will be read */
    bool is_partial;             /* 206: a range or a part was asked for */
    bool is_unmodified;          /* 304: length is 0 */
    uint32_t parts;              /* of an upload; 0: it was put as one */
};
/* A reader of the calling thread, which need not outlive the get. */
NODISCARD enum status s3_get_begin(struct s3 *s, struct store_reader *r,
                                   const struct s3_get_request *request, struct s3_get **ret,
                                   struct error *err);
/* The next bytes, at most n; *ret_n 0: all were read. InternalError when they are damaged: a record
 * that is read from end to end is checked against its sum. */
NODISCARD enum status s3_get_read(struct s3_get *g, char *out, size_t n, size_t *ret_n,
                                  struct error *err);
/* The next stretch of a file that holds the bytes, for sendfile; they count as read, unchecked. The
 * descriptor is the get's and lives until the next call. *ret_n 0: all were read. */
NODISCARD enum status s3_get_piece(struct s3_get *g, int *ret_fd, uint64_t *ret_at, uint64_t *ret_n,
                                   struct error *err);
/* To a byte of what was asked for, counted from its first. */
void s3_get_seek(struct s3_get *g, uint64_t offset);
void s3_get_end(struct s3_get *g);

#endif
