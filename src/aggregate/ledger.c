/* SPDX-License-Identifier: Apache-2.0 */
/* See ledger.h. */
#include "aggregate/ledger.h"

#include "csv/csv_write.h"
#include "json/write.h"
#include <stdlib.h>

static const char *const types[] = {"failed", "rejected"};

/* ---- a location's row ---- */

static str text_of(struct json_val entry, const char *key)
{
    struct json_val v = json_get(json_get(entry, str_of(key)), STR("S"));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

/* The digits of a count; empty: none. */
static str count_text(struct json_val entry, const char *key)
{
    struct json_val v = json_get(json_get(entry, str_of(key)), STR("N"));
    return v.tag == JSON_STRING ? json_str(v) : (str){0};
}

static uint64_t count_of(struct json_val entry, const char *key)
{
    str text = count_text(entry, key);
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && i < 18 && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        n = n * 10 + (uint64_t)(text.p[i] - '0');
    return n;
}

/* An entry of this run, or undefined. */
static struct json_val entry_of(const struct ledger *l, struct json_val item, const char *suffix)
{
    char name[32] = "ledger";
    if (suffix) {
        name[6] = '_';
        for (size_t i = 0; suffix[i] && i < sizeof(name) - 8; i++)
            name[7 + i] = suffix[i];
    }
    struct json_val entry = json_get(json_get(item, str_of(name)), STR("M"));
    return str_eq(text_of(entry, "run"), l->run) && l->run.n > 0 ? entry : json_undefined();
}

void ledger_add(struct ledger *l, struct json_val items)
{
    for (uint32_t i = 0; items.tag == JSON_ARRAY && i < items.len; i++) {
        str state = text_of(entry_of(l, items.items[i], NULL), "state");
        l->locations++;
        if (str_eq(state, STR("COMPLETE")))
            l->complete++;
        else if (str_eq(state, STR("MISMATCH")))
            l->mismatched++;
        else if (str_eq(state, STR("FAILED")))
            l->failed++;
        else
            l->open++;
        for (size_t t = 0; t < ARRAY_LEN(types); t++) {
            struct json_val entry = entry_of(l, items.items[i], types[t]);
            l->announced += count_of(entry, "announced");
            l->fetched += count_of(entry, "fetched");
            l->written += count_of(entry, "written");
            l->pages += count_of(entry, "pages");
        }
    }
}

/* ---- CSV ---- */

void ledger_put_header(struct buf *out)
{
    static const char *const names[] = {"location_id", "type",   "state", "announced", "fetched",
                                        "written",     "in_csv", "pages", "error",     "cause"};
    struct csv_dialect d = csv_dialect_default();
    str columns[ARRAY_LEN(names)];
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        columns[i] = str_of(names[i]);
    csv_put_header(out, &d, columns, ARRAY_LEN(names));
}

static void put_row(const struct ledger *l, struct json_val item, const char *type, bool is_in_csv,
                    struct buf *out)
{
    struct csv_dialect d = csv_dialect_default();
    struct json_val id = json_get(json_get(item, STR("location_id")), STR("S"));
    struct json_val whole = entry_of(l, item, NULL), entry = entry_of(l, item, type);
    /* Nothing of the type is known: what the location came to says why. */
    struct json_val teller = entry.tag == JSON_OBJECT ? entry : whole;
    str state = text_of(teller, "state"), written = count_text(entry, "written");
    const str cells[] = {
        id.tag == JSON_STRING ? json_str(id) : STR(""),
        str_of(type),
        state.n > 0 ? state : STR("OPEN"),
        count_text(entry, "announced"),
        count_text(entry, "fetched"),
        written,
        is_in_csv ? (written.n > 0 ? written : STR("0")) : STR(""),
        count_text(entry, "pages"),
        text_of(teller, "error"),
        text_of(teller, "cause"),
    };
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        if (i > 0)
            buf_add_byte(out, d.delimiter);
        csv_put_cell(out, &d, cells[i]);
    }
    buf_add(out, csv_line_end(&d));
}

void ledger_put_rows(const struct ledger *l, struct json_val items, bool is_in_csv, struct buf *out)
{
    for (uint32_t i = 0; items.tag == JSON_ARRAY && i < items.len; i++)
        for (size_t t = 0; t < ARRAY_LEN(types); t++)
            put_row(l, items.items[i], types[t], is_in_csv, out);
}

/* ---- in short ---- */

void ledger_put_text(const struct ledger *l, uint64_t csv_rows, str file, struct buf *out)
{
    buf_printf(out, "locations  %llu", (unsigned long long)l->locations);
    if (l->complete < l->locations)
        buf_printf(out,
                   ": %llu complete, %llu failed, %llu with other counts than announced, "
                   "%llu open",
                   (unsigned long long)l->complete, (unsigned long long)l->failed,
                   (unsigned long long)l->mismatched, (unsigned long long)l->open);
    buf_printf(out, "\nrows       %llu announced, %llu fetched", (unsigned long long)l->announced,
               (unsigned long long)l->fetched);
    if (file.n > 0)
        buf_printf(out, ", %llu in %.*s", (unsigned long long)csv_rows, STR_ARG(file));
    buf_printf(out, "\npages      %llu\n", (unsigned long long)l->pages);
    if (file.n > 0 && !ledger_agrees(l, csv_rows))
        buf_add(out, STR("The file does not have as many rows as were written.\n"));
}

void ledger_put_json(const struct ledger *l, uint64_t csv_rows, str file, struct buf *out)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {
        {"locations", l->locations},   {"complete", l->complete}, {"failed", l->failed},
        {"mismatched", l->mismatched}, {"open", l->open},         {"announced", l->announced},
        {"fetched", l->fetched},       {"written", l->written},   {"pages", l->pages},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        buf_printf(out, "%s\"%s\":%llu", i > 0 ? "," : "", counts[i].name,
                   (unsigned long long)counts[i].n);
    if (file.n == 0)
        return;
    buf_printf(out, ",\"in_csv\":%llu,\"file\":", (unsigned long long)csv_rows);
    json_write_string(out, file);
}
