/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Syncs of segments: they come before the commit that makes rows visible, and one that fails fails
 * its group and gives the segment up. The program is linked with --wrap, so that the store's calls
 * of fdatasync come here; those of SQLite do not.
 */
#include "support.h"
#include "store/body.h"
#include "store/faulty.h"
#include <errno.h>
#include <sqlite3.h>

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

/* What is looked at, and told, on the store's thread while it syncs. */
static struct {
    struct store_reader *reader; /* NULL: nothing */
    const char *key;
    bool was_visible;
    unsigned calls, failing; /* so many calls fail */
} probe;

int __wrap_fdatasync(int fd)
{
    probe.calls++;
    if (probe.failing > 0) {
        probe.failing--;
        errno = EIO;
        return -1;
    }
    if (probe.reader) {
        struct arena a;
        struct store_object o;
        struct error err;
        arena_init(&a, 0);
        probe.was_visible =
            store_find_object(probe.reader, 1, str_of(probe.key), &a, &o, &err) == STATUS_OK;
        arena_done(&a);
    }
    return __real_fdatasync(fd);
}

static enum status put_object(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct store_object o;
    (void)scratch;
    memcpy(&o, args.p, sizeof(o));
    return store_tx_put_object(tx, &o, err);
}

static enum status add_bucket(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct store_bucket b = {.id = 1, .name = STR("bucket"), .created_ms = 1};
    (void)args;
    (void)scratch;
    return store_tx_add_bucket(tx, &b, err);
}

static enum status perform(struct world *w, store_unit_fn *run, const void *args, size_t n,
                           struct error *err)
{
    struct store_unit u = {.run = run, .args = {args, n}};
    enum status status = store_perform(w->c, &u, err);
    store_unit_done(&u);
    return status;
}

static enum status put(struct world *w, struct store_writer *writer, const char *key, str bytes,
                       struct store_body *ret, struct error *err)
{
    struct store_object o = {.bucket = 1, .key = str_of(key), .etag = STR("e")};
    if (store_writer_append(writer, STR("bucket"), o.key, bytes, &o.body, err) != STATUS_OK)
        return err->status;
    *ret = o.body;
    return perform(w, put_object, &o, sizeof(o), err);
}

static void assert_body(struct world *w, const char *key, const char *text)
{
    struct error err;
    struct store_object o;
    struct store_piece piece;
    char out[64];
    assert_ok(store_find_object(w->r, 1, str_of(key), &w->a, &o, &err));
    assert_ok(store_piece_open(w->s, &o.body, &piece, &err));
    assert_int_equal(piece.size, strlen(text));
    assert_ok(store_piece_read(&piece, 0, out, (size_t)piece.size, &err));
    assert_memory_equal(out, text, strlen(text));
    store_piece_close(w->s, &piece);
}

static int setup(void **state)
{
    struct error err;
    memset(&probe, 0, sizeof(probe));
    if (world_setup(state) != 0)
        return -1;
    return perform(*state, add_bucket, NULL, 0, &err) == STATUS_OK ? 0 : -1;
}

static void bytes_are_synced_before_their_row_can_be_seen(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_body body;
    struct store_writer *writer = store_writer_new(w->s);
    assert_ok(store_reader_open(str_of(w->dir), NULL, &probe.reader, &err));
    probe.key = "k";
    probe.was_visible = true;
    assert_ok(put(w, writer, "k", STR("bytes"), &body, &err));
    assert_int_equal(probe.calls, 1);
    assert_false(probe.was_visible);
    store_reader_close(probe.reader);
    probe.reader = NULL;
    store_writer_free(writer);
}

static void groups_without_bodies_sync_no_segment(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_object o = {.bucket = 1, .key = STR("empty"), .etag = STR("e")};
    assert_ok(perform(w, put_object, &o, sizeof(o), &err));
    assert_int_equal(probe.calls, 0);
}

static void a_sync_that_fails_fails_the_group_and_gives_the_segment_up(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_body before, lost, after;
    struct store_writer *writer = store_writer_new(w->s);
    assert_ok(put(w, writer, "k", STR("before"), &before, &err));
    probe.failing = 1;
    assert_int_equal(put(w, writer, "k", STR("lost"), &lost, &err), STATUS_IO);
    assert_string_equal(err.name, "StoreIo");
    assert_body(w, "k", "before");
    assert_int_equal(lost.id, before.id);
    assert_ok(put(w, writer, "k", STR("after"), &after, &err));
    assert_int_not_equal(after.id, before.id);
    assert_body(w, "k", "after");
    store_writer_free(writer);
    assert_whole(w);
}

static void a_record_of_a_segment_that_failed_is_refused_later_too(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_body body;
    struct store_writer *writer = store_writer_new(w->s);
    struct store_object o = {.bucket = 1, .key = STR("late"), .etag = STR("e")};
    assert_ok(store_writer_append(writer, STR("bucket"), o.key, STR("x"), &o.body, &err));
    probe.failing = 1;
    assert_int_equal(put(w, writer, "k", STR("y"), &body, &err), STATUS_IO);
    assert_int_equal(perform(w, put_object, &o, sizeof(o), &err), STATUS_IO);
    assert_ok(put(w, writer, "k", STR("z"), &body, &err)); /* others are not touched by it */
    store_writer_free(writer);
    assert_whole(w);
}

static void a_commit_that_fails_leaves_the_bytes_as_garbage(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_body body;
    struct store_faulty *f = store_faulty_new("body-faults");
    world_close(w);
    w->options.vfs = "body-faults";
    world_open(w);
    struct store_writer *writer = store_writer_new(w->s);
    assert_ok(put(w, writer, "k", STR("before"), &body, &err));
    store_faulty_fail(f, STORE_FAULT_SYNC, 1, SQLITE_IOERR_FSYNC, false);
    assert_int_equal(put(w, writer, "k", STR("lost"), &body, &err), STATUS_IO);
    assert_body(w, "k", "before");
    assert_ok(put(w, writer, "k", STR("after"), &body, &err));
    assert_body(w, "k", "after");
    store_writer_free(writer);
    assert_whole(w);
    world_close(w);
    w->options.vfs = NULL;
    store_faulty_free(f);
    world_open(w);
    assert_body(w, "k", "after");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(bytes_are_synced_before_their_row_can_be_seen),
        T(groups_without_bodies_sync_no_segment),
        T(a_sync_that_fails_fails_the_group_and_gives_the_segment_up),
        T(a_record_of_a_segment_that_failed_is_refused_later_too),
        T(a_commit_that_fails_leaves_the_bytes_as_garbage),
    };
    return cmocka_run_group_tests_name("store/body_faults", tests, NULL, NULL);
}
