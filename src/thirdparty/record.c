/* SPDX-License-Identifier: Apache-2.0 */
/* Records, see record.h. */
#include "thirdparty/record.h"
#include "base/splitmix.h"

/* ---- keys ---- */

enum { KEY_BITS = 40, KEY_LETTERS = 8 };
#define KEY_MASK ((UINT64_C(1) << KEY_BITS) - 1)

static const char *const key_words[] = {
    "BDAY",   "BLACKWEEK", "BUNDLE", "CREW",     "EARLYBIRD", "FLASH",   "FREESHIP",
    "FRIEND", "LOYAL",     "MEMBER", "NEWYEAR",  "OUTLET",    "REFER",   "SAVE",
    "SPRING", "STUDENT",   "SUMMER", "THANKYOU", "VIP",       "WELCOME",
};

/* Location, state and row in 17 + 1 + 22 bits, mixed by steps each of which can be undone (an odd
 * factor, a shift to the right): different rows stay different. */
static uint64_t key_number(const struct thirdparty_world *w, uint32_t at,
                           enum thirdparty_state state, uint32_t row)
{
    uint64_t x = (uint64_t)at << 23 | (uint64_t)state << 22 | (row & ((1u << 22) - 1));
    for (uint64_t round = 1; round <= 3; round++) {
        x = x * (splitmix64_at(w->seed, round) | 1) & KEY_MASK;
        x ^= x >> 19;
    }
    return x;
}

size_t thirdparty_record_key(const struct thirdparty_world *w, uint32_t at,
                             enum thirdparty_state state, uint32_t row,
                             char out[THIRDPARTY_KEY_MAX])
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    static const char shares[] = "05101520253040507075";
    uint64_t number = key_number(w, at, state, row);
    uint64_t drawn = splitmix64_at(number, 1);
    str word = str_of(key_words[drawn % ARRAY_LEN(key_words)]);
    size_t share = (drawn >> 32) % (sizeof(shares) / 2) * 2, n = word.n;
    memcpy(out, word.p, n);
    out[n++] = shares[share];
    out[n++] = shares[share + 1];
    out[n++] = '-';
    for (int i = 0; i < KEY_LETTERS; i++, number >>= 5)
        out[n++] = letters[number & 31];
    out[n] = '\0';
    return n;
}

/* ---- texts ---- */

/* What went wrong, by state. %k is the key, %n a number, %d a day. */
static const char *const failed_texts[] = {
    "The discount code \"%k\" could not be created: the campaign has ended.",
    "Timed out after %n ms, will not be tried again",
    "Insufficient balance: %n,00 \xe2\x82\xac needed, 12,50 \xe2\x82\xac left",
    "Upstream answered 502 (request %n)",
    "Line 1: unexpected column\nLine 2: value '%n' ignored",
    "Customer group \"VIP, Gold\" does not exist",
    "Code %k is not unique, see C:\\import\\%n.csv",
    "The till at checkout %n was offline \xf0\x9f\x98\xb4",
    "Caf\303\251 & B\303\244ckerei: Rabatt nicht anwendbar",
    "null",
    "Rate of %n per minute exceeded; 50% of the batch was dropped",
    ("\xe5\x89\xb2\xe5\xbc\x95\xe3\x82\xb3\xe3\x83\xbc\xe3\x83\x89\xe3\x81\x8c\xe7\x84\xa1\xe5"
     "\x8a\xb9\xe3\x81\xa7\xe3\x81\x99 (%k)"),
};
static const char *const rejected_texts[] = {
    "Expired on %d",
    "Already redeemed on %d, by customer \"cus_%n\"",
    "Rejected by rule 'min_total > %n'",
    "Not valid here, only at: Porto, Lyon, \"Old Town\"",
    "Reviewer said:\r\n\t\"duplicate of %n\"\r\n",
    "Limit of one code per customer reached \xf0\x9f\x9b\x91\xf0\x9f\x8e\x9f\xef\xb8\x8f",
    "Country not supported: S\xc3\xa3o Tom\xc3\xa9 e Pr\xc3\xadncipe",
    "=SUM(A1:A%n) is no amount",
    "Item \"3/4\" socket\" is excluded from promotions",
    " Leading and trailing space ",
};

static void text_byte(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char plain[] = {['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    if (c == '"' || c == '\\') {
        buf_add_byte(out, '\\');
        buf_add_byte(out, (char)c);
    } else if (c >= ' ') {
        buf_add_byte(out, (char)c);
    } else if (c < sizeof(plain) && plain[c] != 0) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, plain[c]);
    } else {
        buf_add(out, STR("\\u00"));
        buf_add_byte(out, hex[c >> 4]);
        buf_add_byte(out, hex[c & 15]);
    }
}

static void text_number(struct buf *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buf_add(out, (str){digits + at, sizeof(digits) - at});
}

static void text_day(struct buf *out, uint64_t drawn)
{
    buf_add(out, STR("2026-"));
    text_number(out, 10 + drawn % 2);
    buf_add_byte(out, '-');
    text_number(out, 10 + drawn / 2 % 19);
}

/* Bytes up to the next one that is not simply copied. */
static size_t text_run(const char *text)
{
    size_t n = 0;
    while ((unsigned char)text[n] >= ' ' && text[n] != '"' && text[n] != '\\' && text[n] != '%')
        n++;
    return n;
}

/* A text with its places filled, as a JSON string without quotes. */
static void text_put(struct buf *out, const char *text, str key, uint64_t drawn)
{
    for (;;) {
        size_t run = text_run(text);
        buf_add(out, (str){text, run});
        text += run;
        if (*text == '\0')
            return;
        char place = *text == '%' ? text[1] : '\0';
        if (place == 'k')
            buf_add(out, key);
        else if (place == 'n')
            text_number(out, drawn % 30000);
        else if (place == 'd')
            text_day(out, drawn);
        else
            text_byte(out, (unsigned char)*text);
        text += place == 'k' || place == 'n' || place == 'd' ? 2 : 1;
    }
}

/* ---- records ---- */

static void record_errors(struct buf *out, enum thirdparty_state state, str key, uint64_t *draws)
{
    const char *const *texts = state == THIRDPARTY_FAILED ? failed_texts : rejected_texts;
    size_t count = state == THIRDPARTY_FAILED ? ARRAY_LEN(failed_texts) : ARRAY_LEN(rejected_texts);
    uint64_t drawn = splitmix64_next(draws);
    unsigned errors = drawn % 16 == 0 ? 0 : drawn % 16 < 13 ? 1 : drawn % 16 < 15 ? 2 : 3;
    for (unsigned i = 0; i < errors; i++) {
        buf_add(out, i > 0 ? STR(",{\"message\":\"") : STR("{\"message\":\""));
        drawn = splitmix64_next(draws);
        text_put(out, texts[drawn % count], key, drawn >> 32);
        buf_add(out, STR("\"}"));
    }
}

/* What has_gaps leaves out: bits of what is missing. */
enum { GAP_KEY = 1, GAP_STATE = 2, GAP_ERRORS = 4, GAP_NULL = 8 };

static unsigned record_gaps(uint64_t drawn)
{
    static const unsigned gaps[] = {GAP_KEY,
                                    GAP_STATE,
                                    GAP_ERRORS,
                                    GAP_ERRORS | GAP_NULL,
                                    GAP_KEY | GAP_NULL,
                                    GAP_STATE | GAP_ERRORS};
    return drawn % 4 == 0 ? gaps[(drawn >> 8) % ARRAY_LEN(gaps)] : 0;
}

void thirdparty_record_put(const struct thirdparty_world *w, uint32_t at,
                           enum thirdparty_state state, uint32_t row, bool has_gaps,
                           struct buf *out)
{
    char letters[THIRDPARTY_KEY_MAX];
    str key = {letters, thirdparty_record_key(w, at, state, row, letters)};
    uint64_t draws = key_number(w, at, state, row) ^ w->seed << 20;
    unsigned gaps = has_gaps ? record_gaps(splitmix64_next(&draws)) : 0;
    const char *before = "{";
    if ((gaps & (GAP_KEY | GAP_NULL)) == (GAP_KEY | GAP_NULL)) {
        buf_add(out, STR("{\"resourceKey\":null"));
        before = ",";
    } else if ((gaps & GAP_KEY) == 0) {
        buf_add(out, STR("{\"resourceKey\":\""));
        buf_add(out, key);
        buf_add_byte(out, '"');
        before = ",";
    }
    if ((gaps & GAP_STATE) == 0) {
        buf_add_byte(out, *before);
        buf_add(out, STR("\"state\":\""));
        buf_add(out, str_of(thirdparty_state_name(state)));
        buf_add_byte(out, '"');
        before = ",";
    }
    if ((gaps & (GAP_ERRORS | GAP_NULL)) == (GAP_ERRORS | GAP_NULL)) {
        buf_add_byte(out, *before);
        buf_add(out, STR("\"errors\":null"));
    } else if ((gaps & GAP_ERRORS) == 0) {
        buf_add_byte(out, *before);
        buf_add(out, STR("\"errors\":["));
        record_errors(out, state, key, &draws);
        buf_add_byte(out, ']');
    }
    buf_add_byte(out, '}');
}
