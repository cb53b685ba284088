/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/base/csv.h"

#include <string.h>

void
csv_cell(struct buf *b, const char *text)
{
	bool formula, quote;

	if (text == NULL || *text == '\0')
		return;
	/* what OWASP's "CSV Injection" lists */
	formula = strchr("=+-@\t\r", *text) != NULL;
	quote = strpbrk(text, "\",;\r\n\t") != NULL;
	if (quote)
		buf_ch(b, '"');
	if (formula)
		buf_ch(b, '\'');
	for (const char *p = text; *p != '\0';) {
		size_t n = strcspn(p, "\"");

		buf_add(b, p, n);
		p += n;
		if (*p == '"') {
			buf_str(b, "\"\"");
			p++;
		}
	}
	if (quote)
		buf_ch(b, '"');
}
