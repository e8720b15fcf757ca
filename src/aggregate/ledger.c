/* SPDX-License-Identifier: Apache-2.0 */
/* See ledger.h. What it says in short is ledger_short.c. */
#include "aggregate/ledger.h"

#include "aggregate/config.h"
#include "csv/csv_write.h"

enum { NAME_MAX = sizeof("ledger_") + AGGREGATE_TYPE_MAX, CELLS = 10 };

void ledger_init(struct ledger *l, str run, const str *types, uint32_t type_count)
{
    *l = (struct ledger){.run = run, .types = types, .type_count = type_count};
}

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

/* The entry of this run for a type (empty: for all), or undefined. */
static struct json_val entry_of(const struct ledger *l, struct json_val item, str type)
{
    char name[NAME_MAX] = "ledger_";
    if (type.n > AGGREGATE_TYPE_MAX || l->run.n == 0)
        return json_undefined();
    if (type.n > 0)
        memcpy(name + 7, type.p, type.n);
    str key = {name, type.n > 0 ? 7 + type.n : 6};
    struct json_val entry = json_get(json_get(item, key), STR("M"));
    return str_eq(text_of(entry, "run"), l->run) ? entry : json_undefined();
}

static str id_of(struct json_val item)
{
    struct json_val id = json_get(json_get(item, STR("location_id")), STR("S"));
    return id.tag == JSON_STRING ? json_str(id) : STR("");
}

/* What is told of a location and type. */
struct told {
    struct json_val entry;  /* undefined: nothing is known of the type */
    struct json_val teller; /* says how it ended: the type's entry, or the location's */
    str state;
    uint64_t written, in_csv;
    bool is_misfiled; /* the two differ where they must not */
};

/* A location that failed may have pages in the file that nobody could count any more. */
static bool must_agree(str state)
{
    return str_eq(state, STR("COMPLETE")) || str_eq(state, STR("MISMATCH"));
}

static struct told tell(const struct ledger *l, struct json_val item, str type)
{
    struct told t = {.entry = entry_of(l, item, type)};
    t.teller = t.entry.tag == JSON_OBJECT ? t.entry : entry_of(l, item, STR(""));
    t.state = text_of(t.teller, "state");
    t.written = count_of(t.entry, "written");
    if (l->csv == LEDGER_COUNTED)
        t.in_csv = tally_rows(l->tally, id_of(item), type);
    else if (l->csv == LEDGER_AS_WRITTEN)
        t.in_csv = t.written;
    t.is_misfiled = l->csv == LEDGER_COUNTED && t.in_csv != t.written && must_agree(t.state);
    if (t.is_misfiled)
        t.state = STR("MISMATCH");
    else if (t.state.n == 0)
        t.state = STR("OPEN");
    return t;
}

static bool add_types(struct ledger *l, struct json_val item)
{
    bool is_misfiled = false;
    for (uint32_t i = 0; i < l->type_count; i++) {
        struct told t = tell(l, item, l->types[i]);
        bool is_announced = count_text(t.entry, "announced").n > 0;
        l->announced += count_of(t.entry, "announced");
        l->fetched += count_of(t.entry, "fetched");
        l->written += t.written;
        l->pages += count_of(t.entry, "pages");
        l->in_csv += t.in_csv;
        l->announcements += is_announced;
        l->unannounced += t.entry.tag == JSON_OBJECT && !is_announced;
        is_misfiled |= t.is_misfiled;
    }
    return is_misfiled;
}

void ledger_add(struct ledger *l, struct json_val items)
{
    for (uint32_t i = 0; items.tag == JSON_ARRAY && i < items.len; i++) {
        str state = text_of(entry_of(l, items.items[i], STR("")), "state");
        bool is_misfiled = add_types(l, items.items[i]);
        l->locations++;
        l->misfiled += is_misfiled;
        if (str_eq(state, STR("FAILED")))
            l->failed++;
        else if (str_eq(state, STR("MISMATCH")) || is_misfiled)
            l->mismatched++;
        else if (str_eq(state, STR("COMPLETE")))
            l->complete++;
        else
            l->open++;
    }
}

str ledger_unmarked(const struct ledger *l, struct json_val item)
{
    bool is_misfiled = false;
    if (!str_eq(text_of(entry_of(l, item, STR("")), "state"), STR("COMPLETE")))
        return STR("");
    for (uint32_t i = 0; i < l->type_count; i++)
        is_misfiled |= tell(l, item, l->types[i]).is_misfiled;
    return is_misfiled ? id_of(item) : STR("");
}

/* ---- the file ---- */

void ledger_set_csv(struct ledger *l, uint64_t csv_rows, const struct tally *tally,
                    bool is_unreadable)
{
    uint64_t wanted = tally ? tally->rows : l->written;
    ledger_init(l, l->run, l->types, l->type_count);
    l->csv_rows = csv_rows;
    l->tally = tally;
    if (csv_rows != wanted || is_unreadable)
        l->csv = LEDGER_DIFFERS;
    else
        l->csv = tally ? LEDGER_COUNTED : LEDGER_AS_WRITTEN;
}

bool ledger_agrees(const struct ledger *l)
{
    return l->csv == LEDGER_AS_WRITTEN ||
           (l->csv == LEDGER_COUNTED && l->misfiled == 0 && l->in_csv == l->csv_rows);
}

bool ledger_is_whole(const struct ledger *l)
{
    return l->complete == l->locations && ledger_agrees(l);
}

/* ---- CSV ---- */

static void put_cells(const str cells[CELLS], struct buf *out)
{
    struct csv_dialect d = csv_dialect_default();
    for (size_t i = 0; i < CELLS; i++) {
        if (i > 0)
            buf_add_byte(out, d.delimiter);
        csv_put_cell(out, &d, cells[i]);
    }
    buf_add(out, csv_line_end(&d));
}

void ledger_put_header(struct buf *out)
{
    static const char *const names[CELLS] = {"location_id", "type",    "state",  "announced",
                                             "fetched",     "written", "in_csv", "pages",
                                             "error",       "cause"};
    str cells[CELLS];
    for (size_t i = 0; i < CELLS; i++)
        cells[i] = str_of(names[i]);
    put_cells(cells, out);
}

/* Digits in `to`, which has room for them. */
static str digits(uint64_t n, char to[24])
{
    size_t at = 24;
    do
        to[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return (str){to + at, 24 - at};
}

static void put_row(const struct ledger *l, struct json_val item, str type, struct buf *out)
{
    struct told t = tell(l, item, type);
    struct buf cause;
    char in_csv[24];
    bool is_known = l->csv == LEDGER_COUNTED || l->csv == LEDGER_AS_WRITTEN;
    str error = text_of(t.teller, "error");
    buf_init(&cause, SIZE_MAX / 2);
    buf_add(&cause, text_of(t.teller, "cause"));
    if (t.is_misfiled && error.n == 0) {
        error = t.in_csv < t.written ? STR("Aggregate.RowsMissing") : STR("Aggregate.RowsExtra");
        buf_printf(&cause, "%llu rows were written, the file has %llu",
                   (unsigned long long)t.written, (unsigned long long)t.in_csv);
    }
    const str cells[CELLS] = {
        id_of(item),
        type,
        t.state,
        count_text(t.entry, "announced"),
        count_text(t.entry, "fetched"),
        count_text(t.entry, "written"),
        is_known ? digits(t.in_csv, in_csv) : STR(""),
        count_text(t.entry, "pages"),
        error,
        buf_str(&cause),
    };
    put_cells(cells, out);
    buf_done(&cause);
}

void ledger_put_rows(const struct ledger *l, struct json_val items, struct buf *out)
{
    for (uint32_t i = 0; items.tag == JSON_ARRAY && i < items.len; i++)
        for (uint32_t t = 0; t < l->type_count; t++)
            put_row(l, items.items[i], l->types[t], out);
}

void ledger_put_rest(const struct ledger *l, struct buf *out)
{
    char written[24], in_csv[24];
    str cells[CELLS] = {[2] = STR("MISMATCH")};
    if (l->csv == LEDGER_DIFFERS) {
        cells[5] = digits(l->tally ? l->tally->rows : l->written, written);
        cells[6] = digits(l->csv_rows, in_csv);
        cells[8] = STR("Aggregate.FileDiffers");
        cells[9] = STR("whose rows are in the file is not known");
    } else if (l->csv == LEDGER_COUNTED && l->in_csv < l->csv_rows) {
        cells[6] = digits(l->csv_rows - l->in_csv, in_csv);
        cells[8] = STR("Aggregate.RowsOfNobody");
        cells[9] = STR("rows of parts that belong to no location and type of this run");
    } else {
        return;
    }
    put_cells(cells, out);
}
