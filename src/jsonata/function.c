/* SPDX-License-Identifier: Apache-2.0 */
/* The table of built-in functions, made from the list in function.h. The bodies are in fn_*.c. */
#include "jsonata/function.h"

static const struct builtin builtins[] = {
#define X(name, function, signature, arity, set) {name, signature, function, arity, BUILTIN_##set},
    BUILTIN_LIST(X)
#undef X
};

uint32_t builtin_count(void)
{
    return ARRAY_LEN(builtins);
}

uint32_t builtin_find(str name)
{
    for (uint32_t i = 0; i < ARRAY_LEN(builtins); i++)
        if (str_eq(name, str_of(builtins[i].name)))
            return i + 1;
    return SYMBOL_NONE;
}

str builtin_name(uint32_t symbol)
{
    return str_of(builtins[symbol - 1].name);
}

const struct builtin *builtin_at(uint32_t symbol)
{
    return symbol >= 1 && symbol <= ARRAY_LEN(builtins) ? &builtins[symbol - 1] : NULL;
}
