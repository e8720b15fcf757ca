/* SPDX-License-Identifier: Apache-2.0 */
/* A folder for a while. Data folders have no folders in them. */
#include "cmd/run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

void run_folder_remove(const char *path)
{
    DIR *dir = *path ? opendir(path) : NULL;
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    (void)rmdir(path);
}
