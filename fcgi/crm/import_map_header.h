/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_MAP_HEADER_H
#define PACT_CRM_IMPORT_MAP_HEADER_H

#include "fcgi/crm/import_map.h"

/* What header names mean that people and programs write. */

/* How sure a name alone is; the others are decided by the values below it. */
enum import_trust {
	IMPORT_SURE,
	IMPORT_IF_STATUS,  /* only if all values are status words: "Status" can be anything */
	IMPORT_IF_LEAVING, /* yes and no: opted_out; times: unsub_time */
	IMPORT_IF_JOINING, /* times: optin_time; status words: consent_status */
	IMPORT_OTHER       /* a second one of its kind: used in rows where the first is empty */
};

struct import_known {
	const char *key; /* squashed */
	enum import_field field;
	unsigned rank; /* 1 is the best name for its field */
	enum import_trust trust;
};

/* NULL: not known. */
const struct import_known *import_header_find(const char *squashed);
/* The program whose columns these are, or NULL; keys are squashed. */
const char *import_tool(const char *const *keys, size_t n);
/* Whether the name of a file says that the people in it have left. */
bool import_departures(struct arena *a, const char *filename);

#endif
