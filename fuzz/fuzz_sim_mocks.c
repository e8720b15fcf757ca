/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mock files for one definition: the first byte chooses a test case of AWS's format, the rest is
 * the text. Whatever is found can be parsed.
 */
#include "json/parse.h"
#include "sim/mocks.h"
#include "sim/sim.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char definition_text[] =
    "{\"StartAt\":\"T\",\"States\":{"
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Next\":\"J\"},"
    "\"J\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::glue:startJobRun.sync\","
    "\"Next\":\"M\"},"
    "\"M\":{\"Type\":\"Map\",\"End\":true,\"ItemReader\":{\"Resource\":"
    "\"arn:aws:states:::s3:listObjectsV2\",\"Parameters\":{\"Bucket\":\"b\"}},"
    "\"ItemProcessor\":{\"ProcessorConfig\":{\"Mode\":\"DISTRIBUTED\",\"ExecutionType\":"
    "\"STANDARD\"},\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Pass\",\"End\":true}}}}}}";

static const uint32_t calls[] = {0, 1, 2, 5, 1000, UINT32_MAX};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void require_json(str text)
{
    struct json_doc *doc;
    require(json_parse(text, NULL, &doc, NULL) == STATUS_OK);
    json_doc_unref(doc);
}

static void check_answer(const struct sim_answer *a)
{
    require(a->delay_ms >= 0 && a->heartbeat_ms >= 0);
    if (a->output.n > 0)
        require_json(a->output);
    if (a->submit.n > 0)
        require_json(a->submit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const str cases[] = {{"", 0}, {"C", 1}, {"D", 1}};
    struct asl_load_options load = {.type = ASL_STANDARD};
    static struct asl_definition *d;
    struct sim_mocks *m;
    struct error err = {0};
    if (size < 1)
        return 0;
    if (!d)
        require(asl_definition_load(str_of(definition_text), &load, NULL, &d, &err) == STATUS_OK);
    struct sim_mocks_options options = {.test_case = cases[data[0] % ARRAY_LEN(cases)]};
    if (sim_mocks_load((str){(const char *)data + 1, size - 1}, &options, d, &m, &err) !=
        STATUS_OK) {
        require(err.status == STATUS_INVALID || err.status == STATUS_LIMIT);
        require(err.name[0] != '\0' && err.message[0] != '\0');
        return 0;
    }
    for (uint32_t s = 0; s < d->state_count; s++) {
        for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
            struct sim_answer a;
            if (sim_mocks_find(m, d->states[s], calls[i], &a) == SIM_MOCK_FOUND)
                check_answer(&a);
        }
    }
    sim_mocks_free(m);
    return 0;
}
