/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner makes runs of jobs do something. There is one in a process, on one loop; it works on
 * what the operations of services/glue/glue.h wrote down:
 *
 *   STARTING ──► RUNNING ──► SUCCEEDED, FAILED, TIMEOUT        each arrow is committed before the
 *       └──► STOPPING ──► STOPPED                              world hears of it
 *
 * A job whose command is `afflux-consolidate` (or whose script is `builtin:consolidate`) is done
 * here, in threads (native.c has its arguments); what ended with the process is begun again. A
 * script runs as a process of its own (script.c), if scripts are allowed; one that was running when
 * the process ended has FAILED, and nothing of it is left running. A run that failed is tried again
 * as a run of its own, as often as its job says. WAITING runs start when their job has room.
 *
 * In the data folder: glue/logs/RUN.log (services/glue/log.h), glue/runs/RUN while a script runs.
 */
#ifndef AFFLUX_SERVICES_GLUE_RUNNER_H
#define AFFLUX_SERVICES_GLUE_RUNNER_H

#include "loop/loop.h"
#include "services/glue/glue.h"
#include "services/objects.h"

struct glue_runner;

enum {
    GLUE_AT_ONCE = 8,           /* runs at work; others stay STARTING */
    GLUE_LOG_BYTES = 16 << 20,  /* of a run */
    GLUE_GRACE_MS = 10000,      /* from SIGTERM to SIGKILL */
    GLUE_PROGRESS_MS = 1000,    /* how often a run's detail is written */
    GLUE_MAX_SCRIPT = 16 << 20, /* bytes of a script, or of a file that it needs */
    GLUE_MAX_FILES = 32,        /* a script and what --extra-py-files names */
    GLUE_ERROR_BYTES = 2048,    /* of what a script wrote last to stderr, in ErrorMessage */
};

struct glue_runner_options {
    struct loop *loop;
    struct store *store;
    struct objects *objects; /* scripts and parts; NULL: there are none, and runs fail */
    const struct service_settings *settings;
    bool allows_scripts;
    const char *python;  /* NULL: python3, from PATH */
    const char *modules; /* share/python; NULL: looked for beside the program */
    str endpoint;        /* for scripts: "http://127.0.0.1:4599"; copied */
    uint32_t at_once;    /* all of these: 0 for the default */
    uint64_t log_bytes;
    int64_t grace_ms, progress_ms;
    int64_t minute_ms;    /* of Timeout: 60,000 */
    int64_t retention_ms; /* ended runs and their logs are kept so long; 0: for ever */
    /* A run has ended, durably. On the loop. NULL: nobody cares. */
    void (*ended)(void *arg, str run, enum glue_outcome outcome);
    void *arg;
};

/* Goes on with what an earlier process left, as soon as the loop runs. All but `endpoint` is
 * borrowed. STATUS_IO "GlueFolder"; what opening a reader fails with. */
NODISCARD enum status glue_runner_open(const struct glue_runner_options *options,
                                       struct glue_runner **ret, struct error *err);
/* Something was written down for it. From any thread, also within api_after_fn and the like, until
 * it is closed. NULL does nothing: the next runner finds what there is. */
void glue_runner_kick(struct glue_runner *r);
/* On the loop, which goes on or is freed afterwards. Ends what is at work: the next runner finds
 * it. NULL does nothing. */
void glue_runner_close(struct glue_runner *r);

#endif
