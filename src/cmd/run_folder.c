/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for a while. */
#include "cmd/run_folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status run_folder_make(char path[RUN_FOLDER_MAX], struct error *err)
{
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !*tmp)
        tmp = "/tmp";
    int n = snprintf(path, RUN_FOLDER_MAX, "%s/afflux-run-XXXXXX", tmp);
    if (n < RUN_FOLDER_MAX && mkdtemp(path))
        return STATUS_OK;
    int code = n < RUN_FOLDER_MAX ? errno : ENAMETOOLONG;
    path[0] = 0;
    return error_set(err, STATUS_IO, "RunFolder",
                     "no folder for the run can be made in %.1000s: %s", tmp,
                     strerrordesc_np(code));
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
    (void)stat, (void)kind, (void)at;
    (void)remove(path); /* what stays is a folder of /tmp */
    return 0;
}

enum { FOLDERS_OPEN = 8 };

void run_folder_remove(const char *path)
{
    if (*path)
        (void)nftw(path, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}
