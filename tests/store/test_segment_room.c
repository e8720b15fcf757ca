/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments take little more of the disk than they hold, and what is left of it when it ends. The
 * program is linked with --wrap, so that the calls of fallocate and fstatvfs (by the names they
 * have with large offsets) come here: a disk of any size.
 */
#include "support.h"
#include "store/body_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int __real_fallocate64(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate64(int fd, int mode, off_t at, off_t n);
int __wrap_fstatvfs64(int fd, struct statvfs *ret);

static struct {
    uint64_t free;  /* bytes of the disk */
    uint64_t quota; /* what can be had of them; the disk does not tell */
    int code;       /* of every call that cannot be satisfied */
    unsigned calls;
} disk;

int __wrap_fallocate64(int fd, int mode, off_t at, off_t n)
{
    disk.calls++;
    if (disk.code == EOPNOTSUPP || (uint64_t)n > disk.quota) {
        errno = disk.code;
        return -1;
    }
    disk.free -= (uint64_t)n;
    disk.quota -= (uint64_t)n;
    return __real_fallocate64(fd, mode, at, n);
}

int __wrap_fstatvfs64(int fd, struct statvfs *ret)
{
    (void)fd;
    *ret = (struct statvfs){.f_frsize = 1024, .f_bavail = disk.free / 1024};
    return 0;
}

static enum status add_bucket(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct store_bucket b = {.id = 1, .name = STR("bucket"), .created_ms = 1};
    (void)args;
    (void)scratch;
    return store_tx_add_bucket(tx, &b, err);
}

static enum status put_object(struct store_tx *tx, str args, struct arena *scratch,
                              struct error *err)
{
    struct store_object o;
    (void)scratch;
    memcpy(&o, args.p, sizeof(o));
    return store_tx_put_object(tx, &o, err);
}

static int setup(void **state)
{
    struct error err;
    disk.free = disk.quota = UINT64_C(1) << 40;
    disk.code = ENOSPC;
    disk.calls = 0;
    if (world_setup(state) != 0)
        return -1;
    struct world *w = *state;
    struct store_unit u = {.run = add_bucket};
    enum status status = store_perform(w->c, &u, &err);
    store_unit_done(&u);
    return status == STATUS_OK ? 0 : -1;
}

static str filled(struct world *w, size_t n)
{
    char *bytes = arena_alloc(&w->a, n);
    memset(bytes, 'x', n);
    return (str){bytes, n};
}

static enum status try_put(struct world *w, struct store_writer *writer, const char *key, size_t n,
                           struct error *err)
{
    struct store_object o = {.bucket = 1, .key = str_of(key), .etag = STR("e")};
    if (store_writer_append(writer, STR("bucket"), o.key, filled(w, n), &o.body, err) != STATUS_OK)
        return err->status;
    struct store_unit u = {.run = put_object, .args = {(const char *)&o, sizeof(o)}};
    enum status status = store_perform(w->c, &u, err);
    store_unit_done(&u);
    return status;
}

static void put(struct world *w, struct store_writer *writer, const char *key, size_t n)
{
    struct error err;
    assert_ok(try_put(w, writer, key, n, &err));
}

static void assert_there(struct world *w, const char *key, size_t n)
{
    struct error err;
    struct store_object o;
    struct store_piece piece;
    char c;
    assert_ok(store_find_object(w->r, 1, str_of(key), &w->a, &o, &err));
    assert_ok(store_piece_open(w->s, &o.body, &piece, &err));
    assert_int_equal(piece.size, n);
    assert_ok(store_piece_read(&piece, n - 1, &c, 1, &err));
    assert_int_equal(c, 'x');
    store_piece_close(w->s, &piece);
}

/* The length of the one segment (or of the last one that is listed), and how many there are. */
static uint64_t size_of_segments(struct world *w, unsigned *ret_count)
{
    char path[TEST_PATH_BYTES], name[300];
    uint64_t sum = 0;
    *ret_count = 0;
    DIR *dir = opendir(world_path(w, "segments", path));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "segments/%s", e->d_name);
        assert_int_equal(stat(world_path(w, name, path), &st), 0);
        sum += (uint64_t)st.st_size;
        ++*ret_count;
    }
    closedir(dir);
    return sum;
}

static void assert_segments(struct world *w, uint64_t bytes, unsigned count)
{
    unsigned got;
    assert_int_equal(size_of_segments(w, &got), bytes);
    assert_int_equal(got, count);
}

static void a_segment_begins_small_and_doubles(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "a", 100);
    assert_segments(w, 1 << 20, 1);
    put(w, writer, "b", 1 << 20);
    assert_segments(w, 2 << 20, 1);
    put(w, writer, "c", 10 << 20);
    assert_segments(w, 16 << 20, 1);
    put(w, writer, "d", 16 << 20);
    assert_segments(w, 32 << 20, 1);
    put(w, writer, "e", 16 << 20);
    assert_segments(w, STORE_SEGMENT_BYTES, 1);
    assert_int_equal(disk.calls, 5);
    store_writer_free(writer);
    assert_there(w, "a", 100);
    assert_there(w, "e", 16 << 20);
    assert_whole(w);
}

static void the_next_segment_of_a_writer_begins_as_large_as_the_last_one(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    for (int i = 0; i < 4; i++)
        put(w, writer, (const char[]){(char)('a' + i), 0}, STORE_RECORD_MAX);
    unsigned count;
    uint64_t one = (uint64_t)3 * (STORE_RECORD_MAX + 56) + SEGMENT_HEAD_BYTES; /* cut at its end */
    assert_int_equal(size_of_segments(w, &count), one + STORE_SEGMENT_BYTES);
    assert_int_equal(count, 2);
    store_writer_free(writer);
    assert_int_equal(size_of_segments(w, &count), one + STORE_RECORD_MAX + 56 + SEGMENT_HEAD_BYTES);
}

static void a_first_record_that_is_large_has_room(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "a", STORE_RECORD_MAX);
    assert_segments(w, 32 << 20, 1);
    store_writer_free(writer);
    assert_there(w, "a", STORE_RECORD_MAX);
}

static void little_of_what_is_left_of_a_disk_is_taken_at_a_time(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    disk.free = 400 << 10;
    put(w, writer, "a", 100);
    assert_segments(w, 100 << 10, 1);
    put(w, writer, "b", 100 << 10);
    assert_segments(w, 176 << 10, 1);
    put(w, writer, "c", 100 << 10); /* more than a share, but it is needed */
    disk.free = 0;
    put(w, writer, "d", 20 << 10); /* there still is room for it */
    assert_segments(w, 232 << 10, 1);
    store_writer_free(writer);
    assert_there(w, "d", 20 << 10);
}

static void a_disk_that_gives_less_than_it_says_is_asked_for_less(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    disk.quota = 100 << 10;
    disk.code = EDQUOT;
    put(w, writer, "a", 80 << 10);
    unsigned count;
    assert_in_range(size_of_segments(w, &count), 84 << 10, 100 << 10);
    assert_true(disk.calls > 1);
    store_writer_free(writer);
    assert_there(w, "a", 80 << 10);
}

static void a_full_disk_is_told_of_and_nothing_of_it_stays(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_writer *writer = store_writer_new(w->s);
    disk.free = disk.quota = 0;
    assert_int_equal(try_put(w, writer, "a", 100, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.name, "StoreFull");
    assert_non_null(strstr(err.message, "No space left on device"));
    assert_segments(w, 0, 0);
    disk.free = disk.quota = 64 << 20;
    put(w, writer, "a", 100);
    assert_segments(w, 1 << 20, 1);
    store_writer_free(writer);
    assert_there(w, "a", 100);
    assert_whole(w);
}

static void a_segment_that_cannot_grow_is_gone_on_with_when_there_is_room(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "a", 100);
    disk.free = disk.quota = 0;
    put(w, writer, "b", 1000); /* there is room for it */
    assert_int_equal(try_put(w, writer, "c", 2 << 20, &err), STATUS_UNAVAILABLE);
    assert_string_equal(err.name, "StoreFull");
    assert_segments(w, 1 << 20, 1);
    put(w, writer, "d", 1000);
    disk.free = disk.quota = 64 << 20;
    put(w, writer, "c", 2 << 20);
    assert_segments(w, 4 << 20, 1);
    store_writer_free(writer);
    for (size_t i = 0; i < 4; i++)
        assert_there(
            w, &"a\0b\0c\0d" [2 * i], (const size_t[]) { 100, 1000, 2 << 20, 1000 }[i]);
    assert_whole(w);
}

static void a_file_system_without_preallocation_will_do(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    disk.code = EOPNOTSUPP;
    put(w, writer, "a", 100);
    assert_segments(w, SEGMENT_HEAD_BYTES + 160, 1);
    put(w, writer, "b", 2 << 20);
    assert_segments(w, SEGMENT_HEAD_BYTES + 160 + (2 << 20) + 56, 1);
    store_writer_free(writer);
    assert_there(w, "a", 100);
    assert_there(w, "b", 2 << 20);
}

/* Every size that a process may leave when it is killed. */
static void what_was_preallocated_is_cut_after_a_crash(void **state)
{
    struct world *w = *state;
    struct error err;
    unsigned count;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "a", 100);
    store_writer_free(writer);
    uint64_t end = size_of_segments(w, &count);
    char path[TEST_PATH_BYTES], name[64];
    struct store_object o;
    assert_ok(store_find_object(w->r, 1, STR("a"), &w->a, &o, &err));
    snprintf(name, sizeof(name), "segments/%lld", (long long)o.body.id);
    for (uint64_t left = SEGMENT_STEP; left <= STORE_SEGMENT_BYTES; left *= 2) {
        assert_int_equal(truncate(world_path(w, name, path), (off_t)left), 0);
        world_close(w);
        world_open(w);
        assert_ok(store_collector_start(w->s, &err));
        store_collector_settle(w->s);
        store_collector_stop(w->s);
        assert_segments(w, end, 1);
    }
    assert_there(w, "a", 100);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_segment_begins_small_and_doubles),
        T(the_next_segment_of_a_writer_begins_as_large_as_the_last_one),
        T(a_first_record_that_is_large_has_room),
        T(little_of_what_is_left_of_a_disk_is_taken_at_a_time),
        T(a_disk_that_gives_less_than_it_says_is_asked_for_less),
        T(a_full_disk_is_told_of_and_nothing_of_it_stays),
        T(a_segment_that_cannot_grow_is_gone_on_with_when_there_is_room),
        T(a_file_system_without_preallocation_will_do),
        T(what_was_preallocated_is_cut_after_a_crash),
    };
    return cmocka_run_group_tests_name("store/segment_room", tests, NULL, NULL);
}
