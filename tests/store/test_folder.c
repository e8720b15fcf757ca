/* SPDX-License-Identifier: Apache-2.0 */
/* Data folders: made, held, refused. */
#include "support.h"
#include "store/schema.h"
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_sql(struct world *w, const char *sql)
{
    char path[TEST_PATH_BYTES];
    sqlite3 *db;
    assert_int_equal(sqlite3_open(world_path(w, "afflux.db", path), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Expects the folder to be refused, and to be refused to a reader too when reader_too. */
static void assert_refused(struct world *w, enum status status, const char *name, bool reader_too)
{
    struct error err;
    struct store_reader *r;
    assert_int_equal(world_try_open(w, &err), status);
    assert_string_equal(err.name, name);
    if (!reader_too)
        return;
    assert_int_equal(store_reader_open(str_of(w->dir), NULL, &r, &err), status);
    assert_string_equal(err.name, name);
}

static void a_second_process_is_told_who_has_the_folder(void **state)
{
    struct world *w = *state;
    struct store *second;
    struct error err;
    char pid[32];
    snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
    assert_int_equal(store_open(str_of(w->dir), NULL, &second, &err), STATUS_BUSY);
    assert_string_equal(err.name, "StoreInUse");
    assert_non_null(strstr(err.message, pid));
}

static void a_lock_without_a_pid_is_one_too(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    struct error err;
    world_close(w);
    int fd = open(world_path(w, "lock", path), O_RDWR | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(world_try_open(w, &err), STATUS_BUSY);
    assert_non_null(strstr(err.message, "another process"));
    close(fd);
    world_open(w);
}

/* As a process that was killed does, and whose successor begins at once. */
static void a_lock_that_is_let_go_soon_is_waited_for(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    world_close(w);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(world_path(w, "lock", path), O_RDWR);
        bool is_locked = fd >= 0 && flock(fd, LOCK_EX) == 0;
        close(open(world_path(w, "held", path), O_CREAT | O_WRONLY, 0600));
        usleep(300000);
        _exit(is_locked ? 0 : 1);
    }
    assert_true(child > 0);
    while (access(world_path(w, "held", path), F_OK) != 0)
        usleep(1000);
    world_open(w);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

static void a_folder_can_be_opened_again_and_again(void **state)
{
    struct world *w = *state;
    int64_t e = start_execution(w, "e");
    int64_t step = append_step(w, e, 0, "one");
    for (int i = 0; i < 3; i++) {
        char name[12];
        world_close(w);
        world_open(w);
        snprintf(name, sizeof(name), "%d", i);
        step = append_step(w, e, step, name);
    }
    assert_int_equal(sql_number(w, "SELECT count(*) FROM history"), 4);
    assert_whole(w);
}

static void an_orderly_end_leaves_one_file_and_the_lock(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    start_execution(w, "e");
    world_close(w);
    struct stat st;
    assert_int_equal(stat(world_path(w, "afflux.db", path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600); /* others may not read it */
    assert_int_equal(access(world_path(w, "lock", path), F_OK), 0);
    assert_int_equal(access(world_path(w, "afflux.db-wal", path), F_OK), -1);
}

static void the_schema_has_its_version(void **state)
{
    struct world *w = *state;
    assert_int_equal(sql_number(w, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
    assert_int_equal(sql_number(w, "PRAGMA application_id"), 0x61666C78);
}

static void a_newer_schema_is_refused(void **state)
{
    struct world *w = *state;
    world_close(w);
    run_sql(w, "PRAGMA user_version = 1000");
    assert_refused(w, STATUS_INVALID, "StoreNewer", true);
    char sql[64];
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_SCHEMA_VERSION);
    run_sql(w, sql);
    world_open(w);
}

static void a_file_of_the_first_version_is_brought_forward(void **state)
{
    struct world *w = *state;
    world_close(w);
    run_sql(w, "DROP INDEX map_run_uuid; ALTER TABLE map_run DROP COLUMN uuid;"
               "ALTER TABLE execution DROP COLUMN revision;"
               "ALTER TABLE execution DROP COLUMN origin;"
               "DROP TABLE item; DROP TABLE item_count; DROP VIEW objects; DROP TABLE object; "
               "DROP TABLE bucket; DROP TABLE segment; DROP TABLE file; DROP TABLE upload; "
               "DROP TABLE part; DROP TABLE job_run; PRAGMA user_version = 1");
    world_open(w);
    assert_int_equal(sql_number(w, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM item"), 0);
}

/* Schema 2 had no revisions of machines and no names of map runs. */
static void what_was_written_by_schema_2_is_read(void **state)
{
    struct world *w = *state;
    struct store_execution row;
    struct store_reader *r;
    struct error err;
    struct arena a;
    int64_t id = start_execution(w, "old");
    world_close(w);
    run_sql(w, "DROP INDEX map_run_uuid; ALTER TABLE map_run DROP COLUMN uuid;"
               "ALTER TABLE execution DROP COLUMN revision;"
               "ALTER TABLE execution DROP COLUMN origin;"
               "DROP VIEW objects; DROP TABLE object; DROP TABLE bucket; DROP TABLE segment; "
               "DROP TABLE file; DROP TABLE upload; DROP TABLE part; DROP TABLE job_run;"
               "PRAGMA user_version = 2");
    world_open(w);
    assert_int_equal(sql_number(w, "PRAGMA user_version"), STORE_SCHEMA_VERSION);
    arena_init(&a, 0);
    assert_int_equal(store_reader_open(str_of(w->dir), NULL, &r, &err), STATUS_OK);
    assert_int_equal(store_find_execution(r, id, &a, &row, &err), STATUS_OK);
    assert_int_equal(row.revision, 0);
    assert_int_equal(row.origin.n, 0);
    store_reader_close(r);
    arena_done(&a);
}

static void a_file_of_another_program_is_refused(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    world_close(w);
    unlink(world_path(w, "afflux.db", path));
    run_sql(w, "CREATE TABLE theirs (x)");
    assert_refused(w, STATUS_INVALID, "StoreForeign", true);
    assert_int_equal(sql_number(w, "SELECT count(*) FROM theirs"), 0);
}

static void a_reader_waits_for_the_writer_to_make_the_schema(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    struct store_reader *r;
    struct error err;
    world_close(w);
    unlink(world_path(w, "afflux.db", path));
    assert_int_equal(store_reader_open(str_of(w->dir), NULL, &r, &err), STATUS_NOT_FOUND);
    assert_string_equal(err.name, "StoreFolder");
    run_sql(w, "PRAGMA user_version = 0; VACUUM");
    assert_int_equal(store_reader_open(str_of(w->dir), NULL, &r, &err), STATUS_INVALID);
    assert_string_equal(err.name, "StoreOlder");
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    world_close(w);
    FILE *f = fopen(world_path(w, "afflux.db", path), "wb");
    assert_non_null(f);
    for (int i = 0; i < 3000; i++)
        fputs("not a database", f);
    fclose(f);
    assert_refused(w, STATUS_CORRUPT, "StoreCorrupt", true);
}

/* Pages in the middle are overwritten: what is read there is an error, and nothing is written into
 * a damaged file any more. */
static void a_damaged_file_is_not_written_any_more(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES], junk[4096];
    struct error err;
    int64_t e = start_execution(w, "e"), step = 0;
    for (int i = 0; i < 20; i++)
        step = append_step(w, e, step, "a body");
    world_close(w);
    int fd = open(world_path(w, "afflux.db", path), O_RDWR);
    memset(junk, 0xA5, sizeof(junk));
    int64_t root = sql_number(w, "SELECT rootpage FROM sqlite_schema WHERE name = 'step'");
    assert_int_equal(pwrite(fd, junk, sizeof(junk), (root - 1) * 4096), sizeof(junk));
    close(fd);
    assert_ok(world_try_open(w, &err));
    struct op append = {.kind = OP_APPEND, .id = e, .prev = step, .number = store_new_id(w->s)};
    assert_int_equal(try_ops(w, &append, 1, &err), STATUS_CORRUPT);
    assert_string_equal(err.name, "StoreCorrupt");
    struct op other = {.kind = OP_SEND, .id = store_new_id(w->s)};
    assert_int_equal(try_ops(w, &other, 1, &err), STATUS_CORRUPT);
    assert_int_equal(store_verify(w->r, &err), STATUS_CORRUPT);
}

static void folders_that_cannot_be_made_are_named(void **state)
{
    struct world *w = *state;
    struct error err;
    char dir[TEST_PATH_BYTES], long_name[5000];
    world_close(w);
    memcpy(dir, w->dir, sizeof(dir));
    snprintf(w->dir, sizeof(w->dir), "%.200s/lock", dir); /* a file */
    assert_refused(w, STATUS_IO, "StoreFolder", false);
    snprintf(w->dir, sizeof(w->dir), "%.200s/no/where", dir);
    assert_refused(w, STATUS_IO, "StoreFolder", false);
    memcpy(w->dir, dir, sizeof(dir));
    memset(long_name, 'x', sizeof(long_name));
    assert_int_equal(store_open((str){long_name, sizeof(long_name)}, NULL, &w->s, &err),
                     STATUS_INVALID);
    assert_int_equal(store_open(STR(""), NULL, &w->s, &err), STATUS_INVALID);
    w->s = NULL;
}

static void a_folder_that_cannot_be_written_is_refused(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    if (geteuid() == 0)
        skip(); /* to root everything can be written; test_faults has the file below SQLite */
    world_close(w);
    chmod(world_path(w, "lock", path), 0400);
    assert_refused(w, STATUS_IO, "StoreReadOnly", false);
    chmod(path, 0600);
    chmod(world_path(w, "afflux.db", path), 0400);
    assert_refused(w, STATUS_IO, "StoreReadOnly", false);
    chmod(path, 0600);
    world_open(w);
}

/* A program that keeps the file locked for longer than a moment: units fail, and succeed when it is
 * over. */
static void a_file_that_somebody_locks_is_busy(void **state)
{
    struct world *w = *state;
    char path[TEST_PATH_BYTES];
    struct error err;
    sqlite3 *db;
    if (!getenv("AFFLUX_LONG") || !*getenv("AFFLUX_LONG"))
        skip(); /* the store waits for 5 seconds */
    assert_int_equal(sqlite3_open(world_path(w, "afflux.db", path), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct op op = {.kind = OP_SEND, .id = store_new_id(w->s)};
    assert_int_equal(try_ops(w, &op, 1, &err), STATUS_BUSY);
    assert_string_equal(err.name, "StoreBusy");
    sqlite3_close(db);
    do_op(w, op);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(a_second_process_is_told_who_has_the_folder),
        T(a_lock_without_a_pid_is_one_too),
        T(a_lock_that_is_let_go_soon_is_waited_for),
        T(a_folder_can_be_opened_again_and_again),
        T(an_orderly_end_leaves_one_file_and_the_lock),
        T(the_schema_has_its_version),
        T(a_newer_schema_is_refused),
        T(a_file_of_the_first_version_is_brought_forward),
        T(what_was_written_by_schema_2_is_read),
        T(a_file_of_another_program_is_refused),
        T(a_reader_waits_for_the_writer_to_make_the_schema),
        T(a_file_that_is_no_database_is_refused),
        T(a_damaged_file_is_not_written_any_more),
        T(folders_that_cannot_be_made_are_named),
        T(a_folder_that_cannot_be_written_is_refused),
        T(a_file_that_somebody_locks_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
