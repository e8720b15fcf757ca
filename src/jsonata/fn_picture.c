/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures in use. The same few pictures are applied to many values, so an evaluation keeps the
 * first FN_PICTURE_KEPT of them; later ones are analysed for each call and their memory is given
 * back, so that a loop that makes up pictures does not grow.
 */
#include "jsonata/fn_picture.h"

enum { FN_PICTURE_KEPT = 32 };

/* Their addresses tell the kinds apart in ev->memos. */
static const char fn_picture_sites[] = {
    [FN_PICTURE_NUMBER] = 0,
    [FN_PICTURE_NUMBER_OPTIONS] = 0,
    [FN_PICTURE_INTEGER] = 0,
    [FN_PICTURE_DATETIME] = 0,
};

const struct site_memo *fn_picture_next(const struct ev *e, const struct site_memo *from,
                                        enum fn_picture_kind kind, str text)
{
    const void *site = &fn_picture_sites[kind];
    for (const struct site_memo *m = from != NULL ? from->next : e->memos; m != NULL; m = m->next)
        if (m->site == site && str_eq(m->key, text))
            return m;
    return NULL;
}

bool fn_picture_find(const struct ev *e, enum fn_picture_kind kind, str text, struct fn_picture *p)
{
    const struct site_memo *memo = fn_picture_next(e, NULL, kind, text);
    *p = (struct fn_picture){.kept = memo != NULL};
    if (memo != NULL)
        p->analysed = memo->memo;
    else
        p->mark = arena_mark(e->arena);
    return p->kept;
}

void fn_picture_keep(struct ev *e, enum fn_picture_kind kind, str text, struct fn_picture *p)
{
    uint32_t count = 0;
    for (const struct site_memo *m = e->memos; m != NULL; m = m->next)
        count++;
    if (count >= FN_PICTURE_KEPT)
        return;
    struct site_memo *memo = arena_alloc(e->arena, sizeof(*memo));
    *memo = (struct site_memo){
        .next = e->memos, .site = &fn_picture_sites[kind], .key = text, .memo = p->analysed};
    e->memos = memo;
    p->kept = true;
}

void fn_picture_done(struct ev *e, const struct fn_picture *p)
{
    if (!p->kept)
        arena_release(e->arena, p->mark);
}

struct buf *fn_picture_scratch(struct ev *e)
{
    buf_clear(&e->scratch);
    return &e->scratch;
}

struct json_val fn_picture_text(struct ev *e, const struct node *n, unsigned flags)
{
    if (!buf_ok(&e->scratch) || e->scratch.n > UINT32_MAX)
        return ev_fail_memory(e, n);
    char *copy = ev_alloc(e, e->scratch.n);
    if (copy == NULL || !ev_charge(e, e->scratch.n / 8, n)) /* a short picture can ask for much */
        return (struct json_val){.tag = VAL_FAILED};
    if (e->scratch.n > 0)
        memcpy(copy, e->scratch.p, e->scratch.n);
    return json_string((str){copy, e->scratch.n}, flags);
}

struct json_val fn_picture_failed(struct ev *e, const struct node *n,
                                  const struct picture_error *err)
{
    if (strcmp(err->code, "U1002") == 0)
        return ev_fail_memory(e, n);
    if (err->has_text)
        return ev_fail_value(e, err->code, n, json_string(err->text, 0));
    if (err->has_number)
        return ev_fail_value(e, err->code, n, json_num(err->number));
    return ev_fail(e, err->code, n);
}
