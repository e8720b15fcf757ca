/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of S3's REST share. */
#ifndef AFFLUX_API_S3_INTERNAL_H
#define AFFLUX_API_S3_INTERNAL_H

#include "api/s3.h"
#include "services/s3/chunked.h"
#include "services/s3/error.h"
#include "services/s3/service.h"

enum { API_S3_ID_MAX = 56, API_S3_HEADERS = 40 /* of an answer, beside user metadata */ };

struct api_s3_call;
typedef void api_s3_begin_fn(struct api_s3_call *call);

/* What a request is about; the bucket is empty in the first, the key in the second. */
enum api_s3_place { API_S3_SERVICE, API_S3_BUCKET, API_S3_OBJECT };

struct api_s3_route {
    const char *method;
    enum api_s3_place place;
    const char *parameter; /* that the query must have; NULL: none */
    const char *operation; /* of the table in services/s3/service.h */
    api_s3_begin_fn *begin;
    int status; /* of success */
    bool has_body;
};

struct api_s3_door;

struct api_s3 {
    struct s3_port *port;
    struct s3_self self; /* of calls */
    struct s3_client *client;
    const struct service_settings *settings;
    struct store_client *store; /* for operations that write */
    struct api_s3_door *door;
    struct api_s3_call *under_way;
    uint64_t held; /* bytes that puts under way may hold */
    struct s3_hash_kinds kinds;
};

/* A request. It has memory of its own, because the store may have it when its exchange ends. */
struct api_s3_call {
    struct service_unit unit; /* first: it is found by it */
    struct api_s3 *s3;
    struct api_s3_call *next, *previous;
    struct http_exchange *x; /* NULL: it has ended */
    struct arena arena;
    struct service_settings settings;
    const struct api_s3_route *route;
    str method, query, bucket, key, resource; /* resource: the path, decoded */
    int64_t now_ms;
    char id[API_S3_ID_MAX], long_id[API_S3_ID_MAX];
    /* The store, or a helper with its body, has it: it stays when the exchange ends. */
    bool is_busy, is_putting;
    struct s3_put *put;
    uint64_t held;              /* by it, at most */
    struct s3_chunked *chunked; /* NULL: the body comes as it is */
    enum s3_algorithm trailer;  /* that is announced; S3_NO_ALGORITHM: none */
    struct s3_get *get;         /* that is being sent */
    struct json_val request;
};

/* ---- s3_route.c ---- */
/* Finds the route of a request whose place is known; MethodNotAllowed, NotImplemented. */
NODISCARD enum status api_s3_route(struct api_s3_call *call, struct error *err);

/* ---- s3_request.c: the parts of a request ---- */
str api_s3_header(const struct api_s3_call *call, const char *name); /* p NULL: none */
str api_s3_query(struct api_s3_call *call, const char *name);        /* decoded; p NULL: none */
/* A number in the query; otherwise when there is none. InvalidArgument. */
NODISCARD enum status api_s3_number(struct api_s3_call *call, const char *name, int64_t otherwise,
                                    int64_t *ret, struct error *err);
void api_s3_conditions(const struct api_s3_call *call, const char *prefix,
                       struct s3_conditions *ret);
/* Content headers and x-amz-meta-*. InvalidArgument when one is no UTF-8. */
NODISCARD enum status api_s3_properties(struct api_s3_call *call, struct s3_properties *ret,
                                        struct error *err);
/* The checksum that a header has, or that a trailer will have (*ret_value p NULL). InvalidRequest
 * when there are several. */
NODISCARD enum status api_s3_checksum(const struct api_s3_call *call, enum s3_algorithm *ret,
                                      str *ret_value, struct error *err);
/* x-amz-content-sha256 where it is the sum of a body; p NULL else. */
str api_s3_content_sha256(const struct api_s3_call *call);
/* NotImplemented for headers that ask for what is not there: encryption, grants, tags, locks. */
NODISCARD enum status api_s3_check_headers(const struct api_s3_call *call, struct error *err);

/* ---- s3_reply.c: answers ---- */
struct api_s3_headers {
    struct http_header *rows;
    size_t count, room;
};
/* With the ids of the request. */
void api_s3_headers_begin(struct api_s3_call *call, size_t more, struct api_s3_headers *ret);
void api_s3_add(struct api_s3_headers *h, const char *name, str value);
/* reply has status and body; the call is over, but for reading functions. */
void api_s3_send(struct api_s3_call *call, const struct api_s3_headers *h,
                 struct http_reply *reply);
void api_s3_send_xml(struct api_s3_call *call, int status, const struct api_s3_headers *h,
                     struct buf *body);
void api_s3_fail(struct api_s3_call *call, struct error *err);

/* ---- s3.c ---- */
/* Frees it when its exchange has ended. */
void api_s3_settle(struct api_s3_call *call);
NODISCARD enum status api_s3_find_bucket(struct api_s3_call *call, struct store_bucket *ret,
                                         struct error *err);
void api_s3_submit(struct api_s3_call *call);

/* ---- beginnings, by file ---- */
api_s3_begin_fn api_s3_call_begin, api_s3_get_begin, api_s3_list_begin, api_s3_put_begin,
    api_s3_subresource_begin;
/* The store has it back. */
void api_s3_call_back(struct api_s3_call *call);

#endif
