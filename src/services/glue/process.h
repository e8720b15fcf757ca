/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program in a process of its own, at the head of a process group of its own, watched by a loop.
 * What it writes comes piece by piece; its end comes once, after all it has written, and takes the
 * rest of its group with it.
 *
 * It does not outlive the thread that started it: the kernel kills it then (PR_SET_PDEATHSIG).
 * Processes that it left behind carry GLUE_RUN_VARIABLE in their environment, by which
 * glue_process_kill_left finds them.
 */
#ifndef AFFLUX_SERVICES_GLUE_PROCESS_H
#define AFFLUX_SERVICES_GLUE_PROCESS_H

#include "base/error.h"
#include "base/str.h"
#include "loop/loop.h"

#define GLUE_RUN_VARIABLE "AFFLUX_JOB_RUN_ID"

struct glue_process;

struct glue_process_options {
    const char *path;   /* of the program, with its folder */
    char *const *argv;  /* ended by NULL */
    char *const *envp;  /* ended by NULL */
    const char *folder; /* where it works */
    void (*wrote)(void *arg, bool is_error, str bytes);
    /* status as waitpid has it. The process is gone; glue_process_free is still to be called. */
    void (*ended)(void *arg, int status);
    void *arg;
};

/* STATUS_NOT_FOUND or STATUS_IO "GlueProcess": it could not be started. */
NODISCARD enum status glue_process_start(struct loop *loop,
                                         const struct glue_process_options *options,
                                         struct glue_process **ret, struct error *err);
/* To the whole group. */
void glue_process_signal(struct glue_process *p, int signal);
/* Kills what is still there, and waits for it. NULL does nothing. */
void glue_process_free(struct glue_process *p);

/* Kills all processes with GLUE_RUN_VARIABLE=run that this user may kill. Returns how many. */
uint32_t glue_process_kill_left(str run);

#endif
