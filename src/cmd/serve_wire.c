/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_wire.h. S3 has no JSON on the wire: there it is the rest of api.h. */
#include "cmd/serve_wire.h"

#include "cmd/serve_states.h"
#include <string.h>

static void after(void *arg, const struct service_operation *o, struct json_val request, str answer)
{
    const struct serve_wire_row *row = arg;
    row->service->after(row->service->self, row->engine, o, request, answer);
}

void serve_wire_init(struct serve_wire *w, struct house *h, struct engine *e)
{
    *w = (struct serve_wire){0};
    for (uint32_t i = 0; i < h->count; i++) {
        const struct engine_service *s = &h->tasks[i];
        if (strcmp(s->service->name, "s3") == 0)
            continue;
        struct serve_wire_row *own = &w->own[w->count];
        *own = (struct serve_wire_row){.engine = e, .service = s};
        w->rows[w->count++] = (struct api_service){
            .service = s->service, .self = s->self, .after = s->after ? after : NULL, .arg = own};
    }
    w->rows[w->count++] = serve_states_row(e);
}
