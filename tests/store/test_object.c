/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buckets, objects, uploads and their bodies: rows and bytes follow one another, the collector
 * takes what is dead, and nothing that a row refers to is ever lost.
 */
#include "support.h"
#include "base/buf.h"
#include "store/body.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- units in one line ---- */

enum what { ADD_BUCKET, DROP_BUCKET, PUT, DELETE, UPLOAD, PART, COMPLETE, ABORT, PUT_AND_REFUSE };

struct write {
    enum what what;
    struct store_bucket bucket;
    struct store_object object;
    struct store_upload upload;
    struct store_part part;
};

static enum status write_one(struct store_tx *tx, str args, struct arena *scratch,
                             struct error *err)
{
    struct write w;
    (void)scratch;
    memcpy(&w, args.p, sizeof(w));
    switch (w.what) {
    case ADD_BUCKET: return store_tx_add_bucket(tx, &w.bucket, err);
    case DROP_BUCKET: return store_tx_delete_bucket(tx, w.bucket.id, err);
    case PUT: return store_tx_put_object(tx, &w.object, err);
    case DELETE: return store_tx_delete_object(tx, w.object.bucket, w.object.key, err);
    case UPLOAD: return store_tx_add_upload(tx, &w.upload, err);
    case PART: return store_tx_put_part(tx, &w.part, err);
    case ABORT: return store_tx_abort_upload(tx, w.upload.id, err);
    case COMPLETE:
        if (store_tx_complete_upload(tx, w.upload.id, err) != STATUS_OK)
            return err->status;
        return store_tx_put_object(tx, &w.object, err);
    case PUT_AND_REFUSE:
        if (store_tx_put_object(tx, &w.object, err) != STATUS_OK)
            return err->status;
        return error_set(err, STATUS_CONFLICT, "Refused", "refused");
    }
    return STATUS_OK;
}

static enum status try_write(struct world *w, const struct write *write, struct error *err)
{
    struct store_unit u = {.run = write_one, .args = {(const char *)write, sizeof(*write)}};
    enum status status = store_perform(w->c, &u, err);
    store_unit_done(&u);
    return status;
}

static void do_write(struct world *w, struct write write)
{
    struct error err;
    assert_ok(try_write(w, &write, &err));
}

static void add_bucket(struct world *w, int64_t id, const char *name)
{
    do_write(w, (struct write){.what = ADD_BUCKET,
                               .bucket = {.id = id, .name = str_of(name), .created_ms = 1}});
}

static struct write object(const char *key, struct store_body body)
{
    return (struct write){.what = PUT,
                          .object = {.bucket = 1,
                                     .key = str_of(key),
                                     .modified_ms = 5,
                                     .etag = STR("etag"),
                                     .properties = STR("{}"),
                                     .body = body}};
}

static void delete_object(struct world *w, const char *key)
{
    struct write d = object(key, (struct store_body){0});
    d.what = DELETE;
    do_write(w, d);
}

/* ---- bodies ---- */

static struct store_body append(struct world *w, struct store_writer *writer, const char *key,
                                str bytes)
{
    struct error err;
    struct store_body body = {0};
    (void)w;
    assert_ok(store_writer_append(writer, STR("bucket"), str_of(key), bytes, &body, &err));
    return body;
}

static void put(struct world *w, struct store_writer *writer, const char *key, str bytes)
{
    do_write(w, object(key, append(w, writer, key, bytes)));
}

static struct store_object find(struct world *w, const char *key)
{
    struct error err;
    struct store_object o = {0};
    assert_ok(store_find_object(w->r, 1, str_of(key), &w->a, &o, &err));
    return o;
}

static str read_body(struct world *w, const struct store_body *body)
{
    struct error err;
    struct store_piece piece;
    assert_ok(store_piece_open(w->s, body, &piece, &err));
    char *bytes = arena_alloc(&w->a, (size_t)piece.size);
    assert_ok(store_piece_read(&piece, 0, bytes, (size_t)piece.size, &err));
    str ret = {bytes, (size_t)piece.size};
    store_piece_close(w->s, &piece);
    return ret;
}

static void assert_body(struct world *w, const char *key, str bytes)
{
    struct store_object o = find(w, key);
    str got = read_body(w, &o.body);
    assert_true(str_eq(got, bytes));
}

static struct store_file write_file(struct world *w, str bytes)
{
    struct error err;
    struct store_file f;
    assert_ok(store_file_create(w->s, &f, &err));
    assert_ok(store_file_write(&f, bytes, &err));
    assert_ok(store_file_keep(w->s, &f, &err));
    return f;
}

static struct store_body file_body(const struct store_file *f)
{
    return (struct store_body){
        .kind = STORE_BODY_FILE, .id = f->id, .size = f->size, .is_new = true};
}

/* Files in a folder of the data folder. */
static unsigned count_files(struct world *w, const char *folder)
{
    char path[TEST_PATH_BYTES];
    unsigned count = 0;
    DIR *dir = opendir(world_path(w, folder, path));
    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static str filled(struct world *w, char c, size_t n)
{
    char *p = arena_alloc(&w->a, n);
    memset(p, c, n);
    return (str){p, n};
}

static void reopen(struct world *w)
{
    world_close(w);
    world_open(w);
}

static void start_collector(struct world *w)
{
    struct error err;
    assert_ok(store_collector_start(w->s, &err));
    store_collector_settle(w->s);
}

static int setup(void **state)
{
    int failed = world_setup(state);
    if (failed == 0)
        add_bucket(*state, 1, "bucket");
    return failed;
}

/* ---- rows ---- */

static void buckets_are_listed_by_name_prefix_and_place(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_bucket *rows;
    uint32_t count;
    add_bucket(w, 2, "alpha");
    add_bucket(w, 3, "alpine");
    assert_ok(store_list_buckets(w->r, STR(""), STR(""), 10, &w->a, &rows, &count, &err));
    assert_int_equal(count, 3);
    assert_str(rows[0].name, "alpha");
    assert_ok(store_list_buckets(w->r, STR("alp"), STR("alpha"), 10, &w->a, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_str(rows[0].name, "alpine");
    struct write again = {.what = ADD_BUCKET, .bucket = {.id = 9, .name = STR("alpha")}};
    assert_int_equal(try_write(w, &again, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreNameTaken");
}

static void a_bucket_with_objects_stays(void **state)
{
    struct world *w = *state;
    struct error err;
    struct write drop = {.what = DROP_BUCKET, .bucket = {.id = 1}};
    do_write(w, object("k", (struct store_body){0}));
    assert_int_equal(try_write(w, &drop, &err), STATUS_CONFLICT);
    assert_string_equal(err.name, "StoreNotEmpty");
    delete_object(w, "k");
    do_write(w, drop);
    struct store_bucket b;
    assert_int_equal(store_find_bucket(w->r, STR("bucket"), &w->a, &b, &err), STATUS_NOT_FOUND);
    assert_whole(w);
}

static bool first_three(void *arg, const struct store_object *o)
{
    struct buf *b = arg;
    buf_add(b, o->key);
    buf_add_byte(b, ' ');
    return b->n < 6;
}

static void keys_come_in_the_order_of_their_bytes(void **state)
{
    struct world *w = *state;
    struct error err;
    struct buf b;
    buf_init(&b, 1000);
    static const char *const keys[] = {"b", "a", "\xC3\xA9", "B", "aa"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        do_write(w, object(keys[i], (struct store_body){0}));
    assert_ok(store_walk_objects(w->r, 1, STR(""), false, first_three, &b, &err));
    assert_str(buf_str(&b), "B a aa ");
    buf_clear(&b);
    assert_ok(store_walk_objects(w->r, 1, STR("a"), true, first_three, &b, &err));
    assert_str(buf_str(&b), "aa b \xC3\xA9 ");
    buf_done(&b);
}

/* ---- records ---- */

static void a_record_is_read_as_it_was_written(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "one", STR("first"));
    put(w, writer, "two", filled(w, 'x', 100000));
    put(w, writer, "none", STR(""));
    assert_body(w, "one", STR("first"));
    assert_body(w, "two", filled(w, 'x', 100000));
    assert_body(w, "none", STR(""));
    store_writer_free(writer);
    reopen(w);
    assert_body(w, "one", STR("first"));
    assert_whole(w);
}

static void a_full_segment_is_followed_by_another(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    str large = filled(w, 'y', STORE_RECORD_MAX - 100);
    for (int i = 0; i < 5; i++)
        put(w, writer, (const char[]){(char)('a' + i), 0}, large);
    store_writer_free(writer);
    assert_int_equal(count_files(w, "segments"), 2);
    assert_body(w, "d", large);
    assert_body(w, "e", large);
    assert_whole(w);
}

static void the_last_record_of_a_closed_segment_is_its_end(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], name[64];
    struct stat st;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "one", STR("first"));
    int64_t id = find(w, "one").body.id;
    snprintf(name, sizeof(name), "segments/%lld", (long long)id);
    assert_int_equal(stat(world_path(w, name, path), &st), 0);
    assert_int_equal(st.st_size, 1 << 20);
    store_writer_free(writer);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 16 + 64); /* 48 of the head, 9 of names, 5 of the body, 2 */
}

static void a_damaged_record_is_found_out(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], name[64];
    struct error err;
    struct store_piece piece;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "one", STR("first"));
    store_writer_free(writer);
    struct store_body body = find(w, "one").body;
    snprintf(name, sizeof(name), "segments/%lld", (long long)body.id);
    for (off_t at = (off_t)body.at; at < (off_t)body.at + 57; at++) {
        char c, other;
        int fd = open(world_path(w, name, path), O_RDWR);
        assert_int_equal(pread(fd, &c, 1, at), 1);
        other = (char)(c ^ 0x10);
        assert_int_equal(pwrite(fd, &other, 1, at), 1);
        assert_int_equal(store_piece_open(w->s, &body, &piece, &err), STATUS_CORRUPT);
        assert_int_equal(pwrite(fd, &c, 1, at), 1);
        close(fd);
    }
    assert_body(w, "one", STR("first"));
}

/* ---- refusals and failures ---- */

static void bytes_of_a_unit_that_refuses_are_garbage(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "stays", STR("old"));
    struct write refused = object("stays", append(w, writer, "stays", STR("new")));
    refused.what = PUT_AND_REFUSE;
    assert_int_equal(try_write(w, &refused, &err), STATUS_CONFLICT);
    assert_body(w, "stays", STR("old"));
    store_writer_free(writer);
    assert_whole(w);
}

static void a_full_disk_loses_nothing_that_was_kept(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_body body;
    struct rlimit before, small;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "kept", STR("bytes"));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20; /* the database is smaller */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    str large = filled(w, 'z', 2 << 20);
    enum status status = store_writer_append(writer, STR("b"), STR("k"), large, &body, &err);
    struct store_file f;
    assert_ok(store_file_create(w->s, &f, &err));
    enum status file_status = store_file_write(&f, large, &err);
    store_file_discard(w->s, &f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, STATUS_UNAVAILABLE);
    assert_int_equal(file_status, STATUS_UNAVAILABLE);
    assert_string_equal(err.name, "StoreFull");
    put(w, writer, "after", large);
    assert_body(w, "kept", STR("bytes"));
    assert_body(w, "after", large);
    assert_int_equal(count_files(w, "objects"), 0);
    store_writer_free(writer);
}

/* ---- files ---- */

static void a_file_appears_under_its_name_when_it_is_whole(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_file f;
    struct store_piece piece;
    assert_ok(store_file_create(w->s, &f, &err));
    assert_ok(store_file_write(&f, STR("half"), &err));
    struct store_body body = {.kind = STORE_BODY_FILE, .id = f.id, .size = 4};
    assert_int_equal(store_piece_open(w->s, &body, &piece, &err), STATUS_NOT_FOUND);
    assert_ok(store_file_keep(w->s, &f, &err));
    do_write(w, object("k", file_body(&f)));
    assert_body(w, "k", STR("half"));
    body.size = 5;
    assert_int_equal(store_piece_open(w->s, &body, &piece, &err), STATUS_CORRUPT);
}

/* ---- the collector ---- */

static void dead_files_are_removed_and_shared_ones_stay(void **state)
{
    struct world *w = *state;
    struct store_file f = write_file(w, STR("shared")), g = write_file(w, STR("alone"));
    do_write(w, object("a", file_body(&f)));
    struct store_body copy = file_body(&f);
    copy.is_new = false;
    do_write(w, object("b", copy));
    do_write(w, object("c", file_body(&g)));
    start_collector(w);
    delete_object(w, "a");
    delete_object(w, "c");
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "objects"), 1);
    assert_body(w, "b", STR("shared"));
    delete_object(w, "b");
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "objects"), 0);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM file"), 0);
    store_collector_stop(w->s);
    assert_whole(w);
}

static void a_dead_segment_is_removed_but_not_an_open_one(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    start_collector(w);
    put(w, writer, "k", STR("bytes"));
    delete_object(w, "k");
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "segments"), 1);
    store_writer_free(writer);
    writer = store_writer_new(w->s);
    put(w, writer, "l", STR("bytes"));
    delete_object(w, "l");
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "segments"), 1);
    store_collector_stop(w->s);
    store_writer_free(writer);
    assert_whole(w);
}

static void what_died_just_now_is_gone_when_the_collector_has_finished(void **state)
{
    struct world *w = *state;
    struct store_writer *writer = store_writer_new(w->s);
    start_collector(w);
    put(w, writer, "k", STR("bytes"));
    put(w, writer, "l", filled(w, 'l', 100000));
    delete_object(w, "l");
    store_collector_settle(w->s); /* the segment is in use, and stays */
    struct store_object o = find(w, "k");
    store_writer_free(writer);
    store_collector_finish(w->s, 60000);
    assert_int_not_equal(find(w, "k").body.id, o.body.id);
    assert_body(w, "k", STR("bytes"));
    store_collector_finish(w->s, 0); /* has no time, and does not wait */
    store_collector_stop(w->s);
    assert_int_equal(count_files(w, "segments"), 1);
    assert_whole(w);
}

static void a_mostly_dead_segment_is_rewritten(void **state)
{
    struct world *w = *state;
    char key[16];
    struct store_writer *writer = store_writer_new(w->s);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof(key), "k%03d", i);
        put(w, writer, key, filled(w, (char)('a' + i % 26), 5000));
    }
    struct store_object o = find(w, "k003"), shared = find(w, "k007");
    shared.key = STR("copy");
    do_write(w, (struct write){.what = PUT, .object = shared});
    store_writer_free(writer);
    struct store_piece open_before;
    struct error err;
    assert_ok(store_piece_open(w->s, &o.body, &open_before, &err));
    start_collector(w);
    for (int i = 0; i < 200; i++)
        if (i % 50 != 3 && i != 7) {
            snprintf(key, sizeof(key), "k%03d", i);
            delete_object(w, key);
        }
    store_collector_settle(w->s);
    struct store_object moved = find(w, "k003");
    assert_int_not_equal(moved.body.id, o.body.id);
    assert_body(w, "k003", filled(w, 'd', 5000));
    assert_body(w, "copy", filled(w, 'h', 5000));
    assert_body(w, "k153", filled(w, (char)('a' + 153 % 26), 5000));
    char c; /* who had it open reads on */
    assert_ok(store_piece_read(&open_before, 4999, &c, 1, &err));
    assert_int_equal(c, 'd');
    store_piece_close(w->s, &open_before);
    struct store_piece gone;
    assert_int_equal(store_piece_open(w->s, &o.body, &gone, &err), STATUS_NOT_FOUND);
    store_collector_stop(w->s);
    assert_int_equal(count_files(w, "segments"), 1);
    assert_whole(w);
}

static void a_segment_with_a_damaged_record_stays(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], name[64];
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "bad", STR("damaged"));
    put(w, writer, "good", STR("intact"));
    put(w, writer, "dead", filled(w, 'd', 5000));
    store_writer_free(writer);
    struct store_body bad = find(w, "bad").body;
    snprintf(name, sizeof(name), "segments/%lld", (long long)bad.id);
    int fd = open(world_path(w, name, path), O_RDWR);
    assert_int_equal(pwrite(fd, "D", 1, (off_t)bad.at + 48 + 9), 1); /* in the body */
    close(fd);
    delete_object(w, "dead");
    start_collector(w);
    assert_int_equal(find(w, "bad").body.id, bad.id);
    assert_int_not_equal(find(w, "good").body.id, bad.id);
    assert_body(w, "good", STR("intact"));
    assert_body(w, "bad", STR("Damaged"));
    store_collector_stop(w->s);
}

static void what_a_crash_left_without_a_row_is_removed(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_writer *writer = store_writer_new(w->s);
    struct store_file f;
    put(w, writer, "k", STR("bytes"));
    store_writer_free(writer);
    struct store_file kept = write_file(w, STR("kept"));
    do_write(w, object("file", file_body(&kept)));
    writer = store_writer_new(w->s);
    struct store_body lost = append(w, writer, "lost", STR("no row"));
    store_writer_free(writer);
    write_file(w, STR("no row"));
    assert_ok(store_file_create(w->s, &f, &err));
    close(f.fd);
    assert_int_equal(count_files(w, "segments"), 2);
    assert_int_equal(count_files(w, "objects"), 3);
    store_body_drop(w->s, &lost);
    reopen(w);
    start_collector(w);
    store_collector_stop(w->s);
    assert_int_equal(count_files(w, "segments"), 1);
    assert_int_equal(count_files(w, "objects"), 1);
    assert_body(w, "k", STR("bytes"));
    assert_body(w, "file", STR("kept"));
}

static void bytes_behind_the_last_row_are_cut_off(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], name[64];
    struct stat st;
    struct store_writer *writer = store_writer_new(w->s);
    put(w, writer, "k", STR("bytes"));
    struct store_body body = find(w, "k").body;
    store_writer_free(writer);
    snprintf(name, sizeof(name), "segments/%lld", (long long)body.id);
    int fd = open(world_path(w, name, path), O_RDWR); /* as a process that was killed leaves it */
    assert_int_equal(pwrite(fd, "AFXR torn", 9, (off_t)body.at + 64), 9);
    assert_int_equal(ftruncate(fd, STORE_SEGMENT_BYTES), 0);
    close(fd);
    reopen(w);
    start_collector(w);
    store_collector_stop(w->s);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, (off_t)body.at + 64);
    assert_body(w, "k", STR("bytes"));
}

/* ---- uploads ---- */

static void parts_become_a_body_and_go_with_it(void **state)
{
    struct world *w = *state;
    struct error err;
    struct store_part *parts;
    struct store_upload u;
    uint32_t count;
    start_collector(w);
    do_write(w,
             (struct write){.what = UPLOAD, .upload = {.id = 50, .bucket = 1, .key = STR("big")}});
    for (uint32_t i = 1; i <= 3; i++) {
        struct store_file f = write_file(w, filled(w, (char)('0' + i), i * 10));
        do_write(
            w, (struct write){
                   .what = PART,
                   .part = {
                       .upload = 50, .number = i, .size = f.size, .etag = STR("e"), .file = f.id}});
    }
    struct store_file again = write_file(w, STR("again"));
    do_write(
        w, (struct write){
               .what = PART,
               .part = {.upload = 50, .number = 2, .size = 5, .etag = STR("f"), .file = again.id}});
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "objects"), 3);
    struct write complete =
        object("big", (struct store_body){.kind = STORE_BODY_UPLOAD, .id = 50, .size = 45});
    complete.what = COMPLETE;
    complete.upload.id = 50;
    do_write(w, complete);
    assert_int_equal(store_find_upload(w->r, 50, &w->a, &u, &err), STATUS_NOT_FOUND);
    assert_ok(store_list_parts(w->r, 50, 1, 10, &w->a, &parts, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(parts[0].size, 5);
    assert_whole(w);
    delete_object(w, "big");
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "objects"), 0);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM part"), 0);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM upload"), 0);
    store_collector_stop(w->s);
    assert_whole(w);
}

static void an_aborted_upload_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct error err;
    start_collector(w);
    do_write(w,
             (struct write){.what = UPLOAD, .upload = {.id = 60, .bucket = 1, .key = STR("big")}});
    struct store_file f = write_file(w, STR("part"));
    do_write(w,
             (struct write){
                 .what = PART,
                 .part = {.upload = 60, .number = 1, .size = 4, .etag = STR("e"), .file = f.id}});
    struct write abort_it = {.what = ABORT, .upload = {.id = 60}};
    do_write(w, abort_it);
    assert_int_equal(try_write(w, &abort_it, &err), STATUS_NOT_FOUND);
    store_collector_settle(w->s);
    assert_int_equal(count_files(w, "objects"), 0);
    store_collector_stop(w->s);
    assert_whole(w);
}

static void a_folder_of_the_version_before_gets_the_tables(void **state)
{
    struct world *w = *state;
    world_close(w);
    struct error err;
    char command[2 * TEST_PATH_BYTES];
    snprintf(command, sizeof(command),
             "sqlite3 '%s/afflux.db' 'DROP VIEW objects; DROP TABLE object; DROP TABLE bucket; "
             "DROP TABLE segment; DROP TABLE file; DROP TABLE upload; DROP TABLE part; "
             "DROP TABLE job_run; PRAGMA user_version = 3'",
             w->dir);
    assert_int_equal(system(command), 0); /* NOLINT: a test's own folder */
    assert_ok(world_try_open(w, &err));
    add_bucket(w, 7, "made");
    assert_int_equal(sql_number(w, "SELECT count(*) FROM objects"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(buckets_are_listed_by_name_prefix_and_place),
        T(a_bucket_with_objects_stays),
        T(keys_come_in_the_order_of_their_bytes),
        T(a_record_is_read_as_it_was_written),
        T(a_full_segment_is_followed_by_another),
        T(the_last_record_of_a_closed_segment_is_its_end),
        T(a_damaged_record_is_found_out),
        T(bytes_of_a_unit_that_refuses_are_garbage),
        T(a_full_disk_loses_nothing_that_was_kept),
        T(a_file_appears_under_its_name_when_it_is_whole),
        T(dead_files_are_removed_and_shared_ones_stay),
        T(a_dead_segment_is_removed_but_not_an_open_one),
        T(what_died_just_now_is_gone_when_the_collector_has_finished),
        T(a_mostly_dead_segment_is_rewritten),
        T(a_segment_with_a_damaged_record_stays),
        T(what_a_crash_left_without_a_row_is_removed),
        T(bytes_behind_the_last_row_are_cut_off),
        T(parts_become_a_body_and_go_with_it),
        T(an_aborted_upload_leaves_nothing),
        T(a_folder_of_the_version_before_gets_the_tables),
    };
    return cmocka_run_group_tests_name("store/object", tests, NULL, NULL);
}
