/* SPDX-License-Identifier: Apache-2.0 */
/*
 * afflux serve: an engine with several loops, and on each of them an api that listens on the shared
 * port. What services there are is in house.c.
 *
 *   signal ──► every api closes on its own loop ──► the last one stops the first loop ──►
 * engine_close
 */
#include "api/s3.h"
#include "base/check.h"
#include "cmd/cmd.h"
#include "cmd/serve_options.h"
#include "base/time.h"
#include "cmd/house.h"
#include "cmd/serve_deploy.h"
#include "cmd/serve_wire.h"
#include "engine/connections.h"
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct serve;

struct serve_loop {
    struct serve *serve;
    struct loop *loop;
    struct api *api; /* of its thread, as all of these; NULL: not opened, or freed */
    struct api_s3 *s3;
    struct s3_port *port;
    struct serve_wire wire;
    struct loop_task task;
    int fd; /* -1: the api has it */
};

struct serve {
    const struct serve_options *options;
    struct api_hosts hosts;
    struct house house;
    char endpoint[sizeof("http://") + HTTP_ADDRESS_TEXT]; /* that scripts of jobs are told of */
    struct http_address address;
    struct loop *loop;
    struct engine *engine;
    struct api_board *board;
    struct serve_deploy *deploy;
    struct serve_loop loops[SERVE_LOOPS_MAX];
    atomic_uint open; /* apis */
    bool is_closing, is_hurried;
};

/* ---- closing ---- */

static void serve_loop_closed(void *arg)
{
    struct serve_loop *l = arg;
    if (atomic_fetch_sub(&l->serve->open, 1) == 1)
        loop_stop(l->serve->loop);
}

static void serve_loop_close(void *arg)
{
    struct serve_loop *l = arg;
    api_close(l->api, serve_loop_closed, l);
}

/* The second signal does not wait for anybody. */
static void serve_signalled(void *arg, int signal)
{
    struct serve *s = arg;
    (void)signal;
    if (s->is_closing) {
        s->is_hurried = true;
        loop_stop(s->loop);
        return;
    }
    s->is_closing = true;
    for (uint32_t i = 0; i < s->options->loops; i++)
        loop_post(s->loops[i].loop, &s->loops[i].task, serve_loop_close, &s->loops[i]);
}

/* ---- the loops ---- */

static void serve_loop_done(struct serve_loop *l, struct engine *e)
{
    api_free(l->api);
    l->api = NULL;
    api_s3_free(l->s3);
    l->s3 = NULL;
    s3_port_close(l->port);
    l->port = NULL;
    house_closing(&l->serve->house, e);
}

static enum status serve_loop_open(struct serve_loop *l, struct engine *e, struct error *err)
{
    struct serve *s = l->serve;
    enum status status = house_opened(&s->house, e, err);
    if (status == STATUS_OK)
        status = s3_port_open(s->house.s3.s3, l->loop, &l->port, err);
    if (status == STATUS_OK)
        status = api_s3_new(l->port, &s->house.settings, &l->s3, err);
    if (status != STATUS_OK)
        return status;
    serve_wire_init(&l->wire, &s->house, e);
    struct api_options options = {.loop = l->loop,
                                  .board = s->board,
                                  .number = engine_loop_number(e),
                                  .listen_fd = l->fd,
                                  .store = engine_store(e),
                                  .engine = e,
                                  .settings = &s->house.settings,
                                  .hosts = &s->hosts,
                                  .services = l->wire.rows,
                                  .service_count = l->wire.count,
                                  .rest = api_s3_rest,
                                  .rest_arg = l->s3};
    l->fd = -1;
    return api_open(&options, &l->api, err);
}

static enum status serve_loop_opened(void *arg, struct engine *e, struct loop *loop,
                                     struct error *err)
{
    struct serve *s = arg;
    struct serve_loop *l = &s->loops[engine_loop_number(e)];
    l->loop = loop;
    enum status status = serve_loop_open(l, e, err);
    if (status == STATUS_OK)
        atomic_fetch_add(&s->open, 1);
    else
        serve_loop_done(l, e);
    return status;
}

static void serve_loop_closing(void *arg, struct engine *e)
{
    struct serve *s = arg;
    serve_loop_done(&s->loops[engine_loop_number(e)], e);
}

/* Connections are descriptors: as many as the system lets this process have. */
static void serve_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void serve_say(const struct serve *s)
{
    char address[HTTP_ADDRESS_TEXT];
    http_address_print(&s->address, address);
    printf("afflux listens on http://%s, data in %s\n", address, s->options->data);
    fflush(stdout);
}

static enum status serve_listen(struct serve *s, struct error *err)
{
    int fds[SERVE_LOOPS_MAX];
    enum status status = api_may_listen(&s->address, err);
    if (status == STATUS_OK)
        status = http_listen(&s->address, fds, s->options->loops, err);
    for (uint32_t i = 0; i < s->options->loops; i++)
        s->loops[i] = (struct serve_loop){.serve = s, .fd = status == STATUS_OK ? fds[i] : -1};
    return status;
}

static void serve_tell_endpoint(struct serve *s)
{
    char address[HTTP_ADDRESS_TEXT];
    http_address_print(&s->address, address);
    snprintf(s->endpoint, sizeof(s->endpoint), "http://%s", address);
    s->house.options.endpoint = str_of(s->endpoint);
}

static enum status serve_run(struct serve *s, struct error *err)
{
    const struct serve_options *o = s->options;
    struct engine_options options = {.data = str_of(o->data),
                                     .loops = o->loops,
                                     .account = o->account,
                                     .region = o->region,
                                     .is_strict = o->is_strict,
                                     .ca_file = o->ca_file};
    house_fill(&s->house, &options);
    options.loop_opened = serve_loop_opened;
    options.loop_closing = serve_loop_closing;
    options.loop_arg = s;
    enum status status = STATUS_OK;
    if (!options.ca_file)
        status = serve_deploy_trust(s->deploy, &options.ca_file, err);
    if (status == STATUS_OK)
        status = serve_listen(s, err);
    if (status == STATUS_OK)
        serve_tell_endpoint(s);
    if (status == STATUS_OK)
        status = loop_on_signal(s->loop, serve_signalled, s, err);
    if (status == STATUS_OK)
        status = engine_open(s->loop, &options, &s->engine, err);
    if (status == STATUS_OK)
        status = serve_deploy_put(s->deploy, s->engine, &s->is_closing, err);
    if (status != STATUS_OK && !s->is_closing)
        return status;
    if (!s->is_closing)
        serve_say(s);
    while (atomic_load(&s->open) > 0 && !s->is_hurried)
        loop_run(s->loop);
    return STATUS_OK;
}

int cmd_serve(int argc, char **argv)
{
    struct serve_options options;
    struct error err;
    int code = serve_options_read(&options, argc, argv);
    if (code == CMD_OK && options.is_help) {
        struct buf text;
        buf_init(&text, 1 << 16);
        cmd_serve_help(&text);
        code = cmd_print("serve", buf_str(&text));
        buf_done(&text);
        return code;
    }
    if (code != CMD_OK)
        return code;
    struct serve s = {
        .options = &options,
        .hosts = {.names = options.hosts, .count = options.host_count},
        .address = options.listen,
    };
    s.board = api_board_new(options.loops);
    house_init(&s.house,
               &(struct service_settings){.account = options.account,
                                          .region = options.region,
                                          .is_strict = options.is_strict},
               &(struct house_options){.allows_scripts = options.allows_scripts,
                                       .keep_ms = (int64_t)options.keep_days * TIME_MS_PER_DAY});
    serve_raise_limit();
    enum status status =
        serve_deploy_read(options.deploy, options.deploy_count, str_of(options.data),
                          &s.house.settings, &s.deploy, &err);
    if (status == STATUS_OK)
        status = loop_new(&s.loop, &err);
    if (status == STATUS_OK)
        status = serve_run(&s, &err);
    engine_close(s.engine);
    for (uint32_t i = 0; i < options.loops; i++)
        if (s.loops[i].serve && s.loops[i].fd >= 0)
            close(s.loops[i].fd);
    loop_free(s.loop);
    api_board_free(s.board);
    serve_deploy_free(s.deploy);
    if (status != STATUS_OK)
        cmd_error("serve", "%s", err.message);
    return status == STATUS_OK ? CMD_OK : CMD_FAILED;
}
