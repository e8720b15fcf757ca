/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address with names in braces, as people write it, to the JSONata that the workflows have:
 *
 *   {api}/{region}/{location_id}/orders?state={type}&limit={limit}&offset={offset}
 *
 * {api} is where the API begins, {type}, {limit}, {offset} and {page} (from 1) are of a page, all
 * other names are columns of the location: {address.city} is the column of this name, or else what
 * an object has. A location that lacks one fails when it is asked for, with an error that names it.
 *
 * Values in the path are percent-encoded; {api}, {url} and whatever an address begins with are
 * taken as they are. Values behind the "?" are not encoded, since http:invoke does that; literals
 * there are decoded first ("+" is a space), so that nothing is encoded twice. A parameter that is
 * there twice has an array of values. Braces and "#" that are meant are written %7B, %7D and %23.
 * Pure.
 */
#ifndef AFFLUX_AGGREGATE_TEMPLATE_H
#define AFFLUX_AGGREGATE_TEMPLATE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum {
    TEMPLATE_MAX = 4096,       /* bytes */
    TEMPLATE_PARAMETERS = 100, /* behind the "?" */
    TEMPLATE_PIECES = 100,     /* of a text: literals and names */
    TEMPLATE_DEPTH = 32        /* dots of a name: tables nest no deeper */
};

enum template_kind {
    TEMPLATE_API,     /* has columns only, and no "?" */
    TEMPLATE_SUMMARY, /* {api} and columns */
    TEMPLATE_PAGE     /* all */
};

struct template
{
    str url;   /* of $location, $api, $type_of_rows, $limit, $offset: a text without parameters */
    str query; /* of the same: an object of texts and arrays of them, {} without any */
    bool has_offset, has_page;
};

/*
 * Texts lie in the arena. STATUS_INVALID "Template": a brace without its other, a name that is
 * empty or not known here, an address that does not begin with http://, https:// or a name, a "?"
 * or "#" where none may be, percent signs without their digits, what is not UTF-8.
 * STATUS_LIMIT "Template": one of the limits.
 */
NODISCARD enum status template_read(str text, enum template_kind kind, struct arena *a,
                                    struct template *ret, struct error *err);

#endif
