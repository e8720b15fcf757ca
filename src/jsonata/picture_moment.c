/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendar fields of an instant for date pictures, and the way back. Relies on base/time.h for
 * civil arithmetic; adds what JavaScript's Date has beyond it: the range of 8.64e15 ms with NaN
 * outside, fields that may overflow, and years 0 to 99 that mean 1900 to 1999 in Date.UTC. The week
 * numbers are computed through Date.UTC, so that they share its centuries.
 */
#include "jsonata/picture_internal.h"

#include "base/time.h"
#include <math.h>

static const double ms_per_day = TIME_MS_PER_DAY;

static double clip_time(double ms)
{
    return fabs(ms) <= 8.64e15 ? trunc(ms) : (double)NAN;
}

double moment_utc(double year, double month, double day, double hour, double minute, double second,
                  double millisecond)
{
    year = trunc(year);
    month = trunc(month);
    if (year >= 0 && year <= 99)
        year += 1900;
    if (!(fabs(year) <= 1e6 && fabs(month) <= 1e7 && isfinite(day)))
        return (double)NAN;
    double days = (double)time_days((int64_t)year, (int64_t)month + 1, 1) + (trunc(day) - 1);
    double time = trunc(hour) * 3600000;
    time += trunc(minute) * 60000;
    time += trunc(second) * 1000;
    time += trunc(millisecond);
    double ms = days * ms_per_day;
    return clip_time(ms + time);
}

static double date_utc(double year, double month, double day)
{
    return moment_utc(year, month, day, 0, 0, 0, 0);
}

struct moment moment_at(double ms)
{
    ms = clip_time(ms);
    if (isnan(ms)) {
        double none = (double)NAN;
        return (struct moment){none, none, none, none, none, none, none, none, none};
    }
    struct civil c = time_civil((int64_t)ms);
    return (struct moment){
        .ms = ms,
        .year = (double)c.year,
        .month = c.month - 1,
        .day = c.day,
        .weekday = time_weekday((int64_t)floor(ms / ms_per_day)),
        .hour = c.hour,
        .minute = c.minute,
        .second = c.second,
        .millisecond = c.millisecond,
    };
}

/* The Monday that begins week 1 of a year (month 0) or month: the week with its fourth day. */
static double first_week(double year, double month)
{
    double start = date_utc(year, month, 1);
    double weekday = moment_at(start).weekday;
    if (weekday == 0)
        weekday = 7;
    return weekday > 4 ? start + (8 - weekday) * ms_per_day : start - (weekday - 1) * ms_per_day;
}

/* A year, or a month of one, as a period that is counted in weeks. */
struct period {
    double year, month; /* month 0 to 11; years have month 0 */
    bool is_month;
};

static struct period period_beside(struct period p, double by)
{
    if (!p.is_month) {
        p.year += by;
        return p;
    }
    p.month += by;
    if (p.month > 11 || p.month < 0) {
        p.month -= 12 * by;
        p.year += by;
    }
    return p;
}

static double period_start(struct period p)
{
    return first_week(p.year, p.month);
}

static double week_number(struct period p, double today, double weeks)
{
    double week = (today - period_start(p)) / (ms_per_day * 7) + 1;
    if (week > weeks) {
        if (today >= period_start(period_beside(p, 1)))
            week = 1;
    } else if (week < 1) {
        week = (today - period_start(period_beside(p, -1))) / (ms_per_day * 7) + 1;
    }
    return floor(week);
}

/* The period whose weeks the instant falls into. */
static struct period week_period(struct period p, double ms)
{
    if (ms < period_start(p))
        return period_beside(p, -1);
    if (ms >= period_start(period_beside(p, 1)))
        return period_beside(p, 1);
    return p;
}

double moment_component(const struct moment *m, uint16_t component)
{
    struct period year = {m->year, isnan(m->year) ? (double)NAN : 0, false};
    struct period month = {m->year, m->month, true};
    switch (component) {
    case 'Y': return m->year;
    case 'M': return m->month + 1;
    case 'D': return m->day;
    case 'd':
        return (date_utc(m->year, m->month, m->day) - date_utc(m->year, 0, 1)) / ms_per_day + 1;
    case 'F': return m->weekday == 0 ? 7 : m->weekday;
    case 'W': return week_number(year, date_utc(m->year, m->month, m->day), 52);
    case 'w': return week_number(month, date_utc(m->year, m->month, m->day), 4);
    case 'X': return week_period(year, m->ms).year;
    case 'x': return week_period(month, m->ms).month + 1;
    case 'H': return m->hour;
    case 'h': return fmod(m->hour, 12) == 0 ? 12 : fmod(m->hour, 12);
    case 'P': return m->hour >= 12;
    case 'm': return m->minute;
    case 's': return m->second;
    case 'f': return m->millisecond;
    default: return (double)NAN;
    }
}
