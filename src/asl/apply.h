/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying records: the only code that changes an execution, in life and in recovery.
 */
#ifndef AFFLUX_ASL_APPLY_H
#define AFFLUX_ASL_APPLY_H

#include "asl/record.h"

/* Does the record fit the execution as it is? What was read from a disk is asked this first. err
 * says what does not fit; STATUS_CORRUPT. */
NODISCARD enum status asl_record_check(const struct asl_exec *x, const struct asl_record *r,
                                       struct error *err);

/* The record must fit (a bug otherwise). Takes references to the documents it names. */
void asl_apply(struct asl_exec *x, const struct asl_record *r);

/* Is the kind an event of the history? */
bool asl_record_is_event(enum asl_record_kind kind);

#endif
