/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document as bytes:
 *
 *   number, 1 if its text is the client's, text, count of links,
 *   and for each: place, number of the document, path, 0 or 1 + the items kept
 */
#include "asl/encode_document.h"
#include "asl/document_internal.h"

void asl_encode_document(const struct asl_document *doc, struct buf *bytes)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    asl_document_write(doc, &text);
    put_number(bytes, doc->number);
    put_number(bytes, doc->keeps_text);
    put_text(bytes, buf_str(&text));
    buf_done(&text);
    put_number(bytes, doc->link_count);
    for (uint32_t i = 0; i < doc->link_count; i++) {
        const struct asl_link *link = &doc->links[i];
        put_text(bytes, link->place);
        put_number(bytes, link->from->number);
        put_text(bytes, link->path);
        put_number(bytes, link->keep == ASL_LINK_WHOLE ? 0 : (uint64_t)link->keep + 1);
    }
}

static enum status corrupt(struct error *err, const char *what)
{
    return error_set(err, STATUS_CORRUPT, "DocumentCorrupt", "%s", what);
}

/* Fills links; those that were filled are the caller's to end. */
static enum status decode_links(struct asl_documents *d, struct byte_reader *r,
                                struct asl_link *links, uint32_t count, uint32_t *ret_count,
                                struct error *err)
{
    for (*ret_count = 0; *ret_count < count; ++*ret_count) {
        str place = get_text(r);
        struct asl_document *from = asl_documents_find(d, get_number(r));
        str path = get_text(r);
        uint64_t keep = get_number(r);
        if (r->is_failed || !from || keep > UINT32_MAX)
            return corrupt(err, "a link names a document that is not there");
        links[*ret_count] =
            asl_link_new(place, from, path, keep == 0 ? ASL_LINK_WHOLE : (uint32_t)(keep - 1));
    }
    return STATUS_OK;
}

enum status asl_decode_document(struct asl_documents *d, struct byte_reader *r,
                                struct asl_document **ret, struct error *err)
{
    struct asl_link links[ASL_MAX_LINKS];
    uint64_t number = get_number(r);
    uint32_t keeps_text = get_u32(r), filled = 0;
    str text = get_bytes(r);
    uint32_t count = get_u32(r);
    if (r->is_failed || count > ASL_MAX_LINKS || keeps_text > 1)
        return corrupt(err, "a document is cut off or has too many links");
    enum status status = decode_links(d, r, links, count, &filled, err);
    if (status == STATUS_OK)
        return asl_document_restore(d, number, text, keeps_text == 1, links, count, ret, err);
    for (uint32_t i = 0; i < filled; i++)
        asl_link_done(&links[i]);
    return status;
}
