/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the runner share: a data folder, a folder of objects, a loop with a runner, and
 * operations in one line each. Requests are JSON with ' for ". */
#ifndef AFFLUX_TESTS_SERVICES_GLUE_WORLD_H
#define AFFLUX_TESTS_SERVICES_GLUE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "json/value.h"
#include "services/glue/run.h"
#include "services/glue/runner.h"
#include "services/objects_folder.h"

enum { GLUE_TEST_MS = 30000 /* nothing takes longer */, GLUE_PATH = 512 };

struct glue_world {
    char dir[GLUE_PATH], data[GLUE_PATH], objects_dir[GLUE_PATH];
    struct service_settings settings;
    struct glue_runner_options options; /* may be changed before world_open */
    struct store *store;
    struct store_client *client;
    struct store_reader *reader;
    struct objects *objects;
    struct loop *loop;
    struct glue_runner *runner;
    struct arena arena;
    uint32_t ended; /* runs that the runner told of */
};

/* For cmocka: a world in *state, with bucket "b", nothing open yet. */
int glue_setup(void **state);
int glue_teardown(void **state);
/* In a folder that is there (NULL: a new one). */
void glue_world_init(struct glue_world *w, const char *dir);
void glue_world_open(struct glue_world *w);
void glue_world_close(struct glue_world *w);

/* Objects of the bucket "b". */
void glue_put(struct glue_world *w, const char *key, const char *text);
/* NULL when there is none. In the arena. */
char *glue_get(struct glue_world *w, const char *key);
/* A whole file; NULL when there is none. */
char *glue_file(struct glue_world *w, const char *path);

/* Fails the test when the operation does. */
struct json_val glue_call(struct glue_world *w, const char *operation, const char *request);
/* A job "j" with the script s3://b/s.py, whose text this is; more: further members, "'Timeout':1".
 */
void glue_script_job(struct glue_world *w, const char *script, const char *more);
/* StartJobRun of the job "j"; more: further members of the request. The run's name. */
const char *glue_start_run(struct glue_world *w, const char *more);

/* JobRun as it is now. */
struct json_val glue_run_now(struct glue_world *w, const char *run);
const char *glue_text(struct glue_world *w, struct json_val object, const char *name);
/* Runs the loop until the run has ended. */
struct json_val glue_wait(struct glue_world *w, const char *run);
/* ... until its log has this text. */
void glue_wait_log(struct glue_world *w, const char *run, const char *text);
void glue_wait_state(struct glue_world *w, const char *run, const char *state);
char *glue_log(struct glue_world *w, const char *run);
/* Runs the loop for a while. */
void glue_turn(struct glue_world *w, int64_t ms);

void assert_run(struct glue_world *w, const char *run, const char *state, const char *error);
/* The number behind this text in the log: a process; waits until it is gone. */
long glue_logged_number(struct glue_world *w, const char *run, const char *text);
void assert_process_goes(long pid);
bool has_python(void);

#endif
