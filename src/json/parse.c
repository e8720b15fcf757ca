/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text to values in one pass, without recursion.
 *
 * Values are collected on one stack; a container that ends is copied, exactly sized, into the arena
 * and takes the place of its parts on the stack. What was current around an open container lies on
 * the same stack, in the slot before its first part:
 *
 *      frame of [ | 1 | 2 | frame of { | "a's value" |      <- text read so far: [1,2,{"a":...
 *
 * Keys are not kept at all: the way through the trie of shapes is the list of keys. At each key the
 * parser first compares the text with the key that followed last time, so that records cost one
 * comparison per key. Which object begins is predicted too: each key remembers how the objects
 * under it began.
 *
 * parse_values() is one long function on purpose: its labels are the states of the parser, its
 * locals stay in registers.
 *
 * Relies on the zero bytes behind the text (JSON_TEXT_PADDING): every search stops there. Strings
 * with escapes are in parse_string.c, the wording of errors is in parse_error.c.
 */
#include "json/parse.h"
#include "base/check.h"
#include "json/doc_internal.h"
#include "json/parse_internal.h"
#include "json/parse_number.h"
#include "json/scan.h"
#include <stdlib.h>

enum parse_kind { PARSE_TOP, PARSE_ARRAY, PARSE_OBJECT };

enum { STACK_FIRST = 256, BIG_KEYS_FIRST = 4 * SHAPE_TRIE_MAX };

/* ---- the value stack ---- */

static NOINLINE union parse_slot *stack_grow(struct parser *ps, union parse_slot *sp)
{
    size_t used = (size_t)(sp - ps->stack);
    size_t size = (size_t)(ps->stack_end - ps->stack) * 2;
    union parse_slot *stack =
        realloc(ps->is_stack_on_heap ? ps->stack : NULL, size * sizeof(*stack));
    check(stack != NULL);
    if (!ps->is_stack_on_heap)
        memcpy(stack, ps->stack, used * sizeof(*stack));
    ps->is_stack_on_heap = true;
    ps->stack = stack;
    ps->stack_end = stack + size;
    return stack + used;
}

/* Values are whole multiples of 16 bytes, and most containers are small: a call would cost more. */
static ALWAYS_INLINE void copy_vals(struct json_val *to, const union parse_slot *from, size_t count)
{
#if SCAN_SSE2
    const __m128i *source = (const __m128i *)(const void *)from;
    __m128i *target = (__m128i *)(void *)to;
    if (LIKELY(count <= 64)) {
        for (size_t i = 0; i < count; i++) {
            _mm_store_si128(target + i, _mm_loadu_si128(source + i));
            __asm__ volatile(""); /* or the compiler calls memcpy again */
        }
        return;
    }
#endif
    memcpy(to, from, count * sizeof(*to));
}

/* ---- objects with more keys than the trie takes ---- */

static struct big_object *big_of(struct shape_node *node)
{
    return (struct big_object *)(void *)((char *)node - offsetof(struct big_object, node));
}

static bool is_big(const struct shape_node *node)
{
    return node->count != 0 && !node->parent;
}

static void big_add_key(struct parser *ps, struct big_object *big, struct json_key key)
{
    if (big->node.count == big->key_cap) {
        struct json_key *keys = arena_alloc(&ps->scratch, 2 * (size_t)big->key_cap * sizeof(*keys));
        memcpy(keys, big->keys, big->key_cap * sizeof(*keys));
        big->keys = keys;
        big->key_cap *= 2;
    }
    big->keys[big->node.count] = key;
    *map_at(&big->map, (str){key.p, key.n}) = big->node.count;
    big->node.count++;
}

static struct shape_node *big_begin(struct parser *ps, const struct shape_node *node)
{
    if (!ps->has_scratch)
        arena_init(&ps->scratch, 0);
    ps->has_scratch = true;
    struct arena_mark mark = arena_mark(&ps->scratch);
    struct big_object *big = arena_zalloc(&ps->scratch, sizeof(*big));
    big->mark = mark;
    big->key_cap = BIG_KEYS_FIRST;
    big->keys = arena_alloc(&ps->scratch, BIG_KEYS_FIRST * sizeof(*big->keys));
    map_init(&big->map, &ps->scratch, BIG_KEYS_FIRST);
    big->node.count = node->count;
    for (uint32_t i = node->count; i-- > 0; node = node->parent) {
        big->keys[i] = node->key;
        *map_at(&big->map, (str){node->key.p, node->key.n}) = i;
    }
    return &big->node;
}

/* The key as struct json_key wants it: straight in the text where it looks like that there. */
static struct json_key big_key(struct parser *ps, const struct parsed_string *key, bool is_in_text)
{
    if (is_in_text && *key->next == ':')
        return (struct json_key){.p = key->p,
                                 .n = (uint32_t)key->n,
                                 .hash = json_key_hash((str){key->p, key->n}),
                                 .flags = (uint8_t)key->flags};
    return json_key_new(ps->arena, (str){key->p, key->n}, key->flags);
}

static const struct json_shape *big_end(struct parser *ps, struct shape_node *node)
{
    struct big_object *big = big_of(node);
    const struct json_shape *shape = json_shape_new(ps->arena, big->keys, node->count);
    arena_release(&ps->scratch, big->mark);
    return shape;
}

/* ---- members ---- */

static void dup_push(struct parser *ps, uint32_t at)
{
    struct dup_places *dups = &ps->dups;
    if (dups->count == dups->cap) {
        dups->cap = dups->cap ? dups->cap * 2 : 16;
        dups->at = realloc(dups->at, dups->cap * sizeof(*dups->at));
        check(dups->at != NULL);
    }
    dups->at[dups->count++] = at;
}

/* The member just read had a key that was there before: its value replaces the first one. */
static NOINLINE union parse_slot *dup_settle(struct parser *ps, union parse_slot *frame,
                                             union parse_slot *sp)
{
    uint32_t at = ps->dups.at[--ps->dups.count];
    frame[1 + at] = sp[-1];
    return sp - 1;
}

/* Finds the node behind node for a key that was not predicted. */
static struct shape_node *key_step(struct parser *ps, struct shape_node *node,
                                   const struct parsed_string *key, bool is_in_text)
{
    str name = {key->p, key->n};
    uint32_t at;
    if (LIKELY(!is_big(node))) {
        struct shape_node *next = json_shapes_step(ps->shapes, node, name, key->flags, &at);
        if (LIKELY(next != NULL))
            return next;
        if (at != UINT32_MAX) {
            dup_push(ps, at);
            return node;
        }
        node = big_begin(ps, node);
    }
    struct big_object *big = big_of(node);
    at = map_get(&big->map, name);
    if (at != MAP_NONE)
        dup_push(ps, at);
    else
        big_add_key(ps, big, big_key(ps, key, is_in_text));
    return node;
}

/* Reads `"key" :` at *at, moves *at behind it. NULL when it is malformed. */
static NOINLINE struct shape_node *key_read(struct parser *ps, struct shape_node *node,
                                            struct shape_node *around, const char **at)
{
    const char *start = *at + 1;
    if (**at != '"') {
        parse_explain(ps, *at,
                      **at == '}' ? "a comma must be followed by another member"
                                  : "expected a member name in double quotes");
        return NULL;
    }
    uint64_t high;
    const char *p = scan_string(start, &high);
    struct parsed_string key;
    if (!parse_string_rest(ps, start, p, high, &key))
        return NULL;
    p = scan_space(key.next);
    if (*p != ':') {
        parse_explain(ps, p, "expected ':' after a member name");
        return NULL;
    }
    *at = p + 1;
    struct shape_node *next = key_step(ps, node, &key, key.p == start);
    if (node->count == 0 && (next->key.flags & JSON_PLAIN))
        around->inner = next;
    return next;
}

static const struct json_shape *object_shape(struct parser *ps, struct shape_node *node)
{
    if (is_big(node))
        return big_end(ps, node);
    return json_shapes_of(ps->shapes, node);
}

static ALWAYS_INLINE uint32_t load4(const char *p)
{
    uint32_t word;
    memcpy(&word, p, 4);
    return word;
}

/* Reads one value and the white space behind it. Returns the place after it, or NULL. Long on
 * purpose: see the head of this file. */
/* NOLINTNEXTLINE(readability-function-size, readability-function-cognitive-complexity) */
static const char *parse_values(struct parser *ps, const char *p, struct json_val *ret)
{
    struct arena *arena = ps->arena;
    const char *end = ps->end;
    union parse_slot *sp = ps->stack, *frame = sp;
    struct shape_node *node =
        &ps->shapes->root; /* of the object that is open, or around the array */
    enum parse_kind kind = PARSE_TOP;
    uint64_t high;
    sp++; /* the slot before the first value is nobody's */
    p = scan_space(p);

value:
    if (UNLIKELY(sp >= ps->stack_end)) {
        size_t at = (size_t)(frame - ps->stack);
        sp = stack_grow(ps, sp);
        frame = ps->stack + at;
    }
    switch (*p) {
    case '"': {
        const char *start = p + 1;
        p = scan_string(start, &high);
        if (LIKELY(*p == '"' && high == 0)) {
            sp->val = json_string((str){start, (size_t)(p - start)}, JSON_ASCII | JSON_PLAIN);
            p++;
        } else {
            struct parsed_string string;
            if (!parse_string_rest(ps, start, p, high, &string))
                return NULL;
            sp->val = json_string((str){string.p, string.n}, string.flags);
            p = string.next;
        }
        sp++;
        break;
    }
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': {
        const char *start = p;
        p = number_read(p, &sp->val);
        if (UNLIKELY(!p)) {
            parse_explain_number(ps, start);
            return NULL;
        }
        if (UNLIKELY(sp->val.tag != JSON_NUMBER))
            ps->has_number_text = true;
        sp++;
        break;
    }
    case 't':
        if (UNLIKELY(load4(p) != load4("true")))
            goto bad_value;
        sp++->val = json_bool(true);
        p += 4;
        break;
    case 'f':
        if (UNLIKELY(load4(p + 1) != load4("alse")))
            goto bad_value;
        sp++->val = json_bool(false);
        p += 5;
        break;
    case 'n':
        if (UNLIKELY(load4(p) != load4("null")))
            goto bad_value;
        sp++->val = json_null();
        p += 4;
        break;
    case '{':
    case '[':
        if (UNLIKELY(++ps->depth > ps->max_depth)) {
            ps->bad_at = p;
            return NULL;
        }
        if (ps->depth > ps->deepest)
            ps->deepest = ps->depth;
        sp->frame.node = node;
        sp->frame.outer = (uint32_t)(frame - ps->stack);
        sp->frame.kind = kind;
        frame = sp++;
        if (*p == '{') {
            kind = PARSE_OBJECT;
            p = scan_space(p + 1);
            struct shape_node *first = node->inner;
            node = &ps->shapes->root;
            if (LIKELY(first && scan_same(p, end, first->key.p - 1, first->key.n + 3))) {
                p += first->key.n + 3;
                node = first;
                goto member_value;
            }
            if (*p == '}')
                goto end_object;
            goto slow_key;
        }
        kind = PARSE_ARRAY;
        p = scan_space(p + 1);
        if (*p == ']')
            goto end_array;
        goto value;
    default:
    bad_value:
        parse_explain_value(ps, p);
        return NULL;
    }

after_value:
    p = scan_space(p);
    if (kind == PARSE_OBJECT) {
        if (UNLIKELY((uint32_t)(sp - frame - 1) != node->count))
            sp = dup_settle(ps, frame, sp);
        if (LIKELY(*p == ',')) {
            p = scan_space(p + 1);
            struct shape_node *next = node->likely;
            if (LIKELY(next && scan_same(p, end, next->key.p - 1, next->key.n + 3))) {
                p += next->key.n + 3;
                node = next;
            } else {
            slow_key:
                node = key_read(ps, node, frame->frame.node, &p);
                if (UNLIKELY(!node))
                    return NULL;
            }
        member_value:
            p = scan_space(p);
            goto value;
        }
        if (UNLIKELY(*p != '}')) {
            parse_explain(ps, p, "expected ',' or '}' after a member");
            return NULL;
        }
    end_object:;
        const struct json_shape *shape =
            LIKELY(node->shape != NULL) ? node->shape : object_shape(ps, node);
        struct json_object *obj = json_obj_new(arena, shape);
        copy_vals(obj->vals, frame + 1, shape->count);
        node = frame->frame.node;
        sp = frame;
        frame = ps->stack + frame->frame.outer;
        kind = (enum parse_kind)sp->frame.kind;
        sp->val = json_object(obj);
    } else if (kind == PARSE_ARRAY) {
        if (LIKELY(*p == ',')) {
            p = scan_space(p + 1);
            if (UNLIKELY(*p == ']')) {
                parse_explain(ps, p, "a comma must be followed by another value");
                return NULL;
            }
            goto value;
        }
        if (UNLIKELY(*p != ']')) {
            parse_explain(ps, p, "expected ',' or ']' after a value");
            return NULL;
        }
    end_array:;
        uint32_t count = (uint32_t)(sp - frame - 1);
        struct json_val *items = arena_alloc(arena, count * sizeof(*items));
        copy_vals(items, frame + 1, count);
        sp = frame;
        frame = ps->stack + frame->frame.outer;
        kind = (enum parse_kind)sp->frame.kind;
        sp->val = json_array(items, count);
    } else {
        *ret = sp[-1].val;
        return p;
    }
    sp++;
    p++;
    ps->depth--;
    goto after_value;
}

/* ---- around it ---- */

static enum status parse_checked(struct parser *ps, const struct json_parse_options *options,
                                 struct json_val *ret, struct error *err)
{
    __attribute__((uninitialized)) union parse_slot first[STACK_FIRST];
    ps->stack = first;
    ps->stack_end = first + STACK_FIRST;
    const char *p = parse_values(ps, ps->text, ret);
    enum status status = STATUS_OK;
    if (p && p < ps->end && !options->allow_rest) {
        parse_explain(ps, p, "unexpected text behind the value");
        p = NULL;
    }
    if (!p)
        status = parse_refuse(ps, options->place, err);
    else if (options->ret_used)
        *options->ret_used = (size_t)(p - ps->text);
    if (ps->is_stack_on_heap)
        free(ps->stack);
    if (ps->has_scratch)
        arena_done(&ps->scratch);
    free(ps->dups.at);
    return status;
}

static enum status parse_text(const char *text, size_t n, struct arena *arena,
                              struct json_shapes *shapes, const struct json_parse_options *options,
                              struct json_val *ret, struct json_doc *doc, struct error *err)
{
    static const struct json_parse_options none = {0};
    if (!options)
        options = &none;
    uint32_t max_depth = options->max_depth;
    struct parser ps;
    ps.text = text;
    ps.end = text + n;
    ps.arena = arena;
    ps.shapes = shapes;
    ps.is_stack_on_heap = ps.has_scratch = ps.has_number_text = false;
    ps.max_depth = max_depth == 0 || max_depth > JSON_MAX_DEPTH ? JSON_MAX_DEPTH : max_depth;
    ps.depth = ps.deepest = 0;
    ps.dups = (struct dup_places){0};
    ps.bad_at = NULL;
    ps.reason = NULL;
    enum status status = parse_checked(&ps, options, ret, err);
    if (doc) {
        doc->depth = ps.deepest;
        doc->has_number_text = ps.has_number_text;
    }
    return status;
}

static enum status parse_check_size(size_t n, const struct json_parse_options *options,
                                    struct error *err)
{
    size_t max = options && options->max_bytes ? options->max_bytes : JSON_MAX_TEXT;
    if (max > UINT32_MAX - JSON_TEXT_PADDING)
        max = UINT32_MAX - JSON_TEXT_PADDING; /* lengths are 32 bits */
    if (n <= max)
        return STATUS_OK;
    if (options && options->place)
        *options->place = (struct json_place){.line = 1, .column = 1};
    return error_set(err, STATUS_LIMIT, "JsonTooLarge", "the text has %zu bytes, %zu are allowed",
                     n, max);
}

static enum status parse_doc(struct json_doc *doc, const struct json_parse_options *options,
                             struct json_doc **ret_doc, struct error *err)
{
    memset(doc->text + doc->text_n, 0, JSON_TEXT_PADDING);
    /* records of an API need about as many bytes for values as for text, a little more when short
     */
    doc->arena.first_size = doc->text_n + doc->text_n / 4 + 512;
    enum status status = parse_text(doc->text, doc->text_n, &doc->arena, doc_shapes(doc), options,
                                    &doc->root, doc, err);
    if (status != STATUS_OK) {
        json_doc_unref(doc);
        return status;
    }
    *ret_doc = doc;
    return STATUS_OK;
}

enum status json_parse(str text, const struct json_parse_options *options,
                       struct json_doc **ret_doc, struct error *err)
{
    enum status status = parse_check_size(text.n, options, err);
    if (status != STATUS_OK)
        return status;
    struct json_doc *doc = doc_new(text.n + JSON_TEXT_PADDING);
    doc->text = (char *)(doc + 1);
    doc->text_n = text.n;
    doc->is_text_inside = true;
    if (text.n != 0)
        memcpy(doc->text, text.p, text.n);
    return parse_doc(doc, options, ret_doc, err);
}

enum status json_parse_take(char *text, size_t n, const struct json_parse_options *options,
                            struct json_doc **ret_doc, struct error *err)
{
    enum status status = parse_check_size(n, options, err);
    if (status != STATUS_OK) {
        free(text);
        return status;
    }
    struct json_doc *doc = doc_new(0);
    doc->text = text;
    doc->text_n = n;
    return parse_doc(doc, options, ret_doc, err);
}

enum status json_parse_in(struct arena *arena, str text, const struct json_parse_options *options,
                          struct json_val *ret_value, struct error *err)
{
    enum status status = parse_check_size(text.n, options, err);
    if (status != STATUS_OK)
        return status;
    char *copy = arena_alloc(arena, text.n + JSON_TEXT_PADDING);
    if (text.n != 0)
        memcpy(copy, text.p, text.n);
    memset(copy + text.n, 0, JSON_TEXT_PADDING);
    struct json_shapes shapes;
    json_shapes_init(&shapes, arena);
    struct json_val root;
    status = parse_text(copy, text.n, arena, &shapes, options, &root, NULL, err);
    if (status == STATUS_OK)
        *ret_value = root;
    return status;
}
