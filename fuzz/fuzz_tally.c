/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a ledger of parts: in pieces it is the same as in whole, and nobody has more rows
 * than there are. The first byte chooses the pieces. */
#include "aggregate/tally.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status read_steps(struct tally *t, str text, size_t step, struct error *err)
{
    enum status status = STATUS_OK;
    tally_init(t, STR("t"), STR("r"), 1);
    for (size_t at = 0; at < text.n && status == STATUS_OK; at += step)
        status = tally_read(t, str_sub(text, at, at + step), err);
    return status == STATUS_OK ? tally_finish(t, err) : status;
}

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tally whole, pieces;
    struct error whole_err = {0}, pieces_err = {0};
    if (size == 0)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    enum status status = read_steps(&whole, text, text.n + 1, &whole_err);
    require(read_steps(&pieces, text, data[0] + 1u, &pieces_err) == status);
    require(strcmp(whole_err.message, pieces_err.message) == 0);
    require(whole.rows == pieces.rows && whole.parts == pieces.parts);
    require(whole.count == pieces.count && whole.count <= whole.parts);
    uint64_t rows = tally_rows(&whole, STR("l"), STR("a"));
    require(rows == tally_rows(&pieces, STR("l"), STR("a")) && rows <= whole.rows);
    tally_done(&whole);
    tally_done(&pieces);
    return 0;
}
