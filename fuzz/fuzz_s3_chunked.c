/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an aws-chunked body, in two ways: at once and byte by byte. Both must agree. */
#include "base/buf.h"
#include "services/s3/chunked.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decode(str in, size_t piece, struct buf *out, struct s3_chunked *c)
{
    struct error err;
    s3_chunked_init(c);
    for (size_t at = 0; at < in.n; at += piece) {
        str rest = str_sub(in, at, piece < in.n - at ? at + piece : in.n), slice;
        while (rest.n > 0) {
            if (s3_chunked_next(c, &rest, &slice, &err) != STATUS_OK)
                return false;
            buf_add(out, slice);
        }
    }
    return s3_chunked_finish(c, &err) == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str in = {(const char *)data, size};
    struct s3_chunked c;
    struct buf whole, pieces;
    buf_init(&whole, SIZE_MAX / 2);
    buf_init(&pieces, SIZE_MAX / 2);
    bool is_one = decode(in, size ? size : 1, &whole, &c);
    uint32_t trailers = c.trailer_count;
    bool is_other = decode(in, 1, &pieces, &c);
    if (is_one != is_other || (is_one && (!str_eq(buf_str(&whole), buf_str(&pieces)) ||
                                          trailers != c.trailer_count || c.decoded != whole.n)))
        abort();
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
