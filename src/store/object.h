/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets, objects and uploads as rows: which keys there are, what is known of each, and where its
 * bytes lie. The bytes themselves are store/body.h; what the properties say is the object service's
 * business. docs/formats/store.md describes the tables.
 *
 * Keys are text in the order of their bytes. Functions over a store_tx write, those over a
 * store_reader read; both as store/tx.h and store/reader.h say.
 */
#ifndef AFFLUX_STORE_OBJECT_H
#define AFFLUX_STORE_OBJECT_H

#include "store/tx.h"

/* Where the bytes of an object are. Several objects may share them: copies do. */
enum store_body_kind {
    STORE_BODY_EMPTY,
    STORE_BODY_SEGMENT, /* a record of segment id, which begins at `at` */
    STORE_BODY_FILE,    /* file id */
    STORE_BODY_UPLOAD   /* the parts of upload id, in their order */
};
struct store_body {
    enum store_body_kind kind;
    int64_t id;
    uint64_t at;
    uint64_t size; /* of the object */
    bool is_new;   /* no row has referred to it yet */
};

struct store_bucket {
    int64_t id;
    str name; /* unique */
    int64_t created_ms;
    str properties; /* opaque; p NULL: none */
};

struct store_object {
    int64_t bucket;
    str key;
    int64_t modified_ms;
    str etag, checksum; /* checksum p NULL: none */
    str properties;     /* opaque; p NULL: none */
    struct store_body body;
};

struct store_upload {
    int64_t id;
    int64_t bucket;
    str key;
    int64_t initiated_ms;
    str properties;
};

struct store_part {
    int64_t upload;
    uint32_t number;
    uint64_t size;
    int64_t modified_ms;
    str etag, checksum;
    int64_t file; /* new */
};

/* ---- buckets ---- */

/* STATUS_CONFLICT (StoreNameTaken): there is one of this name. */
NODISCARD enum status store_tx_add_bucket(struct store_tx *tx, const struct store_bucket *b,
                                          struct error *err);
/* STATUS_CONFLICT (StoreNotEmpty): it has objects. Its uploads go with it. */
NODISCARD enum status store_tx_delete_bucket(struct store_tx *tx, int64_t bucket,
                                             struct error *err);
NODISCARD enum status store_find_bucket(struct store_reader *r, str name, struct arena *a,
                                        struct store_bucket *ret, struct error *err);
/* By name, those that begin with prefix and come after `after`; at most limit. */
NODISCARD enum status store_list_buckets(struct store_reader *r, str prefix, str after,
                                         uint32_t limit, struct arena *a,
                                         struct store_bucket **ret_rows, uint32_t *ret_count,
                                         struct error *err);

/* ---- objects ---- */

/* Adds or replaces by (bucket, key). A body in a segment must come from store_writer_append or from
 * another object; one in a file from store_file_keep or another object; an upload must be complete.
 * What the row before referred to is given up. */
NODISCARD enum status store_tx_put_object(struct store_tx *tx, const struct store_object *o,
                                          struct error *err);
/* STATUS_NOT_FOUND (StoreNotFound). */
NODISCARD enum status store_tx_delete_object(struct store_tx *tx, int64_t bucket, str key,
                                             struct error *err);
NODISCARD enum status store_find_object(struct store_reader *r, int64_t bucket, str key,
                                        struct arena *a, struct store_object *ret,
                                        struct error *err);

/* The row at hand; its slices live until fn returns. False: enough. */
typedef bool store_object_fn(void *arg, const struct store_object *o);
/* Objects in the order of their keys, from `from` on (or behind it). fn may not call the store. */
NODISCARD enum status store_walk_objects(struct store_reader *r, int64_t bucket, str from,
                                         bool is_behind, store_object_fn *fn, void *arg,
                                         struct error *err);

/* ---- uploads ---- */

NODISCARD enum status store_tx_add_upload(struct store_tx *tx, const struct store_upload *u,
                                          struct error *err);
/* Adds or replaces by (upload, number); the file is new. */
NODISCARD enum status store_tx_put_part(struct store_tx *tx, const struct store_part *p,
                                        struct error *err);
NODISCARD enum status store_tx_delete_part(struct store_tx *tx, int64_t upload, uint32_t number,
                                           struct error *err);
/* It is no upload any more but the body of the objects that refer to it; of none yet: to be called
 * before store_tx_put_object in the same unit. */
NODISCARD enum status store_tx_complete_upload(struct store_tx *tx, int64_t upload,
                                               struct error *err);
/* STATUS_NOT_FOUND. Its rows and files go later. */
NODISCARD enum status store_tx_abort_upload(struct store_tx *tx, int64_t upload, struct error *err);
/* One that is neither complete nor aborted. */
NODISCARD enum status store_find_upload(struct store_reader *r, int64_t id, struct arena *a,
                                        struct store_upload *ret, struct error *err);
/* Of a bucket by (key, id), those behind (after_key, after_id); at most limit. */
struct store_upload_query {
    int64_t bucket;
    str after_key;
    int64_t after_id;
    uint32_t limit;
};
NODISCARD enum status store_list_uploads(struct store_reader *r,
                                         const struct store_upload_query *query, struct arena *a,
                                         struct store_upload **ret_rows, uint32_t *ret_count,
                                         struct error *err);
NODISCARD enum status store_find_part(struct store_reader *r, int64_t upload, uint32_t number,
                                      struct arena *a, struct store_part *ret, struct error *err);
/* By number, those above `after`; at most limit. */
NODISCARD enum status store_list_parts(struct store_reader *r, int64_t upload, uint32_t after,
                                       uint32_t limit, struct arena *a,
                                       struct store_part **ret_rows, uint32_t *ret_count,
                                       struct error *err);

#endif
