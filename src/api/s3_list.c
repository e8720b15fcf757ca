/* SPDX-License-Identifier: Apache-2.0 */
/* What is read and written as XML without values in between: pages of keys, and sub-resources. */
#include "api/s3_internal.h"
#include "services/s3/list.h"
#include "services/s3/subresource.h"

static enum status read_list(struct api_s3_call *call, struct s3_list_request *q, struct error *err)
{
    str encoding = api_s3_query(call, "encoding-type");
    *q = (struct s3_list_request){
        .bucket = call->bucket,
        .prefix = api_s3_query(call, "prefix"),
        .delimiter = api_s3_query(call, "delimiter"),
        .is_v2 = str_eq(api_s3_query(call, "list-type"), STR("2")),
        .is_url = encoding.p != NULL,
        .with_owner = str_eq(api_s3_query(call, "fetch-owner"), STR("true")),
    };
    if (q->is_v2) {
        q->start_after = api_s3_query(call, "start-after");
        q->token = api_s3_query(call, "continuation-token");
        if (q->token.p && q->token.n == 0)
            return s3_fail_with(S3_InvalidArgument, err,
                                "The continuation token provided is incorrect");
    } else {
        q->marker = api_s3_query(call, "marker");
    }
    if (encoding.p && !str_eq(encoding, STR("url")))
        return s3_fail_with(S3_InvalidArgument, err,
                            "Invalid Encoding Method specified in Request");
    return api_s3_number(call, "max-keys", -1, &q->max_keys, err);
}

void api_s3_list_begin(struct api_s3_call *call)
{
    struct s3_list_request q;
    struct store_bucket bucket;
    struct api_s3_headers h;
    struct error err;
    struct buf body;
    buf_init(&body, SIZE_MAX / 2);
    if (api_s3_find_bucket(call, &bucket, &err) != STATUS_OK ||
        read_list(call, &q, &err) != STATUS_OK ||
        s3_list_xml(s3_client_reader(call->s3->client), &q, &body, &err) != STATUS_OK) {
        buf_done(&body);
        api_s3_fail(call, &err);
        return;
    }
    api_s3_headers_begin(call, 0, &h);
    api_s3_add(&h, "x-amz-bucket-region", call->settings.region);
    api_s3_send_xml(call, 200, &h, &body);
}

/* ---- sub-resources ---- */

static str subresource_name(struct api_s3_call *call)
{
    struct http_walk w = {.rest = call->query};
    str name, value;
    while (http_walk_pair(&w, &name, &value)) {
        name = http_target_decode(&call->arena, name, true);
        if (s3_is_subresource(name, call->key.n > 0))
            return name;
    }
    return (str){"", 0};
}

/* Bucket and object must be there. */
static enum status find_owner(struct api_s3_call *call, struct error *err)
{
    struct store_bucket bucket;
    struct store_object object;
    if (api_s3_find_bucket(call, &bucket, err) != STATUS_OK)
        return err->status;
    if (call->key.n == 0)
        return STATUS_OK;
    enum status status = store_find_object(s3_client_reader(call->s3->client), bucket.id, call->key,
                                           &call->arena, &object, err);
    if (status == STATUS_NOT_FOUND)
        return s3_fail(S3_NoSuchKey, err);
    return status == STATUS_OK ? STATUS_OK : s3_fail_inside(err);
}

void api_s3_subresource_begin(struct api_s3_call *call)
{
    struct api_s3_headers h;
    struct error err;
    struct buf body;
    str name = subresource_name(call);
    bool is_object = call->key.n > 0, is_get = str_eq(call->method, STR("GET"));
    bool is_delete = str_eq(call->method, STR("DELETE"));
    buf_init(&body, SIZE_MAX / 2);
    enum status status = find_owner(call, &err);
    if (status == STATUS_OK)
        status = is_get ? s3_subresource_get(name, is_object, &body, &err)
                        : s3_subresource_change(name, is_object, is_delete, &err);
    if (status != STATUS_OK) {
        buf_done(&body);
        api_s3_fail(call, &err);
        return;
    }
    api_s3_headers_begin(call, 0, &h);
    api_s3_send_xml(call, is_delete ? 204 : 200, &h, &body);
}
