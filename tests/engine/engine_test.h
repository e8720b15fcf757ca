/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the engine share: a data folder that goes with the test, an engine on a loop of
 * this thread, a worker that answers tasks by their state's name, and running until an execution
 * has ended.
 */
#ifndef AFFLUX_TESTS_ENGINE_TEST_H
#define AFFLUX_TESTS_ENGINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/engine.h"
#include "json/doc.h"

enum { FOLDER_MAX = 256, WORK_MAX = 64 };

struct house {
    char folder[FOLDER_MAX];
    struct loop *loop;
    struct engine *engine;
    bool is_strict;
    double clock_speed;
    engine_work_fn *work;
    void *work_arg;

    bool has_ended; /* of the execution run last */
    enum asl_status status;
    char *output;   /* JSON text, or the error */
    uint32_t asked; /* tasks that the worker was asked for */
};

void house_build(struct house *h);
/* Closes the engine and opens it again on the same folder, as another process would. */
void house_reopen(struct house *h);
void house_open(struct house *h);
void house_close(struct house *h);
void house_tear_down(struct house *h);

void house_machine(struct house *h, const char *name, enum asl_type type, const char *definition);
/* Starts and runs until it has ended; the output as JSON text, or "ERROR: cause". */
const char *house_run(struct house *h, const char *machine, const char *name, const char *input);
/* Starts without running. */
void house_start(struct house *h, const char *machine, const char *name, const char *input);
/* Runs the loop until what was started last has ended, for so long at most; false when it has not.
 */
bool house_wait(struct house *h, int64_t ms);
/* Runs the loop for so long. */
void house_pass(struct house *h, int64_t ms);

#endif
