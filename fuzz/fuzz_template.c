/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as an address with names in braces. What is accepted is two expressions that compile,
 * know nothing but what templates know, and become a text and an object; what is refused says why.
 * The first byte chooses the kind.
 */
#include "aggregate/template.h"
#include "base/utf8.h"
#include "jsonata/jsonata.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static bool is_known(str name)
{
    static const char *const known[] = {"location", "api", "type_of_rows", "limit", "offset"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (str_eq(name, str_of(known[i])))
            return true;
    return false;
}

static void check_expression(str text)
{
    struct jsonata *x;
    struct jsonata_error err;
    str name;
    require(utf8_check(text) == text.n);
    require(jsonata_compile(text, JSONATA_STEP_FUNCTIONS, &x, &err) == STATUS_OK);
    for (uint32_t i = 0; jsonata_free_variable(x, i, &name); i++)
        require(is_known(name));
    jsonata_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct template t;
    struct arena a;
    struct error err = {0};
    if (size == 0)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    enum template_kind kind = data[0] % (TEMPLATE_PAGE + 1);
    arena_init(&a, 0);
    if (template_read(text, kind, &a, &t, &err) == STATUS_OK) {
        check_expression(t.url);
        check_expression(t.query);
        require(kind == TEMPLATE_PAGE || (!t.has_offset && !t.has_page));
        require(kind != TEMPLATE_API || str_eq(t.query, STR("{}")));
    } else {
        require(err.message[0] != '\0');
        require(utf8_check(str_of(err.message)) == strlen(err.message));
    }
    arena_done(&a);
    return 0;
}
