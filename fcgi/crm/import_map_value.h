/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_MAP_VALUE_H
#define PACT_CRM_IMPORT_MAP_VALUE_H

#include "fcgi/crm/import_map.h"

#define IMPORT_TAGS_MAX 100U

/* What single cells mean. Results are on the arena, NULL for a cell that says nothing. */

enum import_text_kind { IMPORT_LINE, IMPORT_LINES }; /* one line, or with line ends and tabs kept */

/*
 * Trimmed, without control, zero-width and direction characters, without the apostrophe that spreadsheets and our own
 * export put before = + - @.
 */
const char *import_clean(struct arena *a, const char *s, size_t len, enum import_text_kind kind);
/* The first of several values that Google joins with " ::: "; *more says that there were others. */
const char *import_first_value(struct arena *a, const char *s, bool *more);

enum import_address {
	IMPORT_ADDRESS_NONE,
	IMPORT_ADDRESS_OK,
	IMPORT_ADDRESS_FIRST,
	IMPORT_ADDRESS_BAD,
	IMPORT_ADDRESS_FORMULA
};
/*
 * From a cleaned cell: a@b, mailto:a@b, "Name <a@b>" (then *display is the name, else NULL). FIRST: there were more, the
 * first was taken.
 */
enum import_address
import_address(struct arena *a, const char *s, const char **address, const char **display);
/* As people wrote it. false: a spreadsheet has turned it into a rounded number such as 4.79737E+10. */
bool import_phone(struct arena *a, const char *s, const char **phone);
/* "Ada van der Berg", "van der Berg, Ada": particles and suffixes belong to the last name; one word is a first name. */
void import_split_name(struct arena *a, const char *full, const char **first, const char **last);
/*
 * "a","b" (Mailchimp) · * a ::: b (Google) · a;b · a,b. Returns how many, without repetitions and Google's own groups;
 * more than IMPORT_TAGS_MAX are not looked for.
 */
size_t import_tags(struct arena *a, const char *s, const char ***tags);

/* A status word in several languages; false: not one of them. IMPORT_NONE for what means nothing, such as "-". */
bool import_status_word(struct arena *a, const char *s, enum import_status *out);
/* Yes or no; false: neither. */
bool import_bool_word(struct arena *a, const char *s, bool *out);

#endif
