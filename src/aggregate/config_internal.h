/* SPDX-License-Identifier: Apache-2.0 */
/* The table of members, which config.c, config_read.c and config_write.c share. */
#ifndef AFFLUX_AGGREGATE_CONFIG_INTERNAL_H
#define AFFLUX_AGGREGATE_CONFIG_INTERNAL_H

#include "aggregate/config.h"
#include "json/value.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_URL,       /* begins with https:// or http:// */
    CONFIG_TEMPLATE,  /* or with a place to be filled in */
    CONFIG_PATH,      /* of a file or folder */
    CONFIG_LOCATIONS, /* a path, or table:NAME[/KEY] */
    CONFIG_AUTH,      /* aggregate/auth.h */
    CONFIG_NAME,      /* letters, digits, '_', '-'; so many bytes */
    CONFIG_WORD,      /* and '.' */
    CONFIG_NUMBER,
    CONFIG_FLAG,
    CONFIG_TYPES, /* lists of texts */
    CONFIG_COLUMNS,
    CONFIG_QUOTE, /* all, minimal */
    CONFIG_DELIMITER
};

struct config_member {
    const char *name;
    enum config_kind kind;
    uint16_t at, count_at; /* in struct aggregate_config; count_at: of a list */
    uint32_t low, high;    /* of a number; bytes of a name */
    bool is_result;        /* makes a difference to what comes out */
};
extern const struct config_member config_members[];
extern const uint32_t config_member_count;

const struct config_member *config_find(str name);

NODISCARD enum status config_set_text(struct aggregate_config *c, const struct config_member *m,
                                      str text, struct arena *a, struct error *err);
NODISCARD enum status config_set_number(struct aggregate_config *c, const struct config_member *m,
                                        double number, struct error *err);
void config_set_flag(struct aggregate_config *c, const struct config_member *m, bool is);
/* names is the member's from now on. */
NODISCARD enum status config_set_names(struct aggregate_config *c, const struct config_member *m,
                                       const str *names, uint32_t count, struct error *err);
static inline bool config_is_list(const struct config_member *m)
{
    return m->kind == CONFIG_TYPES || m->kind == CONFIG_COLUMNS;
}
/* A member's text, with the path in it replaced by what fn makes of it; others as they are. */
str config_place(const struct config_member *m, str text, str (*fn)(void *arg, str path), void *arg,
                 struct arena *a);

/* Appends the member's value as JSON. */
void config_put_value(const struct aggregate_config *c, const struct config_member *m,
                      struct buf *out);
bool config_is_default(const struct aggregate_config *c, const struct config_member *m);

#endif
