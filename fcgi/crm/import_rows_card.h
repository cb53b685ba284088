/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_ROWS_CARD_H
#define PACT_CRM_IMPORT_ROWS_CARD_H

#include "fcgi/crm/import_vcard.h"

/* One property of a card taken apart, its value not yet decoded. */
struct card_property {
	const char *name, *params, *value;
	size_t name_len, params_len, value_len;
};

/* A card that is being put together: the cells of its row, and room to work in. */
struct card {
	bool v21;   /* vCard 2.1 */
	bool group; /* not a person */
	unsigned email_rank, phone_rank;
	struct buf cell[VCARD_COLUMNS]; /* overflow: over IMPORT_CELL_MAX */
	struct buf bytes, value, part;
};

void card_init(struct card *c);
void card_done(struct card *c);
/* Empties it for the next card. */
void card_clear(struct card *c);
/* Whether the property is of any use; group prefix taken off. */
bool card_wants(const char *name, size_t len);
void card_add(struct card *c, const struct card_property *p);

#endif
