/* SPDX-License-Identifier: Apache-2.0 */
/* Quoting of cells, and the header. Rows are put together in csv_rows.c, filled up in csv_fit.c. */
#include "csv/csv_write.h"

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

struct csv_dialect csv_dialect_default(void)
{
    return (struct csv_dialect){.delimiter = ',', .quote = CSV_QUOTE_ALL};
}

bool csv_is_delimiter(char c)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool is_number = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
    bool is_taken = c == '"' || c == '\r' || c == '\n' || c == '\0';
    return (uint8_t)c < 0x80 && !is_letter && !is_number && !is_taken;
}

bool csv_needs_quotes(const struct csv_dialect *d, str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"' || c == '\r' || c == '\n' || c == d->delimiter)
            return true;
    }
    /* at the beginning of the file a reader would take it away */
    return text.n >= 3 && memcmp(text.p, BYTE_ORDER_MARK, 3) == 0;
}

static void put_quoted(struct buf *out, str text)
{
    if (!buf_reserve(out, text.n + 2))
        return;
    buf_add_byte(out, '"');
    size_t at = 0;
    while (at < text.n) {
        size_t quote = str_find_byte(text, '"', at);
        size_t to = quote == STR_NONE ? text.n : quote + 1;
        buf_add(out, str_sub(text, at, to));
        if (quote != STR_NONE)
            buf_add_byte(out, '"');
        at = to;
    }
    buf_add_byte(out, '"');
}

void csv_put_cell(struct buf *out, const struct csv_dialect *d, str text)
{
    if (d->quote == CSV_QUOTE_ALL || csv_needs_quotes(d, text))
        put_quoted(out, text);
    else
        buf_add(out, text);
}

void csv_put_header(struct buf *out, const struct csv_dialect *d, const str *names, uint32_t count)
{
    if (d->has_mark)
        buf_add(out, (str){BYTE_ORDER_MARK, 3});
    if (count == 1 && names[0].n == 0)
        buf_add(out, STR("\"\""));
    else
        for (uint32_t i = 0; i < count; i++) {
            if (i > 0)
                buf_add_byte(out, d->delimiter);
            csv_put_cell(out, d, names[i]);
        }
    buf_add(out, csv_line_end(d));
}
