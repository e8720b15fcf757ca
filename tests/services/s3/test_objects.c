/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of the service as map runs read, list and put them, on a loop. */
#include "support.h"
#include "services/s3/objects.h"
#include <stdio.h>
#include <stdlib.h>

struct bench {
    struct world *w;
    struct loop *loop;
    struct s3_objects objects;
};

static int setup(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct error err;
    if (loop_new(&b->loop, &err) != STATUS_OK || world_setup((void **)&b->w) != 0)
        return -1;
    s3_objects_init(&b->objects, &b->w->self);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    loop_free(b->loop);
    world_teardown((void **)&b->w);
    free(b);
    return 0;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* The part is ready when this returns. */
static void wait_for(struct bench *b)
{
    loop_run(b->loop);
}

static void set_ready(struct bench *b, struct objects_part *part)
{
    part->ready = stop;
    part->ready_arg = b->loop;
}

static struct object_sink *open_sink(struct bench *b, const char *bucket, const char *key)
{
    const char *cause = NULL;
    struct objects *o = &b->objects.objects;
    struct object_sink *s = o->kind->put(o, b->loop, str_of(bucket), str_of(key), &cause);
    if (!s)
        fail_msg("%s", cause);
    set_ready(b, &s->part);
    return s;
}

static void write_all(struct bench *b, struct object_sink *s, str bytes)
{
    enum objects_got got = s->kind->write(s, bytes);
    assert_int_not_equal(got, OBJECTS_FAILED);
    if (got == OBJECTS_WAIT)
        wait_for(b);
}

static enum objects_got finish(struct bench *b, struct object_sink *s)
{
    enum objects_got got;
    while ((got = s->kind->finish(s)) == OBJECTS_WAIT)
        wait_for(b);
    return got;
}

static struct object_source *open_source(struct bench *b, const char *key, const char **ret_cause)
{
    struct objects *o = &b->objects.objects;
    struct object_source *s =
        o->kind->open(o, b->loop, STR("bucket"), str_of(key), STR(""), ret_cause);
    if (s)
        set_ready(b, &s->part);
    return s;
}

static str read_all(struct bench *b, struct object_source *s)
{
    struct buf all;
    str piece;
    enum objects_got got;
    buf_init(&all, 64 << 20);
    while ((got = s->kind->more(s, &piece)) != OBJECTS_END) {
        assert_int_not_equal(got, OBJECTS_FAILED);
        if (got == OBJECTS_WAIT)
            wait_for(b);
        else
            buf_add(&all, piece);
    }
    str ret = arena_dup(&b->w->a, buf_str(&all));
    buf_done(&all);
    return ret;
}

static void what_is_put_is_read(void **state)
{
    struct bench *b = *state;
    const char *cause;
    static const size_t sizes[] = {0, 10, 9 << 20};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        str body = filled(b->w, (char)('a' + i), sizes[i]);
        struct object_sink *sink = open_sink(b, "bucket", "dir/k");
        for (size_t at = 0; at < body.n; at += 1 << 20)
            write_all(b, sink, str_sub(body, at, at + (1 << 20)));
        assert_int_equal(finish(b, sink), OBJECTS_END);
        sink->kind->free(sink);
        struct object_source *source = open_source(b, "dir/k", &cause);
        assert_non_null(source);
        assert_true(str_eq(read_all(b, source), body));
        source->kind->free(source);
    }
}

static void a_source_goes_on_at_any_byte(void **state)
{
    struct bench *b = *state;
    const char *cause;
    put(b->w, "k", STR("0123456789"));
    struct object_source *s = open_source(b, "k", &cause);
    assert_true(s->is_seekable);
    assert_str(read_all(b, s), "0123456789");
    s->kind->seek(s, 7);
    assert_str(read_all(b, s), "789");
    s->kind->seek(s, 10);
    assert_str(read_all(b, s), "");
    s->kind->seek(s, 0);
    put(b->w, "k", STR("replaced")); /* what is being read stays */
    assert_str(read_all(b, s), "0123456789");
    s->kind->free(s);
}

static void what_is_not_there_has_a_cause(void **state)
{
    struct bench *b = *state;
    struct objects *o = &b->objects.objects;
    const char *cause = "";
    assert_null(open_source(b, "no", &cause));
    assert_string_equal(cause, "The specified key does not exist.");
    assert_null(o->kind->list(o, b->loop, STR("nowhere"), STR(""), STR(""), &cause));
    assert_string_equal(cause, "The specified bucket does not exist");
    struct object_sink *s = open_sink(b, "nowhere", "k");
    write_all(b, s, STR("x"));
    assert_int_equal(finish(b, s), OBJECTS_FAILED);
    assert_string_equal(s->part.cause, "The specified bucket does not exist");
    s->kind->free(s);
}

static void keys_are_listed_in_pages(void **state)
{
    struct bench *b = *state;
    struct objects *o = &b->objects.objects;
    const char *cause;
    char key[32];
    unsigned count = 0, pages = 0;
    for (unsigned i = 0; i < 1100; i++) {
        snprintf(key, sizeof(key), "p/%04u", i);
        put(b->w, key, STR("xy"));
    }
    put(b->w, "q", STR(""));
    struct object_listing *l =
        o->kind->list(o, b->loop, STR("bucket"), STR("p/"), STR("p/0009"), &cause);
    struct object_page page;
    for (; l->kind->more(l, &page) == OBJECTS_GOT; pages++)
        for (uint32_t i = 0; i < page.count; i++, count++) {
            snprintf(key, sizeof(key), "p/%04u", count + 10);
            assert_str(page.entries[i].key, key);
            assert_int_equal(page.entries[i].size, 2);
            assert_str(page.entries[i].etag, "\"3e44107170a520582ade522fa73c1d15\"");
        }
    assert_int_equal(count, 1090);
    assert_int_equal(pages, 2);
    l->kind->free(l);
}

static void a_sink_that_is_let_go_leaves_nothing(void **state)
{
    struct bench *b = *state;
    const char *cause;
    struct object_sink *s = open_sink(b, "bucket", "k");
    write_all(b, s, filled(b->w, 'x', 5 << 20));
    s->kind->free(s);
    assert_null(open_source(b, "k", &cause));
    s = open_sink(b, "bucket", "k"); /* or all of it, once it was finishing */
    write_all(b, s, STR("whole"));
    assert_int_equal(s->kind->finish(s), OBJECTS_WAIT);
    s->kind->free(s);
    assert_str(get(b->w, "k"), "whole");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_put_is_read),
        T(a_source_goes_on_at_any_byte),
        T(what_is_not_there_has_a_cause),
        T(keys_are_listed_in_pages),
        T(a_sink_that_is_let_go_leaves_nothing),
    };
    return cmocka_run_group_tests_name("services/s3/objects", tests, NULL, NULL);
}
