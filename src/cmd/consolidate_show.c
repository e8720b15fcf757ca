/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for people and lines for programs. */
#include "cmd/consolidate_show.h"

#include "cmd/eval_show.h"
#include "json/write.h"
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 512, BAR_CELLS = 20 };

static const double MEGA = 1e6;

/* ---- progress ---- */

static void put_bar(struct buf *out, double share)
{
    int full = (int)(share * BAR_CELLS);
    buf_add_byte(out, '[');
    buf_add_fill(out, '#', (size_t)full);
    buf_add_fill(out, '.', (size_t)(BAR_CELLS - full));
    buf_add(out, STR("] "));
}

void consolidate_show_progress(const struct consolidate_show *show,
                               const struct consolidate_progress *progress)
{
    struct buf line;
    uint64_t parts = progress->parts;
    double seconds = show->seconds > 0 ? show->seconds : 1, bytes = (double)progress->bytes_read;
    buf_init(&line, LINE_BYTES);
    buf_add(&line, STR("\r\033[K"));
    if (show->parts > 0) {
        double share = (double)parts / (double)show->parts;
        put_bar(&line, share > 1 ? 1 : share);
        buf_printf(&line, "%llu of %llu parts", (unsigned long long)parts,
                   (unsigned long long)show->parts);
    } else {
        buf_printf(&line, "%llu parts", (unsigned long long)parts);
    }
    buf_printf(&line, ", %llu rows, %.0f MB/s", (unsigned long long)progress->rows,
               bytes / MEGA / seconds);
    if (parts > 0 && parts < show->parts)
        buf_printf(&line, ", %.0f s left", seconds / (double)parts * (double)(show->parts - parts));
    if (write(STDERR_FILENO, line.p, line.n) < 0) {
        /* nobody looks */
    }
    buf_done(&line);
}

void consolidate_clear_progress(void)
{
    if (write(STDERR_FILENO, "\r\033[K", 4) < 0) {
        /* nobody looks */
    }
}

/* ---- parts ---- */

void consolidate_put_bad(struct buf *out, const struct consolidate_part *part)
{
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, part->key);
    if (part->line > 0)
        buf_printf(&text, ":%zu:%zu", part->line, part->column);
    buf_printf(&text, ": %s", part->error->message);
    eval_show_message(buf_str(&text), out);
    buf_done(&text);
}

void consolidate_put_bad_json(struct buf *out, const struct consolidate_part *part)
{
    if (out->n > 0)
        buf_add_byte(out, ',');
    buf_add(out, STR("{\"part\":"));
    json_write_string(out, part->key);
    buf_printf(out, ",\"line\":%zu,\"column\":%zu,\"error\":", part->line, part->column);
    json_write_string(out, str_of(part->error->message));
    buf_add_byte(out, '}');
}

/* ---- the result ---- */

static const char *plural(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

void consolidate_put_result(struct buf *out, const struct consolidate_show *show,
                            const struct consolidate_result *r)
{
    double seconds = show->seconds > 0 ? show->seconds : 1e-6;
    buf_printf(out, "%s: %llu %s and %lu %s from %llu %s", show->output,
               (unsigned long long)r->rows, plural(r->rows, "row", "rows"),
               (unsigned long)r->columns, plural(r->columns, "column", "columns"),
               (unsigned long long)r->parts, plural(r->parts, "part", "parts"));
    if (r->bad > 0)
        buf_printf(out, ", %llu of them bad and left out", (unsigned long long)r->bad);
    if (r->left_out > 0)
        buf_printf(out, ", %llu values of columns not asked for left out",
                   (unsigned long long)r->left_out);
    buf_printf(out, " (%.1f MB to %.1f MB in %.2f s, %.0f MB/s)\n", (double)r->bytes_read / MEGA,
               (double)r->bytes_written / MEGA, seconds, (double)r->bytes_read / MEGA / seconds);
}

void consolidate_put_json(struct buf *out, const struct consolidate_show *show,
                          const struct consolidate_result *r, str bad)
{
    buf_add(out, STR("{\"output\":"));
    json_write_string(out, str_of(show->output));
    buf_printf(out,
               ",\"parts\":%llu,\"bad\":%llu,\"rows\":%llu,\"columns\":%lu,\"left_out\":%llu"
               ",\"bytes_read\":%llu,\"bytes_written\":%llu,\"seconds\":%.3f,\"bad_parts\":[",
               (unsigned long long)r->parts, (unsigned long long)r->bad,
               (unsigned long long)r->rows, (unsigned long)r->columns,
               (unsigned long long)r->left_out, (unsigned long long)r->bytes_read,
               (unsigned long long)r->bytes_written, show->seconds);
    buf_add(out, bad);
    buf_add(out, STR("]}\n"));
}
