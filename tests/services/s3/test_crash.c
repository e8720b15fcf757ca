/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that puts, overwrites and deletes is killed again and again, at any moment, so also
 * between the append of a record and its commit. What it said was done is there afterwards, with
 * the right bytes; the collector finds the folder whole. The program runs itself as that process:
 * test_crash DIR FD SEED.
 */
#include "support.h"
#include "store/reader.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 15, KEYS = 40, SMALL = 3000, LARGE = 1200000 };

/* What the writer says before it begins a put and when that is durable: the body of a key is `size`
 * times the byte. */
struct said {
    uint32_t key, byte, size, is_done;
};

struct known {
    struct said begun, done; /* the latest; size 0: none */
};

struct putting {
    struct said said;
    int fd;
    bool is_busy;
};

/* ---- the writer ---- */

static void on_put(void *arg, const struct s3_put_result *result, const struct error *err)
{
    struct putting *p = arg;
    (void)result;
    p->said.is_done = 1;
    if (err || write(p->fd, &p->said, sizeof(p->said)) != sizeof(p->said))
        _exit(4);
    p->is_busy = false;
}

static void begin_put(struct world *w, struct putting *p, const char *body)
{
    char key[16];
    struct s3_put *put;
    struct error err;
    snprintf(key, sizeof(key), "k%u", p->said.key);
    struct s3_put_request q = {
        .bucket = STR("bucket"), .key = str_of(key), .algorithm = S3_CRC32C, .now_ms = TEST_NOW_MS};
    p->is_busy = true;
    if (s3_put_begin(w->client, &q, &put, &err) != STATUS_OK ||
        s3_put_write(put, (str){body, p->said.size}, &err) != STATUS_OK ||
        s3_put_finish(put, on_put, p, &err) != STATUS_OK)
        _exit(6);
}

NORETURN static void write_for_ever(const char *dir, int fd, unsigned seed)
{
    static struct putting puts[KEYS];
    static char body[LARGE];
    struct world w = {.settings = {.account = STR("0"), .region = STR("us-east-1")}};
    snprintf(w.dir, sizeof(w.dir), "%s", dir);
    arena_init(&w.a, 0);
    world_open(&w);
    for (;;) {
        for (uint32_t i = 0; i < KEYS; i++) {
            if (puts[i].is_busy)
                continue;
            seed = seed * 1103515245 + 12345;
            uint32_t byte = (seed >> 16) & 0xFF, size = seed >> 20 == 7 ? LARGE : SMALL;
            puts[i] = (struct putting){.said = {i, byte, size, 0}, .fd = fd};
            memset(body, (int)byte, size);
            if (write(fd, &puts[i].said, sizeof(puts[i].said)) != sizeof(puts[i].said))
                _exit(7);
            begin_put(&w, &puts[i], body);
        }
        s3_client_wait(w.client);
        s3_client_turn(w.client);
    }
}

/* ---- the test ---- */

static const char *program;

/* Reads what the writer says and kills it after so much of it. */
static void run_writer(const char *dir, unsigned seed, unsigned after, struct known last[KEYS])
{
    int fds[2], status;
    char fd[16], seed_text[16];
    struct said said;
    assert_int_equal(pipe(fds), 0);
    snprintf(fd, sizeof(fd), "%d", fds[1]);
    snprintf(seed_text, sizeof(seed_text), "%u", seed);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        execl(program, program, dir, fd, seed_text, (char *)NULL);
        _exit(5);
    }
    close(fds[1]);
    for (unsigned count = 1; read(fds[0], &said, sizeof(said)) == sizeof(said); count++) {
        if (said.is_done)
            last[said.key].done = said;
        else
            last[said.key].begun = said;
        if (count == after) {
            struct timespec t = {0, (long)(seed % 7) * 400000};
            nanosleep(&t, NULL);
            kill(pid, SIGKILL);
        }
    }
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static bool is_body(str body, const struct said *said)
{
    if (body.n != said->size)
        return false;
    for (size_t i = 0; i < body.n; i++)
        if ((unsigned char)body.p[i] != said->byte)
            return false;
    return true;
}

/* Each key has the body that was said to be kept last, or the one after it, which was under way.
 * What it has is what it had before the next run. */
static void check_keys(struct world *w, struct known last[KEYS])
{
    for (uint32_t i = 0; i < KEYS; i++) {
        char key[16];
        struct known *k = &last[i];
        if (k->done.size == 0)
            continue;
        snprintf(key, sizeof(key), "k%u", i);
        str body = get(w, key);
        if (is_body(body, &k->begun))
            k->done = k->begun;
        else if (!is_body(body, &k->done))
            fail_msg("%s is neither what was kept nor what was begun", key);
        k->begun = k->done;
    }
    arena_reset(&w->a);
}

static void what_was_said_to_be_kept_survives_kills(void **state)
{
    struct world *w = *state;
    static struct known last[KEYS];
    struct error err;
    world_close(w);
    for (unsigned i = 0; i < KILLS; i++) {
        run_writer(w->dir, 77 + i, 20 + i * 37, last);
        world_open(w);
        store_collector_settle(w->store);
        assert_ok(store_verify(w->reader, &err));
        check_keys(w, last);
        world_close(w);
    }
    world_open(w);
}

int main(int argc, char **argv)
{
    if (argc == 4)
        write_for_ever(argv[1], (int)strtol(argv[2], NULL, 10),
                       (unsigned)strtoul(argv[3], NULL, 10));
    program = argv[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_said_to_be_kept_survives_kills, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests_name("services/s3/crash", tests, NULL, NULL);
}
