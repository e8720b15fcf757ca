/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the torture program again and again, by chance and at the points the engine names, and
 * compares what is kept in the end with a run that nobody disturbed. AFFLUX_LONG=1: more of it.
 */
#include "engine_test.h"

#include "base/buf.h"
#include "base/splitmix.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    KILLS = 20,
    KILLS_OF_A_FOLDER = 10,
    LONG_KILLS = 400,
    PATH_MAX_BYTES = 512,
    MAX_CALLS = 100000,
    ONCE_MS = 60000
};

static const char *const points[] = {"before commit",
                                     "after commit",
                                     "after command",
                                     "snapshot written",
                                     "inbox written",
                                     "checkpoint",
                                     NULL};

static pid_t launch(const char *folder, const char *point, unsigned until)
{
    const char *program = getenv("AFFLUX_TORTURE");
    char number[16];
    snprintf(number, sizeof(number), "%u", until);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 0); /* it is in the way of being killed */
        execl(program, program, "run", folder, point ? point : (char *)NULL, number, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void sleep_us(long us)
{
    struct timespec t = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&t, NULL);
}

/* Waits, for so long at most; false when it had to be killed. */
static bool reap(pid_t pid, long ms, int *ret_status)
{
    for (long waited = 0; waited < ms; waited += 2) {
        if (waitpid(pid, ret_status, WNOHANG) == pid)
            return true;
        sleep_us(2000);
    }
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, ret_status, 0), pid);
    return false;
}

static void run_to_end(const char *folder)
{
    int status;
    pid_t pid = launch(folder, NULL, 0);
    if (!reap(pid, ONCE_MS, &status))
        fail_msg("it did not end");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("it ended with %d", status);
}

/* One run that is killed; false when it ended before. */
static bool run_and_kill(const char *folder, unsigned round, uint64_t *seed)
{
    const char *point = points[round % ARRAY_LEN(points)];
    unsigned until = (unsigned)(splitmix64_next(seed) % 40) + 1;
    int status;
    if (point && strcmp(point, "snapshot written") == 0)
        until = until % 8 + 1;
    pid_t pid = launch(folder, point, until);
    long ms = point ? 2000 : (long)(splitmix64_next(seed) % 150) + 20;
    reap(pid, ms, &status);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("round %u (%s %u): it ended with %d", round, point ? point : "random", until,
                 WEXITSTATUS(status));
    return WIFSIGNALED(status);
}

static char *report_of(const char *folder, int *ret_status)
{
    char command[PATH_MAX_BYTES * 2], bytes[4096];
    struct buf text;
    size_t n;
    snprintf(command, sizeof(command), "'%s' report '%s'", getenv("AFFLUX_TORTURE"), folder);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    buf_init(&text, SIZE_MAX / 2);
    while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
        buf_add(&text, (str){bytes, n});
    buf_add_byte(&text, '\0');
    *ret_status = pclose(f);
    return buf_take(&text, &n);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Calls of the worker: each at least once (as many as the undisturbed run made), at most once more
 * than there were kills. */
static void check_calls(const char *folder, unsigned expected, unsigned kills)
{
    static char *calls[MAX_CALLS];
    char path[PATH_MAX_BYTES], line[128];
    unsigned count = 0, different = 0, same = 0;
    snprintf(path, sizeof(path), "%s/calls", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (count < MAX_CALLS && fgets(line, sizeof(line), f))
        calls[count++] = strdup(line);
    fclose(f);
    qsort(calls, count, sizeof(calls[0]), by_text);
    for (unsigned i = 0; i < count; i++) {
        bool is_new = i == 0 || strcmp(calls[i - 1], calls[i]) != 0;
        different += is_new;
        same = is_new ? 1 : same + 1;
        assert_true(same <= kills + 1);
    }
    for (unsigned i = 0; i < count; i++)
        free(calls[i]);
    assert_int_equal(different, expected);
}

/* Says where two reports begin to differ. */
static void say_difference(const char *folder, const char *expected, const char *found)
{
    size_t at = 0, from = 0;
    for (; expected[at] && expected[at] == found[at]; at++) {
        if (expected[at] == '\n')
            from = at + 1;
    }
    print_message("%s\nundisturbed: %.*s\nkilled:      %.*s\n", folder,
                  (int)strcspn(expected + from, "\n"), expected + from,
                  (int)strcspn(found + from, "\n"), found + from);
}

static void make_folder(char folder[PATH_MAX_BYTES])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, PATH_MAX_BYTES, "%s/afflux-torture-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *folder)
{
    char command[PATH_MAX_BYTES + 16];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

enum { CALLS = 12 * (3 + 5 + 1 + 1 + 1) };

static void kills_change_nothing(void **state)
{
    bool is_long = getenv("AFFLUX_LONG") && *getenv("AFFLUX_LONG");
    unsigned kills = is_long ? LONG_KILLS : KILLS, round = 0, killed = 0;
    uint64_t seed = is_long ? (uint64_t)time(NULL) : 1;
    char calm[PATH_MAX_BYTES], rough[PATH_MAX_BYTES];
    int status;
    (void)state;
    if (!getenv("AFFLUX_TORTURE"))
        skip();
    print_message("seed %llu\n", (unsigned long long)seed);
    make_folder(calm);
    run_to_end(calm);
    check_calls(calm, CALLS, 0);
    char *expected = report_of(calm, &status);
    assert_int_equal(status, 0);
    while (killed < kills) {
        unsigned here = 0;
        make_folder(rough);
        while (here < KILLS_OF_A_FOLDER && run_and_kill(rough, round++, &seed))
            here++;
        killed += here;
        run_to_end(rough);
        char *found = report_of(rough, &status);
        bool is_same = strcmp(found, expected) == 0 && status == 0;
        if (!is_same)
            say_difference(rough, expected, found);
        check_calls(rough, CALLS, here);
        free(found);
        assert_true(is_same);
        remove_folder(rough);
    }
    free(expected);
    remove_folder(calm);
    print_message("%u of %u runs killed\n", killed, round);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
