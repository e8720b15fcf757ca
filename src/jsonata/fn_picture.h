/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the functions with picture strings share: analysed pictures that an evaluation remembers,
 * the text they write, the errors they raise. For fn_format.c and fn_datetime.c.
 */
#ifndef AFFLUX_JSONATA_FN_PICTURE_H
#define AFFLUX_JSONATA_FN_PICTURE_H

#include "jsonata/eval.h"
#include "jsonata/picture.h"

enum fn_picture_kind {
    FN_PICTURE_NUMBER,
    FN_PICTURE_NUMBER_OPTIONS, /* with the third argument of $formatNumber */
    FN_PICTURE_INTEGER,
    FN_PICTURE_DATETIME,
};

/* An analysed picture while a function uses it. */
struct fn_picture {
    const void *analysed;
    struct arena_mark mark; /* before the analysis */
    bool kept;              /* for the whole evaluation */
};

/* The next remembered picture behind `from` (NULL: the first); NULL when there is none. */
const struct site_memo *fn_picture_next(const struct ev *e, const struct site_memo *from,
                                        enum fn_picture_kind kind, str text);
/* True when the picture is remembered. If not, the caller analyses it in e->arena, sets p->analysed
 * and calls fn_picture_keep(). */
bool fn_picture_find(const struct ev *e, enum fn_picture_kind kind, str text, struct fn_picture *p);
void fn_picture_keep(struct ev *e, enum fn_picture_kind kind, str text, struct fn_picture *p);
/* After use: gives the memory back of what is not remembered. Nothing allocated since may be
 * needed. */
void fn_picture_done(struct ev *e, const struct fn_picture *p);

/* e->scratch, empty; what was written to it, as a string with these flags. */
struct buf *fn_picture_scratch(struct ev *e);
struct json_val fn_picture_text(struct ev *e, const struct node *n, unsigned flags);

struct json_val fn_picture_failed(struct ev *e, const struct node *n,
                                  const struct picture_error *err);

#endif
