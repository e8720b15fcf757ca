/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs over parts in memory, with sources and sinks that fail on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/splitmix.h"
#include "csv/csv_read.h"
#include "services/consolidate/consolidate.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#ifdef __SANITIZE_THREAD__
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = AFFLUX_ASAN };
#endif

/* Sanitizers need several times as much; what is read is more in any case. */
enum { MANY_PARTS = 3000, MEMORY_BOUND = IS_SANITIZED ? 120 << 20 : 16 << 20 };

/* ---- a source and a sink in memory ---- */

struct piece {
    char key[24];
    struct buf text;
};

struct world {
    struct piece *parts;
    uint32_t count, next;
    size_t step;               /* bytes that a read gives at most */
    const char *gone, *broken; /* keys that are not found, or cannot be read */
    uint64_t repeat;           /* rows of a part of made_read */
    bool fails_next;

    struct buf out, old;
    size_t old_at;
    bool only_counts;
    uint64_t counted;
    uint64_t write_fails_at; /* bytes */
    bool rewrite_fails, publish_fails;
    unsigned published, discarded, rewritten;

    struct consolidate_options options;
    struct consolidate_result result;
    struct consolidate_progress progress;
    struct error err;
    struct buf ledger;
};

struct open_part {
    struct world *w;
    const struct piece *piece;
    size_t at;
};

static enum status next_part(void *arg, struct buf *key, struct error *err)
{
    struct world *w = arg;
    if (w->fails_next && w->next == 1)
        return error_set(err, STATUS_IO, "Test", "the list is broken");
    if (w->next < w->count)
        buf_add(key, str_of(w->parts[w->next++].key));
    return STATUS_OK;
}

static enum status open_part(void *arg, str key, void **ret_part, struct error *err)
{
    struct world *w = arg;
    if (w->gone && str_eq(key, str_of(w->gone)))
        return error_set(err, STATUS_NOT_FOUND, "Test", "the part is gone");
    for (uint32_t i = 0; i < w->count; i++) {
        if (!str_eq(str_of(w->parts[i].key), key))
            continue;
        struct open_part *p = calloc(1, sizeof(*p));
        *p = (struct open_part){.w = w, .piece = &w->parts[i]};
        *ret_part = p;
        return STATUS_OK;
    }
    return error_set(err, STATUS_IO, "Test", "no such part");
}

static enum status read_part(void *part, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct open_part *p = part;
    if (p->w->broken && strcmp(p->piece->key, p->w->broken) == 0)
        return error_set(err, STATUS_IO, "Test", "the disk is broken");
    size_t left = p->piece->text.n - p->at;
    if (n > left)
        n = left;
    if (p->w->step > 0 && n > p->w->step)
        n = p->w->step;
    if (n > 0)
        memcpy(to, p->piece->text.p + p->at, n);
    p->at += n;
    *ret_n = n;
    return STATUS_OK;
}

static enum status sink_write(void *arg, str bytes, struct error *err)
{
    struct world *w = arg;
    w->counted += bytes.n;
    if (w->write_fails_at > 0 && w->counted > w->write_fails_at)
        return error_set(err, STATUS_UNAVAILABLE, "DiskFull", "the disk is full");
    if (!w->only_counts)
        buf_add(&w->out, bytes);
    return STATUS_OK;
}

static enum status sink_rewrite(void *arg, struct error *err)
{
    struct world *w = arg;
    w->rewritten++;
    if (w->rewrite_fails)
        return error_set(err, STATUS_IO, "Test", "cannot begin anew");
    w->old = w->out;
    buf_init(&w->out, SIZE_MAX / 2);
    return STATUS_OK;
}

static enum status sink_read_back(void *arg, char *to, size_t n, size_t *ret_n, struct error *err)
{
    struct world *w = arg;
    (void)err;
    if (n > w->old.n - w->old_at)
        n = w->old.n - w->old_at;
    if (n > 0)
        memcpy(to, w->old.p + w->old_at, n);
    w->old_at += n;
    *ret_n = n;
    return STATUS_OK;
}

static enum status sink_publish(void *arg, struct error *err)
{
    struct world *w = arg;
    w->published++;
    if (w->publish_fails)
        return error_set(err, STATUS_IO, "Test", "cannot publish");
    return STATUS_OK;
}

static void sink_discard(void *arg)
{
    ((struct world *)arg)->discarded++;
}

static void note_part(void *arg, const struct consolidate_part *p)
{
    struct world *w = arg;
    buf_printf(&w->ledger, "%.*s %llu %llu", STR_ARG(p->key), (unsigned long long)p->rows,
               (unsigned long long)p->bytes);
    if (p->error)
        buf_printf(&w->ledger, " %zu:%zu %s", p->line, p->column, p->error->message);
    buf_add_byte(&w->ledger, '\n');
}

static void world_init(struct world *w, uint32_t count)
{
    *w = (struct world){.count = count, .parts = calloc(count + 1, sizeof(*w->parts))};
    for (uint32_t i = 0; i < count; i++) {
        snprintf(w->parts[i].key, sizeof(w->parts[i].key), "part-%06u", i);
        buf_init(&w->parts[i].text, SIZE_MAX / 2);
    }
    buf_init(&w->out, SIZE_MAX / 2);
    buf_init(&w->ledger, SIZE_MAX / 2);
    w->options = (struct consolidate_options){
        .dialect = csv_dialect_default(), .progress = &w->progress, .on_part = note_part};
}

static void world_done(struct world *w)
{
    for (uint32_t i = 0; i < w->count; i++)
        buf_done(&w->parts[i].text);
    free(w->parts);
    buf_done(&w->out);
    buf_done(&w->old);
    buf_done(&w->ledger);
}

static void world_of(struct world *w, const char *const *texts, uint32_t count)
{
    world_init(w, count);
    for (uint32_t i = 0; i < count; i++)
        buf_add(&w->parts[i].text, str_of(texts[i]));
}

static enum status run(struct world *w)
{
    const struct consolidate_source source = {w, next_part, open_part, read_part, free};
    const struct consolidate_sink sink = {
        w, sink_write, sink_rewrite, sink_read_back, sink_publish, sink_discard};
    w->options.on_part_arg = w;
    w->next = 0;
    enum status status = consolidate(&w->options, &source, &sink, &w->result, &w->err);
    assert_int_equal(w->published + w->discarded, 1);
    assert_int_equal(w->discarded, status != STATUS_OK && !w->publish_fails);
    return status;
}

static void expect_out(struct world *w, const char *wanted)
{
    buf_add_byte(&w->out, '\0');
    assert_string_equal(w->out.p, wanted);
    w->out.n--;
    assert_int_equal(w->result.bytes_written, w->out.n);
}

static void expect_ledger(struct world *w, const char *wanted)
{
    buf_add_byte(&w->ledger, '\0');
    assert_string_equal(w->ledger.p, wanted);
    w->ledger.n--;
}

#define WORLD(w, ...)                                                                              \
    world_of(w, (const char *const[]){__VA_ARGS__},                                                \
             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static size_t peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
}

/* ---- what comes out ---- */

static void parts_become_one_file_in_their_order(void **state)
{
    struct world w;
    (void)state;
    WORLD(&w, "[{\"a\":1,\"b\":\"x\"}]", "[]", "{\"a\":2}\n{\"b\":\"y\"}", "\"[{\\\"a\\\":3}]\"");
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\"a\",\"b\"\n\"1\",\"x\"\n\"2\",\"\"\n\"\",\"y\"\n\"3\",\"\"\n");
    expect_ledger(&w, "part-000000 1 17\npart-000001 0 2\npart-000002 2 17\npart-000003 1 13\n");
    assert_int_equal(w.result.parts, 4);
    assert_int_equal(w.result.rows, 4);
    assert_int_equal(w.result.columns, 2);
    assert_int_equal(w.result.bytes_read, 49);
    assert_int_equal(w.progress.parts, 4);
    assert_int_equal(w.progress.rows, 4);
    assert_int_equal(w.progress.bytes_read, 49);
    assert_int_equal(w.progress.bytes_written, w.out.n);
    assert_false(w.result.was_widened);
    world_done(&w);
}

static void nothing_becomes_a_header(void **state)
{
    const str columns[] = {STR("b"), STR("a")};
    struct world w;
    (void)state;
    for (unsigned with_parts = 0; with_parts < 2; with_parts++) {
        WORLD(&w, "[]", "");
        w.count = with_parts ? 2 : 0;
        w.options.columns = columns;
        w.options.column_count = 2;
        assert_int_equal(run(&w), STATUS_OK);
        expect_out(&w, "\"b\",\"a\"\n");
        assert_int_equal(w.result.rows, 0);
        w.count = 2;
        world_done(&w);
    }
    WORLD(&w, "[]");
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\n");
    world_done(&w);
}

static void a_late_column_widens_what_was_written(void **state)
{
    struct world w;
    (void)state;
    WORLD(&w, "[{\"a\":1},{\"a\":\"x,\\n\\\"\"}]", "[{}]", "[{\"b\":2,\"a\":3},{\"c\":4}]");
    w.options.threads = 1;
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\"a\",\"b\",\"c\"\n\"1\",\"\",\"\"\n\"x,\n\"\"\",\"\",\"\"\n\"\",\"\",\"\"\n"
                   "\"3\",\"2\",\"\"\n\"\",\"\",\"4\"\n");
    assert_true(w.result.was_widened);
    assert_int_equal(w.rewritten, 1);
    world_done(&w);
}

static void a_column_that_comes_late_in_the_first_part_too(void **state)
{
    struct world w;
    (void)state;
    WORLD(&w, "[{\"a\":1},{\"b\":2}]", "[{\"a\":3}]");
    w.options.dialect = (struct csv_dialect){
        .delimiter = ';', .quote = CSV_QUOTE_MINIMAL, .has_crlf = true, .has_mark = true};
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\xEF\xBB\xBF"
                   "a;b\r\n1;\r\n;2\r\n3;\r\n");
    world_done(&w);
}

static void given_columns_are_never_widened(void **state)
{
    const str columns[] = {STR("c"), STR("a")};
    struct world w;
    (void)state;
    WORLD(&w, "[{\"a\":1,\"b\":2}]", "[{\"c\":3,\"d\":4}]");
    w.options.columns = columns;
    w.options.column_count = 2;
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\"c\",\"a\"\n\"\",\"1\"\n\"3\",\"\"\n");
    assert_int_equal(w.result.left_out, 2);
    assert_int_equal(w.result.columns, 2);
    world_done(&w);
}

/* ---- threads ---- */

static void random_part(struct buf *out, uint64_t *seed, unsigned part)
{
    unsigned rows = (unsigned)(splitmix64_next(seed) % 6);
    if (splitmix64_next(seed) % 500 == 0)
        rows += 20000; /* too large to be held */
    for (unsigned row = 0; row < rows; row++) {
        unsigned spread = 3 + part / 100, first = (unsigned)(splitmix64_next(seed) % spread);
        buf_printf(out, "{\"k%u\":\"%u-%u\",\"k%u\":\",\\\"\"", first, part, row, first + 1);
        if (splitmix64_next(seed) % 300 == 0)
            buf_printf(out, ",\"rare%u\":[1, 2]", (unsigned)(splitmix64_next(seed) % 1000));
        buf_add(out, STR("}\n"));
    }
}

static void fill_world(struct world *w)
{
    uint64_t seed = 7;
    world_init(w, MANY_PARTS);
    for (unsigned i = 0; i < MANY_PARTS; i++)
        random_part(&w->parts[i].text, &seed, i);
}

static void the_file_is_the_same_with_any_number_of_threads(void **state)
{
    struct world one, many;
    (void)state;
    fill_world(&one);
    one.options.threads = 1;
    assert_int_equal(run(&one), STATUS_OK);
    assert_int_equal(one.result.parts, MANY_PARTS);
    assert_true(one.result.columns > 100);
    for (uint32_t threads = 2; threads <= 8; threads *= 4) {
        fill_world(&many);
        many.options.threads = threads;
        many.step = 5000 * threads;
        assert_int_equal(run(&many), STATUS_OK);
        assert_int_equal(many.out.n, one.out.n);
        assert_memory_equal(many.out.p, one.out.p, one.out.n);
        assert_true(str_eq(buf_str(&many.ledger), buf_str(&one.ledger)));
        world_done(&many);
    }
    world_done(&one);
}

static void all_rows_are_as_wide_as_the_header(void **state)
{
    struct world w;
    struct csv_reader r;
    uint64_t rows = 0;
    (void)state;
    fill_world(&w);
    w.options.dialect.quote = CSV_QUOTE_MINIMAL;
    w.options.threads = 4;
    assert_int_equal(run(&w), STATUS_OK);
    csv_reader_init(&r, ',');
    for (size_t at = 0, used; at < w.out.n; at += used, rows++) {
        assert_int_equal(csv_read(&r, str_sub(buf_str(&w.out), at, w.out.n), &used), CSV_ROW);
        assert_int_equal(r.count, w.result.columns);
    }
    assert_int_equal(rows, w.result.rows + 1);
    csv_reader_done(&r);
    world_done(&w);
}

/* ---- bad parts ---- */

static void the_first_bad_part_ends_the_job(void **state)
{
    struct world w;
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        WORLD(&w, "[{\"a\":1}]", "[{\"a\":1},\n{\"a\" 2}]", "[{\"a\":", "[{\"a\":3}]");
        w.options.threads = threads;
        assert_int_equal(run(&w), STATUS_INVALID);
        assert_string_equal(w.err.message, "part-000001:2:6: expected ':' after a member name");
        expect_ledger(&w, "part-000000 1 9\n"
                          "part-000001 0 18 2:6 expected ':' after a member name\n");
        world_done(&w);
    }
}

static void bad_parts_can_be_left_out_as_a_whole(void **state)
{
    struct world w;
    (void)state;
    WORLD(&w, "[{\"x\":1},{\"bad\":", "[{\"a\":1}]", "[1]", "{\"a\":2}\n{\"a\":2,\"other\":}",
          "[{\"b\":3}]");
    w.options.skips_bad = true;
    w.gone = "part-000001";
    assert_int_equal(run(&w), STATUS_OK);
    expect_out(&w, "\"b\"\n\"3\"\n");
    assert_int_equal(w.result.bad, 4);
    assert_int_equal(w.result.parts, 5);
    assert_int_equal(w.result.rows, 1);
    expect_ledger(&w, "part-000000 0 16 1:17 unexpected end of the text\n"
                      "part-000001 0 0 0:0 the part is gone\n"
                      "part-000002 0 3 1:2 expected an object, whose members are the cells of a "
                      "row\n"
                      "part-000003 0 24 2:16 expected a value here\n"
                      "part-000004 1 9\n");
    world_done(&w);
}

static void a_large_bad_part_is_left_out_as_a_whole(void **state)
{
    struct world w;
    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        WORLD(&w, "[{\"a\":1}]", "", "[{\"a\":2}]", "");
        for (unsigned i = 0; i < 150000; i++) {
            buf_add(&w.parts[1].text, STR("{\"a\":\"0123456789\",\"z\":0}\n"));
            buf_add(&w.parts[3].text, STR("{\"a\":\"0123456789\"}\n"));
        }
        buf_add(&w.parts[1].text, STR("{\"a\"}"));
        w.options.skips_bad = true;
        w.options.threads = threads;
        assert_int_equal(run(&w), STATUS_OK);
        assert_int_equal(w.result.bad, 1);
        assert_int_equal(w.result.rows, 150002);
        assert_int_equal(w.result.columns, 1);
        assert_int_equal(w.out.n, 4 + 4 + 4 + 150000 * 13);
        assert_int_equal(w.result.bytes_read,
                         w.parts[1].text.n + w.parts[3].text.n + 2 * w.parts[0].text.n);
        world_done(&w);
    }
}

static void too_many_columns_of_all_parts_end_the_job(void **state)
{
    struct world w;
    (void)state;
    WORLD(&w, "{\"a\":1", "{\"b\":1");
    for (unsigned i = 0; i < CSV_MAX_CELLS * 2 / 3; i++) {
        buf_printf(&w.parts[0].text, ",\"a%u\":1", i);
        buf_printf(&w.parts[1].text, ",\"b%u\":1", i);
    }
    buf_add_byte(&w.parts[0].text, '}');
    buf_add_byte(&w.parts[1].text, '}');
    assert_int_equal(run(&w), STATUS_LIMIT);
    assert_non_null(strstr(w.err.message, "columns"));
    world_done(&w);
}

/* Every two bytes of JSON become 30,000 of CSV. */
static void many_columns_take_no_memory(void **state)
{
    struct world w;
    (void)state;
    size_t before = peak_kb();
    WORLD(&w, "", "{\"a\":1", "");
    for (unsigned i = 1; i < 10000; i++)
        buf_printf(&w.parts[1].text, ",\"a%u\":1", i);
    buf_add_byte(&w.parts[1].text, '}');
    for (unsigned i = 0; i < 5000; i++) {
        buf_add(&w.parts[0].text, STR("{}"));
        buf_add(&w.parts[2].text, STR("{}"));
    }
    w.only_counts = true;
    w.options.threads = 2;
    assert_int_equal(run(&w), STATUS_OK);
    assert_int_equal(w.result.rows, 10001);
    assert_true(w.counted > 5000 * 30000);
    assert_true((peak_kb() - before) * 1024 < MEMORY_BOUND);
    world_done(&w);
}

/* ---- what fails ---- */

static void options_that_make_no_sense_are_refused(void **state)
{
    const str twice[] = {STR("a"), STR("b"), STR("a")}, invalid[] = {STR("\xFF")};
    struct world w;
    (void)state;
    WORLD(&w, "[]");
    w.options.columns = twice;
    w.options.column_count = 3;
    assert_int_equal(run(&w), STATUS_INVALID);
    assert_string_equal(w.err.message, "the column a is given twice");
    w.discarded = 0;
    w.options.columns = invalid;
    w.options.column_count = 1;
    assert_int_equal(run(&w), STATUS_INVALID);
    w.discarded = 0;
    w.options.column_count = 0;
    w.options.dialect.delimiter = '"';
    assert_int_equal(run(&w), STATUS_INVALID);
    assert_int_equal(w.next, 0);
    world_done(&w);
}

static void a_source_that_fails_ends_the_job(void **state)
{
    struct world w;
    (void)state;
    for (unsigned skips = 0; skips < 2; skips++) {
        WORLD(&w, "[{\"a\":1}]", "[{\"a\":2}]", "[{\"a\":3}]");
        w.broken = "part-000001";
        w.options.skips_bad = skips;
        assert_int_equal(run(&w), STATUS_IO);
        assert_string_equal(w.err.message, "the disk is broken");
        world_done(&w);
        WORLD(&w, "[{\"a\":1}]", "[{\"a\":2}]");
        w.fails_next = true;
        assert_int_equal(run(&w), STATUS_IO);
        assert_string_equal(w.err.message, "the list is broken");
        world_done(&w);
    }
    WORLD(&w, "[{\"a\":1}]", "[{\"a\":2}]");
    w.gone = "part-000001";
    assert_int_equal(run(&w), STATUS_NOT_FOUND);
    assert_string_equal(w.err.message, "part-000001: the part is gone");
    world_done(&w);
}

static void a_sink_that_fails_ends_the_job(void **state)
{
    struct world w;
    (void)state;
    for (uint64_t at = 1; at < 40; at++) { /* header, rows, and the widened file */
        WORLD(&w, "[{\"a\":1}]", "[{\"b\":2}]");
        w.options.threads = 1;
        w.write_fails_at = at;
        enum status status = run(&w);
        if (status == STATUS_OK)
            assert_true(at >= w.counted);
        else
            assert_int_equal(status, STATUS_UNAVAILABLE);
        world_done(&w);
    }
    WORLD(&w, "[{\"a\":1}]", "[{\"b\":2}]");
    w.rewrite_fails = true;
    w.options.threads = 1;
    assert_int_equal(run(&w), STATUS_IO);
    world_done(&w);
    WORLD(&w, "[{\"a\":1}]");
    w.publish_fails = true;
    assert_int_equal(run(&w), STATUS_IO);
    assert_string_equal(w.err.message, "cannot publish");
    world_done(&w);
}

static void cancel_at_ten(void *arg, const struct consolidate_part *part)
{
    struct world *w = arg;
    note_part(arg, part);
    if (w->progress.parts == 10)
        w->progress.is_canceled = true;
}

static void a_canceled_job_publishes_nothing(void **state)
{
    struct world w;
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        fill_world(&w);
        w.options.threads = threads;
        w.options.on_part = cancel_at_ten;
        assert_int_equal(run(&w), STATUS_CANCELED);
        assert_true(w.progress.parts < 100);
        world_done(&w);
    }
    WORLD(&w, "[{\"a\":1}]");
    w.progress.is_canceled = true;
    assert_int_equal(run(&w), STATUS_CANCELED);
    world_done(&w);
}

/* ---- memory ---- */

/* A part of `repeat` rows that is nowhere. */
static enum status made_read(void *part, char *to, size_t n, size_t *ret_n, struct error *err)
{
    static const char row[] = "{\"code\":\"0123456789abcdef\",\"n\":null,\"t\":\"a\\u2014b\"}\n";
    struct open_part *p = part;
    (void)err;
    size_t done = 0, row_n = sizeof(row) - 1;
    while (done < n && p->at < p->w->repeat * row_n) {
        size_t from = p->at % row_n, more = row_n - from < n - done ? row_n - from : n - done;
        memcpy(to + done, row + from, more);
        done += more;
        p->at += more;
    }
    *ret_n = done;
    return STATUS_OK;
}

static void memory_does_not_depend_on_the_size_of_parts(void **state)
{
    struct world w;
    (void)state;
    size_t before = peak_kb();
    for (unsigned skips = 0; skips < 2; skips++) {
        world_init(&w, 6);
        w.repeat = 500000;
        w.only_counts = true;
        w.options.skips_bad = skips;
        w.options.threads = 2;
        const struct consolidate_source source = {&w, next_part, open_part, made_read, free};
        const struct consolidate_sink sink = {
            &w, sink_write, sink_rewrite, sink_read_back, sink_publish, sink_discard};
        w.options.on_part_arg = &w;
        assert_int_equal(consolidate(&w.options, &source, &sink, &w.result, &w.err), STATUS_OK);
        assert_int_equal(w.result.rows, 6 * w.repeat);
        assert_true(w.counted > 80 << 20);
        world_done(&w);
    }
    assert_true((peak_kb() - before) * 1024 < MEMORY_BOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_does_not_depend_on_the_size_of_parts),
        cmocka_unit_test(many_columns_take_no_memory),
        cmocka_unit_test(parts_become_one_file_in_their_order),
        cmocka_unit_test(nothing_becomes_a_header),
        cmocka_unit_test(a_late_column_widens_what_was_written),
        cmocka_unit_test(a_column_that_comes_late_in_the_first_part_too),
        cmocka_unit_test(given_columns_are_never_widened),
        cmocka_unit_test(the_file_is_the_same_with_any_number_of_threads),
        cmocka_unit_test(all_rows_are_as_wide_as_the_header),
        cmocka_unit_test(the_first_bad_part_ends_the_job),
        cmocka_unit_test(bad_parts_can_be_left_out_as_a_whole),
        cmocka_unit_test(a_large_bad_part_is_left_out_as_a_whole),
        cmocka_unit_test(too_many_columns_of_all_parts_end_the_job),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(a_source_that_fails_ends_the_job),
        cmocka_unit_test(a_sink_that_fails_ends_the_job),
        cmocka_unit_test(a_canceled_job_publishes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
