/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: their table, how they are written, and how they are dealt out, see fault.h. What they do
 * is in book.c (whether) and answer.c (how). */
#include "thirdparty/fault.h"
#include "base/splitmix.h"

static const struct {
    const char *name, *text;
    uint32_t number;
} kinds[] = {
#define X(id, name, number, text) {name, text, number},
    FAULT_LIST(X)
#undef X
};

const char *fault_name(enum fault_kind kind)
{
    return kinds[kind].name;
}

const char *fault_text(enum fault_kind kind)
{
    return kinds[kind].text;
}

uint32_t fault_default(enum fault_kind kind)
{
    return kinds[kind].number;
}

/* ---- reading ---- */

static bool wish_number(str digits, uint32_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9' || n > FAULT_NUMBER_MAX)
            return false;
        n = n * 10 + (uint64_t)(digits.p[i] - '0');
    }
    *ret = (uint32_t)n;
    return digits.n > 0 && n > 0 && n <= FAULT_NUMBER_MAX;
}

static enum status wish_add(struct fault_wishes *wishes, struct fault_wish wish, struct error *err)
{
    if (wishes->count == FAULT_WISHES_MAX)
        return error_set(err, STATUS_LIMIT, "FaultTooMany", "more than %d faults",
                         FAULT_WISHES_MAX);
    wishes->items[wishes->count++] = wish;
    return STATUS_OK;
}

static enum status wish_add_all(struct fault_wishes *wishes, uint32_t count, struct error *err)
{
    enum status status = STATUS_OK;
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS && status == STATUS_OK; kind++)
        status = wish_add(wishes,
                          (struct fault_wish){.kind = (enum fault_kind)kind,
                                              .number = kinds[kind].number,
                                              .count = count},
                          err);
    return status;
}

static enum fault_kind wish_kind(str name)
{
    int kind = FAULT_NONE + 1;
    while (kind < FAULT_KINDS && !str_eq(name, str_of(kinds[kind].name)))
        kind++;
    return kind < FAULT_KINDS ? (enum fault_kind)kind : FAULT_NONE;
}

/* One of them, without the commas around it. */
static enum status wish_read(struct fault_wishes *wishes, str text, struct error *err)
{
    struct fault_wish wish = {.count = 1};
    str head = text, number = {0};
    size_t where = str_find_byte(text, '@', 0);
    bool is_good = true;
    if (where != STR_NONE) {
        head = str_sub(text, 0, where);
        wish.count = 0;
        wish.location = str_sub(text, where + 1, text.n);
    } else if ((where = str_rfind_byte(text, ':')) != STR_NONE) {
        head = str_sub(text, 0, where);
        is_good = wish_number(str_sub(text, where + 1, text.n), &wish.count);
    }
    size_t equals = str_find_byte(head, '=', 0);
    if (equals != STR_NONE)
        number = str_sub(head, equals + 1, head.n);
    str name = str_sub(head, 0, equals);
    if (is_good && equals == STR_NONE && wish.location.p == NULL && str_eq(name, STR("all")))
        return wish_add_all(wishes, wish.count, err);
    wish.kind = wish_kind(name);
    wish.number = kinds[wish.kind].number;
    if (equals != STR_NONE)
        is_good = is_good && wish.number > 0 && wish_number(number, &wish.number);
    if (!is_good || wish.kind == FAULT_NONE)
        return error_set(err, STATUS_INVALID, "FaultUnknown",
                         "'%.*s' is no fault; it is KIND[=N][:COUNT | @LOCATION]",
                         STR_ARG(str_sub(text, 0, 100)));
    return wish_add(wishes, wish, err);
}

enum status fault_wishes_read(struct fault_wishes *wishes, str text, struct error *err)
{
    for (size_t from = 0;;) {
        size_t comma = str_find_byte(text, ',', from);
        enum status status = wish_read(wishes, str_sub(text, from, comma), err);
        if (status != STATUS_OK || comma == STR_NONE)
            return status;
        from = comma + 1;
    }
}

/* ---- dealing ---- */

static enum status deal_named(const struct fault_wish *wish, const struct thirdparty_world *w,
                              struct fault *faults, struct error *err)
{
    uint32_t at;
    if (!thirdparty_location_find(w, wish->location, &at))
        return error_set(err, STATUS_NOT_FOUND, "FaultLocation", "there is no location '%.*s'",
                         STR_ARG(str_sub(wish->location, 0, 100)));
    if (faults[at].kind != FAULT_NONE)
        return error_set(err, STATUS_CONFLICT, "FaultTwice", "location '%.*s' has two faults",
                         STR_ARG(wish->location));
    faults[at] = (struct fault){wish->kind, wish->number};
    return STATUS_OK;
}

/* Named ones come first, so that nobody else has their place. The next free location behind one
 * that is drawn takes a fault: that ends, however few are free. */
enum status fault_deal(const struct fault_wishes *wishes, const struct thirdparty_world *w,
                       struct fault *faults, struct error *err)
{
    uint64_t draws = splitmix64_at(w->seed, 0x6661756c74); /* of its own */
    uint64_t wanted = 0;
    for (size_t i = 0; i < wishes->count; i++) {
        const struct fault_wish *wish = &wishes->items[i];
        wanted += wish->count > 0 ? wish->count : 1;
        enum status status = wish->count > 0 ? STATUS_OK : deal_named(wish, w, faults, err);
        if (status != STATUS_OK)
            return status;
    }
    if (wanted > w->locations)
        return error_set(err, STATUS_LIMIT, "FaultTooMany", "%llu faults for %u locations",
                         (unsigned long long)wanted, w->locations);
    for (size_t i = 0; i < wishes->count; i++) {
        const struct fault_wish *wish = &wishes->items[i];
        for (uint32_t n = 0; n < wish->count; n++) {
            uint32_t at = (uint32_t)(splitmix64_next(&draws) % w->locations);
            while (faults[at].kind != FAULT_NONE)
                at = (at + 1) % w->locations;
            faults[at] = (struct fault){wish->kind, wish->number};
        }
    }
    return STATUS_OK;
}
