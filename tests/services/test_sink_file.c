/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#ifdef SINK_NAMED
/* As where files without a name cannot be made: opening a folder for writing fails. */
#include <fcntl.h>
#undef fail /* a macro of cmocka */
#undef O_TMPFILE
#define O_TMPFILE O_DIRECTORY
#include "services/consolidate/sink_file.c"
enum { HAS_NAME = 1 };
#else
#include "services/consolidate/sink_file.h"
enum { HAS_NAME = 0 };
#endif
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char start[4096], folder[] = "/tmp/afflux-sink-XXXXXX";

static int enter_folder(void **state)
{
    (void)state;
    return getcwd(start, sizeof(start)) && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static unsigned files_here(void)
{
    unsigned n = 0;
    DIR *dir = opendir(".");
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static void remove_in(const char *folder_path)
{
    char path[512];
    DIR *dir = opendir(folder_path);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", folder_path, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove(path);
    }
    if (dir)
        closedir(dir);
}

static void remove_files(void)
{
    remove_in("dir");
    remove_in(".");
}

static int leave_folder(void **state)
{
    (void)state;
    remove_files();
    return chdir(start) == 0 ? rmdir(folder) : -1;
}

static int clean(void **state)
{
    (void)state;
    remove_files();
    return 0;
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void expect_file(const char *path, const char *wanted)
{
    char text[4096];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_string_equal(text, wanted);
}

static struct sink_file *open_sink(const char *path, struct consolidate_sink *ret)
{
    struct sink_file *f;
    struct error err;
    assert_int_equal(sink_file_new(str_of(path), &f, &err), STATUS_OK);
    *ret = sink_file_sink(f);
    return f;
}

static void nothing_is_there_before_it_is_published(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    (void)state;
    put("out.csv", "old");
    struct sink_file *f = open_sink("out.csv", &sink);
    assert_int_equal(sink.write(sink.arg, STR("new"), &err), STATUS_OK);
    expect_file("out.csv", "old");
    assert_int_equal(files_here(), 1 + HAS_NAME);
    assert_int_equal(sink.publish(sink.arg, &err), STATUS_OK);
    expect_file("out.csv", "new");
    sink_file_free(f);
    assert_int_equal(files_here(), 1);
}

static void what_is_discarded_leaves_nothing(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    (void)state;
    struct sink_file *f = open_sink("out.csv", &sink);
    assert_int_equal(sink.write(sink.arg, STR("new"), &err), STATUS_OK);
    sink.discard(sink.arg);
    sink_file_free(f);
    sink_file_free(open_sink("out.csv", &sink)); /* also without a word */
    assert_int_equal(files_here(), 0);
}

static void what_was_written_can_be_read_and_replaced(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    char text[16];
    size_t n;
    (void)state;
    struct sink_file *f = open_sink("out.csv", &sink);
    assert_int_equal(sink.write(sink.arg, STR("first"), &err), STATUS_OK);
    assert_int_equal(sink.rewrite(sink.arg, &err), STATUS_OK);
    assert_int_equal(sink.write(sink.arg, STR("se"), &err), STATUS_OK);
    assert_int_equal(sink.read_back(sink.arg, text, 3, &n, &err), STATUS_OK);
    assert_memory_equal(text, "fir", 3);
    assert_int_equal(sink.read_back(sink.arg, text, sizeof(text), &n, &err), STATUS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(sink.read_back(sink.arg, text, sizeof(text), &n, &err), STATUS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(sink.write(sink.arg, STR("cond"), &err), STATUS_OK);
    assert_int_equal(sink.publish(sink.arg, &err), STATUS_OK);
    sink_file_free(f);
    expect_file("out.csv", "second");
    assert_int_equal(files_here(), 1);
}

static void a_link_is_followed(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    struct stat st;
    (void)state;
    put("real.csv", "old");
    assert_int_equal(symlink("real.csv", "link.csv"), 0);
    struct sink_file *f = open_sink("link.csv", &sink);
    assert_int_equal(sink.write(sink.arg, STR("new"), &err), STATUS_OK);
    assert_int_equal(sink.publish(sink.arg, &err), STATUS_OK);
    sink_file_free(f);
    expect_file("real.csv", "new");
    assert_int_equal(lstat("link.csv", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void refuse(const char *path, enum status status, const char *part)
{
    struct sink_file *f;
    struct error err;
    assert_int_equal(sink_file_new(str_of(path), &f, &err), status);
    assert_non_null(strstr(err.message, part));
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    refuse("dir", STATUS_INVALID, "dir: is there, and is no file");
    refuse("/dev/null", STATUS_INVALID, "/dev/null: is there, and is no file");
    refuse("", STATUS_INVALID, "no file's path");
    refuse("dir/", STATUS_INVALID, "no file's path");
    refuse("nowhere/out.csv", STATUS_IO, "No such file or directory");
}

static void a_write_that_fails_says_so(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    struct rlimit before, small;
    static char block[8192];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = sizeof(block) * 2;
    struct sink_file *f = open_sink("out.csv", &sink);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < 3 && status == STATUS_OK; i++)
        status = sink.write(sink.arg, (str){block, sizeof(block)}, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, STATUS_IO);
    assert_string_equal(err.message, "out.csv: cannot write: File too large");
    sink.discard(sink.arg);
    sink_file_free(f);
    assert_int_equal(files_here(), 0);
}

static void a_folder_that_went_away_is_said(void **state)
{
    struct consolidate_sink sink;
    struct error err;
    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    struct sink_file *f = open_sink("dir/out.csv", &sink);
    assert_int_equal(sink.write(sink.arg, STR("new"), &err), STATUS_OK);
    assert_int_equal(rename("dir", "moved"), 0);
    assert_int_equal(sink.publish(sink.arg, &err), STATUS_IO);
    assert_int_equal(rename("moved", "dir"), 0);
    assert_non_null(strstr(err.message, "dir/out.csv: its folder is not there"));
    sink_file_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nothing_is_there_before_it_is_published, clean),
        cmocka_unit_test_teardown(what_is_discarded_leaves_nothing, clean),
        cmocka_unit_test_teardown(what_was_written_can_be_read_and_replaced, clean),
        cmocka_unit_test_teardown(a_link_is_followed, clean),
        cmocka_unit_test_teardown(what_is_no_file_is_refused, clean),
        cmocka_unit_test_teardown(a_write_that_fails_says_so, clean),
        cmocka_unit_test_teardown(a_folder_that_went_away_is_said, clean),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
