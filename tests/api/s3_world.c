/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_world.h"

#include "base/check.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static void *run_loop(void *arg)
{
    struct s3_world *w = arg;
    loop_run(w->loop);
    return NULL;
}

static void open_parts(struct s3_world *w, struct error *err)
{
    check(store_open(str_of(w->folder), NULL, &w->store, err) == STATUS_OK);
    check(loop_new(&w->loop, err) == STATUS_OK);
    check(s3_new(w->store, &w->settings, &w->s3, err) == STATUS_OK);
    check(s3_port_open(w->s3, w->loop, &w->s3_port, err) == STATUS_OK);
    check(api_s3_new(w->s3_port, &w->settings, &w->door, err) == STATUS_OK);
}

void s3_world_open(struct s3_world *w)
{
    struct error err;
    struct http_address address;
    *w = (struct s3_world){.settings = {STR("123456789012"), STR("us-east-1"), false}};
    snprintf(w->folder, sizeof(w->folder), "/tmp/afflux-s3-XXXXXX");
    check(mkdtemp(w->folder) != NULL);
    open_parts(w, &err);
    w->board = api_board_new(1);
    struct api_options options = {.loop = w->loop,
                                  .board = w->board,
                                  .store = w->store,
                                  .settings = &w->settings,
                                  .hosts = &w->hosts,
                                  .rest = api_s3_rest,
                                  .rest_arg = w->door};
    check(http_address_read(STR("127.0.0.1:0"), &address, &err) == STATUS_OK);
    check(http_listen(&address, &options.listen_fd, 1, &err) == STATUS_OK);
    w->port = ntohs(address.of.v4.sin_port);
    check(api_open(&options, &w->api, &err) == STATUS_OK);
    check(pthread_create(&w->thread, NULL, run_loop, w) == 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void s3_world_end(struct s3_world *w)
{
    loop_stop(w->loop);
    check(pthread_join(w->thread, NULL) == 0);
    api_free(w->api);
    api_s3_free(w->door);
    s3_port_close(w->s3_port);
    loop_free(w->loop);
    s3_free(w->s3);
    store_close(w->store);
    api_board_free(w->board);
    (void)nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *s3_world_ask(struct s3_world *w, const char *line, const char *headers, str body)
{
    struct buf b;
    buf_init(&b, SIZE_MAX / 2);
    buf_printf(&b, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s", line, headers);
    buf_printf(&b, "Content-Length: %zu\r\n\r\n", body.n);
    buf_add(&b, body);
    char *said = raw_ask(w->port, buf_str(&b));
    buf_done(&b);
    return said;
}
