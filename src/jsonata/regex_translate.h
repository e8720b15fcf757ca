/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a JavaScript pattern to one that PCRE2 reads with the same meaning. What is emitted relies
 * on the options PCRE2_DOTALL and PCRE2_MATCH_UNSET_BACKREF, on newline LF, and on PCRE2_CASELESS
 * only in the ASCII form.
 */
#ifndef AFFLUX_JSONATA_REGEX_TRANSLATE_H
#define AFFLUX_JSONATA_REGEX_TRANSLATE_H

#include "base/buf.h"
#include "base/error.h"

enum regex_form {
    REGEX_FORM_ASCII, /* for ASCII subjects, without PCRE2_UTF; /i is left to PCRE2_CASELESS */
    REGEX_FORM_UTF,   /* for all subjects, with PCRE2_UTF; /i is written out in classes */
};

/* Stands for every lone surrogate, in pattern and subject: a noncharacter with as many bytes in
 * UTF-8. */
enum { REGEX_SURROGATE = 0xFDD0 };

/* flags: enum regex_flag. The text is appended to out. */
NODISCARD enum status regex_translate(str pattern, unsigned flags, enum regex_form form,
                                      struct buf *out, unsigned *ret_groups, struct error *err);

#endif
