/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says of itself: GET /_afflux/health, and /_afflux/metrics in the text format of
 * Prometheus. No bucket's name begins with an underscore, so these paths are free. Figures of HTTP
 * have a label that names the loop, those of others being up to a second old.
 */
#include "api/api_internal.h"
#include "base/check.h"
#include "engine/engine.h"
#include <pthread.h>
#include <stdlib.h>

enum { FIGURES_MAX = 256 << 10, API_BOARD_MAX = 64 };

/* ---- the board ---- */

struct figures_place {
    struct http_server_figures http;
    uint64_t calls, failed;
};

struct figures_row {
    const char *name, *type, *help;
    size_t offset;
    bool is_narrow; /* 32 bits */
};

struct api_board {
    pthread_mutex_t mutex;
    uint32_t count;
    struct figures_place places[API_BOARD_MAX];
};

struct api_board *api_board_new(uint32_t apis)
{
    struct api_board *board = calloc(1, sizeof(*board));
    check(board != NULL && apis <= API_BOARD_MAX);
    pthread_mutex_init(&board->mutex, NULL);
    board->count = apis;
    return board;
}

void api_board_free(struct api_board *board)
{
    if (!board)
        return;
    pthread_mutex_destroy(&board->mutex);
    free(board);
}

static void board_write(struct api *api)
{
    struct api_board *board = api->options.board;
    struct figures_place place = {
        .http = http_server_figures(api->server), .calls = api->calls, .failed = api->failed};
    pthread_mutex_lock(&board->mutex);
    board->places[api->options.number] = place;
    pthread_mutex_unlock(&board->mutex);
}

static uint32_t board_read(struct api *api, struct figures_place places[API_BOARD_MAX])
{
    struct api_board *board = api->options.board;
    board_write(api);
    pthread_mutex_lock(&board->mutex);
    memcpy(places, board->places, sizeof(board->places));
    pthread_mutex_unlock(&board->mutex);
    return board->count;
}

void api_publish(void *arg)
{
    struct api *api = arg;
    board_write(api);
    loop_timer_start(api->loop, &api->publish, loop_now_ms() + API_PUBLISH_MS, api_publish, api);
}

/* ---- metrics ---- */

static void put(struct buf *out, const char *name, const char *type, const char *help,
                uint64_t value)
{
    buf_printf(out, "# HELP afflux_%s %s\n# TYPE afflux_%s %s\nafflux_%s %llu\n", name, help, name,
               type, name, (unsigned long long)value);
}

static void put_row(struct buf *out, const char *labels, uint32_t loop, uint64_t value,
                    const char *name)
{
    buf_printf(out, "afflux_%s{loop=\"%u\"%s} %llu\n", name, loop, labels,
               (unsigned long long)value);
}

/* A metric with a line for each loop; the value lies at `offset` of what the loop has published. */
static void put_each(struct buf *out, const struct figures_place *places, uint32_t count,
                     const struct figures_row *row)
{
    buf_printf(out, "# HELP afflux_%s %s\n# TYPE afflux_%s %s\n", row->name, row->help, row->name,
               row->type);
    for (uint32_t i = 0; i < count; i++) {
        const char *at = (const char *)&places[i] + row->offset;
        uint64_t wide;
        uint32_t narrow;
        memcpy(&narrow, at, sizeof(narrow));
        memcpy(&wide, at, sizeof(wide));
        put_row(out, "", i, row->is_narrow ? narrow : wide, row->name);
    }
}

static void put_http(struct buf *out, struct api *api)
{
    static const struct figures_row rows[] = {
        {"http_requests_total", "counter", "requests",
         offsetof(struct figures_place, http.requests), false},
        {"http_refused_total", "counter", "requests that no service has seen",
         offsetof(struct figures_place, http.refused), false},
        {"http_timed_out_total", "counter", "connections that were too slow",
         offsetof(struct figures_place, http.timed_out), false},
        {"http_connections", "gauge", "connections",
         offsetof(struct figures_place, http.connections), true},
        {"http_waiting", "gauge", "requests that are waited for",
         offsetof(struct figures_place, http.waiting), true},
        {"http_body_bytes", "gauge", "bytes of requests in memory",
         offsetof(struct figures_place, http.body_bytes), false},
        {"api_calls_total", "counter", "operations of services",
         offsetof(struct figures_place, calls), false},
        {"api_failed_total", "counter", "operations that ended with an error",
         offsetof(struct figures_place, failed), false},
    };
    struct figures_place places[API_BOARD_MAX];
    uint32_t count = board_read(api, places);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        put_each(out, places, count, &rows[i]);
    buf_add(out, STR("# HELP afflux_http_answers_total answers by the first digit of their status\n"
                     "# TYPE afflux_http_answers_total counter\n"));
    for (uint32_t i = 0; i < count; i++) {
        for (unsigned k = 1; k < ARRAY_LEN(places[i].http.answers); k++) {
            char label[] = ",status=\"0xx\"";
            label[9] = (char)('0' + k);
            put_row(out, label, i, places[i].http.answers[k], "http_answers_total");
        }
    }
}

static void put_engine(struct buf *out, const struct engine *e)
{
    struct engine_figures f = engine_figures_of_all(e);
    put(out, "engine_steps_total", "counter", "steps of executions", f.steps);
    put(out, "engine_records_total", "counter", "records of steps", f.records);
    put(out, "engine_transitions_total", "counter", "states entered", f.moves);
    put(out, "engine_commits_retried_total", "counter", "commits tried again", f.retried);
    put(out, "engine_executions_in_memory", "gauge", "executions in memory", f.in_memory);
    put(out, "engine_commits_in_flight", "gauge", "commits on their way", f.in_flight);
    put(out, "engine_unreadable", "gauge", "executions that could not be read", f.unreadable);
    put(out, "engine_calls", "gauge", "HTTP calls of workflows under way", f.calls);
    put(out, "engine_calls_waiting", "gauge", "of them, those that wait for a limit or a pause",
        f.calls_waiting);
    put(out, "engine_calls_total", "counter", "HTTP calls of workflows that ended", f.called);
    put(out, "engine_requests_total", "counter", "requests that were sent for them", f.requests);
    put(out, "engine_received_bytes_total", "counter", "bytes of bodies on the wire", f.received);
    put(out, "engine_hosts_paused", "gauge", "hosts that asked for a pause", f.hosts_paused);
    put(out, "engine_pause_seconds", "gauge", "how long the longest pause still is",
        (uint64_t)(f.pause_ms + 999) / 1000);
}

static void put_quantiles(struct buf *out, const char *name, const struct store_histogram *h)
{
    static const double shares[] = {0.5, 0.9, 0.99};
    buf_printf(out, "# TYPE afflux_%s summary\n", name);
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        buf_printf(out, "afflux_%s{quantile=\"%g\"} %g\n", name, shares[i],
                   (double)store_histogram_quantile(h, shares[i]) / 1e6);
    buf_printf(out, "afflux_%s_count %llu\n", name, (unsigned long long)h->count);
}

static void put_store(struct buf *out, struct store *s)
{
    struct store_metrics m;
    store_get_metrics(s, &m);
    put(out, "store_units_total", "counter", "units that came back", m.units);
    put(out, "store_units_refused_total", "counter", "units that were refused", m.refused);
    put(out, "store_commits_total", "counter", "groups", m.commits);
    put(out, "store_commits_failed_total", "counter", "groups that could not be kept", m.failed);
    put(out, "store_rows_total", "counter", "rows written", m.rows);
    put(out, "store_bytes_total", "counter", "bytes written", m.bytes);
    put(out, "store_expired_total", "counter", "executions removed by retention", m.expired);
    put(out, "store_wal_bytes", "gauge", "size of the log", m.wal_bytes);
    put(out, "store_wal_peak_bytes", "gauge", "largest size of the log", m.wal_peak);
    put(out, "store_checkpoints_total", "counter", "times the log was copied", m.checkpoints);
    put(out, "store_in_flight", "gauge", "units on their way", m.in_flight);
    put_quantiles(out, "store_commit_seconds", &m.commit);
    put_quantiles(out, "store_wait_seconds", &m.wait);
}

static void send_metrics(struct api *api, struct http_exchange *x, const char *id)
{
    struct buf body;
    buf_init(&body, FIGURES_MAX);
    put_http(&body, api);
    if (api->options.engine)
        put_engine(&body, api->options.engine);
    put_store(&body, api->options.store);
    api_answer(x, 200, "text/plain; version=0.0.4", id, &body);
}

static void send_text(struct http_exchange *x, int status, const char *id, const char *text)
{
    struct buf body;
    buf_init(&body, FIGURES_MAX);
    buf_add(&body, str_of(text));
    api_answer(x, status, "application/json", id, &body);
}

bool api_figures(struct api *api, const struct api_request *r)
{
    str path = http_exchange_target(r->x)->path;
    char id[REQUEST_ID_MAX];
    if (!str_starts(path, STR("/_afflux/")) || r->bucket.n > 0)
        return false;
    str method = http_exchange_method(r->x);
    api_new_id(api, false, id);
    if (!str_eq(method, STR("GET")) && !str_eq(method, STR("HEAD")))
        send_text(r->x, 405, id, "{\"message\":\"only GET and HEAD\"}\n");
    else if (str_eq(path, STR("/_afflux/health")))
        send_text(r->x, 200, id, "{\"status\":\"ok\"}\n");
    else if (str_eq(path, STR("/_afflux/metrics")))
        send_metrics(api, r->x, id);
    else
        send_text(r->x, 404, id,
                  "{\"message\":\"there are /_afflux/health and /_afflux/metrics\"}\n");
    return true;
}
