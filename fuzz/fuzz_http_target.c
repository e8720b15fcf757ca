/* SPDX-License-Identifier: Apache-2.0 */
/* A request's target: what is read can be walked and decoded, and has no NUL and no bad UTF-8. */
#include "base/utf8.h"
#include "http/target.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* A piece may be cut where only the whole is text: between two bytes there is no '/' or '&'. */
static void check_part(struct arena *a, str part)
{
    str decoded = http_target_decode(a, part, false);
    require(decoded.n <= part.n && str_find_byte(decoded, '\0', 0) == STR_NONE);
    require(utf8_check(decoded) == decoded.n);
    require(http_target_decode(a, part, true).n == decoded.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_target t;
    struct error err;
    struct arena a;
    str part, value, text = {(const char *)data, size};
    if (http_target_read(text, &t, &err) != STATUS_OK) {
        require(err.status == STATUS_INVALID || err.status == STATUS_LIMIT);
        return 0;
    }
    arena_init(&a, 0);
    require(t.path.n > 0);
    size_t n = 0;
    for (struct http_walk w = http_walk_path(t.path); http_walk_segment(&w, &part); n += part.n + 1)
        check_part(&a, part);
    require(n == t.path.n);
    for (struct http_walk w = {.rest = t.query}; http_walk_pair(&w, &part, &value);) {
        check_part(&a, part);
        check_part(&a, value);
        require(http_query_get(&a, t.query, http_target_decode(&a, part, true)).p != NULL);
    }
    arena_done(&a);
    return 0;
}
