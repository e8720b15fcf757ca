/* SPDX-License-Identifier: Apache-2.0 */
/* See parts_ledger.h. A sink around the CSV's, which tells what befell the lines. */
#include "services/consolidate/parts_ledger.h"

#include "json/write.h"

void parts_ledger_put(struct buf *out, const struct consolidate_part *part)
{
    buf_add(out, STR("{\"part\":"));
    json_write_string(out, part->key);
    buf_printf(out, ",\"rows\":%llu,\"bytes\":%llu", (unsigned long long)part->rows,
               (unsigned long long)part->bytes);
    if (part->error) {
        buf_printf(out, ",\"line\":%zu,\"column\":%zu,\"error\":", part->line, part->column);
        json_write_string(out, str_of(part->error->message));
    }
    buf_add(out, STR("}\n"));
}

void parts_ledger_init(struct parts_ledger *l, const struct consolidate_sink *csv,
                       const struct consolidate_sink *to)
{
    *l = (struct parts_ledger){.csv = *csv, .to = *to};
    buf_init(&l->lines, SIZE_MAX / 2);
}

void parts_ledger_done(struct parts_ledger *l)
{
    buf_done(&l->lines);
}

static void flush_lines(struct parts_ledger *l)
{
    if (l->err.status == STATUS_OK && l->lines.n > 0)
        l->err.status = l->to.write(l->to.arg, buf_str(&l->lines), &l->err);
    buf_clear(&l->lines);
}

void parts_ledger_on_part(void *ledger, const struct consolidate_part *part)
{
    struct parts_ledger *l = ledger;
    if (l->err.status != STATUS_OK)
        return; /* the job is about to hear of it */
    parts_ledger_put(&l->lines, part);
    if (l->lines.n >= PARTS_LEDGER_FLUSH)
        flush_lines(l);
}

static enum status failed_lines(const struct parts_ledger *l, struct error *err)
{
    if (l->err.status != STATUS_OK && err)
        *err = l->err;
    return l->err.status;
}

/* ---- the CSV's sink ---- */

static enum status write_csv(void *arg, str bytes, struct error *err)
{
    struct parts_ledger *l = arg;
    enum status status = failed_lines(l, err);
    return status == STATUS_OK ? l->csv.write(l->csv.arg, bytes, err) : status;
}

static enum status rewrite_csv(void *arg, struct error *err)
{
    struct parts_ledger *l = arg;
    return l->csv.rewrite(l->csv.arg, err);
}

static enum status read_back_csv(void *arg, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct parts_ledger *l = arg;
    return l->csv.read_back(l->csv.arg, to, n, ret_n, err);
}

static enum status publish_both(void *arg, struct error *err)
{
    struct parts_ledger *l = arg;
    flush_lines(l);
    enum status status = failed_lines(l, err);
    if (status != STATUS_OK)
        l->to.discard(l->to.arg);
    else
        status = l->to.publish(l->to.arg, err);
    if (status != STATUS_OK)
        l->csv.discard(l->csv.arg);
    else
        status = l->csv.publish(l->csv.arg, err);
    return status;
}

static void discard_both(void *arg)
{
    struct parts_ledger *l = arg;
    l->to.discard(l->to.arg);
    l->csv.discard(l->csv.arg);
}

struct consolidate_sink parts_ledger_sink(struct parts_ledger *l)
{
    return (struct consolidate_sink){.arg = l,
                                     .write = write_csv,
                                     .rewrite = rewrite_csv,
                                     .read_back = read_back_csv,
                                     .publish = publish_both,
                                     .discard = discard_both};
}
