/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "services/consolidate/source_files.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char start[4096], folder[] = "/tmp/afflux-source-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return getcwd(start, sizeof(start)) && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st;
    (void)type;
    (void)place;
    return remove(path);
}

static int leave_folder(void **state)
{
    (void)state;
    if (chdir(start) != 0)
        return -1;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void make_folders(const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(mkdir(paths[i], 0700), 0);
}

/* All keys, a line each. */
static void expect_keys(const str *paths, size_t count, const char *wanted, uint64_t left_out)
{
    struct source_files *files;
    struct error err;
    struct buf key, all;
    uint64_t counted = 0, seen = 0;
    assert_int_equal(source_files_new(paths, count, &files, &err), STATUS_OK);
    struct consolidate_source source = source_files_source(files);
    buf_init(&key, 1 << 20);
    buf_init(&all, 1 << 20);
    for (;;) {
        buf_clear(&key);
        assert_int_equal(source.next(source.arg, &key, &err), STATUS_OK);
        if (key.n == 0)
            break;
        buf_add(&all, buf_str(&key));
        buf_add_byte(&all, '\n');
        seen++;
    }
    buf_add_byte(&all, '\0');
    assert_string_equal(all.p, wanted);
    assert_int_equal(source_files_left_out(files), left_out);
    assert_int_equal(source_files_count(paths, count, &counted, &err), STATUS_OK);
    assert_int_equal(counted, seen);
    buf_done(&key);
    buf_done(&all);
    source_files_free(files);
}

static void folders_are_walked_in_the_order_of_whole_paths(void **state)
{
    const char *const folders[] = {"t", "t/a", "t/a/deep", "t/b", "t/.hidden"};
    const str one[] = {STR("t/")}, some[] = {STR("t/b"), STR("t/a-b.json"), STR("t/a")};
    (void)state;
    make_folders(folders, ARRAY_LEN(folders));
    put("t/a/x.json", "");
    put("t/a/deep/y.ndjson", "");
    put("t/a-b.json", "");
    put("t/a.jsonl", "");
    put("t/b/z.json", "");
    put("t/b/notes.txt", "");
    put("t/.hidden/h.json", "");
    put("t/b/.h.json", "");
    assert_int_equal(symlink("../a-b.json", "t/b/link.json"), 0);
    assert_int_equal(symlink("../b", "t/b/loop"), 0);
    assert_int_equal(symlink("nowhere", "t/b/dangling.json"), 0);
    expect_keys(one, 1,
                "t/a-b.json\nt/a.jsonl\nt/a/deep/y.ndjson\nt/a/x.json\nt/b/link.json\n"
                "t/b/z.json\n",
                3);
    expect_keys(some, 3, "t/a-b.json\nt/a/deep/y.ndjson\nt/a/x.json\nt/b/link.json\nt/b/z.json\n",
                3);
}

static void a_file_that_was_named_may_be_called_anything(void **state)
{
    const str paths[] = {STR("notes.txt"), STR(".h")};
    (void)state;
    put("notes.txt", "");
    put(".h", "");
    expect_keys(paths, 2, ".h\nnotes.txt\n", 0);
}

static void refuse(const str *paths, size_t count, enum status status, const char *message)
{
    struct source_files *files;
    struct error err;
    assert_int_equal(source_files_new(paths, count, &files, &err), status);
    assert_string_equal(err.message, message);
}

static void what_is_not_there_or_no_file_is_refused(void **state)
{
    const str missing = STR("missing.json"), device = STR("/dev/null"), empty = STR("");
    (void)state;
    refuse(&missing, 1, STATUS_NOT_FOUND,
           "missing.json: cannot read it: No such file or directory");
    refuse(&device, 1, STATUS_INVALID, "/dev/null: neither a file nor a folder");
    refuse(&empty, 1, STATUS_INVALID, "a path is empty or too long");
}

static void nothing_is_read_twice(void **state)
{
    const char *const folders[] = {"twice", "twice/in", "twice-not"};
    const str same[] = {STR("twice"), STR("twice/")},
              inner[] = {STR("twice/in/f.json"), STR("twice")};
    const str apart[] = {STR("twice"), STR("twice-not/f.json")};
    (void)state;
    make_folders(folders, 3);
    put("twice/in/f.json", "");
    put("twice-not/f.json", "");
    refuse(same, 2, STATUS_INVALID, "twice/ is given twice");
    refuse(inner, 2, STATUS_INVALID, "twice/in/f.json lies in twice/, which is given too");
    expect_keys(apart, 2, "twice-not/f.json\ntwice/in/f.json\n", 0);
}

static void folders_in_each_other_have_a_limit(void **state)
{
    struct source_files *files;
    struct error err;
    struct buf path, key;
    const str top = STR("deep");
    (void)state;
    buf_init(&path, 4096);
    buf_init(&key, 4096);
    for (unsigned i = 0; i <= SOURCE_FILES_MAX_DEPTH; i++) {
        buf_add(&path, i == 0 ? STR("deep") : STR("/d"));
        buf_add_byte(&path, '\0');
        path.n--;
        assert_int_equal(mkdir(path.p, 0700), 0);
    }
    assert_int_equal(source_files_new(&top, 1, &files, &err), STATUS_OK);
    struct consolidate_source source = source_files_source(files);
    assert_int_equal(source.next(source.arg, &key, &err), STATUS_LIMIT);
    source_files_free(files);
    buf_done(&path);
    buf_done(&key);
}

static void parts_are_read_to_their_end(void **state)
{
    struct source_files *files;
    struct error err;
    const str path = STR("part.json");
    void *part;
    char text[8];
    size_t n;
    (void)state;
    put("part.json", "[1,2]");
    assert_int_equal(source_files_new(&path, 1, &files, &err), STATUS_OK);
    struct consolidate_source source = source_files_source(files);
    assert_int_equal(source.open(source.arg, path, &part, &err), STATUS_OK);
    assert_int_equal(source.read(part, text, sizeof(text), &n, &err), STATUS_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(text, "[1,2]", 5);
    assert_int_equal(source.read(part, text, sizeof(text), &n, &err), STATUS_OK);
    assert_int_equal(n, 0);
    source.close(part);
    remove("part.json");
    assert_int_equal(source.open(source.arg, path, &part, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.message, "the part is gone");
    source_files_free(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_walked_in_the_order_of_whole_paths),
        cmocka_unit_test(a_file_that_was_named_may_be_called_anything),
        cmocka_unit_test(what_is_not_there_or_no_file_is_refused),
        cmocka_unit_test(nothing_is_read_twice),
        cmocka_unit_test(folders_in_each_other_have_a_limit),
        cmocka_unit_test(parts_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
