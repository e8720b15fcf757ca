/* SPDX-License-Identifier: Apache-2.0 */
/* A data folder and an engine for tests of the API: calls that run the loop until the answer. */
#ifndef AFFLUX_TESTS_API_TEST_H
#define AFFLUX_TESTS_API_TEST_H

#include "base/arena.h"
#include "engine/api.h"

enum { API_FOLDER_MAX = 256 };

struct api_house {
    char folder[API_FOLDER_MAX];
    struct loop *loop;
    struct engine *engine;
    const char *account; /* NULL: 111111111111, as the vectors have it */
    uint32_t loops;
    double clock_speed;
    const struct store_options *store;
    bool is_strict;
    const struct engine_service *services;
    uint32_t service_count;
};

void api_house_build(struct api_house *h);
void api_house_open(struct api_house *h);
void api_house_close(struct api_house *h);
void api_house_tear_down(struct api_house *h);

/* What came of a call; texts lie in the arena. */
struct api_outcome {
    bool is_answered, is_ok;
    str body, error, message, fields;
};

/* Calls and runs the loop until the answer, so long at most. */
struct api_outcome api_house_call(struct api_house *h, struct arena *a, const char *operation,
                                  struct json_val request, int64_t ms);
/* Runs the loop. */
void api_house_pass(struct api_house *h, int64_t ms);

#endif
