/* SPDX-License-Identifier: Apache-2.0 */
/* See config.h. */
#include "aggregate/config.h"

void aggregate_config_init(struct aggregate_config *c)
{
    *c = (struct aggregate_config){.concurrency = AGGREGATE_CONCURRENCY,
                                   .retries = AGGREGATE_RETRIES,
                                   .timeout_s = AGGREGATE_TIMEOUT,
                                   .page_size = AGGREGATE_PAGE_SIZE,
                                   .tolerate = AGGREGATE_TOLERATE,
                                   .delimiter = ','};
}

static void put_text(struct buf *out, const char *name, str text)
{
    if (text.n > 0)
        buf_printf(out, "%s %zu:%.*s\n", name, text.n, STR_ARG(text));
}

static void put_texts(struct buf *out, const char *name, const str *texts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_text(out, name, texts[i]);
}

void aggregate_config_identity(const struct aggregate_config *c, struct buf *out)
{
    put_text(out, "api", c->api);
    put_text(out, "summary_url", c->summary_url);
    put_text(out, "page_url", c->page_url);
    put_text(out, "summary", c->summary);
    put_text(out, "rows", c->rows);
    put_text(out, "row", c->row);
    put_text(out, "more", c->more);
    put_texts(out, "types", c->types, c->type_count);
    put_texts(out, "columns", c->columns, c->column_count);
    buf_printf(
        out, "page_size %u, tolerate %u, delimiter %d, no_summary %d, quote %d, crlf %d, bom %d\n",
        c->page_size, c->tolerate, c->delimiter, c->has_no_summary, c->is_minimal, c->is_crlf,
        c->has_bom);
}
