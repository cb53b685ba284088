/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever comes in, and however it is cut, the parser ends, and says the same as for the input in one piece. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/crm/multipart.h"
#include "shared/base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
on_begin(void *ctx, const struct multipart_part *part)
{
	buf_printf(ctx, "<%s|%d%s|", part->name, part->file, part->filename);
	return true;
}

static bool
on_data(void *ctx, const char *data, size_t len)
{
	buf_add(ctx, data, len);
	return true;
}

static bool
on_end(void *ctx)
{
	buf_str(ctx, ">");
	return true;
}

static bool
parse(struct buf *out, const char *data, size_t len, size_t step)
{
	static const struct multipart_events events = {on_begin, on_data, on_end};
	struct multipart m;
	bool ok;

	buf_init(out, SIZE_MAX / 4);
	ok = multipart_init(&m, "b", &events, out);
	for (size_t i = 0; ok && i < len; i += step)
		ok = multipart_feed(&m, data + i, len - i < step ? len - i : step);
	return ok && multipart_finished(&m);
}

/* The first byte is how many bytes are fed at a time. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, pieces;
	bool a, b;

	if (len < 2)
		return 0;
	a = parse(&whole, (const char *)data + 1, len - 1, len);
	b = parse(&pieces, (const char *)data + 1, len - 1, (size_t)data[0] + 1);
	if (a != b ||
	    (a && (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)))
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
