/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a map run leaves: files and a manifest, kept in memory, where a ResultWriter exports; and
 * the event that tells its execution. A child that failed and is tolerated has no place in the
 * result array.
 */
#include "base/check.h"
#include "json/parse.h"
#include "sim/sim_internal.h"
#include <stdlib.h>

enum { SIM_MAX_RUN_FILES = 4 };

struct run_files {
    struct sim *s;
    struct sim_run *r;
    str bucket, folder; /* PREFIX/UUID[/Redrive-N] */
    struct asl_map_file files[SIM_MAX_RUN_FILES];
    uint32_t count;
};

/* Keeps a copy; the texts of a file are one block. */
static void keep_file(struct sim *s, str bucket, str key, str text)
{
    char *block = malloc(bucket.n + key.n + text.n + 1);
    check(block != NULL);
    memcpy(block, bucket.p, bucket.n);
    memcpy(block + bucket.n, key.p, key.n);
    if (text.n > 0)
        memcpy(block + bucket.n + key.n, text.p, text.n);
    s->files = sim_grow(s->files, s->file_count, &s->file_cap, sizeof(*s->files));
    s->files[s->file_count++] = (struct sim_file){.bucket = {block, bucket.n},
                                                  .key = {block + bucket.n, key.n},
                                                  .text = {block + bucket.n + key.n, text.n}};
}

/* ---- files ---- */

static bool belongs(const struct sim_child *c, const char *kind)
{
    if (c->facts.status == ASL_EXEC_SUCCEEDED)
        return kind[0] == 'S';
    if (c->facts.status == ASL_EXEC_NEW)
        return kind[0] == 'P';
    return kind[0] == 'F';
}

static void write_children(const struct sim_run *r, const char *kind,
                           enum asl_writer_transformation form, bool is_jsonl, struct buf *out,
                           uint64_t *ret_count)
{
    struct asl_map_result result;
    asl_map_result_begin(&result, form, is_jsonl, out);
    *ret_count = 0;
    for (uint32_t i = 0; i < r->child_count; i++) {
        if (!belongs(&r->children[i], kind))
            continue;
        asl_map_result_add(&result, &r->children[i].facts);
        (*ret_count)++;
    }
    asl_map_result_end(&result);
}

static void write_file(struct run_files *f, const char *kind)
{
    const struct asl_result_writer *writer = f->r->state->map.writer;
    enum asl_writer_transformation form =
        kind[0] == 'S' ? asl_map_result_form(writer, true) : ASL_WRITER_NONE;
    struct buf text;
    uint64_t count;
    buf_init(&text, JSON_MAX_TEXT);
    write_children(f->r, kind, form, writer->jsonl, &text, &count);
    if (count > 0) {
        struct asl_map_file *file = &f->files[f->count++];
        file->kind = kind;
        file->key = arena_printf(&f->r->arena, "%.*s/%s_0.json", STR_ARG(f->folder), kind);
        file->size = text.n;
        keep_file(f->s, f->bucket, file->key, buf_str(&text));
    }
    buf_done(&text);
}

static str member_text(struct json_val object, str key)
{
    struct json_val v = object.tag == JSON_OBJECT ? json_get(object, key) : json_undefined();
    return v.tag == JSON_STRING ? json_str(v) : STR("");
}

/* Fills out with the Map's result. */
static void export_files(struct sim *s, struct sim_run *r, struct buf *out)
{
    struct run_files f = {.s = s, .r = r, .bucket = member_text(r->plan.writer, STR("Bucket"))};
    f.folder = asl_map_result_folder(member_text(r->plan.writer, STR("Prefix")), r->plan.arn,
                                     r->run.redrive_count, &r->arena);
    write_file(&f, "SUCCEEDED");
    write_file(&f, "FAILED");
    write_file(&f, "PENDING");
    struct buf manifest;
    buf_init(&manifest, JSON_MAX_TEXT);
    asl_map_result_manifest(f.bucket, r->plan.arn, f.files, f.count, &manifest);
    str key = arena_printf(&r->arena, "%.*s/manifest.json", STR_ARG(f.folder));
    keep_file(s, f.bucket, key, buf_str(&manifest));
    buf_done(&manifest);
    asl_map_result_details(f.bucket, key, r->plan.arn, out);
}

/* ---- the event ---- */

static struct sim_news succeeded(struct buf *result)
{
    struct sim_news news = {.kind = ASL_EVENT_MAP_RUN_SUCCEEDED, .output = buf_str(result)};
    if (!buf_ok(result))
        news = (struct sim_news){.kind = ASL_EVENT_MAP_RUN_FAILED,
                                 .error = STR("States.DataLimitExceeded"),
                                 .cause = STR("The result of the Map Run is too large."),
                                 .has_error = true,
                                 .has_cause = true};
    return news;
}

static struct sim_news failed(const struct sim_run *r)
{
    struct sim_news news = {.kind = ASL_EVENT_MAP_RUN_FAILED, .has_error = true, .has_cause = true};
    news.error = r->has_error ? r->error : STR(ASL_MAP_RUN_ERROR);
    news.cause = r->has_error ? r->cause : STR(ASL_MAP_RUN_CAUSE);
    return news;
}

void sim_run_close(struct sim *s, struct sim_run *r)
{
    const struct asl_result_writer *writer = r->state->map.writer;
    struct buf result;
    uint64_t count;
    buf_init(&result, JSON_MAX_TEXT);
    if (writer && writer->has_resource)
        export_files(s, r, &result);
    else if (r->run.status == ASL_MAP_RUN_IS_SUCCEEDED)
        write_children(r, "SUCCEEDED", asl_map_result_form(writer, false), false, &result, &count);
    struct sim_news news =
        r->run.status == ASL_MAP_RUN_IS_SUCCEEDED ? succeeded(&result) : failed(r);
    news.frame = r->frame;
    news.attempt = r->attempt;
    sim_agenda_add(&s->agenda, s->now_ms, SIM_NEWS, r->exec, sim_news_new(&news));
    buf_done(&result);
}
