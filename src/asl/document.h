/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct asl_document: a JSON document of one execution, with a number that records name it by. The
 * input, each result and each output is one; states that pass a value on share it, so it is kept
 * and written down once.
 *
 * A document is written down as its own text, or as text with *links*: places whose value is a part
 * of an earlier document (a Map's item, a page that is passed on, an array that grew). So loops
 * that pass a page on, or append to an array, write what is new. Links are found when the document
 * is made, while the documents it came from are at hand.
 *
 * Documents are counted. The last reference gone, the number is free of meaning: no record names it
 * again.
 */
#ifndef AFFLUX_ASL_DOCUMENT_H
#define AFFLUX_ASL_DOCUMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/idmap.h"
#include "json/doc.h"

struct asl_documents;

/* A part of a document that later documents may share: where it is. */
struct asl_part {
    const void *any; /* items, object or bytes */
    uint32_t len;
    str path; /* JSON pointer from the root, malloc'ed */
};

/* A place in a document whose value is a part of another one. */
struct asl_link {
    str place;                 /* JSON pointer in this document; malloc'ed, with path behind it */
    struct asl_document *from; /* counted */
    str path;                  /* JSON pointer in `from` */
    uint32_t keep; /* an array that grew: its first `keep` items are those of the part, the
                      text has the others; ASL_LINK_WHOLE: the value is the part */
};
#define ASL_LINK_WHOLE UINT32_MAX
enum { ASL_MAX_LINKS = 16, ASL_MAX_PARTS = 32, ASL_LINK_MIN = 256 /* items × 16 or bytes */ };

struct asl_document {
    uint64_t number;
    uint32_t refs;
    struct asl_documents *owner;
    struct json_doc *json;
    struct json_val root;
    struct asl_link *links;
    struct asl_part *parts;
    uint8_t link_count, link_cap, part_count;
    bool keeps_text; /* written as the text it came as: the client's input */
    bool is_written; /* encoded in some batch or snapshot before; no links are needed any more */
    uint64_t size;   /* of the compact text; UINT64_MAX: not counted yet */
};

/* The documents of one execution, by number. */
struct asl_documents {
    struct idmap map;
    uint64_t next;             /* number of the next document */
    struct asl_document *idle; /* to be used again */
};

void asl_documents_init(struct asl_documents *d);
/* Every document must have been released. */
void asl_documents_done(struct asl_documents *d);
struct asl_document *asl_documents_find(const struct asl_documents *d, uint64_t number);

/* A document with one reference; takes over the reference to json. number 0: the next one. */
struct asl_document *asl_document_new(struct asl_documents *d, struct json_doc *json,
                                      uint64_t number);
struct asl_document *asl_document_ref(struct asl_document *doc);
void asl_document_unref(struct asl_document *doc); /* NULL is allowed */

/*
 * Freezes value into a document. Values in it may lie in the sources (entries may be NULL).
 * Errors are those of json_freeze.
 */
NODISCARD enum status asl_document_freeze(struct asl_documents *d, struct json_val value,
                                          struct asl_document *const *sources,
                                          uint32_t source_count, enum json_numbers numbers,
                                          struct asl_document **ret, struct error *err);

/* A document that is the part of `from` at a JSON pointer; value is that part. */
NODISCARD enum status asl_document_part(struct asl_documents *d, struct asl_document *from,
                                        str path, struct json_val value, struct asl_document **ret,
                                        struct error *err);

/* Links to the sources again, for writing it once more; seal it afterwards. */
void asl_document_relink(struct asl_document *doc, struct asl_document *const *sources,
                         uint32_t source_count);

/* A link with copies of its strings, in one block, and a reference of its own. */
struct asl_link asl_link_new(str place, struct asl_document *from, str path, uint32_t keep);

/* From what was written down: text (with null or the new items at the places of links) and links,
 * whose strings and references are taken over, also on failure. number as written. */
NODISCARD enum status asl_document_restore(struct asl_documents *d, uint64_t number, str text,
                                           bool keeps_text, struct asl_link *links,
                                           uint32_t link_count, struct asl_document **ret,
                                           struct error *err);

/* Appends the text that stands for the document beside its links. */
void asl_document_write(const struct asl_document *doc, struct buf *out);

/* Lets go of the links: what they say has been written, or nobody will ask. */
void asl_document_seal(struct asl_document *doc);

/* Bytes of its compact text. */
uint64_t asl_document_size(struct asl_document *doc);

/* The value at a JSON pointer; undefined when there is none. */
struct json_val asl_pointer_get(struct json_val root, str pointer);

#endif
