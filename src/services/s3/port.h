/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the object service on a loop: what is done is told there. Everything of it happens on
 * the loop's thread; several parts of one loop share it.
 */
#ifndef AFFLUX_SERVICES_S3_PORT_H
#define AFFLUX_SERVICES_S3_PORT_H

#include "loop/loop.h"
#include "services/s3/s3.h"

struct s3_port;

/* Both must outlive it. */
NODISCARD enum status s3_port_open(struct s3 *s, struct loop *loop, struct s3_port **ret,
                                   struct error *err);
/* Waits for what is in flight, whose done functions are called. NULL does nothing. */
void s3_port_close(struct s3_port *p);

struct s3 *s3_port_service(const struct s3_port *p);
struct loop *s3_port_loop(const struct s3_port *p);
struct s3_client *s3_port_client(const struct s3_port *p);

#endif
