/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders walked in the byte order of whole paths: a folder's name is compared as if a slash were
 * behind it, so that what is in it stands where its paths belong ("a-b.json" before "a/x.json").
 */
#include "services/consolidate/source_files.h"
#include "base/check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names, each with a NUL behind it; those of folders end with a slash. */
struct names {
    struct buf text;
    uint32_t *at; /* in their order */
    uint32_t count, cap, next;
    size_t path_n; /* of the folder that they lie in, with its slash */
};

struct source_files {
    struct names frames[SOURCE_FILES_MAX_DEPTH + 1]; /* [0]: what was given */
    unsigned depth;                                  /* the frame at hand */
    struct buf path;
    uint64_t left_out;
};

/* ---- errors ---- */

static enum status fail(str path, const char *what, struct error *err)
{
    int number = errno;
    char text[128];
    const char *why = strerror_r(number, text, sizeof(text));
    enum status status = number == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    return error_set(err, status, status == STATUS_IO ? "PartIo" : "NoSuchPart",
                     "%.*s: cannot %s: %s", STR_ARG(path), what, why);
}

/* ---- names ---- */

static void names_add(struct names *names, str name, bool is_folder)
{
    if (names->count == names->cap) {
        names->cap = names->cap ? names->cap * 2 : 64;
        names->at = realloc(names->at, names->cap * sizeof(*names->at));
        check(names->at != NULL);
    }
    names->at[names->count++] = (uint32_t)names->text.n;
    buf_add(&names->text, name);
    if (is_folder)
        buf_add_byte(&names->text, '/');
    buf_add_byte(&names->text, '\0');
}

static const char *names_get(const struct names *names, uint32_t i)
{
    return names->text.p + names->at[i];
}

static int names_compare(const void *a, const void *b, void *arg)
{
    const char *text = arg;
    return strcmp(text + *(const uint32_t *)a, text + *(const uint32_t *)b);
}

static void names_sort(struct names *names)
{
    if (names->count > 1)
        qsort_r(names->at, names->count, sizeof(*names->at), names_compare, names->text.p);
}

static void names_init(struct names *names, size_t path_n)
{
    *names = (struct names){.path_n = path_n};
    buf_init(&names->text, UINT32_MAX);
}

static void names_done(struct names *names)
{
    buf_done(&names->text);
    free(names->at);
}

/* ---- a folder ---- */

static bool is_part_name(str name)
{
    return str_ends(name, STR(".json")) || str_ends(name, STR(".jsonl")) ||
           str_ends(name, STR(".ndjson"));
}

enum kind { KIND_FILE, KIND_FOLDER, KIND_OTHER };

static enum kind kind_of(int dir, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type == DT_REG)
        return KIND_FILE;
    if (entry->d_type == DT_DIR)
        return KIND_FOLDER;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return KIND_OTHER;
    if (fstatat(dir, entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
        return KIND_FILE;
    bool is_folder = fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    return is_folder && S_ISDIR(st.st_mode) ? KIND_FOLDER : KIND_OTHER;
}

static enum status read_names(struct source_files *f, DIR *dir, struct names *names,
                              struct error *err)
{
    struct dirent *entry;
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        str name = str_of(entry->d_name);
        if (name.p[0] == '.')
            continue;
        enum kind kind = kind_of(dirfd(dir), entry);
        if (kind == KIND_FOLDER || (kind == KIND_FILE && is_part_name(name)))
            names_add(names, name, kind == KIND_FOLDER);
        else
            f->left_out++;
    }
    if (!buf_ok(&names->text))
        return error_set(err, STATUS_LIMIT, "TooManyFiles", "%.*s: too many files in one folder",
                         STR_ARG(buf_str(&f->path)));
    return errno != 0 ? fail(buf_str(&f->path), "read the folder", err) : STATUS_OK;
}

/* f->path names a folder: its names become the frame at hand. */
static enum status enter(struct source_files *f, struct error *err)
{
    if (f->depth == SOURCE_FILES_MAX_DEPTH)
        return error_set(err, STATUS_LIMIT, "TooDeep", "%.*s: more than %d folders in each other",
                         STR_ARG(buf_str(&f->path)), SOURCE_FILES_MAX_DEPTH);
    buf_add_byte(&f->path, '\0');
    f->path.n--;
    DIR *dir = opendir(f->path.p);
    if (!dir)
        return fail(buf_str(&f->path), "open the folder", err);
    struct names *names = &f->frames[++f->depth];
    names_init(names, f->path.n);
    enum status status = read_names(f, dir, names, err);
    closedir(dir);
    names_sort(names);
    return status;
}

static enum status files_next(void *arg, struct buf *key, struct error *err)
{
    struct source_files *f = arg;
    for (;;) {
        struct names *names = &f->frames[f->depth];
        if (names->next == names->count) {
            if (f->depth == 0)
                return STATUS_OK;
            names_done(names);
            f->depth--;
            continue;
        }
        str name = str_of(names_get(names, names->next++));
        f->path.n = names->path_n;
        buf_add(&f->path, name);
        if (!buf_ok(&f->path))
            return error_set(err, STATUS_LIMIT, "PathTooLong", "a path is longer than %d bytes",
                             SOURCE_FILES_MAX_PATH);
        if (!str_ends(name, STR("/"))) {
            buf_add(key, buf_str(&f->path));
            return STATUS_OK;
        }
        enum status status = enter(f, err);
        if (status != STATUS_OK)
            return status;
    }
}

/* ---- what was given ---- */

static enum status take_path(struct source_files *f, str path, struct error *err)
{
    struct stat st;
    while (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    if (path.n == 0 || path.n >= SOURCE_FILES_MAX_PATH)
        return error_set(err, STATUS_INVALID, "BadPath", "a path is empty or too long");
    buf_clear(&f->path);
    buf_add(&f->path, path);
    buf_add_byte(&f->path, '\0');
    if (stat(f->path.p, &st) != 0)
        return fail(path, "read it", err);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return error_set(err, STATUS_INVALID, "BadPath", "%.*s: neither a file nor a folder",
                         STR_ARG(path));
    names_add(&f->frames[0], path, S_ISDIR(st.st_mode) && !str_eq(path, STR("/")));
    return STATUS_OK;
}

/* In order, a folder stands before all that is in it. */
static enum status refuse_twice(const struct names *names, struct error *err)
{
    const char *folder = NULL;
    for (uint32_t i = 0; i < names->count; i++) {
        str name = str_of(names_get(names, i));
        if (i > 0 && str_eq(name, str_of(names_get(names, i - 1))))
            return error_set(err, STATUS_INVALID, "GivenTwice", "%s is given twice", name.p);
        if (folder && str_starts(name, str_of(folder)))
            return error_set(err, STATUS_INVALID, "GivenTwice", "%s lies in %s, which is given too",
                             name.p, folder);
        if (str_ends(name, STR("/")))
            folder = name.p;
    }
    return STATUS_OK;
}

enum status source_files_new(const str *paths, size_t count, struct source_files **ret,
                             struct error *err)
{
    struct source_files *f = calloc(1, sizeof(*f));
    check(f != NULL);
    enum status status = STATUS_OK;
    buf_init(&f->path, SOURCE_FILES_MAX_PATH);
    names_init(&f->frames[0], 0);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = take_path(f, paths[i], err);
    names_sort(&f->frames[0]);
    if (status == STATUS_OK)
        status = refuse_twice(&f->frames[0], err);
    if (status == STATUS_OK)
        *ret = f;
    else
        source_files_free(f);
    return status;
}

void source_files_free(struct source_files *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i <= f->depth; i++)
        names_done(&f->frames[i]);
    buf_done(&f->path);
    free(f);
}

uint64_t source_files_left_out(const struct source_files *f)
{
    return f->left_out;
}

enum status source_files_count(const str *paths, size_t count, uint64_t *ret, struct error *err)
{
    struct source_files *f;
    struct buf key;
    enum status status = source_files_new(paths, count, &f, err);
    if (status != STATUS_OK)
        return status;
    uint64_t n = 0;
    buf_init(&key, SOURCE_FILES_MAX_PATH);
    while ((status = files_next(f, &key, err)) == STATUS_OK && key.n > 0) {
        buf_clear(&key);
        n++;
    }
    buf_done(&key);
    source_files_free(f);
    if (status == STATUS_OK)
        *ret = n;
    return status;
}

/* ---- a part: its descriptor ---- */

static enum status files_open(void *arg, str key, void **ret_part, struct error *err)
{
    char path[SOURCE_FILES_MAX_PATH + 1];
    (void)arg;
    memcpy(path, key.p, key.n);
    path[key.n] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        enum status status = fail(key, "open", err);
        if (status == STATUS_NOT_FOUND)
            error_set(err, status, "NoSuchPart", "the part is gone");
        return status;
    }
    *ret_part = (void *)(intptr_t)fd;
    return STATUS_OK;
}

static enum status files_read(void *part, char *to, size_t n, size_t *ret_n, struct error *err)
{
    ssize_t got;
    do
        got = read((int)(intptr_t)part, to, n);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        char text[128];
        return error_set(err, STATUS_IO, "PartIo", "cannot read a part: %s",
                         strerror_r(errno, text, sizeof(text)));
    }
    *ret_n = (size_t)got;
    return STATUS_OK;
}

static void files_close(void *part)
{
    close((int)(intptr_t)part);
}

struct consolidate_source source_files_source(struct source_files *files)
{
    return (struct consolidate_source){.arg = files,
                                       .next = files_next,
                                       .open = files_open,
                                       .read = files_read,
                                       .close = files_close};
}
