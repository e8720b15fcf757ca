/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_file.h. */
#include "cmd/aggregate_file.h"

#include "cmd/reader.h"
#include <errno.h>

/* Into the arena, with a NUL behind it. */
static enum status read_text(const char *path, size_t max, str *ret, struct arena *a,
                             struct error *err)
{
    struct buf text;
    buf_init(&text, max);
    bool is_read = reader_read_file(path, max, &text);
    if (is_read)
        *ret = (str){arena_cstr(a, buf_str(&text)), text.n};
    buf_done(&text);
    return is_read
               ? STATUS_OK
               : error_set(err, STATUS_NOT_FOUND, "Config", "%s: %s", path, strerrordesc_np(errno));
}

const char *aggregate_file_in(const char *folder, struct arena *a)
{
    size_t n = strlen(folder);
    return arena_printf(a, "%s%s" AGGREGATE_FILE, folder, n > 0 && folder[n - 1] == '/' ? "" : "/")
        .p;
}

enum status aggregate_file_read(const char *path, struct aggregate_config *c, struct arena *a,
                                struct error *err)
{
    str text, all = str_of(path);
    size_t slash = str_rfind_byte(all, '/');
    str folder = slash == STR_NONE ? STR("") : str_sub(all, 0, slash + 1);
    enum status status = read_text(path, AGGREGATE_FILE_MAX, &text, a, err);
    if (status != STATUS_OK)
        return status;
    status = aggregate_config_read(c, text, folder, a, err);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", path);
}

enum status aggregate_texts_read(str folder, struct aggregate_texts *ret, struct arena *a,
                                 struct error *err)
{
    struct aggregate_texts texts = {0};
    const struct {
        const char *name;
        str *text;
    } files[] = {{"parent", &texts.parent},
                 {"extraction", &texts.extraction},
                 {"processing", &texts.processing}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(files) && folder.n > 0 && status == STATUS_OK; i++) {
        str path = arena_printf(a, "%.*s/%s.asl.json", STR_ARG(folder), files[i].name);
        status = read_text(path.p, AGGREGATE_FLOW_MAX, files[i].text, a, err);
        if (status == STATUS_OK && files[i].text->n == 0)
            status = error_set(err, STATUS_INVALID, "Config", "%s is empty", path.p);
    }
    if (status == STATUS_OK)
        *ret = texts;
    return status;
}
