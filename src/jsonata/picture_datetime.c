/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Date pictures, "[D1o] [MNn] [Y0001]": analysis into literals and components with their modifiers.
 * Relies on picture_integer.c for the number formats inside. Printing is in
 * picture_datetime_format.c, reading in picture_datetime_parse.c.
 */
#include "jsonata/picture_internal.h"

#include <math.h>

const char datetime_months[12][10] = {"January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December"};
const char datetime_days[8][10] = {"",         "Monday", "Tuesday",  "Wednesday",
                                   "Thursday", "Friday", "Saturday", "Sunday"};

static bool is_among(uint16_t unit, const char *letters)
{
    return unit != 0 && unit < 0x80 && strchr(letters, unit) != NULL;
}

/* The presentation of a component that gives none, or NULL for an unknown component. */
static const char *default_presentation(uint16_t component)
{
    if (component == 'm' || component == 's')
        return "01";
    if (component == 'Z' || component == 'z')
        return "01:01";
    if (is_among(component, "FPCE"))
        return "n";
    return is_among(component, "YMDdWwXxHhf") ? "1" : NULL;
}

/* "]]" in a literal means "]". */
static struct units unescape_literal(struct arena *a, struct units text)
{
    uint16_t *p = arena_alloc(a, text.n * sizeof *p);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        p[n++] = text.p[i];
        if (text.p[i] == ']' && i + 1 < text.n && text.p[i + 1] == ']')
            i++;
    }
    return (struct units){p, n};
}

static void add_literal(struct arena *a, struct picture_datetime *p, struct units text)
{
    if (text.n == 0)
        return;
    struct units literal = unescape_literal(a, text);
    p->parts[p->count++] = (struct datetime_part){
        .is_literal = true,
        .literal_units = literal,
        .literal = units_text(a, literal),
    };
}

static struct units without_space(struct arena *a, struct units text)
{
    uint16_t *p = arena_alloc(a, text.n * sizeof *p);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (!unit_is_space(text.p[i]))
            p[n++] = text.p[i];
    }
    return (struct units){p, n};
}

static double read_width(struct units text)
{
    return units_is(text, "*") ? (double)NAN : units_parse_int(text);
}

/* ",3-5", ",*-4": what stands behind the last comma. */
static void read_widths(struct datetime_part *part, struct units text)
{
    size_t dash = units_find_one(text, '-', 0);
    part->has_width = true;
    part->width_min = read_width(units_sub(text, 0, dash));
    if (dash == STR_NONE)
        return;
    struct units max = units_sub(text, dash + 1, text.n);
    part->has_max = !units_is(max, "*");
    part->width_max = read_width(max);
}

static struct units units_join_mark(struct arena *a, struct units text, uint16_t modifier)
{
    uint16_t *p = arena_alloc(a, (text.n + 2) * sizeof *p);
    memcpy(p, text.p, text.n * sizeof *p);
    p[text.n] = ';';
    p[text.n + 1] = modifier;
    return (struct units){p, text.n + 2};
}

/* The number of digits to which a year is cut: the maximum width, or as many as the format has,
 * from two on. */
static void set_year_digits(struct datetime_part *part)
{
    if (part->has_max) {
        part->year_digits = part->width_max;
        part->integer->mandatory = part->width_max;
        return;
    }
    double digits = part->integer->mandatory + part->integer->optional;
    if (digits >= 2)
        part->year_digits = digits;
}

/* modifier: the second presentation modifier, 0 for none. */
static bool set_number_format(struct arena *a, struct picture_datetime *p,
                              struct datetime_part *part, struct units presentation,
                              uint16_t modifier, struct picture_error *err)
{
    struct units pattern =
        modifier == 0 ? presentation : units_join_mark(a, presentation, modifier);
    if (!integer_analyse(a, pattern, &part->integer, err))
        return false;
    if (part->integer->mandatory < part->width_min)
        part->integer->mandatory = part->width_min;
    if (part->component == 'Y')
        set_year_digits(part);
    /* A number right before this one is read with a fixed width: nothing else separates them. */
    if (p->count > 0 && p->parts[p->count - 1].integer != NULL)
        p->parts[p->count - 1].integer->parse_digits = p->parts[p->count - 1].integer->mandatory;
    return true;
}

static enum name_case name_case_of(struct units presentation)
{
    if (presentation.n > 0 && presentation.p[0] == 'n')
        return NAME_LOWER;
    if (presentation.n == 0 || presentation.p[0] != 'N')
        return NAME_NONE;
    return presentation.n > 1 && presentation.p[1] == 'n' ? NAME_TITLE : NAME_UPPER;
}

/* Takes the second presentation modifier off the end; 0 when there is none. */
static uint16_t take_modifier(struct units *presentation)
{
    if (presentation->n < 2 || !is_among(presentation->p[presentation->n - 1], "atco"))
        return 0;
    return presentation->p[--presentation->n];
}

static bool set_presentation(struct arena *a, struct picture_datetime *p,
                             struct datetime_part *part, struct units presentation,
                             struct picture_error *err)
{
    uint16_t modifier = take_modifier(&presentation);
    part->is_traditional = modifier == 't';
    if (presentation.n == 0) {
        const char *text = default_presentation(part->component);
        if (text == NULL)
            return picture_fail_text(err, "D3132", part->component_text);
        presentation = units_of(a, str_of(text));
    }
    part->names = name_case_of(presentation);
    if (part->names == NAME_NONE && is_among(part->component, "YMDdFWwXxHhmsf") &&
        !set_number_format(a, p, part, presentation, modifier, err))
        return false;
    if (part->component == 'Z' || part->component == 'z')
        return integer_analyse(a, presentation, &part->integer, err);
    return true;
}

static bool add_marker(struct arena *a, struct picture_datetime *p, struct units text,
                       struct picture_error *err)
{
    struct units marker = without_space(a, text);
    struct datetime_part part = {
        .component = marker.n > 0 ? marker.p[0] : 0,
        .component_text = units_text(a, units_sub(marker, 0, 1)),
        .width_min = (double)NAN,
        .width_max = (double)NAN,
        .year_digits = -1,
    };
    size_t comma = units_rfind_one(marker, ',');
    if (comma != STR_NONE)
        read_widths(&part, units_sub(marker, comma + 1, marker.n));
    struct units presentation = units_sub(marker, 1, comma);
    if (comma == 0)
        presentation = units_sub(marker, 0, 1); /* substring(1, 0) means substring(0, 1) */
    if (!set_presentation(a, p, &part, presentation, err))
        return false;
    p->parts[p->count++] = part;
    return true;
}

static bool split_parts(struct arena *a, struct picture_datetime *p, struct units picture,
                        struct picture_error *err)
{
    static const uint16_t bracket = '[';
    size_t start = 0;
    size_t at = units_find_one(picture, '[', 0);
    while (at != STR_NONE) {
        add_literal(a, p, units_sub(picture, start, at));
        if (at + 1 < picture.n && picture.p[at + 1] == '[') {
            add_literal(a, p, (struct units){&bracket, 1});
            start = at + 2;
        } else {
            size_t end = units_find_one(picture, ']', at);
            if (end == STR_NONE)
                return picture_fail(err, "D3135");
            if (!add_marker(a, p, units_sub(picture, at + 1, end), err))
                return false;
            start = end + 1;
        }
        at = units_find_one(picture, '[', start);
    }
    add_literal(a, p, units_sub(picture, start, picture.n));
    return true;
}

/* What reading with the picture will be refused for, first things first: parts without a number or
 * a name, then broken regular expressions. */
static bool check_readable(const struct picture_datetime *p, struct picture_error *err)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct datetime_part *part = &p->parts[i];
        if (part->is_literal || is_among(part->component, "Zzf"))
            continue;
        if (part->integer != NULL && part->integer->kind == INTEGER_SEQUENCE)
            return picture_fail_text(err, "D3130", part->integer->token);
        if (part->integer == NULL && !is_among(part->component, "MxFP"))
            return picture_fail_text(err, "D3133", part->component_text);
    }
    for (size_t i = 0; i < p->count; i++) {
        if (datetime_zone_is_broken(&p->parts[i]))
            return picture_fail(err, "D3160");
    }
    return true;
}

/* A part needs two characters of the picture at least, or one beside a marker. */
static size_t part_count_max(struct units picture)
{
    size_t brackets = 0;
    for (size_t i = 0; i < picture.n; i++)
        brackets += picture.p[i] == '[';
    return 2 * brackets + 1;
}

bool picture_datetime_analyse(struct arena *a, str picture, const struct picture_datetime **ret,
                              struct picture_error *err)
{
    struct units units;
    if (picture.n > SIZE_MAX / 1024 || !arena_room(a, picture.n * 64))
        return picture_fail(err, "U1002");
    units = units_of(a, picture);
    size_t count = part_count_max(units);
    /* Beside its row a part has an integer format and a few short texts. */
    if (!arena_room(a, count * (sizeof(struct datetime_part) + 512)))
        return picture_fail(err, "U1002");
    struct picture_datetime *p = arena_zalloc(a, sizeof *p);
    p->parts = arena_alloc(a, count * sizeof *p->parts);
    if (!split_parts(a, p, units, err))
        return false;
    p->is_readable = check_readable(p, &p->parse_error);
    *ret = p;
    return true;
}
