/* SPDX-License-Identifier: Apache-2.0 */
/* The book of a third party, see book.h. How it is printed is in book_print.c. */
#include "base/check.h"
#include "thirdparty/book_internal.h"
#include <stdlib.h>

struct book *book_new(const struct thirdparty_world *w, struct fault *faults,
                      uint32_t retry_after_s)
{
    struct book *b = calloc(1, sizeof(*b));
    check(b != NULL);
    b->world = *w;
    b->faults = faults;
    b->retry_after_ms = (int64_t)retry_after_s * 1000;
    b->locations = calloc(w->locations, sizeof(b->locations[0]));
    check(b->locations != NULL && pthread_mutex_init(&b->lock, NULL) == 0);
    return b;
}

void book_free(struct book *b)
{
    if (b == NULL)
        return;
    pthread_mutex_destroy(&b->lock);
    idmap_done(&b->pages);
    free(b->locations);
    free(b->faults);
    free(b);
}

struct fault book_fault(const struct book *b, uint32_t location)
{
    return b->faults[location];
}

/* ---- pauses ---- */

/* A 429 within a pause does not begin another one: those of requests that were under way together
 * mean one time. */
static void pause_begin(struct book_pause *p, int64_t now_ms, int64_t leeway_ms,
                        int64_t retry_after_ms)
{
    if (now_ms < p->until_ms)
        return;
    p->from_ms = now_ms + leeway_ms;
    p->until_ms = now_ms + retry_after_ms - BOOK_SLACK_MS;
}

static bool pause_is_on(const struct book_pause *p, int64_t now_ms)
{
    return now_ms >= p->from_ms && now_ms < p->until_ms;
}

/* ---- requests ---- */

/* The first N of something are hit. */
static enum book_verdict first_hit(struct book_location *l, const struct fault *f,
                                   enum book_verdict verdict)
{
    if (l->hit >= f->number)
        return BOOK_ANSWER;
    l->hit++;
    return verdict;
}

static enum book_verdict limit_hit(struct book_location *l, const struct fault *f, int64_t now_ms)
{
    if (now_ms - l->window_ms >= 1000) {
        l->window_ms = now_ms;
        l->window_count = 0;
    }
    if (++l->window_count <= f->number)
        return BOOK_ANSWER;
    l->hit++;
    return BOOK_BUSY;
}

static enum book_verdict book_judge(struct book_location *l, const struct fault *f,
                                    enum book_subject subject, int64_t now_ms)
{
    bool is_page = subject == BOOK_PAGE;
    switch (f->kind) {
    case FAULT_BUSY: return first_hit(l, f, BOOK_BUSY);
    case FAULT_LIMIT: return limit_hit(l, f, now_ms);
    case FAULT_ERROR: return first_hit(l, f, BOOK_ERROR);
    case FAULT_HANG: return first_hit(l, f, BOOK_HANG);
    case FAULT_RESET: return first_hit(l, f, BOOK_RESET);
    case FAULT_DOWN: l->hit++; return BOOK_DOWN;
    case FAULT_DEAD: l->hit++; return BOOK_RESET;
    case FAULT_CUT: return is_page ? first_hit(l, f, BOOK_CUT) : BOOK_ANSWER;
    case FAULT_GARBAGE: return is_page ? first_hit(l, f, BOOK_GARBAGE) : BOOK_ANSWER;
    case FAULT_NONE:
    case FAULT_SLOW:
    case FAULT_EMPTY:
    case FAULT_OVER:
    case FAULT_UNDER:
    case FAULT_REPEAT:
    case FAULT_ENDLESS:
    case FAULT_GAPS: break;
    }
    return BOOK_ANSWER;
}

enum book_verdict book_begin(struct book *b, uint32_t location, enum book_subject subject,
                             int64_t now_ms)
{
    struct book_location *l = &b->locations[location];
    pthread_mutex_lock(&b->lock);
    l->asked[subject]++;
    l->early += pause_is_on(&l->pause, now_ms);
    b->early += pause_is_on(&b->pause, now_ms);
    if (++l->concurrent > l->concurrent_max)
        l->concurrent_max = l->concurrent;
    if (++b->concurrent > b->concurrent_max)
        b->concurrent_max = b->concurrent;
    enum book_verdict verdict = book_judge(l, &b->faults[location], subject, now_ms);
    if (verdict == BOOK_BUSY) {
        l->busy++;
        pause_begin(&l->pause, now_ms, BOOK_LEEWAY_MS, b->retry_after_ms);
        pause_begin(&b->pause, now_ms, BOOK_LEEWAY_ANY_MS, b->retry_after_ms);
    }
    pthread_mutex_unlock(&b->lock);
    return verdict;
}

void book_end(struct book *b, uint32_t location)
{
    pthread_mutex_lock(&b->lock);
    b->locations[location].concurrent--;
    b->concurrent--;
    pthread_mutex_unlock(&b->lock);
}

void book_page_given(struct book *b, uint32_t location, enum thirdparty_state state,
                     uint32_t offset, uint32_t rows)
{
    struct book_location *l = &b->locations[location];
    uint64_t id = (uint64_t)location << 33 | (uint64_t)state << 32 | offset;
    pthread_mutex_lock(&b->lock);
    l->given++;
    l->rows += rows;
    uint64_t times = (uintptr_t)idmap_get(&b->pages, id) + 1;
    if (times > 1)
        idmap_remove(&b->pages, id);
    if (times > 1 || b->pages.count < BOOK_PAGES_MAX)
        idmap_put(&b->pages, id, (void *)(uintptr_t)times);
    else
        b->unknown++;
    l->again += times > 1;
    if (times > l->times_max)
        l->times_max = times;
    pthread_mutex_unlock(&b->lock);
}

void book_status(struct book *b, int status)
{
    check(status >= 0 && status < BOOK_STATUSES);
    pthread_mutex_lock(&b->lock);
    b->statuses[status]++;
    pthread_mutex_unlock(&b->lock);
}
