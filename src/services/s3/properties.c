/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of objects: from members of a request to the kept text and back. */
#include "services/s3/properties.h"

#include "json/parse.h"
#include "json/write.h"
#include "services/build.h"
#include "services/http_encode.h"
#include "services/s3/error.h"
#include "services/s3/name.h"

enum { KEPT_MAX = 64 << 10 /* bytes of the text; headers are bounded by the HTTP door */ };

static const struct {
    const char *member, *name;
} headers[S3_HEADER_COUNT] = {
#define X(member, header) {#member, header},
    S3_HEADER_LIST(X)
#undef X
};

const char *s3_header_name(enum s3_header h)
{
    return headers[h].name;
}

const char *s3_header_member(enum s3_header h)
{
    return headers[h].member;
}

static enum status no_header(const char *what, str name, struct error *err)
{
    return s3_fail_with(S3_InvalidArgument, err, "The value of %s%.*s cannot be a header.", what,
                        STR_ARG(str_sub(name, 0, 128)));
}

enum status s3_properties_check(const struct s3_properties *p, struct error *err)
{
    size_t bytes = 0;
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        if (p->headers[h].p && !http_encode_is_value(p->headers[h]))
            return no_header("", str_of(headers[h].name), err);
    for (uint32_t i = 0; i < p->metadata_count; i++) {
        const struct s3_metadata *m = &p->metadata[i];
        if (!http_encode_is_name(m->name) || !http_encode_is_value(m->value))
            return no_header("x-amz-meta-", m->name, err);
        bytes += m->name.n + m->value.n;
    }
    return bytes > S3_METADATA_MAX ? s3_fail(S3_MetadataTooLarge, err) : STATUS_OK;
}

static struct json_val metadata_value(const struct s3_properties *p, struct json_shapes *shapes)
{
    struct json_obj_builder b;
    json_obj_begin(&b, shapes, p->metadata_count);
    for (uint32_t i = 0; i < p->metadata_count; i++)
        json_obj_put(&b, p->metadata[i].name, json_text_flags(p->metadata[i].name),
                     json_string(p->metadata[i].value, 0));
    return json_obj_end(&b);
}

enum status s3_properties_write(const struct s3_properties *p, struct arena *a, str *ret,
                                struct error *err)
{
    struct build b;
    struct buf text;
    bool is_empty = true;
    build_begin(&b, a);
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++)
        if (p->headers[h].p) {
            build_put(&b, headers[h].member, json_string(p->headers[h], 0));
            is_empty = false;
        }
    if (p->metadata_count > 0) {
        build_put(&b, "Metadata", metadata_value(p, &b.shapes));
        is_empty = false;
    }
    *ret = (str){NULL, 0};
    if (is_empty)
        return STATUS_OK;
    buf_init(&text, KEPT_MAX);
    enum status status = json_write(&text, build_end(&b), 0, err);
    if (status == STATUS_OK)
        *ret = arena_dup(a, buf_str(&text));
    buf_done(&text);
    return status == STATUS_OK ? STATUS_OK : s3_fail(S3_MetadataTooLarge, err);
}

static enum status read_metadata(struct json_val v, struct arena *a, struct s3_properties *ret,
                                 struct error *err)
{
    if (v.tag == JSON_UNDEFINED || v.tag == JSON_NULL)
        return STATUS_OK;
    if (v.tag != JSON_OBJECT)
        return s3_fail_with(S3_InvalidArgument, err, "Metadata must be an object of texts.");
    struct s3_metadata *metadata = arena_alloc(a, v.len * sizeof(*metadata));
    for (uint32_t i = 0; i < v.len; i++) {
        str name = arena_dup(a, http_encode_key_at(v, i));
        char *p = (char *)(uintptr_t)name.p;
        if (v.obj->vals[i].tag != JSON_STRING)
            return s3_fail_with(S3_InvalidArgument, err, "Metadata must be an object of texts.");
        for (size_t k = 0; k < name.n; k++)
            if (p[k] >= 'A' && p[k] <= 'Z')
                p[k] = (char)(p[k] + 32);
        metadata[i] = (struct s3_metadata){name, json_str(v.obj->vals[i])};
    }
    ret->metadata = metadata;
    ret->metadata_count = v.len;
    return STATUS_OK;
}

enum status s3_properties_of(struct json_val request, struct arena *a, struct s3_properties *ret,
                             struct error *err)
{
    *ret = (struct s3_properties){0};
    for (enum s3_header h = 0; h < S3_HEADER_COUNT; h++) {
        struct json_val v = json_get(request, str_of(headers[h].member));
        if (v.tag == JSON_STRING)
            ret->headers[h] = json_str(v);
        else if (v.tag != JSON_UNDEFINED && v.tag != JSON_NULL)
            return s3_fail_with(S3_InvalidArgument, err, "%s must be a text.", headers[h].member);
    }
    return read_metadata(json_get(request, STR("Metadata")), a, ret, err);
}

enum status s3_properties_read(str text, struct arena *a, struct s3_properties *ret,
                               struct error *err)
{
    struct json_val v;
    *ret = (struct s3_properties){0};
    if (!text.p)
        return STATUS_OK;
    if (json_parse_in(a, text, NULL, &v, err) != STATUS_OK)
        return s3_fail(S3_InternalError, err);
    return s3_properties_of(v, a, ret, err);
}
