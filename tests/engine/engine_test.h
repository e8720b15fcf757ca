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
#include "store/reader.h"

enum { FOLDER_MAX = 256, TOKEN_MAX = 2048 };

struct house {
    char folder[FOLDER_MAX];
    struct loop *loop;
    struct engine *engine;
    uint32_t loops; /* more than one: give a work of your own, it is called on all threads */
    bool is_strict;
    double clock_speed;
    uint32_t max_idle, max_in_flight;
    size_t max_in_flight_bytes;
    const struct store_options *store;
    const struct engine_service *services;
    uint32_t service_count;
    struct objects *objects;
    enum status (*store_opened)(void *arg, struct store *store, struct error *err);
    void (*store_closing)(void *arg);
    void *store_arg;
    enum status (*loop_opened)(void *arg, struct engine *e, struct loop *loop, struct error *err);
    void *loop_arg;
    engine_work_fn *work; /* NULL: house_work */
    void *work_arg;

    bool has_ended; /* of the execution run last */
    enum asl_status status;
    char *output; /* JSON text, or the error */
    int64_t execution;
    uint32_t asked;        /* tasks that the worker was asked for */
    char token[TOKEN_MAX]; /* of the last one that had one */
};

/* The usual worker goes by the state's name: ok… gives {"ok":true}, echo… its arguments, fail… the
 * error Bad, flaky… that error twice; never… does not answer. */
bool house_work(void *arg, struct engine *e, const struct engine_task *task);

void house_build(struct house *h);
/* Closes the engine and opens it again on the same folder, as another process would. */
void house_reopen(struct house *h);
void house_open(struct house *h);
void house_close(struct house *h);
void house_tear_down(struct house *h);

/* In the definition ' stands for a double quote, and ` for '. */
void house_machine(struct house *h, const char *name, enum asl_type type, const char *definition);
/* Starts and runs until it has ended; the output as JSON text, or "ERROR: cause". */
const char *house_run(struct house *h, const char *machine, const char *name, const char *input);
/* Starts without running. */
void house_start(struct house *h, const char *machine, const char *name, const char *input);
/* Runs the loop until what was started last has ended, for so long at most; false when it has not.
 */
bool house_wait(struct house *h, int64_t ms);
/* Starts one that nobody watches; its id. */
void house_start_unwatched(struct house *h, const char *machine, const char *name,
                           const char *input);
/* Runs the loop until the condition holds; false after so long. */
bool house_until(struct house *h, bool (*is_so)(struct house *h), int64_t ms);
/* The row of an execution in the store, and the number of executions of a machine. */
struct store_execution house_row(struct house *h, const char *machine, const char *name);
uint32_t house_count(struct house *h, const char *machine);
/* Of all steps of an execution, as the store has them. */
uint32_t house_steps(struct house *h, int64_t execution);
/* Runs the loop for so long. */
void house_pass(struct house *h, int64_t ms);

#endif
