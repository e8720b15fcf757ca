/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a list of locations. What is accepted is JSON: batches of put requests, none too
 * long, with all of the locations, each with the task and an id; what is refused says why.
 */
#include "aggregate/locations.h"
#include "base/utf8.h"
#include "json/parse.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_request(struct json_val request)
{
    struct json_val item = json_get(json_get(request, STR("PutRequest")), STR("Item"));
    struct json_val task = json_get(json_get(item, STR("task_id")), STR("S"));
    struct json_val id = json_get(json_get(item, STR("location_id")), STR("S"));
    require(task.tag == JSON_STRING && str_eq(json_str(task), STR("task")));
    require(id.tag == JSON_STRING && json_str(id).n > 0 && json_str(id).n <= LOCATIONS_ID_MAX);
    for (uint32_t i = 0; i < item.len; i++)
        require(item.obj->vals[i].tag == JSON_OBJECT && item.obj->vals[i].len == 1);
}

static void check_batches(str text, uint32_t count)
{
    struct json_doc *doc;
    struct error err;
    uint32_t found = 0;
    require(json_parse(text, NULL, &doc, &err) == STATUS_OK);
    struct json_val batches = json_doc_root(doc);
    require(batches.tag == JSON_ARRAY);
    for (uint32_t i = 0; i < batches.len; i++) {
        struct json_val batch = batches.items[i];
        require(batch.tag == JSON_ARRAY && batch.len > 0 && batch.len <= LOCATIONS_CHUNK);
        for (uint32_t k = 0; k < batch.len; k++)
            check_request(batch.items[k]);
        found += batch.len;
    }
    require(found == count);
    json_doc_unref(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    uint32_t count = 0;
    struct error err = {0};
    buf_init(&out, SIZE_MAX / 2);
    if (size == 0)
        return 0;
    if (locations_read((str){(const char *)data, size}, STR("task"), &out, &count, &err) ==
        STATUS_OK) {
        check_batches(buf_str(&out), count);
    } else {
        require(err.message[0] != '\0');
        if (!memchr(data, '\\', size)) /* an escape may be half a character */
            require(utf8_check(str_of(err.message)) == strlen(err.message));
    }
    buf_done(&out);
    return 0;
}
