/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a bucket in the order of their keys: a walk with a stack of folders, each with its
 * sorted names, a folder's name with a slash behind it, as keys have it. A page is collected on a
 * thread. Files that come and go meanwhile are in it or not.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "services/objects_folder_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = OBJECTS_MAX_KEY / 2 };

struct level {
    int dir;
    char *text; /* all names, each with a NUL behind it */
    const char **names;
    uint32_t count, at;
    size_t key; /* length of the key up to and with its slash */
};

struct folder_listing {
    struct object_listing listing;
    struct folder_job job;
    struct level levels[MAX_DEPTH];
    uint32_t depth;
    char key[OBJECTS_MAX_KEY + 1]; /* of the place at hand */
    char *prefix, *after;
    const char *failure;
    struct arena arena; /* of the page */
    struct object_entry entries[OBJECTS_PAGE];
    uint32_t count;
    bool is_collected;
};

/* ---- one folder ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Is it worth going there? */
static bool is_wanted(const struct folder_listing *l, str key, bool is_dir)
{
    str prefix = str_of(l->prefix), after = str_of(l->after);
    bool fits = str_starts(key, prefix) || (is_dir && str_starts(prefix, key));
    bool is_behind = str_cmp(key, after) > 0 || (is_dir && str_starts(after, key));
    return fits && is_behind;
}

static bool is_folder(int dir, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void take_name(struct folder_listing *l, const struct level *level, int dir,
                      const struct dirent *entry, struct buf *text, uint32_t *count)
{
    str name = str_of(entry->d_name);
    size_t before = text->n;
    bool is_dir = is_folder(dir, entry);
    if (str_eq(name, STR(".")) || str_eq(name, STR("..")) ||
        level->key + name.n + is_dir > OBJECTS_MAX_KEY || utf8_check(name) != name.n ||
        str_starts(name, STR(OBJECTS_FOLDER_TEMPORARY)))
        return;
    buf_add(text, name);
    if (is_dir)
        buf_add_byte(text, '/');
    if (!buf_ok(text))
        return;
    memcpy(l->key + level->key, text->p + before, text->n - before);
    if (is_wanted(l, (str){l->key, level->key + text->n - before}, is_dir)) {
        buf_add_byte(text, '\0');
        (*count)++;
    } else {
        text->n = before;
    }
}

static void sort_names(struct level *level, struct buf *text, uint32_t count)
{
    size_t n;
    level->text = buf_take(text, &n);
    level->names = calloc((size_t)count + 1, sizeof(*level->names));
    check(level->names != NULL);
    const char *at = level->text;
    for (uint32_t i = 0; i < count; i++, at += strlen(at) + 1)
        level->names[i] = at;
    level->count = count;
    qsort(level->names, count, sizeof(*level->names), compare_names);
}

/* Reads the names of a folder, which becomes the top of the stack; it is taken over. */
static void push(struct folder_listing *l, int dir, size_t key)
{
    struct level *level = &l->levels[l->depth++];
    struct buf text;
    uint32_t count = 0;
    *level = (struct level){.dir = dir, .key = key};
    buf_init(&text, OBJECTS_FOLDER_MAX_NAMES);
    DIR *names = fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 0));
    struct dirent *entry = NULL;
    errno = 0;
    while (names && (entry = readdir(names)) != NULL)
        take_name(l, level, dir, entry, &text, &count);
    if (!names || errno != 0)
        l->failure = folder_cause(errno, "The objects of the bucket cannot be listed.");
    if (!buf_ok(&text))
        l->failure = "A folder of the bucket has too many names.";
    if (names)
        closedir(names);
    sort_names(level, &text, count);
    buf_done(&text);
}

static void pop(struct folder_listing *l)
{
    struct level *level = &l->levels[--l->depth];
    close(level->dir);
    free(level->text);
    free(level->names);
}

/* ---- the walk ---- */

static void add_entry(struct folder_listing *l, str key, const struct stat *st)
{
    int64_t ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    l->entries[l->count++] = (struct object_entry){
        .key = arena_dup(&l->arena, key),
        .etag = arena_printf(&l->arena, "\"%llx-%llx\"", (unsigned long long)ns,
                             (unsigned long long)st->st_size),
        .storage_class = STR("STANDARD"),
        .size = (uint64_t)st->st_size,
        .modified_ms = ns / 1000000,
    };
}

static void visit(struct folder_listing *l)
{
    struct level *level = &l->levels[l->depth - 1];
    const char *name = level->names[level->at++];
    size_t n = strlen(name);
    str key = {l->key, level->key + n};
    struct stat st;
    memcpy(l->key + level->key, name, n);
    if (name[n - 1] != '/') {
        if (fstatat(level->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            add_entry(l, key, &st);
        return;
    }
    int dir = l->depth < MAX_DEPTH ? folder_open_dir(level->dir, (str){name, n - 1}) : -1;
    if (dir >= 0)
        push(l, dir, key.n);
    else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        l->failure = folder_cause(errno, "The objects of the bucket cannot be listed.");
}

/* On a thread. */
static void collect(void *arg)
{
    struct folder_listing *l = arg;
    l->count = 0;
    arena_reset(&l->arena);
    if (l->levels[0].names == NULL && l->depth == 1) {
        l->depth = 0;
        push(l, l->levels[0].dir, 0);
    }
    while (l->depth > 0 && l->count < OBJECTS_PAGE && !l->failure) {
        const struct level *level = &l->levels[l->depth - 1];
        if (level->at == level->count)
            pop(l);
        else
            visit(l);
    }
    l->is_collected = true;
}

/* ---- the listing ---- */

static enum objects_got listing_more(struct object_listing *listing, struct object_page *ret)
{
    struct folder_listing *l = (struct folder_listing *)(void *)listing;
    if (l->job.is_under_way)
        return OBJECTS_WAIT;
    if (!l->is_collected && l->depth > 0 && !l->failure) {
        folder_job_start(&l->job, &listing->part, collect, l);
        return OBJECTS_WAIT;
    }
    listing->part.cause = l->failure;
    if (l->failure)
        return OBJECTS_FAILED;
    *ret = (struct object_page){.entries = l->entries, .count = l->count};
    bool has = l->is_collected && l->count > 0;
    l->is_collected = false;
    l->count = 0;
    return has ? OBJECTS_GOT : OBJECTS_END;
}

static void listing_done(void *arg)
{
    struct folder_listing *l = arg;
    while (l->depth > 0)
        pop(l);
    arena_done(&l->arena);
    free(l->prefix);
    free(l->after);
    free(l);
}

static void listing_free(struct object_listing *listing)
{
    struct folder_listing *l = (struct folder_listing *)(void *)listing;
    folder_job_leave(&l->job, listing_done, l);
}

static const struct object_listing_kind listing_kind = {.more = listing_more, .free = listing_free};

static char *copy(str s)
{
    char *text = calloc(1, s.n + 1);
    check(text != NULL);
    if (s.n > 0)
        memcpy(text, s.p, s.n);
    return text;
}

struct object_listing *folder_listing(struct objects *o, struct loop *loop, str bucket, str prefix,
                                      str after, const char **ret_cause)
{
    const struct folder_objects *f = (const struct folder_objects *)(const void *)o;
    int dir = folder_open_bucket(f, bucket, ret_cause);
    if (dir < 0)
        return NULL;
    struct folder_listing *l = calloc(1, sizeof(*l));
    check(l != NULL);
    arena_init(&l->arena, 0);
    l->listing.kind = &listing_kind;
    l->listing.part.loop = loop;
    l->prefix = copy(prefix);
    l->after = copy(after);
    l->levels[0].dir = dir;
    l->depth = 1;
    return &l->listing;
}
