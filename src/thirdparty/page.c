/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and the blocks they are cut out of, see page.h. */
#include "thirdparty/page.h"
#include "base/check.h"
#include "base/idmap.h"
#include <stdlib.h>

/* Rows, a comma behind each. */
struct page_block {
    uint64_t id;
    struct page_block *newer, *older; /* by when they were asked for */
    char *text;
    size_t bytes;
    uint32_t ends[]; /* of each row, comma included */
};

struct page_cache {
    struct thirdparty_world world;
    size_t max_bytes, bytes;
    struct idmap blocks;
    struct page_block *newest, *oldest;
    uint64_t rendered;
};

struct page_cache *page_cache_new(const struct thirdparty_world *w, size_t max_bytes)
{
    struct page_cache *c = calloc(1, sizeof(*c));
    check(c != NULL);
    c->world = *w;
    c->max_bytes = max_bytes;
    return c;
}

/* ---- blocks ---- */

static void block_unlink(struct page_cache *c, struct page_block *b)
{
    if (b->newer != NULL)
        b->newer->older = b->older;
    else
        c->newest = b->older;
    if (b->older != NULL)
        b->older->newer = b->newer;
    else
        c->oldest = b->newer;
}

static void block_link(struct page_cache *c, struct page_block *b)
{
    b->newer = NULL;
    b->older = c->newest;
    if (c->newest != NULL)
        c->newest->newer = b;
    else
        c->oldest = b;
    c->newest = b;
}

static void block_drop(struct page_cache *c, struct page_block *b)
{
    block_unlink(c, b);
    idmap_remove(&c->blocks, b->id);
    c->bytes -= b->bytes;
    free(b->text);
    free(b);
}

static struct page_block *block_render(struct page_cache *c, const struct page_ask *ask,
                                       uint32_t number, uint64_t id)
{
    uint32_t first = number * PAGE_BLOCK_ROWS, rows = ask->total - first;
    struct buf text;
    if (rows > PAGE_BLOCK_ROWS)
        rows = PAGE_BLOCK_ROWS;
    struct page_block *b = malloc(sizeof(*b) + rows * sizeof(b->ends[0]));
    check(b != NULL);
    buf_init(&text, (size_t)PAGE_BLOCK_ROWS * (THIRDPARTY_RECORD_MAX + 1));
    for (uint32_t i = 0; i < rows; i++) {
        thirdparty_record_put(&c->world, ask->location, ask->state, first + i, ask->has_gaps,
                              &text);
        buf_add_byte(&text, ',');
        b->ends[i] = (uint32_t)text.n;
    }
    check(buf_ok(&text));
    b->id = id;
    b->bytes = text.n + sizeof(*b) + rows * sizeof(b->ends[0]);
    size_t n;
    char *taken = buf_take(&text, &n);
    b->text = realloc(taken, n); /* what doubling took too much goes back */
    check(b->text != NULL);
    c->bytes += b->bytes;
    c->rendered++;
    idmap_put(&c->blocks, id, b);
    block_link(c, b);
    while (c->bytes > c->max_bytes && c->oldest != b)
        block_drop(c, c->oldest);
    return b;
}

static struct page_block *block_get(struct page_cache *c, const struct page_ask *ask,
                                    uint32_t number)
{
    uint64_t id = (uint64_t)ask->location << 33 | (uint64_t)ask->state << 32 | number;
    struct page_block *b = idmap_get(&c->blocks, id);
    if (b == NULL)
        return block_render(c, ask, number, id);
    block_unlink(c, b);
    block_link(c, b);
    return b;
}

void page_cache_free(struct page_cache *c)
{
    if (c == NULL)
        return;
    while (c->oldest != NULL)
        block_drop(c, c->oldest);
    idmap_done(&c->blocks);
    free(c);
}

/* ---- pages ---- */

char *page_body(struct page_cache *c, const struct page_ask *ask, size_t *ret_n)
{
    struct buf out;
    check(ask->rows <= PAGE_LIMIT_MAX && ask->offset <= ask->total &&
          ask->rows <= ask->total - ask->offset);
    buf_init(&out, (size_t)PAGE_LIMIT_MAX * (THIRDPARTY_RECORD_MAX + 1) + 100);
    buf_printf(&out, "{\"count\":%u,\"results\":[", ask->rows);
    for (uint32_t done = 0; done < ask->rows;) {
        uint32_t row = ask->offset + done, from = row % PAGE_BLOCK_ROWS;
        uint32_t left = ask->rows - done, to = from + left;
        const struct page_block *b = block_get(c, ask, row / PAGE_BLOCK_ROWS);
        if (to > PAGE_BLOCK_ROWS)
            to = PAGE_BLOCK_ROWS;
        size_t start = from > 0 ? b->ends[from - 1] : 0;
        size_t bytes = b->ends[to - 1] - start;
        if (!buf_reserve(&out, bytes + 100)) /* all of it at once */
            break;                           /* and it overflowed */
        buf_add(&out, (str){b->text + start, bytes});
        done += to - from;
    }
    if (ask->rows > 0)
        out.n--; /* the last comma */
    buf_add(&out, STR("]}"));
    check(buf_ok(&out));
    return buf_take(&out, ret_n);
}

struct page_figures page_cache_figures(const struct page_cache *c)
{
    return (struct page_figures){
        .bytes = c->bytes, .blocks = c->blocks.count, .rendered = c->rendered};
}
