/* SPDX-License-Identifier: Apache-2.0 */
/* KEY/DATE/REGION/SERVICE/aws4_request; signature version 4A has no REGION. */
#include "api/scope.h"

/* What is behind the last '/', which is cut off. */
static str scope_take_last(str *s)
{
    size_t slash = str_rfind_byte(*s, '/');
    str last = slash == STR_NONE ? *s : str_sub(*s, slash + 1, s->n);
    *s = str_sub(*s, 0, slash == STR_NONE ? 0 : slash);
    return last;
}

/* It goes into ARNs. */
static bool scope_is_region(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return s.n > 0 && s.n <= API_REGION_MAX;
}

static bool scope_is_date(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 8;
}

struct api_scope api_scope_of_credential(str credential)
{
    struct api_scope scope = {
        .key_id = {"", 0}, .date = {"", 0}, .region = {"", 0}, .service = {"", 0}};
    str rest = credential;
    if (!str_eq(scope_take_last(&rest), STR("aws4_request")))
        return scope;
    str service = scope_take_last(&rest), region = scope_take_last(&rest), date = region;
    if (scope_is_date(region))
        region = (str){"", 0};
    else
        date = scope_take_last(&rest);
    if (!scope_is_date(date) || rest.n == 0)
        return scope;
    scope.service = service;
    scope.date = date;
    scope.key_id = rest;
    if (scope_is_region(region))
        scope.region = region;
    return scope;
}

struct api_scope api_scope_of_header(str authorization)
{
    size_t at = str_find(authorization, STR("Credential="), 0);
    if (!str_starts(authorization, STR("AWS4-")) || at == STR_NONE)
        return api_scope_of_credential((str){"", 0});
    str rest = str_sub(authorization, at + 11, authorization.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != ',' && rest.p[end] != ' ')
        end++;
    return api_scope_of_credential(str_sub(rest, 0, end));
}
