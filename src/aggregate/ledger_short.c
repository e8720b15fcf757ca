/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in a few lines: for people, for machines, and what is wrong. */
#include "aggregate/ledger.h"

#include "json/write.h"

static unsigned long long whole(uint64_t n)
{
    return n;
}

/* Rows of the CSV that no location has. */
static uint64_t unexplained(const struct ledger *l)
{
    if (l->csv == LEDGER_DIFFERS)
        return l->csv_rows;
    return l->csv == LEDGER_COUNTED && l->csv_rows > l->in_csv ? l->csv_rows - l->in_csv : 0;
}

static void put_announced(const struct ledger *l, struct buf *out)
{
    if (l->announcements == 0 && l->unannounced > 0)
        buf_add(out, STR("not announced"));
    else
        buf_printf(out, "%llu announced", whole(l->announced));
    if (l->announcements > 0 && l->unannounced > 0)
        buf_printf(out, " (not known of %llu of %llu counts)", whole(l->unannounced),
                   whole(l->unannounced + l->announcements));
}

void ledger_put_text(const struct ledger *l, str file, struct buf *out)
{
    buf_printf(out, "locations  %llu", whole(l->locations));
    if (l->complete < l->locations)
        buf_printf(out,
                   ": %llu complete, %llu failed, %llu with other counts than announced, "
                   "%llu open",
                   whole(l->complete), whole(l->failed), whole(l->mismatched), whole(l->open));
    buf_add(out, STR("\nrows       "));
    put_announced(l, out);
    buf_printf(out, ", %llu fetched", whole(l->fetched));
    if (file.n > 0)
        buf_printf(out, ", %llu in %.*s", whole(l->csv_rows), STR_ARG(file));
    buf_printf(out, "\npages      %llu\n", whole(l->pages));
}

void ledger_put_trouble(const struct ledger *l, str file, struct buf *out)
{
    uint64_t rows = l->csv_rows;
    if (l->csv == LEDGER_DIFFERS && l->tally)
        buf_printf(out, "%.*s has %llu rows, and its parts %llu: whose they are is not known\n",
                   STR_ARG(file), whole(rows), whole(l->tally->rows));
    else if (l->csv == LEDGER_DIFFERS)
        buf_printf(out, "%.*s has %llu rows, and %llu were written: whose they are is not known\n",
                   STR_ARG(file), whole(rows), whole(l->written));
    if (l->misfiled > 0)
        buf_printf(out,
                   "%.*s does not have the rows that were written for %llu locations; the ledger "
                   "says which\n",
                   STR_ARG(file), whole(l->misfiled));
    if (l->csv == LEDGER_COUNTED && unexplained(l) > 0)
        buf_printf(out, "%.*s has %llu rows that belong to no location and type of this run\n",
                   STR_ARG(file), whole(unexplained(l)));
}

void ledger_put_json(const struct ledger *l, str file, struct buf *out)
{
    const struct {
        const char *name;
        uint64_t n;
    } before[] = {{"locations", l->locations},
                  {"complete", l->complete},
                  {"failed", l->failed},
                  {"mismatched", l->mismatched},
                  {"open", l->open}},
      behind[] = {{"fetched", l->fetched}, {"written", l->written}, {"pages", l->pages}};
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        buf_printf(out, "\"%s\":%llu,", before[i].name, whole(before[i].n));
    if (l->announcements == 0 && l->unannounced > 0)
        buf_add(out, STR("\"announced\":null"));
    else
        buf_printf(out, "\"announced\":%llu", whole(l->announced));
    for (size_t i = 0; i < ARRAY_LEN(behind); i++)
        buf_printf(out, ",\"%s\":%llu", behind[i].name, whole(behind[i].n));
    if (l->unannounced > 0)
        buf_printf(out, ",\"not_announced\":%llu", whole(l->unannounced));
    if (file.n == 0)
        return;
    buf_printf(out, ",\"in_csv\":%llu,\"file\":", whole(l->csv_rows));
    json_write_string(out, file);
    if (!ledger_agrees(l))
        buf_printf(out, ",\"misfiled\":%llu,\"unexplained\":%llu", whole(l->misfiled),
                   whole(unexplained(l)));
}
