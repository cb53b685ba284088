/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_TIME_H
#define PACT_CRM_IMPORT_TIME_H

#include "fcgi/crm/import_map.h"

enum import_time { IMPORT_TIME_NONE, IMPORT_TIME_OK, IMPORT_TIME_BAD };

/*
 * Reads a date with or without a time as the tools write them: ISO 8601 and RFC 3339, 2024-03-01 08:15:00,
 * 01-03-2024 08:15, 01.03.2024, 3/1/2024 8:15 AM, 1 Mar 2024, March 1, 2024. Without a zone it is UTC. Seconds since 1970;
 * *earliest and *latest differ only where day and month cannot be told apart and dates does not say. NONE for an empty cell
 * and what databases write for none (0000-00-00, NULL, -); BAD for everything else, impossible dates among it.
 */
enum import_time
import_time_parse(const char *s, enum import_dates dates, int64_t *earliest, int64_t *latest);
/* Looks at one more cell to learn how slashed dates are meant; a sure answer stays. */
enum import_dates import_time_learn(enum import_dates known, const char *s);
/* RFC 3339 in UTC, years 0 to 9999. */
const char *import_time_text(struct arena *a, int64_t seconds);

#endif
