/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_SETUP_H
#define PACT_CRM_IMPORT_SETUP_H

#include <jansson.h>

#include "fcgi/crm/import_map.h"

#define GUESS_JSON_MAX (8U * 1024U * 1024U)

/* An import made ready to read: what its file looks like, and where its columns go. */
struct import_setup {
	struct import_layout layout;
	struct import_guess guess;
	const struct import_map *map;
	const char *pointer; /* what a refusal is about: /file, /mapping or /options */
};

/*
 * From the first bytes of the file (`whole`: they are all of it), its name and what a person has set: mapping as in the
 * API, or NULL for the guess; options, or NULL. Returns NULL, or a sentence for that person. Strings live on the arena.
 */
const char *import_setup(struct arena *a, const char *sample, size_t len, bool whole,
    const char *filename, const json_t *mapping, const json_t *options, struct import_setup *out);

#endif
