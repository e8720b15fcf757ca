/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as JSON text. What is accepted must survive every way through src/json: written and
 * read again, indented, frozen, compared, hashed.
 */
#include "json/compare.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "json/write.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HASH_SEED = 1 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static struct json_doc *read_again(const struct buf *text)
{
    struct json_doc *doc = NULL;
    require(json_parse(buf_str(text), NULL, &doc, NULL) == STATUS_OK);
    return doc;
}

static void check_same(struct json_val a, struct json_val b)
{
    require(json_equal(a, b));
    require(json_equal(b, a));
    require(json_hash(a, HASH_SEED) == json_hash(b, HASH_SEED));
}

/* The text of v, read, is v; written again it is the same text. */
static void check_written(struct json_val v, unsigned flags)
{
    struct buf text, again;
    buf_init(&text, SIZE_MAX);
    buf_init(&again, SIZE_MAX);
    require(json_write(&text, v, flags, NULL) == STATUS_OK);
    struct json_doc *doc = read_again(&text);
    check_same(v, json_doc_root(doc));
    require(json_write(&again, json_doc_root(doc), flags, NULL) == STATUS_OK);
    require(str_eq(buf_str(&text), buf_str(&again)));
    json_doc_unref(doc);
    buf_done(&text);
    buf_done(&again);
}

static void check_frozen(struct json_doc *doc, bool doubles)
{
    struct json_val root = json_doc_root(doc), pair[2] = {root, root};
    struct json_freeze_options options = {.sources = &doc,
                                          .source_count = 1,
                                          .numbers =
                                              doubles ? JSON_NUMBERS_DOUBLES : JSON_NUMBERS_KEPT};
    struct json_doc *copy = NULL, *kept = NULL;
    if (json_freeze(root, doubles ? &options : NULL, &copy, NULL) == STATUS_OK) {
        check_same(root, json_doc_root(copy));
        check_written(json_doc_root(copy), 0);
    } else {
        require(doubles);
    }
    if (json_freeze(json_array(pair, 2), &options, &kept, NULL) == STATUS_OK)
        check_same(root, json_doc_root(kept).items[1]);
    json_doc_unref(kept);
    json_doc_unref(copy);
}

static void check_in_arena(str text, struct json_val expected)
{
    struct arena arena;
    struct json_val v;
    arena_init(&arena, 0);
    require(json_parse_in(&arena, text, NULL, &v, NULL) == STATUS_OK);
    check_same(v, expected);
    arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    struct json_doc *doc = NULL;
    struct error err;
    struct json_place place = {0};
    struct json_parse_options options = {.place = &place};
    if (json_parse(text, &options, &doc, &err) != STATUS_OK) {
        require(place.line > 0 && place.column > 0 && place.offset <= size);
        return 0;
    }
    struct json_val root = json_doc_root(doc);
    check_written(root, 0);
    check_written(root, JSON_WRITE_PRETTY);
    check_frozen(doc, false);
    check_frozen(doc, true);
    check_in_arena(text, root);
    json_doc_unref(doc);
    return 0;
}
