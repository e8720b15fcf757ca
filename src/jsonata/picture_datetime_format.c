/* SPDX-License-Identifier: Apache-2.0 */
/*
 * $fromMillis: an instant in the form of an analysed date picture. Relies on picture_moment.c for
 * the calendar fields. The oddities of the reference implementation are kept: a time zone is read
 * as one number, so
 * "+01:00" is one minute and "-0530" is six and a half hours west; components without meaning print
 * "undefined".
 */
#include "jsonata/picture_internal.h"

#include "base/time.h"
#include <math.h>

/* Time zone: hours and minutes as cut from the number hhmm. NaN when the text is no number. */
struct zone {
    double hours, minutes;
};

static struct zone zone_of(const str *text)
{
    enum { ZONE_UNITS = 64 };
    uint16_t memory[ZONE_UNITS];
    if (text == NULL)
        return (struct zone){0, 0};
    double number;
    if (text->n <= ZONE_UNITS) {
        number = units_parse_int(units_write(*text, memory));
    } else {
        struct buf units;
        buf_init(&units, text->n * sizeof(uint16_t));
        buf_add_fill(&units, '\0', text->n * sizeof(uint16_t));
        number = units_parse_int(units_write(*text, (uint16_t *)(void *)units.p));
        buf_done(&units);
    }
    return (struct zone){floor(number / 100), fmod(number, 100)};
}

static double zone_ms(struct zone z)
{
    return (60 * z.hours + z.minutes) * 60 * 1000;
}

/* The name of the value, or NULL. */
static const char *name_of(uint16_t component, double value)
{
    if (isnan(value))
        return NULL;
    return component == 'F' ? datetime_days[(int)value] : datetime_months[(int)value - 1];
}

static bool print_name(const struct datetime_part *part, double value, struct buf *out,
                       struct picture_error *err)
{
    if (part->component != 'M' && part->component != 'x' && part->component != 'F')
        return picture_fail_text(err, "D3133", part->component_text);
    const char *name = name_of(part->component, value);
    if (name == NULL) {
        if (part->names != NAME_TITLE || part->has_width)
            return picture_fail(err, "D3160");
        buf_add(out, STR("undefined"));
        return true;
    }
    size_t n = strlen(name);
    if ((double)n > part->width_max)
        n = part->width_max > 0 ? (size_t)part->width_max : 0;
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        if (part->names == NAME_UPPER && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (part->names == NAME_LOWER && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        buf_add_byte(out, c);
    }
    return true;
}

/* Hours alone, with minutes behind a colon when there are some. */
static bool print_zone_hours(const struct datetime_part *part, struct zone z, struct buf *out,
                             struct picture_error *err)
{
    if (!integer_print(part->integer, z.hours, out, err))
        return false;
    if (z.minutes == 0)
        return true;
    const struct picture_integer two_digits = {
        .kind = INTEGER_DECIMAL, .zero = '0', .mandatory = 2, .optional = 0};
    buf_add_byte(out, ':');
    return integer_print(&two_digits, z.minutes, out, err);
}

static bool print_zone(const struct datetime_part *part, struct zone z, struct buf *out,
                       struct picture_error *err)
{
    double offset = z.hours * 100 + z.minutes;
    double digits = part->integer->mandatory;
    bool is_regular = part->integer->regular > 0;
    if (!is_regular && !(digits <= 4)) {
        (void)picture_fail(err, "D3134");
        err->has_number = !isnan(digits);
        err->number = digits;
        return false;
    }
    if (offset == 0 && part->is_traditional) {
        buf_add_byte(out, 'Z');
        return true;
    }
    if (part->component == 'z')
        buf_add(out, STR("GMT"));
    if (offset >= 0)
        buf_add_byte(out, '+');
    if (!is_regular && digits <= 2)
        return print_zone_hours(part, z, out, err);
    return integer_print(part->integer, offset, out, err);
}

static bool print_number(const struct datetime_part *part, double value, struct buf *out,
                         struct picture_error *err)
{
    if (part->component == 'Y' && part->year_digits != -1)
        value = fmod(value, pow(10, part->year_digits));
    return integer_print(part->integer, value, out, err);
}

static bool print_part(const struct datetime_part *part, const struct moment *m, struct zone z,
                       struct buf *out, struct picture_error *err)
{
    switch (part->component) {
    case 'Z':
    case 'z': return print_zone(part, z, out, err);
    case 'P': {
        bool is_pm = m->hour >= 12;
        if (part->names == NAME_UPPER)
            buf_add(out, is_pm ? STR("PM") : STR("AM"));
        else
            buf_add(out, is_pm ? STR("pm") : STR("am"));
        return true;
    }
    case 'C':
    case 'E': buf_add(out, STR("ISO")); return true;
    case 'f':
        if (part->integer == NULL)
            return picture_fail(err, "D3160");
        return print_number(part, m->millisecond, out, err);
    default: break;
    }
    if (part->integer == NULL && part->names == NAME_NONE) {
        buf_add(out, STR("undefined"));
        return true;
    }
    /* An unknown component with a name modifier has no integer format either, and no name. */
    double value = moment_component(m, part->component);
    if (part->integer != NULL)
        return print_number(part, value, out, err);
    if (part->component < 0x80 && strchr("YMDdFWwXxHhms", part->component) != NULL)
        return print_name(part, value, out, err);
    buf_add(out, STR("undefined"));
    return true;
}

bool picture_datetime_format(const struct picture_datetime *p, double ms, const str *timezone,
                             struct buf *out, struct picture_error *err)
{
    struct zone z = zone_of(timezone);
    struct moment m = moment_at(ms + zone_ms(z));
    for (size_t i = 0; i < p->count; i++) {
        const struct datetime_part *part = &p->parts[i];
        if (part->is_literal)
            buf_add(out, part->literal);
        else if (!print_part(part, &m, z, out, err))
            return false;
    }
    return true;
}

/* A number with zeros in front, as [Y0001] and its like print it. */
static void print_padded(double value, double digits, struct buf *out)
{
    const struct picture_integer format = {
        .kind = INTEGER_DECIMAL, .zero = '0', .mandatory = digits, .optional = 0};
    struct picture_error err;
    (void)integer_print(&format, value, out, &err); /* cannot fail with so few digits */
}

void picture_iso_format(double ms, const str *timezone, struct buf *out)
{
    struct zone z = zone_of(timezone);
    struct moment m = moment_at(ms + zone_ms(z));
    double offset = z.hours * 100 + z.minutes;
    if (offset == 0 && m.year >= 0 && m.year <= 9999) {
        char text[32];
        buf_add(out, (str){text, time_print_iso((int64_t)m.ms, text)});
        return;
    }
    const struct {
        char before;
        int digits;
        double value;
    } fields[] = {
        {0, 4, fmod(m.year, 10000)},
        {'-', 2, m.month + 1},
        {'-', 2, m.day},
        {'T', 2, m.hour},
        {':', 2, m.minute},
        {':', 2, m.second},
        {'.', 3, m.millisecond},
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (fields[i].before != 0)
            buf_add_byte(out, fields[i].before);
        print_padded(fields[i].value, fields[i].digits, out);
    }
    const struct integer_separator colon = {2, ':'};
    struct picture_integer format = {.kind = INTEGER_DECIMAL,
                                     .zero = '0',
                                     .mandatory = 4,
                                     .optional = 0,
                                     .regular = 2,
                                     .separators = &colon,
                                     .separator_count = 1};
    struct picture_error err;
    if (offset == 0) {
        buf_add_byte(out, 'Z');
        return;
    }
    if (offset >= 0)
        buf_add_byte(out, '+');
    (void)integer_print(&format, offset, out, &err);
}
