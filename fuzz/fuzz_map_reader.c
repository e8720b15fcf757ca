/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects as the items of a map run, and where a reader stands in them. Three bytes choose what the
 * object is, how many bytes of it come at once, and where the reader is left; the rest is a mark
 * (its length before it) and the object. Whole and in pieces it has the same items; a reader that
 * goes on at a mark finds what is behind it; a mark that is made up leads nowhere bad.
 */
#include "../tests/engine/objects_memory.h"
#include "engine/map_reader.h"
#include "json/write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_ITEMS = 40 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

struct subject {
    struct asl_item_reader how;
    str object;
    size_t step;
};

static struct map_reader *open_reader(const struct subject *s, size_t step)
{
    return map_reader_of_text(&s->how, 0, memory_source(NULL, s->object, step, step % 2 == 1));
}

static enum map_read peek(struct map_reader *r, struct json_val *v)
{
    enum map_read got;
    do
        got = map_reader_peek(r, v);
    while (got == MAP_READ_WAIT);
    return got;
}

/* Items from the reader's on, each in a line; a failure with its cause. */
static void read_on(struct map_reader *r, struct buf *out)
{
    struct json_val v;
    enum map_read got = peek(r, &v);
    for (int i = 0; got == MAP_READ_ITEM && i < MOST_ITEMS; i++) {
        require(json_write(out, v, 0, NULL) == STATUS_OK);
        buf_add_byte(out, '\n');
        map_reader_seek(r, r->item + 1);
        got = peek(r, &v);
    }
    if (got == MAP_READ_FAILED) {
        require(r->cause.n > 0);
        buf_printf(out, "!%.*s", STR_ARG(r->cause));
    }
}

static void read_from(const struct subject *s, size_t step, uint64_t item, struct buf *out)
{
    struct map_reader *r = open_reader(s, step);
    buf_clear(out);
    map_reader_seek(r, item);
    read_on(r, out);
    map_reader_free(r);
}

/* Leaves a reader at an item and goes on with another one at its mark. */
static void read_behind_mark(const struct subject *s, uint64_t item, struct buf *out)
{
    struct json_val v;
    struct buf mark;
    struct map_reader *r = open_reader(s, s->step);
    buf_clear(out);
    buf_init(&mark, SIZE_MAX / 2);
    map_reader_seek(r, item);
    enum map_read got = peek(r, &v);
    bool is_marked = got == MAP_READ_ITEM && r->kind->mark && r->kind->mark(r, &mark);
    map_reader_free(r);
    r = open_reader(s, 0);
    if (is_marked)
        r->kind->resume(r, item, buf_str(&mark));
    map_reader_seek(r, item);
    read_on(r, out);
    map_reader_free(r);
    buf_done(&mark);
}

static void believe_mark(const struct subject *s, uint64_t item, str mark, struct buf *out)
{
    struct map_reader *r = open_reader(s, s->step);
    buf_clear(out);
    if (r->kind->resume)
        r->kind->resume(r, item, mark);
    map_reader_seek(r, item);
    read_on(r, out);
    map_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum asl_input_type types[] = {ASL_CSV, ASL_JSON, ASL_JSONL};
    struct buf whole, pieces;
    if (size < 4)
        return 0;
    struct subject s = {.how = {.resource = {.resource = STR("getObject")},
                                .input_type = types[data[0] % ARRAY_LEN(types)],
                                .delimiter = data[0] & 8 ? '|' : ',',
                                .items_pointer = data[0] & 16 ? STR("/a/0") : STR("")},
                        .step = data[1] % 9u + 1};
    uint64_t item = data[2] % 16;
    str rest = {(const char *)data + 4, size - 4};
    str mark = str_sub(rest, 0, data[3] % 24u);
    s.object = str_sub(rest, mark.n, rest.n);
    buf_init(&whole, SIZE_MAX / 2);
    buf_init(&pieces, SIZE_MAX / 2);
    read_from(&s, 0, item, &whole);
    read_from(&s, s.step, item, &pieces);
    require(str_eq(buf_str(&whole), buf_str(&pieces)));
    read_behind_mark(&s, item, &pieces);
    require(str_eq(buf_str(&whole), buf_str(&pieces)));
    believe_mark(&s, item, mark, &pieces);
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
