/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the XML of a request; the first byte says of which. What is accepted can be written.
 */
#include "json/write.h"
#include "services/s3/xml.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const operations[] = {"CompleteMultipartUpload", "CreateBucket",
                                             "DeleteObjects"};
    struct arena a;
    struct json_val v;
    struct buf out;
    struct error err;
    if (size == 0)
        return 0;
    const char *operation = operations[data[0] % ARRAY_LEN(operations)];
    arena_init(&a, 0);
    buf_init(&out, SIZE_MAX / 2);
    if (s3_xml_read(str_of(operation), (str){(const char *)data + 1, size - 1}, &a, &v, &err) ==
        STATUS_OK) {
        if (json_write(&out, v, 0, &err) != STATUS_OK)
            abort();
        s3_xml_answer(&out, STR("DeleteObjects"), v);
    }
    buf_done(&out);
    arena_done(&a);
    return 0;
}
