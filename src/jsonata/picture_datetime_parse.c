/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $toMillis with a picture: the pieces of the text become component values, missing components are
 * filled in, and the whole becomes an instant. Relies on picture_datetime_match.c for the pieces
 * and picture_moment.c for the calendar. The values are JavaScript numbers: 0 and NaN count as
 * missing where the reference implementation asks "is it true", and an instant may come out as NaN.
 */
#include "jsonata/picture_internal.h"

#include <math.h>

enum { SMALL_TEXT = 96, SMALL_SPANS = 24 };

/* The components of one timestamp by letter. */
struct components {
    double value[128];
    bool is_set[128];
    bool has_any; /* a component was read, even into nothing */
};

/* What is a month called, cut to the picture's width? The last one wins where several are called
 * the same. */
static double read_name(const char (*names)[10], size_t count, const struct datetime_part *part,
                        struct units text)
{
    double found = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(names[i]);
        if ((double)n > part->width_max && part->width_max != 0)
            n = part->width_max > 0 ? (size_t)part->width_max : 0;
        char name[10] = {0};
        memcpy(name, names[i], n);
        if (n > 0 && units_is(text, name))
            found = (double)i + 1;
    }
    return found;
}

/* 0 for am, 1 for pm in equal letters; 2, which is true but neither, for names that every
 * JavaScript object has; NaN for others. */
static double read_half_day(struct units text)
{
    static const char inherited[][24] = {
        "constructor",    "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable",
        "toLocaleString", "toString",       "valueOf"};
    if (units_is(text, "am") || units_is(text, "AM"))
        return 0;
    if (units_is(text, "pm") || units_is(text, "PM"))
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(inherited); i++) {
        if (units_is(text, inherited[i]))
            return 2;
    }
    return (double)NAN;
}

/* Minutes. The minutes are added to the hours whatever their sign is. */
static double read_zone(const struct datetime_part *part, struct units text)
{
    if (part->component == 'z')
        text = units_sub(text, 3, text.n);
    if (part->integer->regular > 0) {
        uint32_t separator = part->integer->separators[0].character;
        /* A separator beyond U+FFFF leaves half of itself before the minutes: no number. */
        size_t at = separator < 0x10000 ? units_find_one(text, (uint16_t)separator, 0) : STR_NONE;
        if (at == STR_NONE)
            return (double)NAN;
        double hours = units_parse_int(units_sub(text, 0, at));
        return hours * 60 + units_parse_int(units_sub(text, at + 1, text.n));
    }
    if (text.n <= 3)
        return units_parse_int(text) * 60;
    return units_parse_int(units_sub(text, 0, 3)) * 60 +
           units_parse_int(units_sub(text, 3, text.n));
}

/* Three digits of a fraction as milliseconds, through the same two roundings as in the reference.
 */
static double read_fraction(struct units text)
{
    size_t n = text.n < 3 ? text.n : 3;
    double seconds = units_parse_int(units_sub(text, 0, n)) / (double)picture_pow10[n];
    return seconds * 1000;
}

static bool read_part(const struct datetime_part *part, struct units text, struct components *c,
                      struct picture_error *err)
{
    double value = (double)NAN;
    bool is_set = true;
    switch (part->component) {
    case 'Z':
    case 'z': value = read_zone(part, text); break;
    case 'f': value = read_fraction(text); break;
    default:
        if (part->integer != NULL) {
            if (!integer_read(part->integer, text, &value, err))
                return false;
            break;
        }
        if (part->component == 'P')
            value = read_half_day(text);
        else if (part->component == 'F')
            value = read_name(datetime_days + 1, 7, part, text);
        else
            value = read_name(datetime_months, 12, part, text);
        is_set = !isnan(value);
    }
    c->has_any = true;
    c->is_set[part->component] = is_set;
    c->value[part->component] = value;
    return true;
}

/* One bit per letter, the first one highest, for what is there and true. */
static unsigned component_mask(const struct components *c, const char *letters)
{
    unsigned mask = 0;
    for (; *letters != '\0'; letters++) {
        double value = c->value[(unsigned char)*letters];
        bool is_true = c->is_set[(unsigned char)*letters] && !isnan(value) && value != 0;
        mask = mask << 1 | is_true;
    }
    return mask;
}

/* Is mask not empty and part of whole? */
static bool is_part_of(unsigned mask, unsigned whole)
{
    return mask != 0 && (mask & ~whole) == 0;
}

/* How the date is given. */
enum date_form {
    DATE_YEAR_MONTH_DAY,
    DATE_YEAR_DAY,        /* day of the year */
    DATE_YEAR_MONTH_WEEK, /* these two are recognised, then refused */
    DATE_YEAR_WEEK
};

static enum date_form date_form_of(const struct components *c)
{
    unsigned mask = component_mask(c, "YXMxWwdD");
    if (is_part_of(mask, 0xA1)) /* Y, M, D */
        return DATE_YEAR_MONTH_DAY;
    if (is_part_of(mask, 0x82)) /* Y, d */
        return DATE_YEAR_DAY;
    if (is_part_of(mask, 0x54)) /* X, x, w */
        return DATE_YEAR_MONTH_WEEK;
    if (is_part_of(mask, 0x48)) /* X, W */
        return DATE_YEAR_WEEK;
    return DATE_YEAR_MONTH_DAY;
}

static bool has_half_days(const struct components *c)
{
    unsigned mask = component_mask(c, "PHhmsf");
    return !is_part_of(mask, 0x17) /* H, m, s, f */ && is_part_of(mask, 0x2F) /* P, h, m, s, f */;
}

/* Parts before the first given one come from now, parts behind the last given one are their
 * smallest value; a gap between given parts is refused. */
static bool fill_in(struct components *c, const char *letters, double now_ms,
                    struct picture_error *err)
{
    struct moment now = {0};
    bool has_now = false;
    bool has_start = false;
    bool has_end = false;
    for (; *letters != '\0'; letters++) {
        unsigned char letter = (unsigned char)*letters;
        if (c->is_set[letter]) {
            has_start = true;
            if (has_end)
                return picture_fail(err, "D3136");
            continue;
        }
        if (has_start) {
            c->value[letter] = letter == 'M' || letter == 'D' || letter == 'd';
            has_end = true;
        } else {
            if (!has_now)
                now = moment_at(now_ms);
            has_now = true;
            /* As for P: from now it is a text, which is neither am nor pm. */
            c->value[letter] = letter == 'P' ? 2 : moment_component(&now, letter);
        }
    }
    return true;
}

static bool assemble(struct components *c, double now_ms, double *ret_ms, struct picture_error *err)
{
    static const char date_letters[][5] = {"YMD", "YD", "XxwF", "XWF"};
    enum date_form form = date_form_of(c);
    bool is_half_days = has_half_days(c);
    char letters[16] = {0};
    size_t n = strlen(date_letters[form]);
    memcpy(letters, date_letters[form], n);
    memcpy(letters + n, is_half_days ? "Phmsf" : "Hmsf", is_half_days ? 5 : 4);
    if (!fill_in(c, letters, now_ms, err))
        return false;
    if (form == DATE_YEAR_MONTH_WEEK || form == DATE_YEAR_WEEK)
        return picture_fail(err, "D3136");

    double *v = c->value;
    double month = c->is_set['M'] || form == DATE_YEAR_MONTH_DAY ? v['M'] : 0;
    month = month > 0 ? month - 1 : 0;
    double day = v['D'];
    if (form == DATE_YEAR_DAY) {
        double start = moment_utc(v['Y'], 0, 1, 0, 0, 0, 0);
        struct moment date = moment_at(start + (v['d'] - 1) * 86400000);
        month = date.month;
        day = date.day;
    }
    double hour = v['H'];
    if (is_half_days) {
        hour = v['h'] == 12 ? 0 : v['h'];
        if (v['P'] == 1)
            hour += 12;
    }
    *ret_ms = moment_utc(v['Y'], month, day, hour, v['m'], v['s'], v['f']);
    double zone = component_mask(c, "Z") != 0 ? v['Z'] : component_mask(c, "z") != 0 ? v['z'] : 0;
    *ret_ms -= zone * 60 * 1000;
    return true;
}

static bool read_parts(const struct picture_datetime *p, struct units text,
                       struct datetime_span *spans, double now_ms, bool *ret_matched,
                       double *ret_ms, struct picture_error *err)
{
    *ret_matched = false;
    enum datetime_match found = datetime_match(p, text, spans);
    if (found == DATETIME_TOO_LONG)
        return picture_fail(err, "U1003");
    if (found == DATETIME_UNMATCHED)
        return true;
    struct components c;
    memset(&c, 0, sizeof c);
    for (size_t i = 0; i < p->count; i++) {
        struct units piece = units_sub(text, spans[i].start, spans[i].end);
        if (!p->parts[i].is_literal && !read_part(&p->parts[i], piece, &c, err))
            return false;
    }
    if (!c.has_any)
        return true;
    *ret_matched = true;
    return assemble(&c, now_ms, ret_ms, err);
}

bool picture_datetime_parse(const struct picture_datetime *p, str text, double now_ms,
                            bool *ret_matched, double *ret_ms, struct picture_error *err)
{
    if (!p->is_readable) {
        *err = p->parse_error;
        return false;
    }
    struct datetime_span small_spans[SMALL_SPANS];
    uint16_t small_text[SMALL_TEXT];
    struct datetime_span *spans = small_spans;
    uint16_t *units = small_text;
    struct buf span_memory;
    struct buf text_memory;
    buf_init(&span_memory, SIZE_MAX);
    buf_init(&text_memory, SIZE_MAX);
    if (p->count > SMALL_SPANS) {
        buf_add_fill(&span_memory, '\0', p->count * sizeof *spans);
        spans = (struct datetime_span *)(void *)span_memory.p;
    }
    if (text.n > SMALL_TEXT) {
        buf_add_fill(&text_memory, '\0', text.n * sizeof *units);
        units = (uint16_t *)(void *)text_memory.p;
    }
    bool is_read = read_parts(p, units_write(text, units), spans, now_ms, ret_matched, ret_ms, err);
    buf_done(&span_memory);
    buf_done(&text_memory);
    return is_read;
}

/* Reads count digits at *at into *ret. */
static bool iso_digits(str text, size_t *at, size_t count, double *ret)
{
    if (count > text.n - *at)
        return false;
    double value = 0;
    for (size_t i = 0; i < count; i++) {
        char c = text.p[*at + i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *ret = value;
    *at += count;
    return true;
}

/* A mark and two digits, the first of them at most most. */
static bool iso_field(str text, size_t *at, char mark, char most, double *ret)
{
    size_t next = *at + 1;
    if (*at + 2 >= text.n || text.p[*at] != mark || text.p[next] > most)
        return false;
    if (!iso_digits(text, &next, 2, ret))
        return false;
    *at = next;
    return true;
}

struct iso_fields {
    double year, month, day, hour, minute, second, millisecond;
    double zone_hour, zone_minute;
    int zone_sign;
    bool has_time, has_fraction, has_zone;
};

static void iso_fraction(str text, size_t *at, struct iso_fields *f)
{
    size_t next = *at + 1;
    double scale = 100;
    while (next < text.n && text.p[next] >= '0' && text.p[next] <= '9') {
        f->millisecond += (text.p[next] - '0') * scale;
        scale = scale >= 10 ? scale / 10 : 0;
        next++;
    }
    if (next == *at + 1)
        return;
    f->has_fraction = true;
    *at = next;
}

static bool iso_zone(str text, size_t *at, struct iso_fields *f)
{
    if (*at + 1 == text.n && text.p[*at] == 'Z') {
        (*at)++;
        return true;
    }
    f->zone_sign = text.p[*at] == '-' ? -1 : 1;
    f->has_zone = true;
    if (!iso_field(text, at, text.p[*at] == '-' ? '-' : '+', '2', &f->zone_hour))
        return false;
    if (*at < text.n && text.p[*at] == ':')
        return iso_field(text, at, ':', '5', &f->zone_minute);
    return *at < text.n && text.p[*at] <= '5' && iso_digits(text, at, 2, &f->zone_minute);
}

/* Year, then month and day as asked for, then time, fraction and zone, each of which may be
 * missing. */
static bool iso_read_as(str text, bool has_month, bool has_day, struct iso_fields *f)
{
    size_t at = 0;
    *f = (struct iso_fields){.month = 1, .day = 1};
    if (!iso_digits(text, &at, 4, &f->year) ||
        (has_month && !iso_field(text, &at, '-', '1', &f->month)) ||
        (has_day && !iso_field(text, &at, '-', '3', &f->day)))
        return false;
    if (has_day && !has_month)
        f->month = (double)NAN; /* "2018-31" has the form and is no date */
    if (at < text.n && text.p[at] == 'T') {
        f->has_time = true;
        if (!iso_field(text, &at, 'T', '2', &f->hour) ||
            !iso_field(text, &at, ':', '5', &f->minute) ||
            !iso_field(text, &at, ':', '5', &f->second))
            return false;
    }
    if (at < text.n && text.p[at] == '.')
        iso_fraction(text, &at, f);
    return at == text.n || (iso_zone(text, &at, f) && at == text.n);
}

/* A month or day may turn out to be the hours of a zone: "2018-10:30". */
static bool iso_read(str text, struct iso_fields *f)
{
    return iso_read_as(text, true, true, f) || iso_read_as(text, true, false, f) ||
           iso_read_as(text, false, true, f) || iso_read_as(text, false, false, f);
}

static bool iso_exists(const struct iso_fields *f)
{
    bool is_midnight = f->hour == 24 && f->minute == 0 && f->second == 0 && f->millisecond == 0;
    return f->month >= 1 && f->month <= 12 && f->day >= 1 && f->day <= 31 &&
           (f->hour < 24 || is_midnight) && f->zone_hour < 24 &&
           (f->has_time || !(f->has_fraction || f->has_zone));
}

bool picture_iso_parse(str text, double *ret_ms, struct picture_error *err)
{
    struct iso_fields f;
    if (!iso_read(text, &f))
        return picture_fail_text(err, "D3110", text);
    if (!iso_exists(&f)) {
        *ret_ms = (double)NAN;
        return true;
    }
    /* Date.UTC takes the years 0 to 99 for those of another century; 400 years are always as long.
     */
    static const double ms_400_years = 146097.0 * 86400000.0;
    double ms =
        moment_utc(f.year + 400, f.month - 1, f.day, f.hour, f.minute, f.second, f.millisecond);
    *ret_ms = ms - ms_400_years - f.zone_sign * (f.zone_hour * 60 + f.zone_minute) * 60000;
    return true;
}
