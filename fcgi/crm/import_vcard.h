/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_VCARD_H
#define PACT_CRM_IMPORT_VCARD_H

#include "fcgi/crm/import_csv.h"

/*
 * An incremental reader of vCard 2.1 (versit), 3.0 (RFC 2426) and 4.0 (RFC 6350). Each card becomes one row with the
 * columns below, so that everything behind it is the same as for a table. Photos and whatever else is not asked for
 * pass by without being kept.
 */
enum import_vcard_column {
	VCARD_EMAIL,
	VCARD_FIRST,
	VCARD_LAST,
	VCARD_FULL,
	VCARD_PHONE,
	VCARD_TITLE,
	VCARD_ORG,
	VCARD_CATEGORIES,
	VCARD_NOTE,
	VCARD_UID,
	VCARD_REV,
	VCARD_COLUMNS
};

extern const char *const import_vcard_header[VCARD_COLUMNS];

struct import_vcard;

struct import_vcard *import_vcard_new(import_record_fn *fn, void *arg)
    __attribute__((returns_nonnull, warn_unused_result));
void import_vcard_free(struct import_vcard *v);
/* As import_csv_feed() and import_csv_end(). A card without END is an error with the line of its BEGIN. */
bool import_vcard_feed(struct import_vcard *v, const char *utf8, size_t len);
bool import_vcard_end(struct import_vcard *v);

#endif
