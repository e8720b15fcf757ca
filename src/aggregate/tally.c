/* SPDX-License-Identifier: Apache-2.0 */
/* See tally.h. */
#include "aggregate/tally.h"

#include "base/check.h"
#include "base/map.h"
#include "json/parse.h"
#include <stdlib.h>

enum { FIRST_SLOTS = 64, SEGMENTS = 6 /* parts, TASK, RUN, LOCATION, TYPE, OFFSET.json */ };

static const double ROWS_MAX = 9007199254740992.0; /* 2^53: above, numbers are not exact */

void tally_init(struct tally *t, str task, str run, uint64_t seed)
{
    *t = (struct tally){.task = task, .run = run, .seed = seed};
    buf_init(&t->line, TALLY_LINE_MAX);
    buf_init(&t->key, TALLY_LINE_MAX);
    arena_init(&t->arena, 0);
}

void tally_done(struct tally *t)
{
    free(t->slots);
    buf_done(&t->line);
    buf_done(&t->key);
    arena_done(&t->arena);
}

/* ---- the table ---- */

static uint64_t hash_of(const struct tally *t, str location, str type)
{
    uint64_t hash = hash_bytes(type, hash_bytes(location, t->seed));
    return hash != 0 ? hash : 1;
}

/* The slot of a hash, or the empty one where it would be. */
static struct tally_slot *slot_of(struct tally_slot *slots, size_t cap, uint64_t hash)
{
    size_t at = (size_t)((hash >> 32) * cap >> 32);
    while (slots[at].hash != 0 && slots[at].hash != hash)
        at = at + 1 < cap ? at + 1 : 0;
    return &slots[at];
}

static void grow(struct tally *t)
{
    size_t cap = t->cap > 0 ? t->cap + t->cap / 2 : FIRST_SLOTS;
    struct tally_slot *slots = calloc(cap, sizeof(*slots));
    check(slots != NULL);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].hash != 0)
            *slot_of(slots, cap, t->slots[i].hash) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->cap = cap;
}

static void add_rows(struct tally *t, str location, str type, uint64_t rows)
{
    if (t->count >= t->cap / 8 * 7)
        grow(t);
    uint64_t hash = hash_of(t, location, type);
    struct tally_slot *slot = slot_of(t->slots, t->cap, hash);
    t->count += slot->hash == 0;
    slot->hash = hash;
    slot->rows += rows;
}

uint64_t tally_rows(const struct tally *t, str location, str type)
{
    if (t->cap == 0)
        return 0;
    return slot_of(t->slots, t->cap, hash_of(t, location, type))->rows;
}

/* ---- keys ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends a segment as it was before it was encoded. */
static str decode(struct buf *out, str segment)
{
    size_t from = out->n;
    for (size_t i = 0; i < segment.n; i++) {
        int high = -1, low = -1;
        if (segment.p[i] == '%' && i + 2 < segment.n) {
            high = hex_value(segment.p[i + 1]);
            low = hex_value(segment.p[i + 2]);
        }
        bool is_escape = high >= 0 && low >= 0;
        buf_add_byte(out, is_escape ? (char)(high * 16 + low) : segment.p[i]);
        i += is_escape ? 2 : 0;
    }
    return str_sub(buf_str(out), from, out->n);
}

/* The six segments of a part's key; false: it has another form. */
static bool split(str key, str segments[SEGMENTS])
{
    for (size_t i = 0; i < SEGMENTS; i++) {
        size_t slash = str_find_byte(key, '/', 0);
        if ((slash == STR_NONE) != (i == SEGMENTS - 1))
            return false;
        segments[i] = str_sub(key, 0, slash);
        key = slash == STR_NONE ? key : str_sub(key, slash + 1, key.n);
    }
    return str_eq(segments[0], STR("parts"));
}

/* Rows under other keys are in the file all the same, and are nobody's. */
static void add_part(struct tally *t, str key, uint64_t rows)
{
    str segments[SEGMENTS];
    t->parts++;
    t->rows += rows;
    if (rows == 0 || !split(key, segments))
        return;
    buf_clear(&t->key);
    if (!buf_reserve(&t->key, key.n)) /* no decoded text is longer; so none moves */
        return;
    if (!str_eq(decode(&t->key, segments[1]), t->task) ||
        !str_eq(decode(&t->key, segments[2]), t->run))
        return;
    str location = decode(&t->key, segments[3]);
    add_rows(t, location, decode(&t->key, segments[4]), rows);
}

/* ---- lines ---- */

static enum status corrupt(const struct tally *t, const char *what, struct error *err)
{
    return error_set(err, STATUS_CORRUPT, "PartsLedger", "line %llu of the ledger of the parts %s",
                     (unsigned long long)t->parts + 1, what);
}

static enum status read_line(struct tally *t, str line, struct error *err)
{
    struct json_val v;
    arena_reset(&t->arena);
    if (json_parse_in(&t->arena, line, NULL, &v, NULL) != STATUS_OK)
        return corrupt(t, "is not JSON", err);
    struct json_val key = json_get(v, STR("part")), rows = json_get(v, STR("rows"));
    double n = rows.tag == JSON_NUMBER || rows.tag == JSON_INT ? json_number(rows) : -1;
    if (key.tag != JSON_STRING || !(n >= 0) || n > ROWS_MAX || (double)(uint64_t)n != n)
        return corrupt(t, "is none of a part", err);
    add_part(t, json_str(key), (uint64_t)n);
    return STATUS_OK;
}

enum status tally_read(struct tally *t, str bytes, struct error *err)
{
    enum status status = STATUS_OK;
    while (bytes.n > 0 && status == STATUS_OK) {
        size_t end = str_find_byte(bytes, '\n', 0);
        str piece = str_sub(bytes, 0, end);
        bytes =
            end == STR_NONE ? str_sub(bytes, bytes.n, bytes.n) : str_sub(bytes, end + 1, bytes.n);
        if (end != STR_NONE && t->line.n == 0 && piece.n <= TALLY_LINE_MAX) {
            status = read_line(t, piece, err);
            continue;
        }
        buf_add(&t->line, piece);
        if (!buf_ok(&t->line))
            return corrupt(t, "is too long", err);
        if (end != STR_NONE) {
            status = read_line(t, buf_str(&t->line), err);
            buf_clear(&t->line);
        }
    }
    return status;
}

enum status tally_finish(struct tally *t, struct error *err)
{
    return t->line.n > 0 ? corrupt(t, "has no end", err) : STATUS_OK;
}
