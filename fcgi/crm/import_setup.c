/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/crm/import_setup.h"

#include <string.h>

#include "shared/base/str.h"

static char
separator(const json_t *options)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}};
	const char *name = json_string_value(json_object_get(options, "separator"));

	for (size_t i = 0; i < NELEMS(known); i++)
		if (str_eq(name, known[i].name))
			return known[i].c;
	return '\0';
}

static const char *
columns_read(struct arena *a, const json_t *mapping, size_t n, struct import_column *out)
{
	for (size_t i = 0; i < json_array_size(mapping); i++) {
		const json_t *m = json_array_get(mapping, i);
		json_int_t at = json_integer_value(json_object_get(m, "column"));
		const char *field = json_string_value(json_object_get(m, "field"));

		if (at < 0 || (size_t)at >= n)
			return arena_printf(a, "The file has no column %lld.", (long long)at);
		if (field == NULL || !import_column_parse(a, field, &out[at]))
			return arena_printf(a, "Column %lld goes to a field that does not exist.",
			    (long long)at);
	}
	return NULL;
}

static struct import_options
options_of(const struct import_setup *s, const json_t *options)
{
	const json_t *departures = json_object_get(options, "departures");
	const char *dates = json_string_value(json_object_get(options, "dates"));
	struct import_options o = {.tool = s->guess.tool,
	    .departures = json_is_boolean(departures) ? json_is_true(departures)
	                                              : s->guess.departures,
	    .dates = s->guess.dates};

	if (str_eq(dates, "mdy"))
		o.dates = IMPORT_DATES_MDY;
	else if (str_eq(dates, "dmy"))
		o.dates = IMPORT_DATES_DMY;
	return o;
}

const char *
import_setup(struct arena *a, const char *sample, size_t len, bool whole, const char *filename,
    const json_t *mapping, const json_t *options, struct import_setup *out)
{
	struct import_override set = {json_string_value(json_object_get(options, "encoding")),
	    separator(options)};
	struct import_column *columns;
	enum import_encoding encoding;
	struct import_options o;
	const char *why;

	*out = (struct import_setup){.pointer = "/options"};
	if (set.encoding != NULL && !import_encoding_parse(set.encoding, &encoding))
		return "That encoding is not known. Known are UTF-8, UTF-16LE, UTF-16BE and "
		       "windows-1252.";
	out->pointer = "/file";
	why = import_layout(a, sample, len, whole, &set, &out->layout);
	if (why != NULL)
		return why;
	import_guess(a, &out->layout, filename, &out->guess);
	o = options_of(out, options);
	out->pointer = "/mapping";
	columns = out->guess.columns;
	if (mapping != NULL) {
		columns = arena_array(a, out->layout.columns + 1, sizeof *columns);
		why = columns_read(a, mapping, out->layout.columns, columns);
		if (why != NULL)
			return why;
	}
	out->map = import_map_new(a, &out->layout, columns, out->layout.columns, &o, &why);
	return out->map != NULL ? NULL : why;
}
