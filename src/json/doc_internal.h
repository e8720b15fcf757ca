/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct json_doc, for the files of this folder that make documents.
 *
 * Memory of a document: the text (if it was parsed), and the arena with values, decoded strings and
 * shapes. `held` are the documents whose values it refers to; they hold nothing themselves.
 */
#ifndef AFFLUX_JSON_DOC_INTERNAL_H
#define AFFLUX_JSON_DOC_INTERNAL_H

#include "json/doc.h"
#include "json/shape.h"

/* What freezing found out about the size of a part of a document; see freeze_size.c */
struct doc_part {
    const void *any; /* items, object or bytes of the part */
    uint32_t len;
    size_t bytes; /* at least */
};

enum { DOC_PARTS = 4 };

struct json_doc {
    uint32_t refs;
    uint32_t held_count;
    uint32_t depth; /* nesting: no value of the document has more */
    uint32_t next_part;
    struct json_val root;
    char *text; /* malloc'ed, or behind this struct; NULL when there is none */
    size_t text_n;
    bool is_text_inside;  /* one block with the struct */
    bool has_shapes;      /* shapes is set up */
    bool has_number_text; /* some JSON_INT or JSON_NUMTEXT is in it */
    struct arena arena;
    struct doc_part parts[DOC_PARTS]; /* ring */

    /* set when there are any; all above is zeroed */
    _Alignas(16) struct json_shapes shapes; /* in arena */
    struct json_doc *held[JSON_MAX_HELD];
};

/* A document with one reference, root undefined, and room for inside_bytes behind the struct. */
struct json_doc *doc_new(size_t inside_bytes);

/* The same with the arena's first block, of that many bytes, behind the struct. */
struct json_doc *doc_new_room(size_t arena_bytes);

/* The shapes that objects made in the document's arena share. */
struct json_shapes *doc_shapes(struct json_doc *doc);

#endif
