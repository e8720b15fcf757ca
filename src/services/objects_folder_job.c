/* SPDX-License-Identifier: Apache-2.0 */
/* What the file system may take long for is done on a thread of its own. */
#include "base/check.h"
#include "services/objects_folder_internal.h"

static void join(struct folder_job *job)
{
    if (job->has_thread)
        check(pthread_join(job->thread, NULL) == 0);
    job->has_thread = false;
}

static void come_back(void *arg)
{
    struct folder_job *job = arg;
    join(job);
    job->is_under_way = false;
    if (job->is_left)
        job->free(job->arg);
    else if (!job->is_quiet && job->part->ready)
        job->part->ready(job->part->ready_arg);
}

static void *run(void *arg)
{
    struct folder_job *job = arg;
    job->fn(job->arg);
    loop_post(job->part->loop, &job->task, come_back, job);
    return NULL;
}

void folder_job_start(struct folder_job *job, struct objects_part *part, void (*fn)(void *arg),
                      void *arg)
{
    check(!job->is_under_way);
    job->part = part;
    job->fn = fn;
    job->arg = arg;
    job->is_under_way = true;
    job->is_quiet = false;
    if (fn && pthread_create(&job->thread, NULL, run, job) == 0) {
        job->has_thread = true;
        return;
    }
    if (fn) /* the system has no thread for it: then the loop waits */
        fn(arg);
    loop_defer(part->loop, &job->task, come_back, job);
}

void folder_job_hush(struct folder_job *job)
{
    job->is_quiet = true;
}

void folder_job_leave(struct folder_job *job, void (*free)(void *arg), void *arg)
{
    join(job);
    if (!job->is_under_way) {
        free(arg);
        return;
    }
    job->is_left = true;
    job->free = free;
    job->arg = arg;
}
