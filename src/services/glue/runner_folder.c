/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the runner: glue/logs, and glue/runs with a folder for each script that runs. What an
 * earlier process left in the latter goes. */
#include "services/glue/runner_internal.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 8192 };

static void put_path(struct buf *path, str folder, const char *name)
{
    buf_init(path, PATH_BYTES);
    buf_printf(path, "%.*s%s", STR_ARG(folder), name);
    buf_add_byte(path, '\0');
    path->n--;
}

static enum status fail(const char *path, const char *what, struct error *err)
{
    return error_set(err, STATUS_IO, "GlueFolder", "the folder %.300s cannot be %s: %s", path, what,
                     strerrordesc_np(errno));
}

static enum status make(const char *path, struct error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ? STATUS_OK : fail(path, "made", err);
}

void glue_folder_remove(const char *path)
{
    char *const roots[] = {(char *)(uintptr_t)path, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (!tree)
        return;
    for (const FTSENT *e = fts_read(tree); e; e = fts_read(tree)) {
        if (e->fts_info == FTS_DP || e->fts_info == FTS_DNR)
            (void)rmdir(e->fts_accpath);
        else if (e->fts_info != FTS_D)
            (void)unlink(e->fts_accpath);
    }
    (void)fts_close(tree);
}

enum status glue_folder_open(struct glue_runner *r, struct error *err)
{
    struct buf given;
    put_path(&given, store_dir(r->options.store), "");
    char *whole = realpath(given.p, NULL); /* scripts work elsewhere */
    put_path(&r->folder, whole ? str_of(whole) : buf_str(&given), "/glue");
    free(whole);
    buf_done(&given);
    put_path(&r->logs, buf_str(&r->folder), "/logs");
    put_path(&r->files, buf_str(&r->folder), "/runs");
    glue_folder_remove(r->files.p);
    if (make(r->folder.p, err) != STATUS_OK || make(r->logs.p, err) != STATUS_OK)
        return err->status;
    return make(r->files.p, err);
}

void glue_folder_close(struct glue_runner *r)
{
    buf_done(&r->folder);
    buf_done(&r->logs);
    buf_done(&r->files);
}

enum status glue_folder_make(struct glue_runner *r, str run, struct buf *path, struct error *err)
{
    buf_clear(path);
    buf_printf(path, "%s/%.*s", r->files.p, STR_ARG(run));
    buf_add_byte(path, '\0');
    path->n--;
    glue_folder_remove(path->p);
    return make(path->p, err);
}
