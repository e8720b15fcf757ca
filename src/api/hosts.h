/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a request says it wants to talk to, and on whose behalf. Any credentials pass on a loopback
 * address, so a web page in a browser of the same machine must not: not one whose name an attacker
 * has pointed at 127.0.0.1 (its Host is that name), nor one that just asks (a browser then names
 * the page's site). Pure.
 */
#ifndef AFFLUX_API_HOSTS_H
#define AFFLUX_API_HOSTS_H

#include "base/str.h"

/* Names that are ours beside the loopback ones; without ports. */
struct api_hosts {
    const str *names;
    size_t count;
};

/* Is it ours: localhost, a loopback address, one of the names, one of these behind "sync-" (which
 * AWS's clients put in front for some operations), or behind a bucket's name and a dot? *ret_bucket
 * is that name, without ".s3" at its end; empty when there is none. */
bool api_host_is_ours(const struct api_hosts *hosts, str host, str *ret_bucket);

/* What a browser says of the page that asks; p is NULL where it says nothing. */
struct api_origin {
    str origin, referer, fetch_site;
};
/* Did nobody else's page ask? Host is the request's own. */
bool api_origin_is_own(const struct api_origin *o, str host);

#endif
