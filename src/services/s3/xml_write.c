/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of answers. The JSON answer of an operation has the names of the model, and so has its
 * XML: a list is its element again and again, or, where the model says so, inside of one. What
 * differs from that is in the tables.
 */
#include "services/s3/xml.h"

#include "base/number.h"
#include "services/http_encode.h"

static const char namespace[] = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

void s3_xml_text(struct buf *out, str text)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        const char *as = NULL;
        char code[8];
        unsigned char c = (unsigned char)text.p[i];
        if (c >= 0x20 && c != '&' && c != '<' && c != '>' && c != '"')
            continue;
        if (c == '&')
            as = "&amp;";
        else if (c == '<')
            as = "&lt;";
        else if (c == '>')
            as = "&gt;";
        else if (c == '"')
            as = "&quot;";
        else { /* as S3 sends control characters, though XML 1.0 has no name for most */
            code[0] = '&';
            code[1] = '#';
            code[2] = 'x';
            code[3] = "0123456789abcdef"[c >> 4];
            code[4] = "0123456789abcdef"[c & 15];
            code[5] = ';';
            code[6] = '\0';
            as = code;
        }
        buf_add(out, str_sub(text, from, i));
        buf_add(out, str_of(as));
        from = i + 1;
    }
    buf_add(out, str_sub(text, from, text.n));
}

static void open_tag(struct buf *out, str name)
{
    buf_add_byte(out, '<');
    buf_add(out, name);
    buf_add_byte(out, '>');
}

static void close_tag(struct buf *out, str name)
{
    buf_add(out, STR("</"));
    buf_add(out, name);
    buf_add_byte(out, '>');
}

void s3_xml_element(struct buf *out, const char *name, str text)
{
    open_tag(out, str_of(name));
    s3_xml_text(out, text);
    close_tag(out, str_of(name));
}

void s3_xml_head(struct buf *out)
{
    buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
}

/* ---- operations ---- */

static const struct {
    const char *operation, *root;
    const char *inner; /* the member that is the body; NULL: the whole answer */
} roots[] = {
    {"CompleteMultipartUpload", "CompleteMultipartUploadResult", NULL},
    {"CopyObject", "CopyObjectResult", "CopyObjectResult"},
    {"CreateMultipartUpload", "InitiateMultipartUploadResult", NULL},
    {"DeleteObjects", "DeleteResult", NULL},
    {"GetBucketLocation", "LocationConstraint", "LocationConstraint"},
    {"ListBuckets", "ListAllMyBucketsResult", NULL},
    {"ListMultipartUploads", "ListMultipartUploadsResult", NULL},
    {"ListObjects", "ListBucketResult", NULL},
    {"ListObjectsV2", "ListBucketResult", NULL},
    {"ListParts", "ListPartsResult", NULL},
    {"UploadPartCopy", "CopyPartResult", "CopyPartResult"},
};

/* Lists whose items have other names than the list, alone or inside of it. */
static const struct {
    const char *operation; /* NULL: all */
    const char *list, *item;
    bool is_wrapped;
} lists[] = {
    {NULL, "Buckets", "Bucket", true},
    {"ListParts", "Parts", "Part", false},
    {NULL, "Uploads", "Upload", false},
    {"DeleteObjects", "Errors", "Error", false},
};

/* Members that go out as headers; the HTTP door knows them. */
static const char *const headers[] = {"VersionId",           "Expiration",
                                      "CopySourceVersionId", "ServerSideEncryption",
                                      "RequestCharged",      "AbortDate"};

static bool is_header(str operation, str name)
{
    if (str_eq(operation, STR("ListBuckets")))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        if (str_eq(name, str_of(headers[i])))
            return true;
    return false;
}

/* In JSON times end with the seconds; in XML they have thousandths. */
static bool is_time(str name)
{
    return str_eq(name, STR("LastModified")) || str_eq(name, STR("CreationDate")) ||
           str_eq(name, STR("Initiated"));
}

static void write_value(struct buf *out, str operation, str name, struct json_val v);

static void write_members(struct buf *out, str operation, struct json_val object)
{
    if (object.tag != JSON_OBJECT)
        return;
    for (uint32_t i = 0; i < object.len; i++) {
        str name = http_encode_key_at(object, i);
        if (!is_header(operation, name))
            write_value(out, operation, name, object.obj->vals[i]);
    }
}

static void write_list(struct buf *out, str operation, str name, struct json_val list)
{
    str item = name;
    bool is_wrapped = false;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        if (str_eq(name, str_of(lists[i].list)) &&
            (!lists[i].operation || str_eq(operation, str_of(lists[i].operation)))) {
            item = str_of(lists[i].item);
            is_wrapped = lists[i].is_wrapped;
        }
    if (is_wrapped)
        open_tag(out, name);
    for (uint32_t i = 0; i < list.len; i++)
        write_value(out, operation, item, list.items[i]);
    if (is_wrapped)
        close_tag(out, name);
}

static void write_scalar(struct buf *out, str name, struct json_val v)
{
    char digits[NUMBER_TEXT_MAX];
    if (v.tag == JSON_STRING) {
        str text = json_str(v);
        if (is_time(name) && str_ends(text, STR("Z"))) {
            s3_xml_text(out, str_sub(text, 0, text.n - 1));
            buf_add(out, STR(".000Z"));
        } else {
            s3_xml_text(out, text);
        }
    } else if (v.tag == JSON_BOOL) {
        buf_add(out, v.b ? STR("true") : STR("false"));
    } else if (json_is_number(v)) {
        size_t n = number_print(json_number(v), digits);
        buf_add(out, (str){digits, n});
    }
}

static void write_value(struct buf *out, str operation, str name, struct json_val v)
{
    if (v.tag == JSON_ARRAY) {
        write_list(out, operation, name, v);
        return;
    }
    open_tag(out, name);
    if (v.tag == JSON_OBJECT)
        write_members(out, operation, v);
    else
        write_scalar(out, name, v);
    close_tag(out, name);
}

void s3_xml_answer(struct buf *out, str operation, struct json_val answer)
{
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        if (!str_eq(operation, str_of(roots[i].operation)))
            continue;
        struct json_val body = roots[i].inner ? json_get(answer, str_of(roots[i].inner)) : answer;
        s3_xml_head(out);
        buf_printf(out, "<%s%s>", roots[i].root, namespace);
        if (body.tag == JSON_OBJECT)
            write_members(out, operation, body);
        else
            write_scalar(out, STR(""), body);
        buf_printf(out, "</%s>", roots[i].root);
        return;
    }
}

static void optional(struct buf *out, const char *name, str text)
{
    if (text.n > 0)
        s3_xml_element(out, name, text);
}

void s3_xml_error(struct buf *out, const struct s3_xml_failure *f)
{
    s3_xml_head(out);
    buf_add(out, STR("<Error>"));
    s3_xml_element(out, "Code", f->code);
    s3_xml_element(out, "Message", f->message);
    optional(out, "Resource", f->resource);
    optional(out, "RequestId", f->request_id);
    optional(out, "HostId", f->host_id);
    buf_add(out, STR("</Error>"));
}
