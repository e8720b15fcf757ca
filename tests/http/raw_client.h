/* SPDX-License-Identifier: Apache-2.0 */
/* Raw sockets to servers on 127.0.0.1, for tests: bytes out, bytes in. */
#ifndef AFFLUX_TESTS_RAW_CLIENT_H
#define AFFLUX_TESTS_RAW_CLIENT_H

#include "base/str.h"

/* A connection; reading from it gives up after ten seconds. */
int raw_connect(unsigned port);
void raw_send(int fd, str bytes);
/* What comes until the other side closes, NUL-terminated, to be freed. */
char *raw_read_all(int fd);
/* One answer with a Content-Length, NUL-terminated, to be freed; NULL when the other side closed.
 */
char *raw_read_answer(int fd);
/* Sends the bytes on a new connection, and reads until it is closed. */
char *raw_ask(unsigned port, str bytes);

#endif
