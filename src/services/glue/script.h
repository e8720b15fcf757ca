/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script is started with: the interpreter, arguments as Glue passes them (--JOB_NAME NAME
 * --JOB_RUN_ID ID, then those of the run), and an environment from which boto3 finds the services
 * here. Inside of the runner.
 */
#ifndef AFFLUX_SERVICES_GLUE_SCRIPT_H
#define AFFLUX_SERVICES_GLUE_SCRIPT_H

#include "services/glue/runner_internal.h"

/* "s3://BUCKET/KEY"; false when it is none. */
bool glue_read_location(str text, str *ret_bucket, str *ret_key);
/* The last part of a key, if a file may be called that. */
str glue_file_name(str key);

struct glue_start {
    const char *python;
    char **argv, **envp; /* in the arena, ended by NULL */
};
/* file: the script in its folder; libraries: archives for PYTHONPATH, joined by colons.
 * STATUS_NOT_FOUND "GlueScript": the interpreter or our modules are not there. */
NODISCARD enum status glue_script_start(struct glue_run *run, struct arena *arena,
                                        const char *folder, str file, str libraries,
                                        struct glue_start *ret, struct error *err);

/* The last lines of what was written, as valid text of at most GLUE_ERROR_BYTES. */
void glue_last_lines(str written, struct buf *out);

#endif
