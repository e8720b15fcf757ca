/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How HTTP calls fail, by name:
 *
 *   HttpInvalid      the request cannot be sent           STATUS_INVALID
 *   HttpNotResolved  the name has no address              STATUS_UNAVAILABLE
 *   HttpRefused      nobody listens there                 STATUS_UNAVAILABLE
 *   HttpUnreachable  no way there                         STATUS_UNAVAILABLE
 *   HttpProxy        the proxy does not do its part       STATUS_UNAVAILABLE
 *   HttpTimedOut     no connection, or no whole answer    STATUS_UNAVAILABLE
 *   HttpAborted      the connection broke off             STATUS_UNAVAILABLE
 *   HttpTls          no secure connection, or not to whom it should be  STATUS_IO
 *   HttpBadAnswer    not HTTP, or not decodable           STATUS_IO
 *   HttpTooLarge     a limit of http/message.h            STATUS_LIMIT
 *   HttpTooMany      calls at a time                      STATUS_BUSY
 *   HttpFailed       anything else                        STATUS_IO
 */
#ifndef AFFLUX_HTTP_FAILURE_H
#define AFFLUX_HTTP_FAILURE_H

#include "base/error.h"

/* From libcurl's code, its words on this call (may be empty) and the errno of the socket. */
enum status http_failure(struct error *err, int curl_code, const char *words, long os_errno);

#endif
