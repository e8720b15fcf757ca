/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts by name, inside the client: calls to a host whose address is not known wait until the first
 * of them has found it. libcurl looks a name up in a thread of its own for each call; a thousand
 * calls that begin at once would start a thousand threads for the same name.
 *
 *   enter ──► goes at once: address known, or the first to ask
 *     └─────► waits ──► ready: the first has found it, or has failed and so have all
 */
#ifndef AFFLUX_HTTP_NAMES_H
#define AFFLUX_HTTP_NAMES_H

#include "http/client_internal.h"

enum { HTTP_NAME_KNOWN_MS = 1000 }; /* libcurl keeps addresses for a minute; then one asks again */

/* The call may go (true), or stands in line and becomes ready later. url is that of the host to be
 * asked, or of the proxy. */
bool http_names_enter(struct http_call *call, str url);
/* The call has an address now, or a connection. Calls that waited for it are ready. */
void http_names_found(struct http_call *call);
/* The call is over; err says why when it is because the name has no address. */
void http_names_leave(struct http_call *call, const struct error *err);
/* The first of the ready, out of the line; NULL: none. It has an error or is to be started. */
struct http_call *http_names_next_ready(struct http_client *client);
void http_names_done(struct http_client *client);

/* The host of a URL in lower case, without user, port and brackets; empty for an address in digits,
 * which needs no looking up, and for what does not fit. */
str http_names_host(str url, char out[256]);

#endif
