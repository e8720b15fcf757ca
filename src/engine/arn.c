/* SPDX-License-Identifier: Apache-2.0 */
/* See arn.h. */
#include "engine/arn.h"

#include "base/utf8.h"

static const char *const kind_names[] = {
    [ARN_STATE_MACHINE] = "stateMachine",
    [ARN_EXECUTION] = "execution",
    [ARN_EXPRESS] = "express",
    [ARN_MAP_RUN] = "mapRun",
    [ARN_ACTIVITY] = "activity",
};

enum { ARN_SHOWN = 256 /* bytes of a wrong one that a message shows */ };

static enum status invalid(struct error *err, const char *what, str shown)
{
    return error_set(err, STATUS_INVALID, "InvalidArn", "Invalid Arn: '%s: %.*s'", what,
                     STR_ARG(utf8_prefix(shown, ARN_SHOWN)));
}

/* Up to the next colon; *rest goes behind it. False when there is none. */
static bool next_part(str *rest, str *ret)
{
    size_t colon = str_find_byte(*rest, ':', 0);
    *ret = str_sub(*rest, 0, colon);
    *rest = colon == STR_NONE ? (str){0} : str_sub(*rest, colon + 1, rest->n);
    return colon != STR_NONE;
}

static bool find_kind(str name, enum arn_kind *ret)
{
    for (unsigned i = 0; i < ARRAY_LEN(kind_names); i++) {
        if (str_eq(name, str_of(kind_names[i]))) {
            *ret = (enum arn_kind)i;
            return true;
        }
    }
    return false;
}

/* Does each kind have what it must have behind its name? */
static bool is_complete(const struct arn *a)
{
    bool has_colon = str_find_byte(a->qualifier, ':', 0) != STR_NONE;
    switch (a->kind) {
    case ARN_STATE_MACHINE: return !has_colon && (a->label.n == 0 || a->qualifier.n == 0);
    case ARN_EXECUTION: return a->qualifier.n > 0 && !has_colon;
    case ARN_EXPRESS: return a->qualifier.n > 0;
    case ARN_MAP_RUN: return a->label.n > 0 && a->qualifier.n > 0 && !has_colon;
    case ARN_ACTIVITY: return a->qualifier.n == 0 && a->label.n == 0;
    }
    return false;
}

enum status arn_read(str text, unsigned kinds, struct arn *ret, struct error *err)
{
    struct arn a = {.text = text};
    str rest = text, part, kind;
    bool has_prefix = next_part(&rest, &part) && str_eq(part, STR("arn")) &&
                      next_part(&rest, &part) && str_starts(part, STR("aws"));
    if (!has_prefix)
        return invalid(err, "Invalid ARN prefix", text);
    if (!next_part(&rest, &part) || !str_eq(part, STR("states")))
        return invalid(err, "Invalid ARN service", part);
    if (!next_part(&rest, &a.region) || !next_part(&rest, &a.account) || !next_part(&rest, &kind))
        return invalid(err, "Invalid ARN", text);
    if (!find_kind(kind, &a.kind) || !(kinds >> a.kind & 1))
        return invalid(err, "Resource type not valid in this context", kind);
    bool has_more = next_part(&rest, &a.name);
    a.qualifier = rest;
    size_t slash = str_find_byte(a.name, '/', 0);
    if (slash != STR_NONE) {
        a.label = str_sub(a.name, slash + 1, a.name.n);
        a.name = str_sub(a.name, 0, slash);
    }
    if (a.name.n == 0 || (has_more && a.qualifier.n == 0) || !is_complete(&a))
        return invalid(err, "Invalid ARN", text);
    *ret = a;
    return STATUS_OK;
}

bool arn_read_version(str q, uint32_t *ret)
{
    uint32_t number = 0;
    if (q.n == 0 || q.n > 9 || q.p[0] == '0')
        return false;
    for (size_t i = 0; i < q.n; i++) {
        if (q.p[i] < '0' || q.p[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(q.p[i] - '0');
    }
    *ret = number;
    return true;
}
