/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to connections of the data folder, one operation each. */
#include "cmd/run_connections.h"

#include "json/parse.h"
#include "json/write.h"

static enum status put_one(struct engine *e, struct json_val request, struct error *err)
{
    struct buf text, answer;
    buf_init(&text, RUN_MAX_CONNECTIONS);
    buf_init(&answer, SIZE_MAX / 2);
    enum status status = json_write(&text, request, 0, err);
    if (status == STATUS_OK)
        status = engine_connection(e, STR("CreateConnection"), buf_str(&text), &answer, err);
    if (status == STATUS_CONFLICT)
        status = engine_connection(e, STR("UpdateConnection"), buf_str(&text), &answer, err);
    buf_done(&text);
    buf_done(&answer);
    return status;
}

enum status run_connections(struct engine *e, str text, struct error *err)
{
    struct json_doc *doc;
    enum status status = json_parse(text, NULL, &doc, err);
    if (status != STATUS_OK)
        return status;
    struct json_val root = json_doc_root(doc);
    uint32_t count = root.tag == JSON_ARRAY ? root.len : 1;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct json_val request = root.tag == JSON_ARRAY ? root.items[i] : root;
        if (request.tag != JSON_OBJECT)
            status = error_set(err, STATUS_INVALID, "Connections",
                               "a connection is an object, as CreateConnection takes it");
        else
            status = put_one(e, request, err);
        if (status != STATUS_OK)
            status = error_wrap(err, "connection %u", i);
    }
    json_doc_unref(doc);
    return status;
}
