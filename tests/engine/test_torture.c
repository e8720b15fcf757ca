/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kills the torture program again and again, by chance and at the points that the engine and the
 * store name, and compares what is kept in the end with a run that nobody disturbed. It calls an
 * API in this process, which notes all requests. AFFLUX_LONG=1: more of it.
 */
#include "engine_test.h"

#include "api_server.h"
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
    KILLS = 22,
    KILLS_OF_A_FOLDER = 11,
    LONG_KILLS = 400,
    LONG_KILLS_AT = 20, /* each point, at least */
    PATH_MAX_BYTES = 512,
    LINE_BYTES = 160,
    MAX_CALLS = 100000,
    ONCE_MS = 60000
};

/* How often one is passed in a run differs: within so many times a process is killed. */
static const struct {
    const char *name; /* NULL: by chance */
    unsigned within;
} points[] = {{"before commit", 80},
              {"after commit", 80},
              {"after command", 80},
              {"result queued", 60},
              {"snapshot written", 8},
              {"inbox written", 20},
              {"segment written", 4},
              {"group written", 30},
              {"group committed", 30},
              {"checkpoint", 8},
              {"in checkpoint", 8},
              {"checkpoint done", 8},
              {NULL, 0}};

/* What torture_machines.c does undisturbed: calls of the worker, and requests. */
enum {
    OBJECT_ITEMS = 12,
    CALLS_OF_MAIN = 3 + 8 + 1 + 1 + 1,
    CALLS_OF_MAPS = 1 + OBJECT_ITEMS + 3, /* items 3 and 10 fail, 0, 6 and 9 are tried again */
    CALLS = 12 * CALLS_OF_MAIN + 4 * CALLS_OF_MAPS,
    REQUESTS = 4 * (2 + 4 + OBJECT_ITEMS - 2)
};

/* ---- the API ---- */

/* Paths that were asked for, as often as they were. */
struct calls {
    pthread_mutex_t mutex;
    char *lines[MAX_CALLS];
    unsigned count;
};

struct tortured {
    struct api_server api;
    struct calls requests;
    unsigned folder; /* number of the present one: where its requests go */
    uint64_t seed;
    unsigned kills_at[ARRAY_LEN(points)];
};

static void note_request(void *arg, const char *request)
{
    struct calls *c = arg;
    const char *path = strchr(request, ' ');
    if (!path)
        return; /* its sender is dead */
    path++;
    pthread_mutex_lock(&c->mutex);
    if (c->count < MAX_CALLS)
        c->lines[c->count++] = strndup(path, strcspn(path, " "));
    pthread_mutex_unlock(&c->mutex);
}

/* ---- the program ---- */

static pid_t launch(const struct tortured *t, const char *folder, const char *point, unsigned until)
{
    const char *program = getenv("AFFLUX_TORTURE");
    char number[16], api[64];
    snprintf(number, sizeof(number), "%u", until);
    snprintf(api, sizeof(api), "http://127.0.0.1:%d/as/%u", t->api.port, t->folder);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 0); /* it is in the way of being killed */
        execl(program, program, "run", folder, api, point ? point : (char *)NULL, number,
              (char *)NULL);
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

static void run_to_end(const struct tortured *t, const char *folder)
{
    int status;
    pid_t pid = launch(t, folder, NULL, 0);
    if (!reap(pid, ONCE_MS, &status))
        fail_msg("%s: it did not end", folder);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: it ended with %d", folder, status);
}

/* The point that was killed at least. */
static size_t next_point(const struct tortured *t)
{
    size_t least = 0;
    for (size_t i = 1; i < ARRAY_LEN(points); i++)
        least = t->kills_at[i] < t->kills_at[least] ? i : least;
    return least;
}

/* One run that is killed; false when it ended before. */
static bool run_and_kill(struct tortured *t, const char *folder)
{
    size_t at = next_point(t);
    const char *point = points[at].name;
    unsigned until = point ? (unsigned)(splitmix64_next(&t->seed) % points[at].within) + 1 : 0;
    int status;
    pid_t pid = launch(t, folder, point, until);
    long ms = point ? ONCE_MS : (long)(splitmix64_next(&t->seed) % 150) + 20;
    if (!reap(pid, ms, &status) && point)
        fail_msg("%s: it did not end (%s %u)", folder, point, until);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail_msg("%s (%s %u): it ended with %d", folder, point ? point : "random", until,
                 WEXITSTATUS(status));
    t->kills_at[at] += WIFSIGNALED(status);
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

/* Calls: each at least once (as many as the undisturbed run made), at most once more than there
 * were kills. */
static void check_calls(char **calls, unsigned count, unsigned expected, unsigned kills)
{
    unsigned different = 0, same = 0;
    qsort(calls, count, sizeof(calls[0]), by_text);
    for (unsigned i = 0; i < count; i++) {
        bool is_new = i == 0 || strcmp(calls[i - 1], calls[i]) != 0;
        different += is_new;
        same = is_new ? 1 : same + 1;
        if (same > kills + 1)
            fail_msg("%s was called %u times, with %u kills", calls[i], same, kills);
    }
    for (unsigned i = 0; i < count; i++)
        free(calls[i]);
    assert_int_equal(different, expected);
}

static void check_work(const char *folder, unsigned expected, unsigned kills)
{
    static char *calls[MAX_CALLS];
    char path[PATH_MAX_BYTES], line[LINE_BYTES];
    unsigned count = 0;
    snprintf(path, sizeof(path), "%s/calls", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (count < MAX_CALLS && fgets(line, sizeof(line), f))
        calls[count++] = strdup(line);
    fclose(f);
    check_calls(calls, count, expected, kills);
}

/* Those of this folder: a request of a process that is dead may be read late. */
static void check_requests(struct tortured *t, unsigned expected, unsigned kills)
{
    char *calls[MAX_CALLS / 10];
    unsigned count = 0, left = 0;
    char prefix[32];
    snprintf(prefix, sizeof(prefix), "/as/%u/", t->folder);
    pthread_mutex_lock(&t->requests.mutex);
    for (unsigned i = 0; i < t->requests.count; i++) {
        char *line = t->requests.lines[i];
        if (strncmp(line, prefix, strlen(prefix)) == 0 && count < ARRAY_LEN(calls))
            calls[count++] = line;
        else
            t->requests.lines[left++] = line;
    }
    t->requests.count = left;
    pthread_mutex_unlock(&t->requests.mutex);
    check_calls(calls, count, expected, kills);
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
    char command[PATH_MAX_BYTES * 3];
    snprintf(folder, PATH_MAX_BYTES, "%s/afflux-torture-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command), "mkdir -p '%s/objects/in' '%s/objects/out'", folder, folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "%s/objects/in/items.jsonl", folder);
    FILE *f = fopen(command, "w");
    assert_non_null(f);
    for (int i = 0; i < OBJECT_ITEMS; i++)
        fprintf(f, "{\"n\": %d}\n", i);
    assert_int_equal(fclose(f), 0);
}

static void remove_folder(const char *folder)
{
    char command[PATH_MAX_BYTES + 16];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    struct tortured *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    pthread_mutex_init(&t->requests.mutex, NULL);
    api_server_start_seen(&t->api, note_request, &t->requests);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct tortured *t = *state;
    api_server_stop(&t->api);
    for (unsigned i = 0; i < t->requests.count; i++)
        free(t->requests.lines[i]);
    pthread_mutex_destroy(&t->requests.mutex);
    free(t);
    return 0;
}

/* Kills of one folder, and what is kept in the end. */
static unsigned torture(struct tortured *t, const char *expected, unsigned most)
{
    char rough[PATH_MAX_BYTES];
    unsigned kills = 0;
    int status;
    t->folder++;
    make_folder(rough);
    while (kills < most && run_and_kill(t, rough))
        kills++;
    run_to_end(t, rough);
    char *found = report_of(rough, &status);
    bool is_same = strcmp(found, expected) == 0 && status == 0;
    if (!is_same)
        say_difference(rough, expected, found);
    free(found);
    check_work(rough, CALLS, kills);
    check_requests(t, REQUESTS, kills);
    assert_true(is_same);
    remove_folder(rough);
    return kills;
}

static void kills_change_nothing(void **state)
{
    struct tortured *t = *state;
    bool is_long = getenv("AFFLUX_LONG") && *getenv("AFFLUX_LONG");
    unsigned kills = is_long ? LONG_KILLS : KILLS, killed = 0;
    char calm[PATH_MAX_BYTES];
    int status;
    if (!getenv("AFFLUX_TORTURE"))
        skip();
    t->seed = is_long ? (uint64_t)time(NULL) : 1;
    print_message("seed %llu\n", (unsigned long long)t->seed);
    make_folder(calm);
    run_to_end(t, calm);
    char *expected = report_of(calm, &status);
    assert_int_equal(status, 0);
    check_work(calm, CALLS, 0);
    check_requests(t, REQUESTS, 0);
    assert_non_null(strstr(expected, "maps maps-1 SUCCEEDED")); /* or nothing would be compared */
    assert_non_null(strstr(expected, "keep keep-1 SUCCEEDED \"[1,2,3,4,5,6,7,8]\""));
    assert_non_null(strstr(expected, "object maps-1 SUCCEEDED_0.json:10 {"));
    unsigned at_least = is_long ? LONG_KILLS_AT : 1;
    while (killed < kills || t->kills_at[next_point(t)] < at_least) {
        unsigned left = killed < kills ? kills - killed : 1;
        killed += torture(t, expected, left < KILLS_OF_A_FOLDER ? left : KILLS_OF_A_FOLDER);
    }
    free(expected);
    remove_folder(calm);
    for (size_t i = 0; i < ARRAY_LEN(points); i++)
        print_message("%3u at %s\n", t->kills_at[i], points[i].name ? points[i].name : "random");
    print_message("%u kills in %u folders\n", killed, t->folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kills_change_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
