/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times in the results of aws-sdk tasks: on the wire they are seconds since 1970, and the SDK
 * behind a task gives them as text, "2026-10-01T12:00:00.123Z", without thousandths that are none.
 * Pure.
 */
#ifndef AFFLUX_ENGINE_SDK_TIMES_H
#define AFFLUX_ENGINE_SDK_TIMES_H

#include "base/buf.h"

/* The JSON text of an answer, its members of known names that are numbers made text. Names that
 * users choose have texts, arrays or objects behind them in all services here, never numbers. */
void sdk_times_as_text(struct buf *json);

#endif
