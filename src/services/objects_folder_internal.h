/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of objects in a folder: objects_folder.c (the folder, and reading), …_list.c
 * (listing), …_put.c (writing), …_job.c (what is done on another thread). */
#ifndef AFFLUX_SERVICES_OBJECTS_FOLDER_INTERNAL_H
#define AFFLUX_SERVICES_OBJECTS_FOLDER_INTERNAL_H

#include "services/objects_folder.h"
#include <pthread.h>

struct folder_objects {
    struct objects objects;
    int dir;
};

/* A bucket or a folder of keys; -1 and errno. No symbolic link is followed. */
int folder_open_dir(int dir, str name);
/* The folder that a key lies in, and the last part of the key. create: folders that are missing are
 * made. -1: *ret_cause says why. */
int folder_open_parent(const struct folder_objects *f, str bucket, str key, bool create,
                       str *ret_name, const char **ret_cause);
int folder_open_bucket(const struct folder_objects *f, str bucket, const char **ret_cause);
/* errno as a sentence; of memory that lasts. */
const char *folder_cause(int code, const char *otherwise);

/*
 * Work on a thread of its own, one after the other, or a break (fn NULL): `part` is ready when it
 * is done. Whoever has it frees what it belongs to by folder_job_leave, which waits for the thread;
 * `free` is called then, or as soon as the loop has let go of it.
 */
struct folder_job {
    struct loop_task task;
    pthread_t thread;
    void (*fn)(void *arg);
    void (*free)(void *arg);
    void *arg;
    struct objects_part *part;
    bool is_under_way, has_thread, is_left, is_quiet;
};
void folder_job_start(struct folder_job *job, struct objects_part *part, void (*fn)(void *arg),
                      void *arg);
/* Nobody waits for it any more: part is not told. */
void folder_job_hush(struct folder_job *job);
void folder_job_leave(struct folder_job *job, void (*free)(void *arg), void *arg);

struct object_source *folder_source(struct objects *o, struct loop *loop, str bucket, str key,
                                    str version, const char **ret_cause);
struct object_listing *folder_listing(struct objects *o, struct loop *loop, str bucket, str prefix,
                                      str after, const char **ret_cause);
struct object_sink *folder_sink(struct objects *o, struct loop *loop, str bucket, str key,
                                const char **ret_cause);

#endif
