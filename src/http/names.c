/* SPDX-License-Identifier: Apache-2.0 */
/* One lookup per name at a time. Lists of calls are here; who starts them is client.c. */
#include "http/names.h"
#include "base/check.h"
#include <stdlib.h>

enum { NAMES_SWEEP_AT = 256 }; /* from so many on, those nobody needs are looked for */

struct http_name {
    struct http_slot slot;    /* in client->names */
    struct http_call *leader; /* looks it up */
    struct http_line_of_calls waiting;
    int64_t known_until_ms;
    size_t n;
    char text[];
};

str http_names_host(str url, char out[256])
{
    size_t scheme = str_find(url, STR("://"), 0);
    str host = scheme == STR_NONE ? url : str_sub(url, scheme + 3, url.n);
    size_t end = 0;
    while (end < host.n && strchr("/?#", host.p[end]) == NULL)
        end++;
    host = str_sub(host, 0, end);
    size_t user = str_rfind_byte(host, '@');
    if (user != STR_NONE)
        host = str_sub(host, user + 1, host.n);
    size_t port = str_rfind_byte(host, ':');
    if (port != STR_NONE && str_find_byte(host, ']', port) == STR_NONE)
        host = str_sub(host, 0, port);
    bool is_digits = true;
    if (host.n == 0 || host.n > 255 || host.p[0] == '[')
        return STR("");
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
        is_digits = is_digits && (c == '.' || (c >= '0' && c <= '9'));
    }
    return is_digits ? STR("") : (str){out, host.n};
}

/* lines */

static void line_append(struct http_line_of_calls *line, struct http_call *call)
{
    call->line = line;
    call->line_next = NULL;
    call->line_prev = line->last;
    if (line->last == NULL)
        line->first = call;
    else
        line->last->line_next = call;
    line->last = call;
}

static void line_leave(struct http_call *call)
{
    struct http_line_of_calls *line = call->line;
    if (line == NULL)
        return;
    if (call->line_prev == NULL)
        line->first = call->line_next;
    else
        call->line_prev->line_next = call->line_next;
    if (call->line_next == NULL)
        line->last = call->line_prev;
    else
        call->line_next->line_prev = call->line_prev;
    call->line = NULL;
}

/* names */

static void name_free(struct http_client *client, struct http_name *name)
{
    http_slots_remove(&client->names, &name->slot);
    free(name);
}

static bool name_is_needed(const struct http_name *name, int64_t now_ms)
{
    return name->leader != NULL || name->waiting.first != NULL || name->known_until_ms > now_ms;
}

static void names_sweep(struct http_client *client)
{
    int64_t now_ms = loop_now_ms();
    for (size_t i = 0; i < client->names.cap; i++)
        for (struct http_slot *slot = client->names.slots[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            if (!name_is_needed(slot->owner, now_ms))
                name_free(client, slot->owner);
        }
    client->names_sweep_at = client->names.count * 2;
    if (client->names_sweep_at < NAMES_SWEEP_AT)
        client->names_sweep_at = NAMES_SWEEP_AT;
}

static struct http_name *name_get(struct http_client *client, str text)
{
    uint64_t hash = http_slots_hash(&client->names, text, 0);
    for (struct http_slot *s = http_slots_first(&client->names, hash); s != NULL; s = s->next) {
        struct http_name *name = s->owner;
        if (s->hash == hash && str_eq((str){name->text, name->n}, text))
            return name;
    }
    if (client->names.count >= client->names_sweep_at)
        names_sweep(client);
    struct http_name *name = calloc(1, sizeof *name + text.n);
    check(name != NULL);
    name->n = text.n;
    memcpy(name->text, text.p, text.n);
    http_slots_add(&client->names, &name->slot, hash, name);
    return name;
}

bool http_names_enter(struct http_call *call, str url)
{
    char text[256];
    str host = http_names_host(url, text);
    if (host.n == 0)
        return true;
    struct http_name *name = name_get(call->client, host);
    if (name->known_until_ms > loop_now_ms())
        return true;
    call->name = name;
    if (name->leader == NULL) {
        name->leader = call;
        return true;
    }
    line_append(&name->waiting, call);
    return false;
}

/* All who wait are ready, with an error or without. */
static void name_release(struct http_client *client, struct http_name *name,
                         const struct error *err)
{
    struct http_call *call;
    while ((call = name->waiting.first) != NULL) {
        line_leave(call);
        call->name = NULL;
        if (err != NULL)
            http_call_break_off(call, err);
        line_append(&client->ready, call);
    }
    http_client_start_ready(client);
}

void http_names_found(struct http_call *call)
{
    struct http_name *name = call->name;
    if (name == NULL)
        return;
    check(name->leader == call);
    call->name = NULL;
    name->leader = NULL;
    name->known_until_ms = loop_now_ms() + HTTP_NAME_KNOWN_MS;
    name_release(call->client, name, NULL);
}

/* A leader that ends before it knows, canceled perhaps, makes the next in line the leader. */
void http_names_leave(struct http_call *call, const struct error *err)
{
    struct http_name *name = call->name;
    line_leave(call);
    call->name = NULL;
    if (name == NULL || name->leader != call)
        return;
    name->leader = NULL;
    struct http_call *next = name->waiting.first;
    if (err != NULL) {
        name_release(call->client, name, err);
    } else if (next != NULL) {
        line_leave(next);
        name->leader = next;
        line_append(&call->client->ready, next);
        http_client_start_ready(call->client);
    }
}

struct http_call *http_names_next_ready(struct http_client *client)
{
    struct http_call *call = client->ready.first;
    if (call != NULL)
        line_leave(call);
    return call;
}

void http_names_done(struct http_client *client)
{
    for (size_t i = 0; i < client->names.cap; i++)
        for (struct http_slot *slot = client->names.slots[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            free(slot->owner);
        }
    http_slots_done(&client->names);
}
