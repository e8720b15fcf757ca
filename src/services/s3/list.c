/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over keys: which are shown, which are rolled up, where the next page begins. */
#include "services/s3/list.h"

#include "base/time.h"

enum { LOOK_MAX = 1024 + 8 /* bytes of a place to look from: a key and a little */ };

struct walk {
    const struct s3_list_query *q;
    const struct s3_list_sink *sink;
    struct s3_list_page *page;
    char last[LOOK_MAX];
    size_t last_n;
    char next[LOOK_MAX]; /* where to look next, behind a common prefix */
    size_t next_n;
    bool has_next;
};

static void set_last(struct walk *w, str s)
{
    w->last_n = s.n < sizeof(w->last) ? s.n : sizeof(w->last);
    memcpy(w->last, s.p, w->last_n);
}

/* The first text behind all that begin with the prefix. Keys are UTF-8: no byte is 0xFF. */
static void look_behind(struct walk *w, str prefix)
{
    w->next_n = prefix.n < sizeof(w->next) ? prefix.n : sizeof(w->next);
    memcpy(w->next, prefix.p, w->next_n);
    w->next[w->next_n - 1] = (char)(w->next[w->next_n - 1] + 1);
    w->has_next = true;
}

/* The part of the key up to the first delimiter behind the prefix; n 0: there is none. */
static str common_prefix(const struct s3_list_query *q, str key)
{
    if (q->delimiter.n == 0)
        return (str){NULL, 0};
    size_t at = str_find(key, q->delimiter, q->prefix.n);
    return at == STR_NONE ? (str){NULL, 0} : str_sub(key, 0, at + q->delimiter.n);
}

static bool is_full(struct walk *w)
{
    if (w->page->count < w->q->max_keys)
        return false;
    w->page->is_truncated = true;
    return true;
}

static bool on_object(void *arg, const struct store_object *o)
{
    struct walk *w = arg;
    const struct s3_list_query *q = w->q;
    if (!str_starts(o->key, q->prefix))
        return false; /* those with the prefix stand together */
    str common = common_prefix(q, o->key);
    if (common.n == 0) {
        if (is_full(w))
            return false;
        w->sink->object(w->sink->arg, o);
        set_last(w, o->key);
        w->page->count++;
        return true;
    }
    if (!str_eq(common, q->after)) {
        if (is_full(w))
            return false;
        w->sink->prefix(w->sink->arg, common);
        set_last(w, common);
        w->page->count++;
    }
    look_behind(w, common);
    return false;
}

enum status s3_list_objects(struct store_reader *r, const struct s3_list_query *q,
                            const struct s3_list_sink *sink, struct arena *a,
                            struct s3_list_page *ret, struct error *err)
{
    struct s3_list_page page = {0};
    struct walk w = {.q = q, .sink = sink, .page = &page};
    bool is_behind = str_cmp(q->after, q->prefix) >= 0 && q->after.n > 0;
    str from = is_behind ? q->after : q->prefix;
    if (q->max_keys > 0)
        do {
            char place[LOOK_MAX];
            if (w.has_next) {
                memcpy(place, w.next, w.next_n);
                from = (str){place, w.next_n};
                is_behind = false;
                w.has_next = false;
            }
            if (store_walk_objects(r, q->bucket, from, is_behind, on_object, &w, err) != STATUS_OK)
                return err->status;
        } while (w.has_next);
    page.last = arena_dup(a, (str){w.last, w.last_n});
    *ret = page;
    return STATUS_OK;
}

void s3_encode_key(struct buf *out, str key)
{
    for (size_t i = 0; i < key.n; i++) {
        unsigned char c = (unsigned char)key.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != 0 && strchr("-._~/", c)))
            buf_add_byte(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

void s3_time_print(int64_t ms, char out[S3_TIME_BYTES])
{
    char text[32];
    time_print_iso(ms, text);
    memcpy(out, text, S3_TIME_BYTES - 1);
    out[S3_TIME_BYTES - 1] = 'Z';
}
