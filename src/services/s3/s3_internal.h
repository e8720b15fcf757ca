/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the object service share. */
#ifndef AFFLUX_SERVICES_S3_S3_INTERNAL_H
#define AFFLUX_SERVICES_S3_S3_INTERNAL_H

#include "services/s3/s3.h"
#include <pthread.h>

enum {
    S3_HELPERS = 2,
    S3_IDLE_READERS = 16 /* kept for whoever reads next */
};

/* Something that waits for the disk, done by a helper; then fn is called on the client's thread. */
struct s3_job {
    struct s3_job *next;
    struct s3_client *client;
    void (*work)(struct s3_job *job);
    void (*done)(struct s3_job *job);
};

struct s3_job_list {
    struct s3_job *first, *last;
};

struct s3 {
    struct store *store;
    const struct service_settings *settings;
    struct s3_hash_kinds kinds;
    pthread_mutex_t lock;
    pthread_cond_t work;
    struct s3_job_list jobs;
    bool is_closing;
    uint32_t clients;
    pthread_t helpers[S3_HELPERS];
    uint32_t helper_count;
    pthread_mutex_t writer_lock; /* of the operations' own writer, for bodies that come as JSON */
    struct store_writer *writer;
    struct store_reader *readers[S3_IDLE_READERS]; /* under the lock */
    uint32_t reader_count;
};

struct s3_client {
    struct s3 *s3;
    struct store_client *store;
    struct store_reader *reader;
    struct store_writer *writer; /* NULL: small bodies are appended by the service's own */
    void (*wake)(void *arg);
    void *arg;
    uint32_t in_flight; /* jobs and units */
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool has_units; /* under the lock, */
    struct s3_job_list done;
};

/* One that puts little, and needs no segment of its own. */
NODISCARD enum status s3_client_new_plain(struct s3 *s, void (*wake)(void *arg), void *arg,
                                          struct s3_client **ret, struct error *err);
/* Appends a body by the service's own writer; any thread. */
NODISCARD enum status s3_append(struct s3 *s, str bucket, str key, str bytes,
                                struct store_body *ret, struct error *err);

/* A reader for a while, of any thread; opening one takes longer than reading a small object. */
NODISCARD enum status s3_reader_take(struct s3 *s, struct store_reader **ret, struct error *err);
void s3_reader_give(struct s3 *s, struct store_reader *r);

/* Hands the job to a helper. */
void s3_job_start(struct s3_client *c, struct s3_job *job);
/* A unit of the client; fn is called with it on the client's thread. */
struct s3_unit {
    struct store_unit unit;
    void (*fn)(struct s3_unit *u);
};
NODISCARD enum status s3_unit_submit(struct s3_client *c, struct s3_unit *u, struct error *err);

/* ---- common parts of operations ---- */

/* NoSuchBucket. */
NODISCARD enum status s3_find_bucket(struct store_reader *r, str name, struct arena *a,
                                     struct store_bucket *ret, struct error *err);
/* NoSuchKey. */
NODISCARD enum status s3_find_object(struct store_reader *r, int64_t bucket, str key,
                                     struct arena *a, struct store_object *ret, struct error *err);
/* NoSuchUpload: there is none, or not of this key. */
NODISCARD enum status s3_find_upload(struct store_reader *r, int64_t bucket, str key, str id,
                                     struct arena *a, struct store_upload *ret, struct error *err);

/* "bucket/key" as x-amz-copy-source has it: percent-encoded, perhaps with a slash before it. */
NODISCARD enum status s3_read_source(str text, struct arena *a, str *ret_bucket, str *ret_key,
                                     struct error *err);

/* What goes into the store when the body of a put is there; on the store's thread. */
struct s3_commit {
    str bucket, key, properties, etag, checksum;
    struct s3_conditions conditions;
    str upload_id; /* p NULL: an object */
    uint32_t part_number;
    struct store_body body;
    int64_t now_ms;
    bool is_taken; /* set: the body is the store's, whatever becomes of the unit */
};
NODISCARD enum status s3_commit(struct store_tx *tx, struct s3_commit *c, struct arena *scratch,
                                struct error *err);

#endif
