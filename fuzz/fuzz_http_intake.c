/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer as it comes in: the first byte chooses the limits, then each piece has two bytes before
 * it: what it is (bytes of the body, or a line of the head) and its length. What is taken in
 * the end keeps to the limits, and its Retry-After is a time to wait or none.
 */
#include "http/intake.h"
#include "http/retry_after.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 300, BODY_BYTES = 700 };
#define NOW_MS INT64_C(1767225600000)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_answer(const struct http_answer *a)
{
    int64_t wait_ms;
    size_t head = 0;
    require(a->status >= 100 && a->status <= 999 && a->version >= 10 && a->version <= 99);
    require(a->body != NULL && a->body_size <= BODY_BYTES);
    for (size_t i = 0; i < a->header_count; i++)
        head += a->headers[i].name.n + a->headers[i].value.n;
    require(head + a->reason.n <= HEADER_BYTES);
    str value = http_answer_header(a, STR("Retry-After"));
    if (value.p != NULL && http_retry_after(value, NOW_MS, &wait_ms))
        require(wait_ms >= 0);
}

static enum status take_in(struct http_intake *in, str bytes, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && bytes.n > 2) {
        unsigned what = (uint8_t)bytes.p[0] % 4;
        str piece = str_sub(bytes, 2, 2 + (size_t)(uint8_t)bytes.p[1]);
        bytes = str_sub(bytes, 2 + piece.n, bytes.n);
        status = what == 0 ? http_intake_body(in, piece, err) : http_intake_line(in, piece, err);
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_intake in;
    struct http_answer *answer;
    struct error err = {0};
    int64_t ms;
    str bytes = {(const char *)data, size};
    if (size < 1)
        return 0;
    http_intake_init(&in, HEADER_BYTES, BODY_BYTES, data[0] % 80);
    enum status status = take_in(&in, str_sub(bytes, 1, size), &err);
    if (status == STATUS_OK)
        status = http_intake_take(&in, &answer, &err);
    if (status == STATUS_OK) {
        check_answer(answer);
        http_answer_free(answer);
    } else {
        require(status == STATUS_IO || status == STATUS_LIMIT);
        require(err.name[0] != '\0');
    }
    http_intake_done(&in);
    if (http_retry_after(bytes, NOW_MS, &ms))
        require(ms >= 0);
    if (http_date_parse(bytes, NOW_MS, &ms)) /* years of four digits */
        require(ms > INT64_C(-62200000000000) && ms < INT64_C(253410000000000));
    return 0;
}
