/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a map run leaves: the array that becomes the Map's result, and the files and the manifest
 * that a ResultWriter exports. Text is made child by child, so a file of any size can be streamed.
 */
#ifndef AFFLUX_ASL_MAP_RESULT_H
#define AFFLUX_ASL_MAP_RESULT_H

#include "asl/exec.h"

/* A child as its record shows it. status NEW: it did not begin; only the input counts. */
struct asl_map_child {
    enum asl_status status;
    enum asl_type type;
    str execution_arn, name, state_machine_arn;
    str input, output; /* JSON texts; output: SUCCEEDED */
    str error, cause;
    bool has_error, has_cause;
    uint32_t redrive_count;
    int64_t start_ms, stop_ms;
};

struct asl_map_result {
    struct buf *out;
    enum asl_writer_transformation transformation;
    bool is_jsonl;
    uint64_t count;
};

/* How the Map's result (is_exported false) or a file of children that succeeded is to be written;
 * writer may be NULL. Other children are always written whole: ASL_WRITER_NONE. */
enum asl_writer_transformation asl_map_result_form(const struct asl_result_writer *writer,
                                                   bool is_exported);

void asl_map_result_begin(struct asl_map_result *r, enum asl_writer_transformation transformation,
                          bool is_jsonl, struct buf *out);
void asl_map_result_add(struct asl_map_result *r, const struct asl_map_child *child);
void asl_map_result_end(struct asl_map_result *r);

/* Where the files lie: PREFIX/UUID of the run, of a redrive PREFIX/UUID/Redrive-N. A prefix that
 * ends with a slash gets no second one. */
str asl_map_result_folder(str prefix, str map_run_arn, uint32_t redrive_count, struct arena *arena);

struct asl_map_file {
    const char *kind; /* "SUCCEEDED", "FAILED", "PENDING" */
    str key;
    uint64_t size;
};

/* manifest.json; files of one kind in their order. */
void asl_map_result_manifest(str bucket, str map_run_arn, const struct asl_map_file *files,
                             uint32_t count, struct buf *out);
/* The Map's result where files were exported. */
void asl_map_result_details(str bucket, str key, str map_run_arn, struct buf *out);

#endif
