/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of src/json share: text to document and back, in one line each. */
#ifndef AFFLUX_TESTS_JSON_TEST_H
#define AFFLUX_TESTS_JSON_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "json/compare.h"
#include "json/freeze.h"
#include "json/parse.h"
#include "json/shape.h"
#include "json/write.h"
#include <stdio.h>
#include <stdlib.h>

/* The text lies in a block of its exact size, so that AddressSanitizer sees a read behind it. */
static inline enum status parse_exact(str text, const struct json_parse_options *options,
                                      struct json_doc **ret_doc, struct error *err)
{
    char *copy = malloc(text.n ? text.n : 1);
    assert_non_null(copy);
    memcpy(copy, text.p, text.n);
    enum status status = json_parse((str){copy, text.n}, options, ret_doc, err);
    free(copy);
    return status;
}

static inline struct json_doc *doc_of(const char *text)
{
    struct json_doc *doc = NULL;
    struct error err;
    if (parse_exact(str_of(text), NULL, &doc, &err) != STATUS_OK)
        fail_msg("%.200s: %s", text, err.message);
    return doc;
}

/* NUL-terminated, to be freed. */
static inline char *text_of(struct json_val v, unsigned flags)
{
    struct buf out;
    struct error err;
    buf_init(&out, SIZE_MAX);
    if (json_write(&out, v, flags, &err) != STATUS_OK)
        fail_msg("cannot write: %s", err.message);
    buf_add_byte(&out, '\0');
    size_t n;
    return buf_take(&out, &n);
}

static inline void assert_text(struct json_val v, unsigned flags, const char *expected)
{
    char *text = text_of(v, flags);
    assert_string_equal(text, expected);
    free(text);
}

/* What is read from text is written as expected. */
static inline void assert_reads_as(const char *text, const char *expected)
{
    struct json_doc *doc = doc_of(text);
    assert_text(json_doc_root(doc), 0, expected);
    json_doc_unref(doc);
}

static inline struct json_doc *frozen(struct json_val v, const struct json_freeze_options *options)
{
    struct json_doc *doc = NULL;
    struct error err;
    if (json_freeze(v, options, &doc, &err) != STATUS_OK)
        fail_msg("cannot freeze: %s", err.message);
    return doc;
}

/* What an evaluator does: the list with one item more, in place where that is possible. */
static inline struct json_val appended(struct arena *arena, struct json_val list,
                                       struct json_val item)
{
    if (list.flags & JSON_GROW) {
        struct json_grow *grow = json_grow_of(list);
        if (grow->used == list.len && grow->used < grow->cap) {
            ((struct json_val *)(void *)(grow + 1))[grow->used++] = item;
            list.len++;
            return list;
        }
    }
    uint32_t cap = list.len * 2 + 4;
    struct json_grow *grow = arena_alloc(arena, sizeof(*grow) + cap * sizeof(item));
    struct json_val *items = (struct json_val *)(void *)(grow + 1);
    *grow = (struct json_grow){.used = list.len + 1, .cap = cap};
    if (list.len != 0)
        memcpy(items, list.items, list.len * sizeof(item));
    items[list.len] = item;
    struct json_val longer = json_array(items, list.len + 1);
    longer.flags = JSON_GROW | JSON_FLAG_USER;
    return longer;
}

#endif
