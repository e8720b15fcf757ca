/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "services/objects_folder.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct place {
    char folder[64];
    struct loop *loop;
    struct objects *objects;
    bool is_ready;
};

static void build(struct place *p)
{
    struct error err;
    char path[PATH_BYTES];
    *p = (struct place){.loop = NULL};
    snprintf(p->folder, sizeof(p->folder), "/tmp/afflux-objects-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(path, sizeof(path), "%s/in", p->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/in/b", p->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/in", p->folder);
    assert_int_equal(loop_new(&p->loop, &err), STATUS_OK);
    assert_int_equal(objects_folder_open(path, &p->objects, &err), STATUS_OK);
}

static void remove_all(int dir, const char *name)
{
    int at = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *names = at >= 0 ? fdopendir(at) : NULL;
    for (struct dirent *entry; names && (entry = readdir(names)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove_all(at, entry->d_name);
    }
    if (names)
        closedir(names);
    assert_int_equal(unlinkat(dir, name, names ? AT_REMOVEDIR : 0), 0);
}

static void tear_down(struct place *p)
{
    objects_folder_close(p->objects);
    loop_free(p->loop);
    remove_all(AT_FDCWD, p->folder);
}

static void ready(void *arg)
{
    struct place *p = arg;
    p->is_ready = true;
    loop_stop(p->loop);
}

static void hear(struct place *p, struct objects_part *part)
{
    part->ready = ready;
    part->ready_arg = p;
}

static void wait_ready(struct place *p)
{
    while (!p->is_ready)
        loop_run(p->loop);
    p->is_ready = false;
}

/* ---- the three, at once ---- */

/* NULL, or why not. */
static const char *put(struct place *p, const char *bucket, const char *key, str bytes)
{
    const char *cause = "";
    struct object_sink *s =
        p->objects->kind->put(p->objects, p->loop, str_of(bucket), str_of(key), &cause);
    if (!s)
        return cause;
    hear(p, &s->part);
    enum objects_got got = s->kind->write(s, bytes);
    while (got == OBJECTS_WAIT || got == OBJECTS_GOT) {
        if (got == OBJECTS_WAIT)
            wait_ready(p);
        got = s->kind->finish(s);
    }
    cause = got == OBJECTS_END ? NULL : s->part.cause;
    s->kind->free(s);
    return cause;
}

static void add_bytes(struct place *p, struct object_source *s, struct buf *out)
{
    enum objects_got got;
    str bytes;
    while ((got = s->kind->more(s, &bytes)) != OBJECTS_END) {
        assert_int_not_equal(got, OBJECTS_FAILED);
        if (got == OBJECTS_WAIT)
            wait_ready(p);
        else
            buf_add(out, bytes);
    }
}

/* The bytes with a NUL behind them, or "!" and why not; the test frees them. */
static char *get(struct place *p, const char *bucket, const char *key)
{
    const char *cause = "";
    struct buf out;
    size_t n;
    buf_init(&out, SIZE_MAX / 2);
    struct object_source *s =
        p->objects->kind->open(p->objects, p->loop, str_of(bucket), str_of(key), STR(""), &cause);
    if (s) {
        hear(p, &s->part);
        add_bytes(p, s, &out);
        s->kind->free(s);
    } else {
        buf_printf(&out, "!%s", cause);
    }
    buf_add_byte(&out, '\0');
    return buf_take(&out, &n);
}

static void expect(struct place *p, const char *bucket, const char *key, const char *text)
{
    char *bytes = get(p, bucket, key);
    assert_string_equal(bytes, text);
    free(bytes);
}

/* Keys with a space behind each. */
static void expect_list(struct place *p, const char *prefix, const char *after, const char *keys)
{
    const char *cause = "";
    struct buf out;
    struct object_page page;
    enum objects_got got;
    buf_init(&out, SIZE_MAX / 2);
    struct object_listing *l = p->objects->kind->list(p->objects, p->loop, STR("b"), str_of(prefix),
                                                      str_of(after), &cause);
    assert_non_null(l);
    hear(p, &l->part);
    while ((got = l->kind->more(l, &page)) != OBJECTS_END) {
        assert_int_not_equal(got, OBJECTS_FAILED);
        if (got == OBJECTS_WAIT)
            wait_ready(p);
        for (uint32_t i = 0; got == OBJECTS_GOT && i < page.count; i++)
            buf_printf(&out, "%.*s ", STR_ARG(page.entries[i].key));
    }
    l->kind->free(l);
    buf_add_byte(&out, '\0');
    assert_string_equal(out.p, keys);
    buf_done(&out);
}

/* ---- tests ---- */

static void what_was_put_is_read(void **state)
{
    struct place p;
    (void)state;
    build(&p);
    assert_null(put(&p, "b", "a/b/c.txt", STR("text")));
    expect(&p, "b", "a/b/c.txt", "text");
    assert_null(put(&p, "b", "a/b/c.txt", STR("")));
    expect(&p, "b", "a/b/c.txt", "");
    expect(&p, "b", "a/b/none", "!There is no such object.");
    expect(&p, "b", "a/b", "!There is no such object.");
    expect(&p, "b", "a/b/c.txt/d", "!There is no such object.");
    expect(&p, "none", "a", "!The specified bucket does not exist.");
    tear_down(&p);
}

static void large_objects_come_in_pieces_and_breaks(void **state)
{
    enum { SIZE = 3 * OBJECTS_FOLDER_BREAK + 17 };
    struct place p;
    struct buf bytes;
    (void)state;
    build(&p);
    buf_init(&bytes, SIZE_MAX / 2);
    for (uint32_t i = 0; bytes.n < SIZE; i++)
        buf_printf(&bytes, "%u\n", i);
    assert_null(put(&p, "b", "large", buf_str(&bytes)));
    const char *cause;
    struct object_source *s =
        p.objects->kind->open(p.objects, p.loop, STR("b"), STR("large"), STR(""), &cause);
    hear(&p, &s->part);
    for (int again = 0; again < 2; again++) {
        struct buf out;
        buf_init(&out, SIZE_MAX / 2);
        add_bytes(&p, s, &out);
        assert_true(str_eq(buf_str(&out), buf_str(&bytes)));
        buf_done(&out);
        s->kind->seek(s, 0);
    }
    struct buf rest;
    buf_init(&rest, SIZE_MAX / 2);
    s->kind->seek(s, SIZE - 5);
    add_bytes(&p, s, &rest);
    assert_true(str_eq(buf_str(&rest), str_sub(buf_str(&bytes), SIZE - 5, bytes.n)));
    buf_clear(&rest);
    static const uint64_t behind[] = {UINT64_C(1) << 40, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(behind); i++) { /* of one that was longer once */
        s->kind->seek(s, behind[i]);
        add_bytes(&p, s, &rest);
        assert_int_equal(rest.n, 0);
    }
    buf_done(&rest);
    s->kind->free(s);
    buf_done(&bytes);
    tear_down(&p);
}

static void no_key_leads_out_of_its_bucket(void **state)
{
    static const char *const keys[] = {"",       "/",    "/etc/passwd",  "..",  "../b/x",
                                       "a/../x", "a//b", "a/./",         "./a", "a/..",
                                       "x/",     ".",    ".afflux-put-x"};
    static const char *const buckets[] = {"", ".", "..", "../out", "b/..", "/tmp", "b/", ".//b"};
    struct place p;
    (void)state;
    build(&p);
    assert_null(put(&p, "b", "x", STR("1")));
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        expect(&p, "b", keys[i], "!The key of the object cannot be that of a file in a folder.");
        assert_string_equal(put(&p, "b", keys[i], STR("1")),
                            "The key of the object cannot be that of a file in a folder.");
    }
    for (size_t i = 0; i < sizeof(buckets) / sizeof(*buckets); i++)
        expect(&p, buckets[i], "x", "!The specified bucket does not exist.");
    expect_list(&p, "", "", "x ");
    tear_down(&p);
}

static void keys_have_limits(void **state)
{
    struct place p;
    struct buf key;
    (void)state;
    build(&p);
    buf_init(&key, SIZE_MAX / 2);
    buf_add_fill(&key, 'k', OBJECTS_FOLDER_MAX_PART);
    buf_add_byte(&key, '\0');
    assert_null(put(&p, "b", key.p, STR("1")));
    key.n--;
    buf_add(&key, STR("k"));
    buf_add_byte(&key, '\0');
    assert_non_null(put(&p, "b", key.p, STR("1")));
    buf_clear(&key);
    for (int i = 0; i < OBJECTS_MAX_KEY / 2; i++)
        buf_add(&key, STR("k/"));
    buf_add_byte(&key, '\0');
    assert_string_equal(put(&p, "b", key.p + 1, STR("1")),
                        "The key of the object cannot be that of a file in a folder.");
    key.p[key.n - 2] = 'k';
    key.n--;
    buf_add(&key, STR("k"));
    buf_add_byte(&key, '\0');
    assert_string_equal(put(&p, "b", key.p, STR("1")),
                        "The key of the object is too long or no text.");
    assert_string_equal(put(&p, "b", "\xFF", STR("1")),
                        "The key of the object is too long or no text.");
    buf_done(&key);
    tear_down(&p);
}

static void symbolic_links_are_not_followed(void **state)
{
    struct place p;
    char path[PATH_BYTES], target[PATH_BYTES];
    (void)state;
    build(&p);
    snprintf(target, sizeof(target), "%s/secret", p.folder);
    assert_int_equal(mkdir(target, 0700), 0);
    snprintf(path, sizeof(path), "%s/in/linked", p.folder);
    assert_int_equal(symlink(target, path), 0);
    snprintf(path, sizeof(path), "%s/in/b/dir", p.folder);
    assert_int_equal(symlink(target, path), 0);
    snprintf(target, sizeof(target), "%s/secret/file", p.folder);
    FILE *f = fopen(target, "w");
    assert_non_null(f);
    fclose(f);
    snprintf(path, sizeof(path), "%s/in/b/file", p.folder);
    assert_int_equal(symlink(target, path), 0);
    expect(&p, "linked", "file", "!The specified bucket does not exist.");
    expect(&p, "b", "dir/file", "!There is no such object.");
    expect(&p, "b", "file", "!There is no such object.");
    assert_string_equal(put(&p, "b", "dir/new", STR("1")), "There is no such object.");
    assert_string_equal(put(&p, "b", "file", STR("1")),
                        "The key of the object is that of a folder.");
    expect_list(&p, "", "", "");
    tear_down(&p);
}

static void what_is_no_file_is_no_object(void **state)
{
    struct place p;
    char path[PATH_BYTES];
    (void)state;
    build(&p);
    snprintf(path, sizeof(path), "%s/in/b/pipe", p.folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(&p, "b", "pipe", "!There is no such object.");
    expect_list(&p, "", "", "");
    assert_null(put(&p, "b", "dir/x", STR("1")));
    assert_string_equal(put(&p, "b", "dir", STR("1")),
                        "The key of the object is that of a folder.");
    assert_string_equal(put(&p, "b", "dir/x/y", STR("1")), "There is no such object.");
    tear_down(&p);
}

static void keys_are_listed_in_the_order_of_their_bytes(void **state)
{
    struct place p;
    (void)state;
    build(&p);
    static const char *const keys[] = {"a/c/d", "a", "b.txt", "b/1", "b0", "a-", "\xC3\xA4"};
    for (size_t i = 1; i < sizeof(keys) / sizeof(*keys); i++)
        assert_null(put(&p, "b", keys[i], STR("1")));
    assert_null(put(&p, "b", "aa/c/d", STR("1")));
    expect_list(&p, "", "", "a a- aa/c/d b.txt b/1 b0 \xC3\xA4 ");
    expect_list(&p, "b", "", "b.txt b/1 b0 ");
    expect_list(&p, "aa/c", "", "aa/c/d ");
    expect_list(&p, "aa/c/d/", "", "");
    expect_list(&p, "", "aa/b", "aa/c/d b.txt b/1 b0 \xC3\xA4 ");
    expect_list(&p, "", "aa/c/d", "b.txt b/1 b0 \xC3\xA4 ");
    expect_list(&p, "b", "b.txt", "b/1 b0 ");
    expect_list(&p, "", "\xC3\xA4", "");
    tear_down(&p);
}

static void many_keys_come_page_by_page(void **state)
{
    enum { COUNT = 2 * OBJECTS_PAGE + 5 };
    struct place p;
    struct object_page page;
    const char *cause;
    uint32_t count = 0, pages = 0;
    enum objects_got got;
    (void)state;
    build(&p);
    for (int i = 0; i < COUNT; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof(path), "%s/in/b/%05d", p.folder, i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0 && write(fd, "12", 2) == 2);
        close(fd);
    }
    struct object_listing *l =
        p.objects->kind->list(p.objects, p.loop, STR("b"), STR(""), STR(""), &cause);
    hear(&p, &l->part);
    while ((got = l->kind->more(l, &page)) != OBJECTS_END) {
        if (got == OBJECTS_WAIT) {
            wait_ready(&p);
            continue;
        }
        assert_int_equal(got, OBJECTS_GOT);
        assert_true(page.count <= OBJECTS_PAGE);
        assert_int_equal(page.entries[0].size, 2);
        assert_true(page.entries[0].modified_ms > 1700000000000);
        assert_true(page.entries[0].etag.n > 2 && page.entries[0].etag.p[0] == '"');
        count += page.count;
        pages++;
    }
    l->kind->free(l);
    assert_int_equal(count, COUNT);
    assert_int_equal(pages, 3);
    tear_down(&p);
}

static void what_is_not_finished_is_not_seen(void **state)
{
    struct place p;
    const char *cause;
    (void)state;
    build(&p);
    assert_null(put(&p, "b", "k", STR("old")));
    struct object_sink *s = p.objects->kind->put(p.objects, p.loop, STR("b"), STR("k"), &cause);
    assert_non_null(s);
    hear(&p, &s->part);
    assert_int_equal(s->kind->write(s, STR("new")), OBJECTS_GOT);
    expect(&p, "b", "k", "old");
    expect_list(&p, "", "", "k ");
    assert_string_equal(put(&p, "b", "k", STR("x")),
                        "The object is being written by somebody else.");
    s->kind->free(s);
    expect(&p, "b", "k", "old");
    assert_null(put(&p, "b", "k", STR("newer")));
    expect(&p, "b", "k", "newer");
    tear_down(&p);
}

static void what_a_crash_left_is_not_in_the_way(void **state)
{
    struct place p;
    char path[PATH_BYTES];
    (void)state;
    build(&p);
    snprintf(path, sizeof(path), "%s/in/b/" OBJECTS_FOLDER_TEMPORARY "k", p.folder);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0 && write(fd, "a long rest of it", 17) == 17);
    close(fd);
    expect_list(&p, "", "", "");
    assert_null(put(&p, "b", "k", STR("new")));
    expect(&p, "b", "k", "new");
    assert_int_equal(access(path, F_OK), -1);
    tear_down(&p);
}

/* Each is let go while something of it is under way. */
static void all_can_be_let_go_at_any_time(void **state)
{
    struct place p;
    const char *cause;
    struct object_page page;
    (void)state;
    build(&p);
    assert_null(put(&p, "b", "k", STR("1")));
    struct object_listing *l =
        p.objects->kind->list(p.objects, p.loop, STR("b"), STR(""), STR(""), &cause);
    assert_int_equal(l->kind->more(l, &page), OBJECTS_WAIT);
    l->kind->free(l);
    struct object_sink *s = p.objects->kind->put(p.objects, p.loop, STR("b"), STR("k2"), &cause);
    assert_int_equal(s->kind->finish(s), OBJECTS_WAIT);
    s->kind->free(s);
    l = p.objects->kind->list(p.objects, p.loop, STR("b"), STR(""), STR(""), &cause);
    l->kind->free(l);
    tear_down(&p);
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    struct objects *o;
    struct error err;
    (void)state;
    assert_int_equal(objects_folder_open("/nowhere/at/all", &o, &err), STATUS_IO);
    assert_string_equal(err.name, "ObjectsFolder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_read),
        cmocka_unit_test(large_objects_come_in_pieces_and_breaks),
        cmocka_unit_test(no_key_leads_out_of_its_bucket),
        cmocka_unit_test(keys_have_limits),
        cmocka_unit_test(symbolic_links_are_not_followed),
        cmocka_unit_test(what_is_no_file_is_no_object),
        cmocka_unit_test(keys_are_listed_in_the_order_of_their_bytes),
        cmocka_unit_test(many_keys_come_page_by_page),
        cmocka_unit_test(what_is_not_finished_is_not_seen),
        cmocka_unit_test(what_a_crash_left_is_not_in_the_way),
        cmocka_unit_test(all_can_be_let_go_at_any_time),
        cmocka_unit_test(a_folder_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
