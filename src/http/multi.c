/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handles on the loop: libcurl says which sockets to watch and when to call it, we
 * call it and ask which calls are done. Relies on loop/ for sockets and time. Calls are client.c.
 */
#include "base/check.h"
#include "http/names.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Calls that are done leave, which may start others; then there is more to do only later. */
static void multi_reap(struct http_multi *multi)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi->curl, &left)) != NULL) {
        struct http_call *call;
        check(message->msg == CURLMSG_DONE);
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        http_call_finish(call, code);
    }
}

static void multi_act(struct http_multi *multi, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(multi->curl, fd, events, &running);
    multi_reap(multi);
}

/* time */

static void multi_timer_fired(void *arg)
{
    multi_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void multi_kicked(void *arg)
{
    struct http_multi *multi = arg;
    multi->is_kicked = false;
    if (multi->is_gone)
        free(multi);
    else
        multi_act(multi, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl may not be called from here. */
static int multi_set_timer(CURLM *curl, long timeout_ms, void *arg)
{
    struct http_multi *multi = arg;
    struct loop *loop = multi->client->loop;
    (void)curl;
    if (timeout_ms > 0) {
        loop_timer_start(loop, &multi->timer, loop_now_ms() + timeout_ms, multi_timer_fired, multi);
        return 0;
    }
    loop_timer_stop(loop, &multi->timer);
    if (timeout_ms == 0 && !multi->is_kicked) {
        multi->is_kicked = true;
        loop_defer(loop, &multi->kick, multi_kicked, multi);
    }
    return 0;
}

/* sockets */

static struct http_socket *socket_find(const struct http_client *client, curl_socket_t fd)
{
    return (size_t)fd < client->socket_cap ? client->sockets[fd] : NULL;
}

static void socket_happened(void *arg, unsigned events)
{
    struct http_socket *socket = arg;
    if (!socket->is_used) {
        /* The peer closed an idle connection; libcurl notices before it uses it again. */
        loop_watch_set(socket->watch, 0);
        return;
    }
    int mask = ((events & LOOP_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
               ((events & LOOP_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0) |
               ((events & LOOP_FAILED) != 0 ? CURL_CSELECT_ERR : 0);
    multi_act(socket->multi, socket->fd, mask);
}

static void socket_set(struct http_client *client, curl_socket_t fd, struct http_socket *socket)
{
    if ((size_t)fd >= client->socket_cap) {
        size_t cap = client->socket_cap == 0 ? 64 : client->socket_cap;
        while (cap <= (size_t)fd)
            cap *= 2;
        client->sockets = realloc(client->sockets, cap * sizeof(struct http_socket *));
        check(client->sockets != NULL);
        memset(client->sockets + client->socket_cap, 0,
               (cap - client->socket_cap) * sizeof(struct http_socket *));
        client->socket_cap = cap;
    }
    client->sockets[fd] = socket;
}

/* NULL when the system watches no more. */
static struct http_socket *socket_new(struct http_multi *multi, curl_socket_t fd)
{
    struct http_socket *socket = calloc(1, sizeof *socket);
    check(socket != NULL);
    *socket = (struct http_socket){.multi = multi, .fd = fd, .next = multi->sockets};
    if (loop_watch_new(multi->client->loop, fd, socket_happened, socket, &socket->watch, NULL) !=
        STATUS_OK) {
        free(socket);
        return NULL;
    }
    if (socket->next != NULL)
        socket->next->prev = socket;
    multi->sockets = socket;
    socket_set(multi->client, fd, socket);
    return socket;
}

static void socket_forget(struct http_socket *socket)
{
    loop_watch_close(socket->watch);
    socket_set(socket->multi->client, socket->fd, NULL);
    if (socket->next != NULL)
        socket->next->prev = socket->prev;
    if (socket->prev != NULL)
        socket->prev->next = socket->next;
    else
        socket->multi->sockets = socket->next;
    free(socket);
}

/* What libcurl wants to know of a socket. A failure here would end the whole multi handle, so a
 * socket that cannot be watched is left alone, and the call's deadline ends it. */
static int multi_set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct http_multi *multi = arg;
    struct http_socket *socket = socket_find(multi->client, fd);
    (void)easy;
    (void)of_socket;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL && socket->is_connection)
            socket->is_used = false;
        else if (socket != NULL)
            socket_forget(socket);
        return 0;
    }
    if (socket == NULL)
        socket = socket_new(multi, fd);
    if (socket == NULL)
        return 0;
    socket->is_used = true;
    loop_watch_set(socket->watch, ((what & CURL_POLL_IN) != 0 ? LOOP_READABLE : 0) |
                                      ((what & CURL_POLL_OUT) != 0 ? LOOP_WRITABLE : 0));
    return 0;
}

static curl_socket_t multi_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct http_call *call = arg;
    (void)purpose;
    http_names_found(call);
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    struct http_socket *socket = socket_new(call->multi, fd);
    if (socket == NULL) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    socket->is_connection = true;
    return fd;
}

static int multi_close_socket(void *arg, curl_socket_t fd)
{
    struct http_multi *multi = arg;
    struct http_socket *socket = socket_find(multi->client, fd);
    if (socket != NULL)
        socket_forget(socket);
    return close(fd);
}

/* A name is really looked up, in a thread. */
static int multi_note_lookup(void *resolver, void *reserved, void *arg)
{
    struct http_client *client = arg;
    (void)resolver;
    (void)reserved;
    client->lookups++;
    return 0;
}

/* Sockets are opened for a call, but may be closed long after it. */
void http_multi_prepare(struct http_call *call)
{
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, multi_open_socket);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETFUNCTION, multi_close_socket);
    curl_easy_setopt(call->easy, CURLOPT_CLOSESOCKETDATA, call->multi);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVER_START_FUNCTION, multi_note_lookup);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVER_START_DATA, call->client);
}

/* coming and going */

static struct http_multi *multi_new(struct http_client *client)
{
    struct http_multi *multi = calloc(1, sizeof *multi);
    check(multi != NULL);
    multi->client = client;
    multi->curl = curl_multi_init();
    if (multi->curl == NULL) {
        free(multi);
        return NULL;
    }
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, multi_set_socket);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, multi_set_timer);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)client->options.calls_per_multi);
    if (client->multi_count == client->multi_cap) {
        client->multi_cap = client->multi_cap == 0 ? 8 : client->multi_cap * 2;
        client->multis = realloc(client->multis, client->multi_cap * sizeof(struct http_multi *));
        check(client->multis != NULL);
    }
    client->multis[client->multi_count++] = multi;
    return multi;
}

/* The first with room, so that the last ones become idle when there is less to do. */
struct http_multi *http_multi_for_call(struct http_client *client)
{
    struct http_multi *multi = NULL;
    for (size_t i = 0; i < client->multi_count && multi == NULL; i++)
        if (client->multis[i]->calls < client->options.calls_per_multi)
            multi = client->multis[i];
    if (multi == NULL)
        multi = multi_new(client);
    if (multi != NULL) {
        loop_timer_stop(client->loop, &multi->idle);
        multi->calls++;
    }
    return multi;
}

void http_multi_close(struct http_multi *multi)
{
    struct http_client *client = multi->client;
    size_t i = 0;
    check(multi->calls == 0);
    while (client->multis[i] != multi)
        i++;
    memmove(&client->multis[i], &client->multis[i + 1],
            (--client->multi_count - i) * sizeof(struct http_multi *));
    curl_multi_cleanup(multi->curl); /* closes its connections */
    while (multi->sockets != NULL)
        socket_forget(multi->sockets);
    loop_timer_stop(client->loop, &multi->timer);
    loop_timer_stop(client->loop, &multi->idle);
    if (multi->is_kicked)
        multi->is_gone = true;
    else
        free(multi);
}

static void multi_idled(void *arg)
{
    http_multi_close(arg);
}

void http_multi_left(struct http_multi *multi)
{
    struct http_client *client = multi->client;
    check(multi->calls > 0);
    if (--multi->calls == 0)
        loop_timer_start(client->loop, &multi->idle, loop_now_ms() + client->options.idle_ms,
                         multi_idled, multi);
}
