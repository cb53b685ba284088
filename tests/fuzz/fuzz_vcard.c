/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cards: the first byte is the size of the chunks, on which nothing may depend. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/crm/import_rows.h"
#include "fcgi/crm/import_vcard.h"
#include "shared/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t rows, line, hash;
};

static bool
row(void *arg, const struct import_record *rec)
{
	struct seen *s = arg;

	if (rec->number != ++s->rows || rec->line <= s->line ||
	    rec->ncells != (rec->error == NULL ? VCARD_COLUMNS : 0))
		abort();
	s->line = rec->line;
	s->hash = (s->hash ^ rec->line) * 0x100000001b3U;
	for (size_t i = 0; i < rec->ncells; i++) {
		if (rec->cells[i].len > IMPORT_CELL_MAX ||
		    strlen(rec->cells[i].text) != rec->cells[i].len ||
		    !utf8_valid(rec->cells[i].text, rec->cells[i].len))
			abort();
		for (size_t k = 0; k <= rec->cells[i].len; k++)
			s->hash = (s->hash ^ (unsigned char)rec->cells[i].text[k]) * 0x100000001b3U;
	}
	if (rec->error != NULL &&
	    (strlen(rec->value) > 200 || !utf8_valid(rec->value, strlen(rec->value))))
		abort();
	return true;
}

static struct seen
read_all(const struct import_layout *l, const char *text, size_t len, size_t chunk)
{
	struct seen s = {0};
	struct import_reader *r = import_reader_new(l, row, &s);

	for (size_t at = 0; at < len; at += chunk)
		(void)import_reader_feed(r, text + at, len - at < chunk ? len - at : chunk);
	(void)import_reader_end(r);
	import_reader_free(r);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_layout l = {.format = IMPORT_VCARD};
	struct seen whole, parts;

	if (size < 1)
		return 0;
	whole = read_all(&l, (const char *)data + 1, size - 1, size);
	parts = read_all(&l, (const char *)data + 1, size - 1, (size_t)data[0] + 1);
	if (whole.rows != parts.rows || whole.hash != parts.hash)
		abort();
	return 0;
}
