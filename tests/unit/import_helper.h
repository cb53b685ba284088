/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_TESTS_IMPORT_HELPER_H
#define PACT_TESTS_IMPORT_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/crm/import_map.h"
#include "shared/base/str.h"

/* Rows as text: "2:a|b\n" for the row that starts on line 2, "3!" and the error for one that cannot be read. */
struct seen {
	struct buf b;
	uint64_t last_number;
};

static inline bool
seen_row(void *arg, const struct import_record *rec)
{
	struct seen *s = arg;

	assert_true(rec->number == 0 || rec->number == s->last_number + 1);
	s->last_number = rec->number;
	buf_printf(&s->b, "%llu%c", (unsigned long long)rec->line, rec->error != NULL ? '!' : ':');
	if (rec->error != NULL)
		buf_str(&s->b, rec->error);
	for (size_t i = 0; i < rec->ncells; i++) {
		assert_int_equal(strlen(rec->cells[i].text), rec->cells[i].len);
		assert_true(utf8_valid(rec->cells[i].text, rec->cells[i].len));
		if (i > 0)
			buf_ch(&s->b, '|');
		buf_add(&s->b, rec->cells[i].text, rec->cells[i].len);
	}
	buf_ch(&s->b, '\n');
	return true;
}

/* The whole of a file, on the arena. */
static inline const char *
file_read(struct arena *a, const char *name, size_t *len)
{
	char path[256];
	char *data;
	long size;
	FILE *f;

	(void)snprintf(path, sizeof path, "tests/fixtures/imports/%s", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s is not there: run this from the project's root", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size >= 0);
	rewind(f);
	data = arena_alloc(a, (size_t)size + 1);
	*len = (size_t)size;
	assert_int_equal(fread(data, 1, *len, f), *len);
	(void)fclose(f);
	return data;
}

#endif
