/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of an execution: numbers, counting, links, and what comes back from what was written.
 */
#include "machine_test.h"

#include "asl/document.h"
#include "json/compare.h"
#include "json/freeze.h"

/* ---- helpers ---- */

static struct json_doc *json_of(const char *quoted)
{
    struct json_doc *json = NULL;
    struct error err;
    char *text = run_quoted(quoted);
    if (json_parse(str_of(text), NULL, &json, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    free(text);
    return json;
}

static struct asl_document *document_of(struct asl_documents *d, const char *quoted)
{
    return asl_document_new(d, json_of(quoted), 0);
}

/* {"page": [strings of some 100 KB], "n": 1} */
static struct asl_document *page_document(struct asl_documents *d)
{
    struct buf text;
    struct json_doc *json;
    struct error err;
    buf_init(&text, SIZE_MAX / 2);
    buf_add(&text, STR("{\"page\":["));
    for (unsigned i = 0; i < 1000; i++)
        buf_printf(&text, "%s{\"row\":%u,\"text\":\"some text of row %u\"}", i ? "," : "", i, i);
    buf_add(&text, STR("],\"n\":1}"));
    assert_int_equal(json_parse(buf_str(&text), NULL, &json, &err), STATUS_OK);
    buf_done(&text);
    return asl_document_new(d, json, 0);
}

static struct asl_document *freeze_from(struct asl_documents *d, struct json_val v,
                                        struct asl_document *source)
{
    struct asl_document *doc = NULL;
    struct error err;
    if (asl_document_freeze(d, v, &source, source ? 1 : 0, true, &doc, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return doc;
}

/* An array of so many times the same value, frozen. */
static struct asl_document *repeated(struct asl_documents *d, struct asl_document *source,
                                     struct json_val v, uint32_t count)
{
    struct json_val items[64];
    assert_true(count <= ARRAY_LEN(items));
    for (uint32_t i = 0; i < count; i++)
        items[i] = v;
    return freeze_from(d, json_array(items, count), source);
}

static char *written(const struct asl_document *doc)
{
    struct buf out;
    size_t n;
    buf_init(&out, SIZE_MAX / 2);
    asl_document_write(doc, &out);
    buf_add_byte(&out, '\0');
    return buf_take(&out, &n);
}

static struct asl_link link_of(const char *place, struct asl_document *from, const char *path,
                               uint32_t keep)
{
    return asl_link_new(str_of(place), from, str_of(path), keep);
}

/* Writes a document and reads it into another table, where `source` already is `from`. */
static struct asl_document *round_trip(const struct asl_document *doc, struct asl_documents *into,
                                       struct asl_document *from)
{
    struct asl_link links[ASL_MAX_LINKS];
    struct asl_document *back = NULL;
    struct error err;
    char *text = written(doc);
    for (uint32_t i = 0; i < doc->link_count; i++)
        links[i] = asl_link_new(doc->links[i].place, from, doc->links[i].path, doc->links[i].keep);
    if (asl_document_restore(into, doc->number, str_of(text), doc->keeps_text, links,
                             doc->link_count, &back, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    free(text);
    return back;
}

static enum status restore_linked(struct asl_documents *d, const char *quoted,
                                  struct asl_link *links, uint32_t count, struct asl_document **ret)
{
    struct error err;
    char *text = run_quoted(quoted);
    enum status status =
        asl_document_restore(d, d->next, str_of(text), false, links, count, ret, &err);
    free(text);
    return status;
}

static void assert_refused(struct asl_documents *d, const char *text, struct asl_link one)
{
    struct asl_document *doc = NULL;
    uint32_t count = d->map.count;
    assert_int_equal(restore_linked(d, text, &one, 1, &doc), STATUS_CORRUPT);
    assert_null(doc);
    assert_int_equal(d->map.count, count);
}

/* ---- numbers and counting ---- */

static void numbers_count_up_and_are_found(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *a = document_of(&d, "1"), *b = document_of(&d, "2");
    assert_int_equal(a->number, 1);
    assert_int_equal(b->number, 2);
    assert_ptr_equal(asl_documents_find(&d, 1), a);
    assert_ptr_equal(asl_documents_find(&d, 2), b);
    assert_null(asl_documents_find(&d, 3));
    asl_document_unref(a);
    asl_document_unref(b);
    asl_documents_done(&d);
}

static void a_given_number_moves_the_next_one_up(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *a = asl_document_new(&d, json_of("1"), 100), *b = document_of(&d, "2");
    assert_int_equal(b->number, 101);
    asl_document_unref(a);
    asl_document_unref(b);
    asl_documents_done(&d);
}

static void the_last_reference_takes_a_document_out_of_the_table(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *a = document_of(&d, "1");
    assert_ptr_equal(asl_document_ref(a), a);
    asl_document_unref(a);
    assert_ptr_equal(asl_documents_find(&d, 1), a);
    asl_document_unref(a);
    assert_null(asl_documents_find(&d, 1));
    assert_int_equal(d.map.count, 0);
    asl_document_unref(NULL);
    asl_documents_done(&d);
}

static void a_number_is_not_given_twice(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    asl_document_unref(document_of(&d, "1"));
    struct asl_document *b = document_of(&d, "2");
    assert_int_equal(b->number, 2);
    asl_document_unref(b);
    asl_documents_done(&d);
}

/* What the table holds is compared with a plain array after each of many steps. */
static void the_table_finds_everything_through_growth_and_removal(void **state)
{
    (void)state;
    enum { MANY = 3000, STEPS = 20000 };
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document **docs = calloc(MANY, sizeof(*docs));
    uint64_t x = 1;
    for (unsigned i = 0; i < STEPS; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t at = (uint32_t)(x >> 33) % MANY;
        if (docs[at]) {
            assert_ptr_equal(asl_documents_find(&d, docs[at]->number), docs[at]);
            uint64_t number = docs[at]->number;
            asl_document_unref(docs[at]);
            docs[at] = NULL;
            assert_null(asl_documents_find(&d, number));
        } else {
            docs[at] = document_of(&d, "0");
        }
    }
    uint32_t live = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        live += docs[i] != NULL;
        if (docs[i])
            assert_ptr_equal(asl_documents_find(&d, docs[i]->number), docs[i]);
        asl_document_unref(docs[i]);
    }
    assert_true(live > MANY / 4);
    free(docs);
    asl_documents_done(&d);
}

static void a_size_is_that_of_the_compact_text(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *a = document_of(&d, "{ 'a' : [ 1.0, 'é' ] }");
    assert_int_equal(asl_document_size(a), strlen("{\"a\":[1.0,\"é\"]}"));
    assert_int_equal(asl_document_size(a), strlen("{\"a\":[1.0,\"é\"]}"));
    asl_document_unref(a);
    asl_documents_done(&d);
}

static void the_clients_text_is_written_as_it_came(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *a = document_of(&d, "{ 'a' : 1.0 }");
    char *compact = written(a);
    a->keeps_text = true;
    char *text = written(a);
    assert_quoted(compact, "{'a':1.0}");
    assert_quoted(text, "{ 'a' : 1.0 }");
    free(text);
    free(compact);
    asl_document_unref(a);
    asl_documents_done(&d);
}

/* ---- pointers ---- */

static void a_pointer_names_members_and_items(void **state)
{
    (void)state;
    struct json_doc *json = json_of("{'a':[10,{'b':20}],'x/y':1,'~':2,'':3,'0':4,'~1':5}");
    struct json_val root = json_doc_root(json);
    static const struct {
        const char *pointer;
        double value;
    } cases[] = {{"/a/0", 10}, {"/a/1/b", 20}, {"/x~1y", 1}, {"/~0", 2},
                 {"/", 3},     {"/0", 4},      {"/~01", 5}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_val v = asl_pointer_get(root, str_of(cases[i].pointer));
        if (!json_is_number(v) || json_number(v) != cases[i].value)
            fail_msg("%s", cases[i].pointer);
    }
    assert_int_equal(asl_pointer_get(root, STR("")).tag, JSON_OBJECT);
    json_doc_unref(json);
}

static void a_pointer_to_nothing_gives_undefined(void **state)
{
    (void)state;
    static const char *const pointers[] = {
        "a",    "/b",   "/a/2",     "/a/-1", "/a/", "/a/x", "/a/0/0", "/a/18446744073709551616",
        "/a/+", "/a/-", "/a/1/b/c", "/x/y",  "//a", "/a/1 "};
    struct json_doc *json = json_of("{'a':[10,{'b':20}],'x/y':1}");
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
        if (asl_pointer_get(json_doc_root(json), str_of(pointers[i])).tag != JSON_UNDEFINED)
            fail_msg("%s", pointers[i]);
    }
    json_doc_unref(json);
}

/* ---- links ---- */

static void a_page_that_is_passed_on_is_a_link(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *source = page_document(&d);
    struct json_val page = json_get(source->root, STR("page")), items[2] = {json_num(7), page};
    struct asl_document *doc = freeze_from(&d, json_array(items, 2), source);
    char *text = written(doc);
    assert_string_equal(text, "[7,null]");
    assert_int_equal(doc->link_count, 1);
    assert_ptr_equal(doc->links[0].from, source);
    assert_true(str_eq(doc->links[0].place, STR("/1")));
    assert_true(str_eq(doc->links[0].path, STR("/page")));
    assert_int_equal(doc->links[0].keep, ASL_LINK_WHOLE);
    free(text);
    asl_document_unref(doc);
    asl_document_unref(source);
    asl_documents_done(&d);
}

static void a_small_value_is_written_and_not_linked(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *source = page_document(&d);
    struct json_val row = json_get(source->root, STR("page")).items[3];
    struct asl_document *doc = freeze_from(&d, row, source);
    assert_int_equal(doc->link_count, 0);
    assert_int_equal(json_doc_held_count(doc->json), 0);
    asl_document_unref(source);
    assert_true(str_eq(json_str(json_get(doc->root, STR("text"))), STR("some text of row 3")));
    asl_document_unref(doc);
    asl_documents_done(&d);
}

static void a_slice_of_an_array_is_no_link_to_all_of_it(void **state)
{
    (void)state;
    struct asl_documents d, e;
    asl_documents_init(&d);
    asl_documents_init(&e);
    struct asl_document *source = page_document(&d), *copy = page_document(&e);
    struct json_val page = json_get(source->root, STR("page"));
    struct json_val slices[] = {json_array(page.items, 700), json_array(page.items + 100, 800)};
    for (size_t i = 0; i < ARRAY_LEN(slices); i++) {
        struct asl_document *doc = freeze_from(&d, slices[i], source);
        struct asl_document *back = round_trip(doc, &e, copy);
        assert_int_equal(back->root.len, slices[i].len);
        assert_true(json_equal(back->root, slices[i]));
        asl_document_unref(doc);
        asl_document_unref(back);
    }
    asl_document_unref(source);
    asl_document_unref(copy);
    asl_documents_done(&d);
    asl_documents_done(&e);
}

/* What an evaluation does: the array with one item more, in place where that is possible. */
static struct json_val appended(struct arena *a, struct json_val array, struct json_val item)
{
    if (json_grow_append(&array, &item, 1))
        return array;
    struct json_val *items = arena_alloc(a, sizeof(*items) * (array.len + 1));
    memcpy(items, array.items, sizeof(*items) * array.len);
    items[array.len] = item;
    return json_array(items, array.len + 1);
}

static void an_array_that_grew_keeps_its_items_by_a_link(void **state)
{
    (void)state;
    struct asl_documents d, e;
    struct arena a;
    arena_init(&a, 0);
    asl_documents_init(&d);
    asl_documents_init(&e);
    struct asl_document *page = page_document(&d);
    struct asl_document *source =
        freeze_from(&d, json_array(json_get(page->root, STR("page")).items, 900), NULL);
    struct asl_document *one = freeze_from(&d, appended(&a, source->root, json_num(1)), source);
    char *text = written(one);
    assert_int_equal(one->link_count, 1);
    assert_int_equal(one->links[0].keep, 900);
    assert_string_equal(text, "[1]");
    struct asl_document *source_back = round_trip(source, &e, NULL);
    struct asl_document *one_back = round_trip(one, &e, source_back);
    assert_true(json_equal(one->root, one_back->root));
    assert_int_equal(one_back->root.len, 901);
    struct asl_document *two = freeze_from(&d, appended(&a, one->root, json_num(2)), one);
    struct asl_document *two_back = round_trip(two, &e, one_back);
    assert_true(json_equal(two->root, two_back->root));
    assert_ptr_equal(two->root.items, one->root.items);
    assert_ptr_equal(two_back->root.items, one_back->root.items);
    free(text);
    asl_document_unref(two);
    asl_document_unref(two_back);
    asl_document_unref(one);
    asl_document_unref(source);
    asl_document_unref(page);
    asl_document_unref(one_back);
    asl_document_unref(source_back);
    asl_documents_done(&d);
    asl_documents_done(&e);
    arena_done(&a);
}

static void what_comes_back_is_equal_and_shares_memory_again(void **state)
{
    (void)state;
    struct asl_documents d, e;
    asl_documents_init(&d);
    asl_documents_init(&e);
    struct asl_document *source = page_document(&d), *copy = page_document(&e);
    struct asl_document *doc = repeated(&d, source, json_get(source->root, STR("page")), 3);
    struct asl_document *back = round_trip(doc, &e, copy);
    assert_true(json_equal(doc->root, back->root));
    assert_int_equal(back->number, doc->number);
    for (uint32_t i = 0; i < 3; i++)
        assert_ptr_equal(back->root.items[i].items, json_get(copy->root, STR("page")).items);
    asl_document_unref(doc);
    asl_document_unref(back);
    asl_document_unref(source);
    asl_document_unref(copy);
    asl_documents_done(&d);
    asl_documents_done(&e);
}

/* Beyond ASL_MAX_LINKS places the text itself has to be there. */
static void more_places_than_links_lose_nothing(void **state)
{
    (void)state;
    struct asl_documents d, e;
    asl_documents_init(&d);
    asl_documents_init(&e);
    struct asl_document *source = page_document(&d), *copy = page_document(&e);
    struct asl_document *doc =
        repeated(&d, source, json_get(source->root, STR("page")), ASL_MAX_LINKS + 4);
    assert_int_equal(doc->link_count, ASL_MAX_LINKS);
    struct asl_document *back = round_trip(doc, &e, copy);
    assert_true(json_equal(doc->root, back->root));
    asl_document_unref(doc);
    asl_document_unref(back);
    asl_document_unref(source);
    asl_document_unref(copy);
    asl_documents_done(&d);
    asl_documents_done(&e);
}

static void a_part_is_a_document_that_links_to_its_place(void **state)
{
    (void)state;
    struct asl_documents d;
    struct error err;
    asl_documents_init(&d);
    struct asl_document *from = document_of(&d, "{'items':[{'a/b':[1,2]},[],'text']}"), *part;
    struct json_val first = json_get(from->root, STR("items")).items[0];
    assert_int_equal(asl_document_part(&d, from, STR("/items/0"), first, &part, &err), STATUS_OK);
    assert_int_equal(part->link_count, 1);
    char *text = written(part);
    assert_string_equal(text, "null");
    free(text);
    asl_document_unref(part);
    struct json_val second = json_get(from->root, STR("items")).items[1];
    assert_int_equal(asl_document_part(&d, from, STR("/items/1"), second, &part, &err), STATUS_OK);
    assert_int_equal(part->link_count, 0); /* "[]" is shorter than a link */
    asl_document_unref(part);
    asl_document_unref(from);
    asl_documents_done(&d);
}

static void sealing_lets_the_sources_go(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *source = page_document(&d);
    struct asl_document *doc = freeze_from(&d, json_get(source->root, STR("page")), source);
    assert_int_equal(source->refs, 2);
    asl_document_seal(doc);
    assert_int_equal(source->refs, 1);
    assert_true(doc->is_written);
    char *text = written(doc);
    assert_true(strlen(text) > 10000); /* without links all of it is written */
    free(text);
    asl_document_relink(doc, &source, 1);
    assert_int_equal(doc->link_count, 1);
    text = written(doc);
    assert_string_equal(text, "null");
    free(text);
    asl_document_unref(doc);
    asl_document_unref(source);
    asl_documents_done(&d);
}

static void keys_with_slashes_and_tildes_are_escaped_in_places(void **state)
{
    (void)state;
    struct asl_documents d, e;
    struct arena a;
    struct json_shapes shapes;
    struct json_obj_builder b;
    arena_init(&a, 0);
    json_shapes_init(&shapes, &a);
    asl_documents_init(&d);
    asl_documents_init(&e);
    struct asl_document *source = page_document(&d), *copy = page_document(&e);
    json_obj_begin(&b, &shapes, 1);
    json_obj_put(&b, STR("a/b~c"), 0, json_get(source->root, STR("page")));
    struct asl_document *doc = freeze_from(&d, json_obj_end(&b), source);
    assert_int_equal(doc->link_count, 1);
    assert_true(str_eq(doc->links[0].place, STR("/a~1b~0c")));
    struct asl_document *back = round_trip(doc, &e, copy);
    assert_true(json_equal(doc->root, back->root));
    asl_document_unref(doc);
    asl_document_unref(back);
    asl_document_unref(source);
    asl_document_unref(copy);
    asl_documents_done(&d);
    asl_documents_done(&e);
    arena_done(&a);
}

/* ---- hostile ---- */

static void a_number_that_is_taken_or_impossible_is_refused(void **state)
{
    (void)state;
    struct asl_documents d;
    struct error err;
    asl_documents_init(&d);
    struct asl_document *a = document_of(&d, "1"), *b = NULL;
    static const uint64_t numbers[] = {0, 1, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        assert_int_equal(asl_document_restore(&d, numbers[i], STR("1"), false, NULL, 0, &b, &err),
                         STATUS_CORRUPT);
    assert_null(b);
    asl_document_unref(a);
    asl_documents_done(&d);
}

static void links_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *from = document_of(&d, "{'a':[1,2,3],'s':'text'}");
    assert_refused(&d, "{'x':null}", link_of("/y", from, "/a", ASL_LINK_WHOLE));
    assert_refused(&d, "{'x':null}", link_of("x", from, "/a", ASL_LINK_WHOLE));
    assert_refused(&d, "{'x':null}", link_of("/x/0", from, "/a", ASL_LINK_WHOLE));
    assert_refused(&d, "{'x':null}", link_of("/x", from, "/b", ASL_LINK_WHOLE));
    assert_refused(&d, "{'x':null}", link_of("/x", from, "/a/3", ASL_LINK_WHOLE));
    assert_refused(&d, "{'x':[]}", link_of("/x", from, "/a", 4));
    assert_refused(&d, "{'x':[]}", link_of("/x", from, "/s", 1));
    assert_refused(&d, "{'x':null}", link_of("/x", from, "/a", 1));
    assert_refused(&d, "{'x':{}}", link_of("/x", from, "/a", 1));
    assert_int_equal(from->refs, 1);
    asl_document_unref(from);
    asl_documents_done(&d);
}

static void text_that_is_no_json_is_refused_with_and_without_links(void **state)
{
    (void)state;
    struct asl_documents d;
    struct asl_document *doc = NULL;
    asl_documents_init(&d);
    struct asl_document *from = document_of(&d, "[1]");
    struct asl_link one = link_of("", from, "", ASL_LINK_WHOLE);
    assert_int_not_equal(restore_linked(&d, "[1,", &one, 1, &doc), STATUS_OK);
    assert_int_not_equal(restore_linked(&d, "[1,", NULL, 0, &doc), STATUS_OK);
    assert_int_not_equal(restore_linked(&d, "", NULL, 0, &doc), STATUS_OK);
    assert_null(doc);
    assert_int_equal(from->refs, 1);
    asl_document_unref(from);
    asl_documents_done(&d);
}

static void the_clients_text_has_no_links(void **state)
{
    (void)state;
    struct asl_documents d;
    struct asl_document *doc = NULL;
    struct error err;
    asl_documents_init(&d);
    struct asl_document *from = document_of(&d, "[1]");
    struct asl_link one = link_of("", from, "", ASL_LINK_WHOLE);
    assert_int_equal(asl_document_restore(&d, 2, STR("null"), true, &one, 1, &doc, &err),
                     STATUS_CORRUPT);
    assert_int_equal(from->refs, 1);
    asl_document_unref(from);
    asl_documents_done(&d);
}

/* A second link whose place lies in what a first one put there must not reach into the source. */
static void a_link_cannot_change_the_document_it_names(void **state)
{
    (void)state;
    struct asl_documents d;
    asl_documents_init(&d);
    struct asl_document *from = document_of(&d, "{'a':{'b':1},'c':[2]}"), *doc = NULL;
    struct asl_link links[] = {link_of("/x", from, "", ASL_LINK_WHOLE),
                               link_of("/x/a", from, "", ASL_LINK_WHOLE)};
    enum status status = restore_linked(&d, "{'x':{'a':null}}", links, 2, &doc);
    struct run r = {0};
    buf_init(&r.text, SIZE_MAX / 2);
    assert_quoted(run_document(&r, from), "{'a':{'b':1},'c':[2]}");
    if (status == STATUS_OK)
        asl_document_unref(doc);
    buf_done(&r.text);
    asl_document_unref(from);
    asl_documents_done(&d);
}

static void kept_items_and_new_ones_make_one_array(void **state)
{
    (void)state;
    struct asl_documents d;
    struct run r = {0};
    asl_documents_init(&d);
    buf_init(&r.text, SIZE_MAX / 2);
    struct asl_document *from = document_of(&d, "{'a':[1,2,3]}"), *doc = NULL;
    struct asl_link links[] = {link_of("/x", from, "/a", 2), link_of("/y", from, "/a", 0),
                               link_of("/z", from, "/a", 3)};
    assert_int_equal(restore_linked(&d, "{'x':[9],'y':[8],'z':[]}", links, 3, &doc), STATUS_OK);
    assert_quoted(run_document(&r, doc), "{'x':[1,2,9],'y':[8],'z':[1,2,3]}");
    assert_quoted(run_document(&r, from), "{'a':[1,2,3]}");
    asl_document_unref(doc);
    asl_document_unref(from);
    buf_done(&r.text);
    asl_documents_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_count_up_and_are_found),
        cmocka_unit_test(a_given_number_moves_the_next_one_up),
        cmocka_unit_test(the_last_reference_takes_a_document_out_of_the_table),
        cmocka_unit_test(a_number_is_not_given_twice),
        cmocka_unit_test(the_table_finds_everything_through_growth_and_removal),
        cmocka_unit_test(a_size_is_that_of_the_compact_text),
        cmocka_unit_test(the_clients_text_is_written_as_it_came),
        cmocka_unit_test(a_pointer_names_members_and_items),
        cmocka_unit_test(a_pointer_to_nothing_gives_undefined),
        cmocka_unit_test(a_page_that_is_passed_on_is_a_link),
        cmocka_unit_test(a_small_value_is_written_and_not_linked),
        cmocka_unit_test(a_slice_of_an_array_is_no_link_to_all_of_it),
        cmocka_unit_test(an_array_that_grew_keeps_its_items_by_a_link),
        cmocka_unit_test(what_comes_back_is_equal_and_shares_memory_again),
        cmocka_unit_test(more_places_than_links_lose_nothing),
        cmocka_unit_test(a_part_is_a_document_that_links_to_its_place),
        cmocka_unit_test(sealing_lets_the_sources_go),
        cmocka_unit_test(keys_with_slashes_and_tildes_are_escaped_in_places),
        cmocka_unit_test(a_number_that_is_taken_or_impossible_is_refused),
        cmocka_unit_test(links_that_do_not_fit_are_refused),
        cmocka_unit_test(text_that_is_no_json_is_refused_with_and_without_links),
        cmocka_unit_test(the_clients_text_has_no_links),
        cmocka_unit_test(a_link_cannot_change_the_document_it_names),
        cmocka_unit_test(kept_items_and_new_ones_make_one_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
