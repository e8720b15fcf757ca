/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far an aggregation is: what there is to tell at a moment, how fast it goes and how long it
 * still takes, and how a location ended. Pure: time comes in. Where the numbers come from and how
 * they are shown to people is cmd/aggregate_show.h's; as JSON: aggregate/events.h.
 */
#ifndef AFFLUX_AGGREGATE_PROGRESS_H
#define AFFLUX_AGGREGATE_PROGRESS_H

#include "base/buf.h"
#include "json/value.h"

enum {
    PROGRESS_SPACING_MS = 500,    /* between two samples of a rate */
    PROGRESS_SAMPLES = 10,        /* so it is that of the last five seconds */
    PROGRESS_GUESS_MS = 2000,     /* before that nobody knows how long it takes */
    PROGRESS_CAUSE_MAX = 4 * 1024 /* bytes of an error and of a cause that are told */
};

/* ---- rates ---- */

/* A count that grows, looked at now and then. All zero at first. */
struct progress_rate {
    struct {
        int64_t at_ms;
        uint64_t total;
    } samples[PROGRESS_SAMPLES], last; /* a ring of old ones; the newest one of all */
    uint32_t count, next;
};

void progress_rate_add(struct progress_rate *r, int64_t now_ms, uint64_t total);
/* How much it grew per second lately; 0 before it was looked at twice. */
double progress_rate_per_second(const struct progress_rate *r);

/* How long `left` more take, when `done` took so long; -1: that cannot be told (yet). */
int64_t progress_left_ms(uint64_t done, int64_t in_ms, uint64_t left);

/* ---- a moment ---- */

/* Of this process, where nothing else is said. */
struct progress {
    int64_t elapsed_ms;
    str state;              /* of the parent: what it is in; empty: not known (yet) */
    uint64_t locations;     /* of the run, those found so far at least, */
    uint64_t done, failed;  /* and of them, in whatever process; */
    uint64_t before;        /* of both: by processes before this one */
    uint64_t mismatched;    /* done, but with other counts than announced */
    uint64_t pages, rows;   /* that were stored */
    uint64_t bytes;         /* of bodies, on the wire */
    uint64_t requests;      /* that were sent */
    double per_second;      /* of them, lately */
    uint32_t under_way;     /* calls, */
    uint32_t waiting;       /* and those that wait until they may go */
    uint32_t hosts_paused;  /* as they wished (Retry-After), */
    int64_t pause_ms;       /* and how long the longest still is */
    uint64_t disk_refusals; /* commits that were tried again */
    int64_t left_ms;        /* -1: not known */
};

/* Locations that are neither done nor failed. */
static inline uint64_t progress_left(const struct progress *p)
{
    uint64_t over = p->done + p->failed;
    return p->locations > over ? p->locations - over : 0;
}

/* ---- numbers for people ---- */

/* "1,204,331". */
void progress_put_count(struct buf *out, uint64_t n);
/* "5.6 kB", "482.1 MB", "12.61 GB"; a MB is 1,000,000 bytes. */
void progress_put_bytes(struct buf *out, uint64_t n);
/* "0.4", "12", "1,204". */
void progress_put_rate(struct buf *out, double per_second);

/* ---- the end of a location ---- */

/* How the child execution of a location ended. Texts are borrowed. */
struct location_end {
    str id;
    str state;                       /* COMPLETE, MISMATCH, FAILED */
    bool has_announced, has_fetched; /* is it known? */
    uint64_t announced, fetched;
    str error, cause; /* FAILED; each is cut behind PROGRESS_CAUSE_MAX bytes */
};

/*
 * input: of the child, {"location": {"location_id"}, …}; facts: the input of the state it ended in,
 * {"state", "announced", "fetched"}, all of them optional. False: it is no location's.
 */
bool location_end_read(struct json_val input, struct json_val facts, bool has_succeeded, str error,
                       str cause, struct location_end *ret);

#endif
