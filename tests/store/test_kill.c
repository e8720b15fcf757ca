/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that writes is killed again and again, at any moment. What it said was kept is kept.
 * The program runs itself as that process: test_kill DIR FD.
 */
#include "support.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 20, RUNNERS = 8 };

/* What the writer says when a step came back. */
struct said {
    int64_t execution, step;
};

/* ---- the writer ---- */

struct runner {
    struct store_unit unit;
    struct op ops[2];
    bool is_started;
};

static void go_on(struct world *w, struct runner *r)
{
    struct error err;
    r->ops[1].prev = r->ops[1].number;
    r->ops[1].number = store_new_id(w->s);
    r->ops[1].kind = OP_APPEND;
    size_t from = r->is_started ? 1 : 0;
    r->unit = (struct store_unit){
        .run = run_ops, .args = {(const char *)&r->ops[from], (2 - from) * sizeof(r->ops[0])}};
    if (store_submit(w->c, &r->unit, &err) != STATUS_OK)
        abort();
}

static int write_for_ever(const char *dir, int fd)
{
    static struct runner runners[RUNNERS];
    static char body[700];
    struct world w = {.options = {.checkpoint_pages = 50}};
    struct error err;
    snprintf(w.dir, sizeof(w.dir), "%s", dir);
    if (world_try_open(&w, &err) != STATUS_OK)
        return 3;
    for (int i = 0; i < RUNNERS; i++) {
        runners[i].ops[0] = (struct op){.kind = OP_START, .execution = sample_execution(&w, "")};
        runners[i].ops[1] =
            (struct op){.id = runners[i].ops[0].execution.id, .body = {body, sizeof(body)}};
        go_on(&w, &runners[i]);
    }
    for (;;) {
        store_wait(w.c);
        for (struct store_unit *u = store_take(w.c), *next; u; u = next) {
            struct runner *r = (struct runner *)(void *)u;
            next = u->next;
            struct said said = {r->ops[1].id, r->ops[1].number};
            if (u->status != STATUS_OK || write(fd, &said, sizeof(said)) != sizeof(said))
                return 4;
            r->is_started = true;
            go_on(&w, r);
        }
    }
}

/* ---- the test ---- */

static const char *program;

static pid_t start_writer(const char *dir, int *ret_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    char fd[16];
    snprintf(fd, sizeof(fd), "%d", fds[1]);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        execl(program, program, dir, fd, (char *)NULL);
        _exit(5);
    }
    assert_true(pid > 0);
    close(fds[1]);
    *ret_fd = fds[0];
    return pid;
}

/* The place of the execution, or the first free one. */
static size_t place_of(const struct said *last, int64_t execution)
{
    size_t i = 0;
    while (i < RUNNERS - 1 && last[i].execution != execution && last[i].execution != 0)
        i++;
    assert_true(last[i].execution == execution || last[i].execution == 0);
    return i;
}

/* Reads some of what the writer says, kills it, reads the rest. */
static unsigned kill_writer(pid_t pid, int fd, unsigned after, unsigned delay_us,
                            struct said last[RUNNERS])
{
    struct said said;
    unsigned count = 0;
    while (read(fd, &said, sizeof(said)) == sizeof(said)) {
        last[place_of(last, said.execution)] = said;
        if (++count == after) {
            struct timespec t = {0, (long)delay_us * 1000};
            nanosleep(&t, NULL);
            kill(pid, SIGKILL);
        }
    }
    close(fd);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return count;
}

static void what_a_killed_process_said_is_kept(void **state)
{
    (void)state;
    struct world w;
    struct error err;
    world_init(&w);
    world_open(&w);
    for (unsigned i = 0; i < KILLS; i++) {
        struct said last[RUNNERS] = {{0, 0}};
        int fd;
        world_close(&w);
        pid_t pid = start_writer(w.dir, &fd);
        kill_writer(pid, fd, 1 + i * 13, i * 337 % 3000, last);
        assert_ok(world_try_open(&w, &err)); /* the lock went with the process */
        for (int j = 0; j < RUNNERS && last[j].execution != 0; j++) {
            struct store_execution e;
            assert_ok(store_find_execution(w.r, last[j].execution, &w.a, &e, &err));
            assert_true(e.tail >= last[j].step);
        }
        assert_whole(&w);
    }
    assert_true(sql_number(&w, "SELECT count(*) FROM step") > KILLS);
    world_done(&w);
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return write_for_ever(argv[1], (int)strtol(argv[2], NULL, 10));
    program = argv[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_killed_process_said_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
