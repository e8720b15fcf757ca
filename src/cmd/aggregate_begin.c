/* SPDX-License-Identifier: Apache-2.0 */
/* See aggregate_begin.h. */
#include "cmd/aggregate_begin.h"

#include "aggregate/locations.h"
#include "cmd/aggregate_connect.h"
#include "cmd/aggregate_file.h"
#include "cmd/aggregate_table.h"
#include "cmd/reader.h"
#include "services/consolidate/sink_file.h"
#include <errno.h>

/* ---- the list ---- */

/* As it came; of a table as JSON Lines. */
static enum status find_locations(const struct aggregate_config *c,
                                  const struct service_settings *settings, struct buf *out,
                                  struct error *err)
{
    if (aggregate_is_table(c->locations))
        return aggregate_read_table(settings, c->data, c->locations, out, err);
    if (reader_read_file(c->locations.p, LOCATIONS_TEXT_MAX, out))
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND, "Locations", "%s", strerrordesc_np(errno));
}

static enum status read_locations(struct aggregate_begin *b, const struct aggregate_config *c,
                                  const struct service_settings *settings, struct error *err)
{
    struct buf list;
    buf_init(&list, LOCATIONS_TEXT_MAX);
    enum status status = find_locations(c, settings, &list, err);
    if (status == STATUS_OK) {
        b->run = aggregate_run_name(c, &b->texts, buf_str(&list), &b->arena);
        buf_printf(&b->input, "{\"task_id\":\"%.*s\",\"chunks\":", STR_ARG(b->run));
        status = locations_read(buf_str(&list), b->run, &b->input, &b->locations, err);
        buf_add_byte(&b->input, '}');
    }
    buf_done(&list);
    return status == STATUS_OK ? STATUS_OK : error_wrap(err, "%s", c->locations.p);
}

/* ---- all of it ---- */

static enum status try_output(const struct aggregate_config *c, struct error *err)
{
    struct sink_file *file;
    enum status status = sink_file_new(c->out, &file, err);
    if (status != STATUS_OK)
        return status;
    struct consolidate_sink sink = sink_file_sink(file);
    sink.discard(sink.arg);
    sink_file_free(file);
    return STATUS_OK;
}

enum status aggregate_begin(struct aggregate_begin *b, const struct aggregate_config *c,
                            const struct service_settings *settings, struct error *err)
{
    *b = (struct aggregate_begin){0};
    arena_init(&b->arena, 0);
    buf_init(&b->input, SIZE_MAX / 2);
    enum status status = aggregate_texts_read(c->workflows, &b->texts, &b->arena, err);
    if (status == STATUS_OK)
        status = aggregate_connection_check(c, err);
    if (status == STATUS_OK)
        status = aggregate_certificates_check(c->ca_file, err);
    if (status == STATUS_OK)
        status = read_locations(b, c, settings, err);
    return status == STATUS_OK ? try_output(c, err) : status;
}

void aggregate_begin_done(struct aggregate_begin *b)
{
    buf_done(&b->input);
    arena_done(&b->arena);
}
