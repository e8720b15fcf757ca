/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a run: what its process wrote, and lines of the runner's own. It lies in two files of
 * half the size allowed, RUN.log and RUN.log.1, the older one; when the newer is full it takes the
 * older one's place. So the end of a log is always there, and no run can fill a disk. A log that
 * cannot be written is no reason for a run to fail: what does not fit is lost.
 *
 * Any thread may write.
 */
#ifndef AFFLUX_SERVICES_GLUE_LOG_H
#define AFFLUX_SERVICES_GLUE_LOG_H

#include "base/error.h"
#include "base/str.h"

struct glue_log;

/* Appends to what is there. STATUS_IO "GlueLog". */
NODISCARD enum status glue_log_open(str folder, str run, uint64_t max_bytes, struct glue_log **ret,
                                    struct error *err);
void glue_log_write(struct glue_log *log, str bytes);
/* One line with the time in front. */
void glue_log_line(struct glue_log *log, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* NULL does nothing. */
void glue_log_close(struct glue_log *log);
void glue_log_remove(str folder, str run);

#endif
