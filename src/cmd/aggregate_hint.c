/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_hint.h: a table of what errors and causes have in them. */
#include "cmd/aggregate_hint.h"

#include "base/attr.h"

static const struct {
    const char *part, *hint;
} hints[] = {
    {"States.Http.StatusCode.30", "redirects are not followed: --api is the address they lead to"},
    {"States.Http.StatusCode.401", "the API refuses the secret that --auth names"},
    {"States.Http.StatusCode.403", "the API refuses the secret that --auth names"},
    {"States.Http.StatusCode.404",
     "the API has no such address: --api, --summary-url and --page-url say what is asked for"},
    {"Could not resolve host", "no such host is known: is --api right?"},
    {"Failed to connect", "nobody listens at that address: is --api right?"},
    {"certificate", "--ca-file names the certificates to trust"},
    {"wrong version number", "there is no TLS at that address: --api may begin with http://"},
    {"Aggregate.NotASummary",
     "--summary says where an answer has its counts; --no-summary is for an API without them"},
    {"Aggregate.NotAPage", "--rows says where an answer has its rows"},
    {"Aggregate.RowWithoutShape", "--row makes an object of each row"},
    {"D3137: the location ",
     "a name in braces is a column of the list, or one that --help has of addresses"},
};

const char *aggregate_hint(str why)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (str_find(why, str_of(hints[i].part), 0) != STR_NONE)
            return hints[i].hint;
    return NULL;
}
