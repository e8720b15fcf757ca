/* SPDX-License-Identifier: Apache-2.0 */
/* What will happen, by time and then by order of entry. */
#include "sim/sim_internal.h"
#include "base/check.h"
#include <stdlib.h>

static bool entry_is_before(const struct sim_entry *a, const struct sim_entry *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void entry_swap(struct sim_entry *a, struct sim_entry *b)
{
    struct sim_entry kept = *a;
    *a = *b;
    *b = kept;
}

uint64_t sim_agenda_add(struct sim_agenda *a, int64_t at_ms, enum sim_entry_kind kind,
                        uint32_t number, struct sim_news *news)
{
    a->heap = sim_grow(a->heap, a->count, &a->cap, sizeof(*a->heap));
    uint32_t i = a->count++;
    a->heap[i] = (struct sim_entry){
        .at_ms = at_ms, .order = ++a->order, .kind = kind, .number = number, .news = news};
    for (; i > 0 && entry_is_before(&a->heap[i], &a->heap[(i - 1) / 2]); i = (i - 1) / 2)
        entry_swap(&a->heap[i], &a->heap[(i - 1) / 2]);
    return a->order;
}

struct sim_entry sim_agenda_take(struct sim_agenda *a)
{
    check(a->count > 0);
    struct sim_entry first = a->heap[0];
    a->heap[0] = a->heap[--a->count];
    for (uint32_t i = 0, child; (child = 2 * i + 1) < a->count; i = child) {
        if (child + 1 < a->count && entry_is_before(&a->heap[child + 1], &a->heap[child]))
            child++;
        if (!entry_is_before(&a->heap[child], &a->heap[i]))
            break;
        entry_swap(&a->heap[child], &a->heap[i]);
    }
    return first;
}

void sim_agenda_done(struct sim_agenda *a)
{
    for (uint32_t i = 0; i < a->count; i++)
        free(a->heap[i].news);
    free(a->heap);
}

static str news_copy(char **at, str text)
{
    str copy = {*at, text.n};
    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return copy;
}

struct sim_news *sim_news_new(const struct sim_news *like)
{
    size_t n = like->output.n + like->error.n + like->cause.n + like->worker.n;
    struct sim_news *news = malloc(sizeof(*news) + n);
    check(news != NULL);
    char *at = (char *)(news + 1);
    *news = *like;
    news->output = news_copy(&at, like->output);
    news->error = news_copy(&at, like->error);
    news->cause = news_copy(&at, like->cause);
    news->worker = news_copy(&at, like->worker);
    return news;
}
