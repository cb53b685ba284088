/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Separated values in any encoding, through conversion and reader. The first byte chooses encoding and dialect, the second
 * the size of the chunks: the rows must not depend on it. Without quotes each line that is not blank is one row.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/crm/import_rows.h"
#include "shared/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t rows, line, hash;
};

static void
mix(struct seen *s, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ (unsigned char)p[i]) * 0x100000001b3U;
	s->hash = (s->hash ^ 0xff) * 0x100000001b3U;
}

static bool
row(void *arg, const struct import_record *rec)
{
	struct seen *s = arg;

	if (rec->number != ++s->rows || rec->line <= s->line ||
	    (rec->error == NULL) == (rec->ncells == 0))
		abort();
	s->line = rec->line;
	mix(s, (const char *)&rec->line, sizeof rec->line);
	for (size_t i = 0; i < rec->ncells; i++) {
		if (rec->cells[i].len > IMPORT_CELL_MAX ||
		    strlen(rec->cells[i].text) != rec->cells[i].len ||
		    !utf8_valid(rec->cells[i].text, rec->cells[i].len))
			abort();
		mix(s, rec->cells[i].text, rec->cells[i].len);
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
	if (import_reader_rows(r) != s.rows)
		abort();
	import_reader_free(r);
	return s;
}

/* Lines with anything but blanks in them. */
static uint64_t
lines(const char *text, size_t len, bool bare_cr)
{
	uint64_t n = 0;
	bool filled = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || (text[i] == '\r' && bare_cr)) {
			n += filled;
			filled = false;
		} else if ((unsigned char)text[i] > ' ' || text[i] == '\t') {
			filled = true;
		}
	}
	return n + filled;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import_layout l = {.format = IMPORT_CSV};
	const char *text = (const char *)data + 2;
	struct seen whole, parts;

	if (size < 2)
		return 0;
	l.separator = ",;\t|"[data[0] & 3];
	l.bare_cr = data[0] & 4;
	l.encoding = (enum import_encoding)(data[0] >> 3 & 3);
	l.columns = data[0] >> 5;
	l.header_line = data[0] >> 5 == 7;
	whole = read_all(&l, text, size - 2, size);
	parts = read_all(&l, text, size - 2, (size_t)data[1] + 1);
	if (whole.rows != parts.rows || whole.hash != parts.hash)
		abort();
	/* a tab is a blank or a separator: only where it cannot be either is the count so simple */
	if (l.encoding == IMPORT_UTF_8 && l.header_line == 0 &&
	    memchr(text, '"', size - 2) == NULL && memchr(text, '\t', size - 2) == NULL &&
	    size < 4096 && (size < 5 || memcmp(text, "\xef\xbb\xbf", 3) != 0) &&
	    whole.rows != lines(text, size - 2, l.bare_cr))
		abort();
	return 0;
}
