/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as English words, both ways: "One Thousand, Two Hundred and Six", "twenty-first". Amounts
 * above the trillions pile words up ("ten billion trillion"), and arithmetic is on doubles, as in
 * the reference implementation. Upper and lower case are made by picture_integer.c.
 */
#include "jsonata/picture_internal.h"

#include <math.h>

struct number_word {
    char text[16]; /* lower case */
    double value;
};

/* In the order in which a text is tried against them. */
static const struct number_word number_words[] = {
    {"zero", 0},         {"one", 1},          {"two", 2},           {"three", 3},
    {"four", 4},         {"five", 5},         {"six", 6},           {"seven", 7},
    {"eight", 8},        {"nine", 9},         {"ten", 10},          {"eleven", 11},
    {"twelve", 12},      {"thirteen", 13},    {"fourteen", 14},     {"fifteen", 15},
    {"sixteen", 16},     {"seventeen", 17},   {"eighteen", 18},     {"nineteen", 19},
    {"zeroth", 0},       {"first", 1},        {"second", 2},        {"third", 3},
    {"fourth", 4},       {"fifth", 5},        {"sixth", 6},         {"seventh", 7},
    {"eighth", 8},       {"ninth", 9},        {"tenth", 10},        {"eleventh", 11},
    {"twelfth", 12},     {"thirteenth", 13},  {"fourteenth", 14},   {"fifteenth", 15},
    {"sixteenth", 16},   {"seventeenth", 17}, {"eighteenth", 18},   {"nineteenth", 19},
    {"twenty", 20},      {"twentieth", 20},   {"thirty", 30},       {"thirtieth", 30},
    {"forty", 40},       {"fortieth", 40},    {"fifty", 50},        {"fiftieth", 50},
    {"sixty", 60},       {"sixtieth", 60},    {"seventy", 70},      {"seventieth", 70},
    {"eighty", 80},      {"eightieth", 80},   {"ninety", 90},       {"ninetieth", 90},
    {"hundred", 100},    {"hundreieth", 100}, {"hundredth", 100},   {"thousand", 1e3},
    {"thousandth", 1e3}, {"million", 1e6},    {"millionth", 1e6},   {"billion", 1e9},
    {"billionth", 1e9},  {"trillion", 1e12},  {"trillionth", 1e12}, {"and", (double)NAN},
    {"-", (double)NAN},  {",", (double)NAN},  {" ", (double)NAN},
};

enum { WORD_ZEROTH = 20 };

static const char word_tens[8][8] = {"Twenty", "Thirty",  "Forty",  "Fifty",
                                     "Sixty",  "Seventy", "Eighty", "Ninety"};
static const char word_magnitudes[4][9] = {"Thousand", "Million", "Billion", "Trillion"};

static void add_small(struct buf *out, double value, bool is_ordinal)
{
    if (value != floor(value)) {
        buf_add(out, STR("undefined")); /* the reference has no word at such an index */
        return;
    }
    const char *word = number_words[(size_t)value + (is_ordinal ? WORD_ZEROTH : 0)].text;
    buf_add_byte(out, (char)(word[0] - 'a' + 'A'));
    buf_add(out, str_of(word + 1));
}

static void add_below_100(struct buf *out, double value, bool is_ordinal)
{
    size_t tens = (size_t)(value / 10);
    double rest = value - (double)tens * 10;
    str word = str_of(word_tens[tens - 2]);
    if (rest > 0) {
        buf_add(out, word);
        buf_add_byte(out, '-');
        add_small(out, rest, is_ordinal);
    } else if (is_ordinal) {
        buf_add(out, str_sub(word, 0, word.n - 1));
        buf_add(out, STR("ieth"));
    } else {
        buf_add(out, word);
    }
}

/* Continued: something stands before it. */
static void add_words(struct buf *out, double value, bool is_continued, bool is_ordinal)
{
    if (is_continued)
        buf_add(out, value < 100 ? STR(" and ") : STR(", "));
    if (value <= 19) {
        add_small(out, value, is_ordinal);
        return;
    }
    if (value < 100) {
        add_below_100(out, value, is_ordinal);
        return;
    }
    double unit = 100;
    str name = STR("Hundred");
    if (value >= 1000) {
        size_t magnitude = 0;
        unit = 1000;
        while (magnitude < 3 && value >= unit * 1000) {
            unit *= 1000;
            magnitude++;
        }
        name = str_of(word_magnitudes[magnitude]);
    }
    double count = floor(value / unit);
    double counted = count * unit; /* a statement of its own: no fused multiply-add */
    double rest = value - counted;
    add_words(out, count, false, false);
    buf_add_byte(out, ' ');
    buf_add(out, name);
    if (rest > 0)
        add_words(out, rest, true, is_ordinal);
    else if (is_ordinal)
        buf_add(out, STR("th"));
}

bool words_print(double value, bool is_ordinal, struct buf *out)
{
    if (!isfinite(value))
        return false;
    add_words(out, value, false, is_ordinal);
    return true;
}

static uint16_t lower_ascii(uint16_t unit)
{
    return unit >= 'A' && unit <= 'Z' ? unit | 0x20 : unit;
}

/* Length of the word when text has it at position at, else 0. */
static size_t word_length_at(struct units text, size_t at, const char *word)
{
    size_t n = 0;
    while (word[n] != '\0') {
        if (at + n >= text.n || lower_ascii(text.p[at + n]) != (unsigned char)word[n])
            return 0;
        n++;
    }
    return n;
}

size_t words_match(struct units text, size_t at, size_t *at_word)
{
    while (*at_word < ARRAY_LEN(number_words)) {
        size_t n = word_length_at(text, at, number_words[(*at_word)++].text);
        if (n > 0)
            return n;
    }
    return 0;
}

static double word_value(struct units word)
{
    for (size_t i = 0; i < ARRAY_LEN(number_words); i++) {
        if (word.n > 0 && word_length_at(word, 0, number_words[i].text) == word.n)
            return number_words[i].value;
    }
    return (double)NAN;
}

static bool is_space_at(struct units text, size_t at)
{
    return at < text.n && unit_is_space(text.p[at]);
}

/* Length of the separator between words at position at: comma and space, "and" between spaces, or
 * one space, backslash or hyphen. */
static size_t word_gap_at(struct units text, size_t at)
{
    if (text.p[at] == ',')
        return is_space_at(text, at + 1) ? 2 : 0;
    if (is_space_at(text, at))
        return word_length_at(text, at + 1, "and") == 3 && is_space_at(text, at + 4) ? 5 : 1;
    return text.p[at] == '-' || text.p[at] == '\\';
}

double words_read(struct units text)
{
    double done = 0; /* finished segments: "two thousand" in "two thousand and six" */
    double segment = 0;
    size_t start = 0;
    for (size_t at = 0; at <= text.n;) {
        size_t gap = at < text.n ? word_gap_at(text, at) : 1;
        if (gap == 0) {
            at++;
            continue;
        }
        double value = word_value(units_sub(text, start, at));
        if (value < 100) {
            if (segment >= 1000) {
                done += segment;
                segment = 0;
            }
            segment += value;
        } else {
            segment *= value;
        }
        at += gap;
        start = at;
    }
    return done + segment;
}
