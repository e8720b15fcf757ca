/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of API calls with the answers that are expected, in the form of the vectors' README: a
 * new engine for each, calls in order, references to earlier answers, placeholders.
 */
#ifndef AFFLUX_TESTS_API_SEQUENCE_H
#define AFFLUX_TESTS_API_SEQUENCE_H

#include "api_test.h"

/* Plays the sequence. False: *ret_difference, in the arena, says where it differs. */
bool api_sequence_play(struct api_house *options, struct json_val file, struct arena *a,
                       str *ret_difference);

#endif
