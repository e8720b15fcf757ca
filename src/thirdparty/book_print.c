/* SPDX-License-Identifier: Apache-2.0 */
/* The book as JSON: totals, then locations, see docs/formats/thirdparty.md. */
#include "thirdparty/book_internal.h"

static void print_number(struct buf *out, const char *name, uint64_t number)
{
    buf_printf(out, "\"%s\":%llu,", name, (unsigned long long)number);
}

static void print_location(struct book *b, uint32_t at, struct buf *out)
{
    char id[THIRDPARTY_ID_MAX];
    const struct book_location *l = &b->locations[at];
    thirdparty_location_id(&b->world, at, id);
    buf_printf(out, "{\"location_id\":\"%s\",\"fault\":\"%s\",", id,
               fault_name(b->faults[at].kind));
    for (int state = 0; state < THIRDPARTY_STATES; state++)
        print_number(out, thirdparty_state_name((enum thirdparty_state)state),
                     thirdparty_location_rows(&b->world, at, (enum thirdparty_state)state));
    print_number(out, "requests", l->asked[BOOK_SUMMARY] + l->asked[BOOK_PAGE]);
    print_number(out, "summaries", l->asked[BOOK_SUMMARY]);
    print_number(out, "pages", l->asked[BOOK_PAGE]);
    print_number(out, "pages_given", l->given);
    print_number(out, "pages_again", l->again);
    print_number(out, "page_given_max", l->times_max);
    print_number(out, "rows_given", l->rows);
    print_number(out, "faults_given", l->hit);
    print_number(out, "busy_given", l->busy);
    print_number(out, "early", l->early);
    buf_printf(out, "\"concurrent_max\":%u}", l->concurrent_max);
}

static void print_totals(struct book *b, struct buf *out)
{
    struct book_location sum = {0};
    for (uint32_t at = 0; at < b->world.locations; at++) {
        const struct book_location *l = &b->locations[at];
        sum.asked[BOOK_SUMMARY] += l->asked[BOOK_SUMMARY];
        sum.asked[BOOK_PAGE] += l->asked[BOOK_PAGE];
        sum.given += l->given;
        sum.rows += l->rows;
        sum.again += l->again;
        sum.busy += l->busy;
        sum.hit += l->hit;
        sum.early += l->early;
        if (l->times_max > sum.times_max)
            sum.times_max = l->times_max;
    }
    print_number(out, "requests", sum.asked[BOOK_SUMMARY] + sum.asked[BOOK_PAGE]);
    print_number(out, "summaries", sum.asked[BOOK_SUMMARY]);
    print_number(out, "pages", sum.asked[BOOK_PAGE]);
    print_number(out, "pages_given", sum.given);
    print_number(out, "pages_again", sum.again);
    print_number(out, "page_given_max", sum.times_max);
    print_number(out, "pages_unknown", b->unknown);
    print_number(out, "rows_given", sum.rows);
    print_number(out, "faults_given", sum.hit);
    print_number(out, "busy_given", sum.busy);
    print_number(out, "early", sum.early);
    print_number(out, "early_any", b->early);
    print_number(out, "concurrent", b->concurrent);
    print_number(out, "concurrent_max", b->concurrent_max);
}

static void print_statuses(struct book *b, struct buf *out)
{
    buf_add(out, STR("\"answers\":{"));
    for (int status = 1; status < BOOK_STATUSES; status++)
        if (b->statuses[status] > 0)
            buf_printf(out, "\"%d\":%llu,", status, (unsigned long long)b->statuses[status]);
    buf_printf(out, "\"none\":%llu}", (unsigned long long)b->statuses[0]);
}

void book_print(struct book *b, const struct book_selection *s, struct buf *out)
{
    pthread_mutex_lock(&b->lock);
    if (s->has_one) {
        print_location(b, s->one, out);
    } else {
        buf_add_byte(out, '{');
        print_totals(b, out);
        print_statuses(b, out);
        for (uint32_t at = 0; at < b->world.locations && !s->is_brief; at++) {
            buf_add(out, at == 0 ? STR(",\"locations\":[") : STR(","));
            print_location(b, at, out);
        }
        buf_add(out, s->is_brief ? STR("}") : STR("]}"));
    }
    pthread_mutex_unlock(&b->lock);
}
