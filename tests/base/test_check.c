/* SPDX-License-Identifier: Apache-2.0 */
/* Broken invariants end the process, in every build. */
#include "base/check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Runs check(is_true) in a child that has no stderr; returns the signal that ended it, 0 for none.
 */
static int signal_of_check(int is_true)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        check(is_true);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_broken_check_aborts(void **state)
{
    (void)state;
    assert_int_equal(signal_of_check(0), SIGABRT);
}

static void a_check_that_holds_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(signal_of_check(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_check_aborts),
        cmocka_unit_test(a_check_that_holds_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
