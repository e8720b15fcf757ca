/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the text of an expression, under every set of flags: compiled, printed as tokens and
 * as a tree, asked for its variables, freed. What is refused must say where.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "jsonata/jsonata.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PRINTED_BYTES = 1 << 22 };

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_error(str text, const struct jsonata_error *err)
{
    require(err->code[0] != '\0' && memchr(err->code, 0, sizeof(err->code)) != NULL);
    require(err->message[0] != '\0' && memchr(err->message, 0, sizeof(err->message)) != NULL);
    require(memchr(err->token, 0, sizeof(err->token)) != NULL);
    require(err->start <= text.n && err->end <= text.n && err->start <= err->end);
    require(err->position == UINT32_MAX || err->position <= text.n);
    if (utf8_check(text) == text.n) /* else the text may be quoted, as it is */
        require(utf8_check(str_of(err->message)) == strlen(err->message));
}

static void check_accepted(const struct jsonata *x, str text)
{
    str name;
    struct buf out;
    uint32_t count = 0;
    require(str_eq(jsonata_text(x), text));
    while (jsonata_free_variable(x, count, &name)) {
        require(name.n <= text.n);
        count++;
    }
    (void)jsonata_reads_clock(x);
    (void)jsonata_reads_random(x);
    buf_init(&out, PRINTED_BYTES);
    jsonata_print_tree(x, &out);
    buf_done(&out);
}

static void check_compiled(str text, unsigned flags)
{
    struct jsonata *x;
    struct jsonata_error err;
    struct buf out;
    if (jsonata_compile(text, flags, &x, &err) == STATUS_OK) {
        check_accepted(x, text);
        jsonata_free(x);
    } else {
        check_error(text, &err);
    }
    buf_init(&out, PRINTED_BYTES);
    if (jsonata_print_tokens(text, flags, &out, &err) != STATUS_OK)
        check_error(text, &err);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    check_compiled(text, 0);
    check_compiled(text, JSONATA_STEP_FUNCTIONS | JSONATA_VERSION_206);
    check_compiled(text, JSONATA_TRACE);
    return 0;
}
