/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_rows.h"

#include <stdlib.h>

#include "fcgi/crm/import_vcard.h"
#include "shared/base/log.h"

/* Three bytes of UTF-8 at most from one of a file. */
#define SLICE (16U * 1024U)

struct import_reader {
	import_record_fn *fn;
	void *arg;
	uint64_t header_line, rows, skip;
	struct import_text text;
	struct buf utf8;
	struct import_csv *csv; /* one of the two */
	struct import_vcard *vcard;
};

/* Leaves out what stands before the header, numbers the rest. */
static bool
row(void *arg, const struct import_record *rec)
{
	struct import_reader *r = arg;
	struct import_record numbered = *rec;

	if (rec->line <= r->header_line)
		return true;
	numbered.number = ++r->rows;
	return r->fn == NULL || numbered.number <= r->skip || r->fn(r->arg, &numbered);
}

struct import_reader *
import_reader_new(const struct import_layout *l, import_record_fn *fn, void *arg)
{
	struct import_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		log_fatal("out of memory");
	r->fn = fn;
	r->arg = arg;
	r->header_line = l->header_line;
	import_text_init(&r->text, l->encoding);
	buf_init(&r->utf8, IMPORT_SLICE_MAX);
	if (l->format == IMPORT_VCARD)
		r->vcard = import_vcard_new(row, r);
	else
		r->csv = import_csv_new(&(struct import_dialect){l->separator, l->bare_cr,
		                            l->header_line, l->columns},
		    row, r);
	return r;
}

void
import_reader_free(struct import_reader *r)
{
	if (r == NULL)
		return;
	import_csv_free(r->csv);
	import_vcard_free(r->vcard);
	buf_free(&r->utf8);
	free(r);
}

void
import_reader_skip(struct import_reader *r, uint64_t n)
{
	r->skip = n;
}

static bool
slice(struct import_reader *r, const char *data, size_t len, bool last)
{
	buf_clear(&r->utf8);
	import_text_convert(&r->text, data, len, last, &r->utf8);
	return r->csv != NULL ? import_csv_feed(r->csv, r->utf8.data, r->utf8.len)
	                      : import_vcard_feed(r->vcard, r->utf8.data, r->utf8.len);
}

bool
import_reader_feed(struct import_reader *r, const char *data, size_t len)
{
	bool go = true;

	for (size_t n; go && len > 0; data += n, len -= n) {
		n = len < SLICE ? len : SLICE;
		go = slice(r, data, n, false);
	}
	return go;
}

bool
import_reader_end(struct import_reader *r)
{
	if (!slice(r, "", 0, true))
		return false;
	return r->csv != NULL ? import_csv_end(r->csv) : import_vcard_end(r->vcard);
}

uint64_t
import_reader_rows(const struct import_reader *r)
{
	return r->rows;
}

uint64_t
import_reader_guessed(const struct import_reader *r)
{
	return r->text.guessed;
}
