/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies in pieces: put, checked, read back, in memory that does not grow with them. */
#include "support.h"
#include "services/s3/error.h"
#include "services/s3/name.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct s3_put_request request(const char *key)
{
    return (struct s3_put_request){.bucket = STR("bucket"),
                                   .key = str_of(key),
                                   .algorithm = S3_NO_ALGORITHM,
                                   .now_ms = TEST_NOW_MS};
}

static void bodies_of_all_sizes_come_back(void **state)
{
    struct world *w = *state;
    static const size_t sizes[] = {0,      1, 1000, S3_SEGMENT_BODY_MAX, S3_SEGMENT_BODY_MAX + 1,
                                   3 << 20};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        str body = filled(w, (char)('a' + i), sizes[i]);
        put(w, "k", body);
        assert_true(str_eq(get(w, "k"), body));
        struct s3_put_request q = request("known");
        q.has_length = true;
        q.length = sizes[i];
        assert_null(try_put(w, &q, body, 1 << 16, NULL));
        assert_true(str_eq(get(w, "known"), body));
    }
    world_close(w);
    world_open(w);
    assert_int_equal(get(w, "k").n, 3 << 20);
}

static void the_etag_is_the_md5(void **state)
{
    struct world *w = *state;
    char etag[64];
    struct s3_put_request q = request("k");
    assert_null(try_put(w, &q, STR("hello"), 2, etag));
    assert_string_equal(etag, "5d41402abc4b2a76b9719d911017c592");
    assert_null(try_put(w, &q, STR(""), 2, etag));
    assert_string_equal(etag, "d41d8cd98f00b204e9800998ecf8427e");
}

static void bodies_that_are_not_what_was_announced_are_refused(void **state)
{
    struct world *w = *state;
    put(w, "k", STR("before"));
    struct s3_put_request q = request("k");
    q.content_md5 = STR("XUFAKrxLKna5cZ2REBfFkg==");
    assert_null(try_put(w, &q, STR("hello"), 5, NULL));
    assert_string_equal(try_put(w, &q, STR("hallo"), 5, NULL), "BadDigest");
    q.content_md5 = STR("XUFAKrxL");
    assert_string_equal(try_put(w, &q, STR("hello"), 5, NULL), "InvalidDigest");
    q = request("k");
    q.has_length = true;
    q.length = 5;
    assert_string_equal(try_put(w, &q, STR("hell"), 5, NULL), "IncompleteBody");
    assert_string_equal(try_put(w, &q, STR("hello!"), 3, NULL), "IncompleteBody");
    q = request("k");
    q.algorithm = S3_CRC32;
    q.checksum = STR("NhCmhg==");
    assert_null(try_put(w, &q, STR("hello"), 5, NULL));
    assert_string_equal(try_put(w, &q, STR("hallo"), 5, NULL), "BadDigest");
    q.checksum = STR("AA==");
    assert_string_equal(try_put(w, &q, STR("hello"), 5, NULL), "InvalidRequest");
    q = request("k");
    q.content_sha256 = STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_null(try_put(w, &q, STR("hello"), 5, NULL));
    assert_string_equal(try_put(w, &q, STR("hallo"), 5, NULL), "XAmzContentSHA256Mismatch");
    assert_str(get(w, "k"), "hello");
}

static void a_trailer_can_say_the_checksum(void **state)
{
    struct world *w = *state;
    static const char *const sums[] = {"NhCmhg==", "AAAAAA=="};
    for (size_t i = 0; i < 2; i++) {
        struct s3_put *p;
        struct error err = {.status = STATUS_OK};
        struct s3_put_request q = request("k");
        q.algorithm = S3_CRC32;
        assert_ok(s3_put_begin(w->client, &q, &p, &err));
        assert_ok(s3_put_write(p, STR("hello"), &err));
        s3_put_set_checksum(p, S3_SHA1, STR("of another algorithm"));
        s3_put_set_checksum(p, S3_CRC32, str_of(sums[i]));
        if (i == 0) {
            s3_put_abort(p);
            continue;
        }
        assert_int_equal(s3_put_finish(p, NULL, NULL, &err), STATUS_INVALID);
        assert_string_equal(err.name, "BadDigest");
    }
}

static void limits_hold_before_a_byte_is_written(void **state)
{
    struct world *w = *state;
    struct error err;
    struct s3_put *p;
    struct s3_put_request q = request("k");
    q.has_length = true;
    q.length = S3_PUT_MAX + 1;
    assert_int_equal(s3_put_begin(w->client, &q, &p, &err), STATUS_INVALID);
    assert_string_equal(err.name, "EntityTooLarge");
    char value[S3_METADATA_MAX + 1];
    memset(value, 'v', sizeof(value));
    struct s3_metadata m = {STR("m"), {value, sizeof(value) - 1}};
    q = request("k");
    q.properties = (struct s3_properties){.metadata = &m, .metadata_count = 1};
    assert_int_equal(s3_put_begin(w->client, &q, &p, &err), STATUS_INVALID);
    assert_string_equal(err.name, "MetadataTooLarge");
    q = request("");
    assert_int_equal(s3_put_begin(w->client, &q, &p, &err), STATUS_INVALID);
}

static void refusals_of_the_store_are_told_and_leave_nothing(void **state)
{
    struct world *w = *state;
    struct s3_put_request q = request("k");
    q.bucket = STR("nowhere");
    assert_string_equal(try_put(w, &q, STR("small"), 5, NULL), "NoSuchBucket");
    assert_string_equal(try_put(w, &q, filled(w, 'x', 2 << 20), 1 << 20, NULL), "NoSuchBucket");
    q = request("k");
    q.conditions.if_none_match = STR("*");
    assert_null(try_put(w, &q, STR("first"), 5, NULL));
    assert_string_equal(try_put(w, &q, STR("again"), 5, NULL), "PreconditionFailed");
    assert_str(get(w, "k"), "first");
    char path[TEST_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/objects", w->dir);
    assert_int_equal(rmdir(path), 0); /* there is no file in it */
}

static void an_aborted_put_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct error err;
    struct s3_put *p;
    struct s3_get *g;
    struct s3_put_request q = request("k");
    struct s3_get_request r = {.bucket = STR("bucket"), .key = STR("k")};
    assert_ok(s3_put_begin(w->client, &q, &p, &err));
    assert_ok(s3_put_write(p, filled(w, 'x', 2 << 20), &err));
    s3_put_abort(p);
    assert_int_equal(s3_get_begin(w->s3, w->reader, &r, &g, &err), STATUS_NOT_FOUND);
    char path[TEST_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/objects", w->dir);
    assert_int_equal(rmdir(path), 0);
}

/* ---- reading ---- */

static void ranges_and_conditions_are_obeyed(void **state)
{
    struct world *w = *state;
    struct error err;
    struct s3_get *g;
    char out[16];
    size_t n;
    put(w, "k", STR("0123456789"));
    struct s3_get_request q = {.bucket = STR("bucket"), .key = STR("k"), .range = STR("bytes=2-4")};
    assert_ok(s3_get_begin(w->s3, w->reader, &q, &g, &err));
    assert_true(g->is_partial);
    assert_int_equal(g->from, 2);
    assert_ok(s3_get_read(g, out, sizeof(out), &n, &err));
    assert_str(((str){out, n}), "234");
    assert_ok(s3_get_read(g, out, sizeof(out), &n, &err));
    assert_int_equal(n, 0);
    s3_get_end(g);
    q.range = STR("bytes=10-");
    assert_int_equal(s3_get_begin(w->s3, w->reader, &q, &g, &err), STATUS_INVALID);
    assert_string_equal(err.name, "InvalidRange");
    q = (struct s3_get_request){
        .bucket = STR("bucket"), .key = STR("k"), .conditions = {.if_none_match = STR("*")}};
    assert_ok(s3_get_begin(w->s3, w->reader, &q, &g, &err));
    assert_true(g->is_unmodified);
    assert_int_equal(g->length, 0);
    assert_ok(s3_get_read(g, out, sizeof(out), &n, &err));
    assert_int_equal(n, 0);
    s3_get_end(g);
}

static void pieces_say_where_the_bytes_are(void **state)
{
    struct world *w = *state;
    struct error err;
    struct s3_get *g;
    char out[16];
    int fd;
    uint64_t at, n;
    put(w, "k", STR("0123456789"));
    struct s3_get_request q = {.bucket = STR("bucket"), .key = STR("k"), .range = STR("bytes=-3")};
    assert_ok(s3_get_begin(w->s3, w->reader, &q, &g, &err));
    assert_ok(s3_get_piece(g, &fd, &at, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(pread(fd, out, 3, (off_t)at), 3);
    assert_memory_equal(out, "789", 3);
    assert_ok(s3_get_piece(g, &fd, &at, &n, &err));
    assert_int_equal(n, 0);
    s3_get_end(g);
}

static void damage_is_not_handed_out_as_the_object(void **state)
{
    struct world *w = *state;
    struct error err;
    struct s3_get *g;
    char command[2 * TEST_PATH_BYTES], out[16];
    size_t n;
    put(w, "k", STR("0123456789"));
    snprintf(command, sizeof(command), "sed -i s/0123456789/0123x56789/ '%s'/segments/*", w->dir);
    world_close(w);
    assert_int_equal(system(command), 0); /* NOLINT: a test's own folder */
    world_open(w);
    struct s3_get_request q = {.bucket = STR("bucket"), .key = STR("k")};
    assert_ok(s3_get_begin(w->s3, w->reader, &q, &g, &err));
    assert_int_equal(s3_get_read(g, out, sizeof(out), &n, &err), STATUS_IO);
    assert_string_equal(err.name, "InternalError");
    s3_get_end(g);
}

/* ---- memory ---- */

static long resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    char text[128];
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    char *end;
    pages = strtol(text, &end, 10);
    resident = strtol(end, NULL, 10);
    assert_true(pages > 0);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void on_put(void *arg, const struct s3_put_result *result, const struct error *err)
{
    bool *is_done = arg;
    assert_null(err);
    assert_non_null(result);
    *is_done = true;
}

static void two_hundred_megabytes_take_no_memory(void **state)
{
    struct world *w = *state;
    enum { PIECE = 1 << 18, COUNT = 800 };
    static char piece[PIECE];
    struct error err;
    struct s3_put *p;
    struct s3_get *g;
    bool is_done = false;
    struct s3_put_request q = request("large");
    put(w, "warm", filled(w, 'x', 2 << 20));
    long before = resident_kb();
    assert_ok(s3_put_begin(w->client, &q, &p, &err));
    for (int i = 0; i < COUNT; i++) {
        memset(piece, i, sizeof(piece));
        assert_ok(s3_put_write(p, (str){piece, sizeof(piece)}, &err));
    }
    assert_ok(s3_put_finish(p, on_put, &is_done, &err));
    while (!is_done) {
        s3_client_wait(w->client);
        s3_client_turn(w->client);
    }
    struct s3_get_request r = {.bucket = STR("bucket"), .key = STR("large")};
    assert_ok(s3_get_begin(w->s3, w->reader, &r, &g, &err));
    assert_int_equal(g->length, (uint64_t)PIECE * COUNT);
    size_t n = 1;
    uint64_t all = 0;
    while (n > 0) {
        assert_ok(s3_get_read(g, piece, sizeof(piece), &n, &err));
        if (n > 0)
            assert_int_equal((unsigned char)piece[0], (unsigned char)(all / PIECE));
        all += n;
    }
    s3_get_end(g);
    assert_int_equal(all, (uint64_t)PIECE * COUNT);
    long grown = resident_kb() - before;
    if (grown > 8 << 10)
        fail_msg("%ld KB more", grown);
}

static void a_hundred_puts_are_under_way_at_once(void **state)
{
    struct world *w = *state;
    enum { COUNT = 100 };
    bool is_done[COUNT] = {false};
    struct error err;
    for (int i = 0; i < COUNT; i++) {
        struct s3_put *p;
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        struct s3_put_request q = request(key);
        assert_ok(s3_put_begin(w->client, &q, &p, &err));
        assert_ok(s3_put_write(p, filled(w, (char)i, i % 10 == 0 ? 2 << 20 : 100), &err));
        assert_ok(s3_put_finish(p, on_put, &is_done[i], &err));
    }
    for (int i = 0; i < COUNT; i++)
        while (!is_done[i]) {
            s3_client_wait(w->client);
            s3_client_turn(w->client);
        }
    assert_int_equal(get(w, "k50").n, 2 << 20);
    assert_int_equal(get(w, "k51").n, 100);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(bodies_of_all_sizes_come_back),
        T(the_etag_is_the_md5),
        T(bodies_that_are_not_what_was_announced_are_refused),
        T(a_trailer_can_say_the_checksum),
        T(limits_hold_before_a_byte_is_written),
        T(refusals_of_the_store_are_told_and_leave_nothing),
        T(an_aborted_put_leaves_nothing),
        T(ranges_and_conditions_are_obeyed),
        T(pieces_say_where_the_bytes_are),
        T(damage_is_not_handed_out_as_the_object),
        T(two_hundred_megabytes_take_no_memory),
        T(a_hundred_puts_are_under_way_at_once),
    };
    return cmocka_run_group_tests_name("services/s3/streams", tests, NULL, NULL);
}
