/* SPDX-License-Identifier: Apache-2.0 */
/* A client on a loop: other threads wake it through a task, of which one is on its way at a time.
 */
#include "services/s3/port.h"

#include "base/check.h"
#include <stdlib.h>

struct s3_port {
    struct s3 *s3;
    struct loop *loop;
    struct s3_client *client; /* NULL: closed; a task that is on its way frees the rest */
    struct loop_task task;
    atomic_bool is_asked;
};

static void take(void *arg)
{
    struct s3_port *p = arg;
    atomic_store(&p->is_asked, false);
    if (p->client)
        s3_client_turn(p->client);
    else
        free(p);
}

static void wake(void *arg)
{
    struct s3_port *p = arg;
    if (!atomic_exchange(&p->is_asked, true))
        loop_post(p->loop, &p->task, take, p);
}

enum status s3_port_open(struct s3 *s, struct loop *loop, struct s3_port **ret, struct error *err)
{
    struct s3_port *p = calloc(1, sizeof(*p));
    check(p != NULL);
    p->s3 = s;
    p->loop = loop;
    if (s3_client_new(s, wake, p, &p->client, err) != STATUS_OK) {
        free(p);
        return err->status;
    }
    *ret = p;
    return STATUS_OK;
}

void s3_port_close(struct s3_port *p)
{
    if (!p)
        return;
    s3_client_free(p->client);
    p->client = NULL;
    if (!atomic_load(&p->is_asked))
        free(p);
}

struct s3 *s3_port_service(const struct s3_port *p)
{
    return p->s3;
}

struct loop *s3_port_loop(const struct s3_port *p)
{
    return p->loop;
}

struct s3_client *s3_port_client(const struct s3_port *p)
{
    return p->client;
}
