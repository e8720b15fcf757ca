/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the inputs of the JSONata benchmark, the same bytes on every machine: rows of discount
 * codes drawn from a 32-bit linear congruential generator (seed 42, the upper 16 bits of each
 * state), and the cases that bench_jsonata.c and jsonata.mjs both read. No measuring here.
 */
#include "bench_jsonata.h"

#include "base/buf.h"
#include "base/number.h"
#include <stdio.h>

enum { PATH_BYTES = 4096 };

struct bench_size {
    const char *name;
    unsigned rows;
};

static const struct bench_size bench_sizes[] = {
    {"1KB", 3}, {"100KB", 400}, {"10krows", 10000}, {"10MB", 40000}};

struct bench_case {
    const char *name, *bind, *expr;
};

static const struct bench_case bench_cases[] = {
    {"path_simple", "-", "rows[0].customer.email"},
    {"path_all", "-", "rows.customer.email"},
    {"states_input", "states", "$states.input.x.cursor"},
    {"concat_url", "states",
     "'https://api.example.test/v1/codes/' & $states.input.x.batch & '?limit=400&cursor=' & "
     "$states.input.x.cursor"},
    {"filter", "-", "rows[status = 'FAILED' and amount > 50]"},
    {"replace_rows", "-", "rows.$replace(discount_code, '-', '_')"},
    {"sum", "-", "$sum(rows.amount)"},
    {"map_lambda", "-", "$map(rows, function($r){ $r.amount * 1.19 })"},
    {"filter_lambda", "-", "$filter(rows, function($r){ $r.status = 'FAILED' })"},
    {"reduce_lambda", "-", "$reduce(rows.amount, function($a, $b){ $a > $b ? $a : $b })"},
    {"group_by", "-", "rows{ customer.country: { 'n': $count(id), 'total': $sum(amount) } }"},
    {"order_by", "-", "rows^(amount).id"},
    {"sort_lambda", "-", "$sort(rows, function($a, $b){ $a.amount > $b.amount }).id"},
    {"descendant", "-", "$count(**.email)"},
    {"wildcard", "-", "$count(rows.*)"},
    {"regex_match", "-", "rows.$match(discount_code, /^([A-Z]+)-([0-9]+)$/).groups[1]"},
    {"format_number", "-", "rows.$formatNumber(amount, '#,##0.00')"},
    {"to_millis", "-", "rows.$toMillis(created_at)"},
    {"transform", "-",
     "rows.{ 'discount_code': discount_code, 'error_message': error_message ? error_message : '', "
     "'status': $lowercase(status), 'key': id & ':' & customer.country, "
     "'net': $round(amount / 1.19, 2) }"},
    {"csv_lines", "-",
     "$join(rows.(discount_code & ',' & (error_message ? error_message : '') & ',' & status), "
     "'\\n')"},
};

/* ---- rows ---- */

struct row_lcg {
    uint32_t state;
};

static unsigned draw(struct row_lcg *r, unsigned below)
{
    r->state = r->state * UINT32_C(1664525) + UINT32_C(1013904223);
    return (r->state >> 16) % below;
}

/* The order of the draws is part of the format. */
static void add_row(struct buf *b, struct row_lcg *r, unsigned i)
{
    static const char *const countries[] = {"DE", "FR", "IT", "ES", "NL", "PL", "SE", "PT"};
    static const char *const tiers[] = {"gold", "silver", "bronze"};
    static const char *const currencies[] = {"EUR", "EUR", "USD", "PLN"};
    static const char *const words[] = {"SAVE", "SPRING", "VIP", "WELCOME"};
    static const char *const errors[] = {"\"gateway timeout\"", "\"already redeemed\"",
                                         "\"not found\"", "\"limit, exceeded \\\"hard\\\"\""};
    static const char *const tags[] = {"new", "web", "app", "retry", "bulk"};
    char amount[NUMBER_TEXT_MAX];
    unsigned kind = draw(r, 10);
    unsigned day = draw(r, 28) + 1, hour = draw(r, 24), minute = draw(r, 60), second = draw(r, 60);
    const char *word = words[draw(r, 4)];
    const char *error = kind >= 7 && kind < 9 ? errors[draw(r, 4)] : "null";
    size_t amount_n = number_print((draw(r, 20000) + 1) / 100.0, amount);
    const char *currency = currencies[draw(r, 4)], *tier = tiers[draw(r, 3)];
    const char *country = countries[draw(r, 8)];
    const char *tag = tags[draw(r, 5)], *other_tag = tags[draw(r, 5)];
    buf_printf(b, "{\"id\":\"dc_%06u\",\"discount_code\":\"%s-%06u\",\"status\":\"%s\",", i, word,
               i,
               kind < 7   ? "APPLIED"
               : kind < 9 ? "FAILED"
                          : "PENDING");
    buf_printf(b, "\"error_message\":%s,\"amount\":%.*s,\"currency\":\"%s\",", error, (int)amount_n,
               amount, currency);
    buf_printf(
        b, "\"customer\":{\"email\":\"user%06u@example.test\",\"tier\":\"%s\",\"country\":\"%s\"},",
        i, tier, country);
    buf_printf(b, "\"created_at\":\"2026-10-%02uT%02u:%02u:%02u.000Z\",\"tags\":[\"%s\",\"%s\"]}",
               day, hour, minute, second, tag, other_tag);
}

static void add_document(struct buf *b, unsigned rows)
{
    struct row_lcg r = {42};
    buf_add(b,
            STR("{\"states\":{\"input\":{\"x\":{\"cursor\":\"c_000400\",\"batch\":\"b_0007\","
                "\"page\":7}},"
                "\"context\":{\"Execution\":{\"Id\":\"arn:local:execution:demo:1\"}}},\"rows\":["));
    for (unsigned i = 0; i < rows; i++) {
        if (i > 0)
            buf_add_byte(b, ',');
        add_row(b, &r, i);
    }
    buf_add(b, STR("]}"));
}

/* ---- files ---- */

static void save_input(const char *folder, const char *name, const char *ending,
                       const struct buf *b)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, ending);
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0)
        bench_jsonata_stop("cannot write the inputs");
}

void bench_jsonata_generate(const char *folder)
{
    struct buf list;
    buf_init(&list, SIZE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(bench_sizes); i++) {
        const struct bench_size *size = &bench_sizes[i];
        struct buf text;
        buf_init(&text, SIZE_MAX);
        add_document(&text, size->rows);
        save_input(folder, size->name, ".json", &text);
        buf_done(&text);
        for (size_t k = 0; k < ARRAY_LEN(bench_cases); k++)
            buf_printf(&list, "%s\t%s\t%s/%s.json\t%s\t%s\n", bench_cases[k].name, size->name,
                       folder, size->name, bench_cases[k].bind, bench_cases[k].expr);
    }
    save_input(folder, "cases", ".tsv", &list);
    buf_done(&list);
}
