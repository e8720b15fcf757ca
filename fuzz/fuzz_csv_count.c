/* SPDX-License-Identifier: Apache-2.0 */
/* Any text has as many rows when it is counted, in any pieces, as when it is read. The first byte
 * chooses the pieces and the delimiter. */
#include "csv/csv_count.h"
#include "csv/csv_read.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_rows(str text, char delimiter)
{
    struct csv_reader r;
    uint64_t rows = 0;
    csv_reader_init(&r, delimiter);
    for (size_t used; text.n > 0; text = str_sub(text, used, text.n))
        rows += csv_read(&r, text, &used) == CSV_ROW;
    rows += csv_finish(&r) == CSV_ROW;
    csv_reader_done(&r);
    return rows;
}

static uint64_t count_rows(str text, char delimiter, size_t step)
{
    struct csv_counter c;
    csv_counter_init(&c, delimiter);
    for (size_t at = 0; at < text.n; at += step)
        csv_count(&c, str_sub(text, at, at + step));
    return csv_counted(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    char delimiter = data[0] & 1 ? ',' : ';';
    uint64_t rows = read_rows(text, delimiter);
    if (count_rows(text, delimiter, text.n + 1) != rows ||
        count_rows(text, delimiter, data[0] + 1u) != rows)
        abort();
    return 0;
}
