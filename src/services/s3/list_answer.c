/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of keys as answers, in both forms: written as the walk goes, without values in between, as
 * a page has a thousand keys. Version 1 goes on behind a marker, version 2 behind a token, which is
 * the last name in base64.
 */
#include "base/number.h"
#include "json/write.h"
#include "services/s3/checksum.h"
#include "services/s3/error.h"
#include "services/s3/list.h"
#include "services/s3/name.h"
#include "services/s3/s3_internal.h"
#include "services/s3/xml.h"

enum { PREFIXES_MAX_BYTES = 4 << 20 };

/* A page on its way; contents go out at once, common prefixes follow behind. */
struct page {
    const struct s3_list_request *q;
    struct buf *out;
    struct buf prefixes;
    uint32_t objects, prefix_count;
    bool is_json;
    struct buf encoded;
};

/* ---- names ---- */

static str as_asked(struct page *p, str text)
{
    if (!p->q->is_url)
        return text;
    buf_clear(&p->encoded);
    s3_encode_key(&p->encoded, text);
    return buf_str(&p->encoded);
}

/* A member or an element with a text. */
static void put_text(struct page *p, struct buf *out, const char *name, str text)
{
    if (p->is_json) {
        buf_add_byte(out, '"');
        buf_add(out, str_of(name));
        buf_add(out, STR("\":"));
        json_write_string(out, text);
        buf_add_byte(out, ',');
    } else {
        s3_xml_element(out, name, text);
    }
}

/* The same with what needs no escape: a number, true, false. */
static void put_plain(struct page *p, struct buf *out, const char *name, str text)
{
    buf_add_byte(out, p->is_json ? '"' : '<');
    buf_add(out, str_of(name));
    buf_add(out, p->is_json ? STR("\":") : STR(">"));
    buf_add(out, text);
    if (p->is_json) {
        buf_add_byte(out, ',');
        return;
    }
    buf_add(out, STR("</"));
    buf_add(out, str_of(name));
    buf_add_byte(out, '>');
}

static void put_number(struct page *p, struct buf *out, const char *name, int64_t n)
{
    char digits[NUMBER_TEXT_MAX];
    size_t length = number_print_int(n, digits);
    put_plain(p, out, name, (str){digits, length});
}

static void open_group(struct page *p, struct buf *out, str element)
{
    if (p->is_json) {
        buf_add_byte(out, '{');
        return;
    }
    buf_add_byte(out, '<');
    buf_add(out, element);
    buf_add_byte(out, '>');
}

/* In JSON the comma behind the last member gives way to the brace. */
static void close_group(struct page *p, struct buf *out, str element)
{
    if (!p->is_json) {
        buf_add(out, STR("</"));
        buf_add(out, element);
        buf_add_byte(out, '>');
    } else if (buf_ok(out) && out->n > 0 && out->p[out->n - 1] == ',') {
        out->p[out->n - 1] = '}';
    } else {
        buf_add_byte(out, '}');
    }
}

/* ---- keys and prefixes ---- */

static void put_time(struct page *p, struct buf *out, const char *name, int64_t ms)
{
    char text[S3_TIME_BYTES + 4];
    s3_time_print(ms, text);
    if (!p->is_json)
        memcpy(text + S3_TIME_BYTES - 1, ".000Z", 5);
    put_text(p, out, name, (str){text, p->is_json ? S3_TIME_BYTES : S3_TIME_BYTES + 4});
}

static void put_etag(struct page *p, struct buf *out, str etag)
{
    if (p->is_json)
        buf_add(out, STR("\"ETag\":\"\\\""));
    else
        buf_add(out, STR("<ETag>&quot;"));
    buf_add(out, etag); /* hex */
    buf_add(out, p->is_json ? STR("\\\"\",") : STR("&quot;</ETag>"));
}

static void put_checksum(struct page *p, struct buf *out, str kept)
{
    struct s3_checksum c;
    if (!s3_checksum_read(kept, &c))
        return;
    str name = str_of(s3_algorithm_name(c.algorithm));
    if (p->is_json) {
        buf_printf(out, "\"ChecksumAlgorithm\":[\"%.*s\"],", STR_ARG(name));
    } else {
        put_text(p, out, "ChecksumAlgorithm", name);
    }
    put_text(p, out, "ChecksumType", c.is_composite ? STR("COMPOSITE") : STR("FULL_OBJECT"));
}

static void put_owner(struct page *p, struct buf *out)
{
    if (p->is_json)
        buf_add(out, STR("\"Owner\":{\"DisplayName\":\"afflux\",\"ID\":\"afflux\"},"));
    else
        buf_add(out, STR("<Owner><ID>afflux</ID><DisplayName>afflux</DisplayName></Owner>"));
}

static void on_object(void *arg, const struct store_object *o)
{
    struct page *p = arg;
    struct buf *out = p->out;
    if (p->is_json)
        buf_add(out, p->objects == 0 ? STR("\"Contents\":[") : STR(","));
    p->objects++;
    open_group(p, out, STR("Contents"));
    put_text(p, out, "Key", as_asked(p, o->key));
    put_time(p, out, "LastModified", o->modified_ms);
    put_etag(p, out, o->etag);
    put_checksum(p, out, o->checksum);
    put_number(p, out, "Size", (int64_t)o->body.size);
    if (!p->q->is_v2 || p->q->with_owner)
        put_owner(p, out);
    put_text(p, out, "StorageClass", STR("STANDARD"));
    close_group(p, out, STR("Contents"));
}

static void on_prefix(void *arg, str prefix)
{
    struct page *p = arg;
    struct buf *out = &p->prefixes;
    if (p->is_json)
        buf_add(out, p->prefix_count == 0 ? STR("\"CommonPrefixes\":[") : STR(","));
    p->prefix_count++;
    open_group(p, out, STR("CommonPrefixes"));
    put_text(p, out, "Prefix", as_asked(p, prefix));
    close_group(p, out, STR("CommonPrefixes"));
}

/* ---- the page ---- */

/* InvalidArgument: no token of ours. */
static enum status read_token(str token, struct arena *a, str *ret, struct error *err)
{
    size_t n = 0;
    char *p = arena_alloc(a, token.n + 1);
    if (!s3_base64_decode(token, p, token.n, &n) || n == 0)
        return s3_fail_with(S3_InvalidArgument, err,
                            "The continuation token provided is incorrect");
    *ret = (str){p, n};
    return STATUS_OK;
}

static void put_v1(struct page *p, const struct s3_list_page *page)
{
    put_text(p, p->out, "Marker", as_asked(p, p->q->marker));
    if (page->is_truncated && p->q->delimiter.n > 0) /* else the last key serves */
        put_text(p, p->out, "NextMarker", as_asked(p, page->last));
}

static void put_v2(struct page *p, const struct s3_list_page *page, struct arena *a)
{
    put_number(p, p->out, "KeyCount", page->count);
    if (p->q->token.n > 0)
        put_text(p, p->out, "ContinuationToken", p->q->token);
    if (p->q->start_after.n > 0)
        put_text(p, p->out, "StartAfter", as_asked(p, p->q->start_after));
    if (page->is_truncated)
        put_text(p, p->out, "NextContinuationToken", s3_base64(a, page->last));
}

static void put_head(struct page *p, uint32_t max_keys)
{
    if (p->is_json) {
        buf_add_byte(p->out, '{');
    } else {
        s3_xml_head(p->out);
        buf_add(p->out,
                STR("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
    }
    put_text(p, p->out, "Name", p->q->bucket);
    put_text(p, p->out, "Prefix", as_asked(p, p->q->prefix));
    if (p->q->delimiter.n > 0)
        put_text(p, p->out, "Delimiter", as_asked(p, p->q->delimiter));
    put_number(p, p->out, "MaxKeys", max_keys);
    if (p->q->is_url)
        put_text(p, p->out, "EncodingType", STR("url"));
}

static enum status write_page(struct page *p, struct store_reader *r, struct s3_list_query *query,
                              struct arena *a, struct error *err)
{
    struct s3_list_sink sink = {.arg = p, .object = on_object, .prefix = on_prefix};
    struct s3_list_page page;
    put_head(p, query->max_keys);
    if (s3_list_objects(r, query, &sink, a, &page, err) != STATUS_OK)
        return err->status;
    if (p->is_json && p->objects > 0)
        buf_add(p->out, STR("],"));
    if (p->is_json && p->prefix_count > 0)
        buf_add(&p->prefixes, STR("],"));
    buf_add(p->out, buf_str(&p->prefixes));
    put_plain(p, p->out, "IsTruncated", page.is_truncated ? STR("true") : STR("false"));
    if (p->q->is_v2)
        put_v2(p, &page, a);
    else
        put_v1(p, &page);
    close_group(p, p->out, STR("ListBucketResult"));
    return buf_ok(p->out) && buf_ok(&p->prefixes) ? STATUS_OK : s3_fail(S3_InternalError, err);
}

static enum status list(struct store_reader *r, const struct s3_list_request *q, bool is_json,
                        struct buf *out, struct arena *a, struct error *err)
{
    struct store_bucket bucket;
    struct page p = {.q = q, .out = out, .is_json = is_json};
    struct s3_list_query query = {.prefix = q->prefix, .delimiter = q->delimiter};
    if (s3_find_bucket(r, q->bucket, a, &bucket, err) != STATUS_OK)
        return err->status;
    query.bucket = bucket.id;
    query.max_keys =
        q->max_keys < 0 || q->max_keys > S3_LIST_MAX ? S3_LIST_MAX : (uint32_t)q->max_keys;
    query.after = q->is_v2 ? q->start_after : q->marker;
    if (q->is_v2 && q->token.n > 0 && read_token(q->token, a, &query.after, err) != STATUS_OK)
        return err->status;
    buf_init(&p.prefixes, PREFIXES_MAX_BYTES);
    buf_init(&p.encoded, SIZE_MAX / 2);
    enum status status = write_page(&p, r, &query, a, err);
    buf_done(&p.encoded);
    buf_done(&p.prefixes);
    return status;
}

enum status s3_list_xml(struct store_reader *r, const struct s3_list_request *q, struct buf *out,
                        struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = list(r, q, false, out, &a, err);
    arena_done(&a);
    return status == STATUS_OK ? STATUS_OK : s3_fail_inside(err);
}

enum status s3_list_json(struct store_reader *r, const struct s3_list_request *q, struct buf *out,
                         struct error *err)
{
    struct arena a;
    arena_init(&a, 0);
    enum status status = list(r, q, true, out, &a, err);
    arena_done(&a);
    return status;
}
