/* SPDX-License-Identifier: GPL-3.0-or-later */
/* multipart/form-data: contents byte for byte at every way of cutting the input, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/crm/multipart.h"
#include "shared/base/buf.h"

/* Writes down what comes out: "<name|filename|data>". */
static bool
on_begin(void *ctx, const struct multipart_part *part)
{
	buf_printf(ctx, "<%s|%s%s|", part->name, part->file ? "f:" : "", part->filename);
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
on_data_refused(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	(void)data;
	return len == 0;
}

static const struct multipart_events events = {on_begin, on_data, on_end};

/* Feeds body in pieces of step bytes. */
static bool
parse(struct buf *out, const char *body, size_t len, size_t step)
{
	struct multipart m;
	bool ok;

	buf_init(out, 1 << 20);
	ok = multipart_init(&m, "XyZ", &events, out);
	for (size_t i = 0; ok && i < len; i += step)
		ok = multipart_feed(&m, body + i, len - i < step ? len - i : step);
	return ok && multipart_finished(&m);
}

static void
expect(const char *body, size_t len, const char *want, size_t wantlen)
{
	for (size_t step = 1; step <= len; step++) {
		struct buf out;

		assert_true(parse(&out, body, len, step));
		assert_int_equal(out.len, wantlen);
		assert_memory_equal(out.data, want, wantlen);
		buf_free(&out);
	}
}
#define EXPECT(body, want) expect(body, sizeof(body) - 1, want, sizeof(want) - 1)

static void
refused(const char *body, size_t len)
{
	for (size_t step = 1; step <= len; step++) {
		struct buf out;

		assert_false(parse(&out, body, len, step));
		buf_free(&out);
	}
}
#define REFUSED(body) refused(body, sizeof(body) - 1)

#define FILE_PART \
	"Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"

static void
contents(void **state)
{
	(void)state;
	EXPECT("--XyZ\r\n" FILE_PART "Email\r\na@b.example\r\n\r\n--XyZ--\r\n",
	    "<file|f:a.csv|Email\r\na@b.example\r\n>");
	/* preamble, padding after the delimiter, two parts, epilogue */
	EXPECT(
	    "hello\r\n--XyZ \t\r\nContent-Disposition: form-data; name=options\r\n\r\n{}\r\n--XyZ\r\n" FILE_PART
	    "x\r\n--XyZ--bye",
	    "<options||{}><file|f:a.csv|x>");
	/* without contents, in both ways it is written */
	EXPECT("--XyZ\r\n" FILE_PART "\r\n--XyZ--", "<file|f:a.csv|>");
	EXPECT("--XyZ\r\n" FILE_PART "--XyZ--", "<file|f:a.csv|>");
	/* contents that look like delimiters for a while */
	EXPECT("--XyZ\r\n" FILE_PART "\r\n--Xy\r\r\n-\r\n\r\n--\r\n--XyX\0\r\n--XyZ--",
	    "<file|f:a.csv|\r\n--Xy\r\r\n-\r\n\r\n--\r\n--XyX\0>");
	EXPECT("--XyZ\r\n" FILE_PART "--Xy\r\n--XyZ--", "<file|f:a.csv|--Xy>");
}

static void
names(void **state)
{
	(void)state;
#define NAMED(params) "--XyZ\r\ncontent-disposition:form-data" params "\r\n\r\n\r\n--XyZ--"
	EXPECT(NAMED("; name=\"file\"; filename=\"C:\\Users\\me\\list.csv\""),
	    "<file|f:list.csv|>");
	EXPECT(NAMED("; filename=\"../../etc/pass;wd\"; name=\"file\""), "<file|f:pass;wd|>");
	EXPECT(NAMED(";name=\"file\"; filename=\"a\\\"b%22c%0D%0Ad\""), "<file|f:a\"b\"c  d|>");
	EXPECT(NAMED("; name=\"file\"; filename*=UTF-8''x.csv; filename=\"\""), "<file|f:|>");
	EXPECT(NAMED("; name=\"\xc3\xb8\"; x"), "<\xc3\xb8||>");
}

static void
malformed(void **state)
{
	struct multipart m;
	struct buf out, many;

	(void)state;
	REFUSED("--XyZ\r\n" FILE_PART "x\r\n--XyZ");   /* cut short */
	REFUSED("--XyZ\r\n" FILE_PART "x\r\n--XyZ-x"); /* neither end nor part */
	REFUSED("--XyZ\r\nContent-Type: text/csv\r\n\r\nx\r\n--XyZ--");
	REFUSED("--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--XyZ--");
	REFUSED("--XyZ\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--XyZ--");
	REFUSED("--XyZ\r\nno colon\r\n\r\nx\r\n--XyZ--");
	REFUSED("--XyZ\r\nContent-Disposition: form-data; name=\"a\"\0\r\n\r\nx\r\n--XyZ--");
	REFUSED(
	    "--XyZ\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--XyZ--");
	buf_init(&many, 4096);
	for (int i = 0; i <= MULTIPART_PARTS_MAX; i++)
		buf_str(&many, "--XyZ\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n");
	buf_str(&many, "--XyZ--");
	refused(many.data, many.len);
	buf_free(&many);

	buf_init(&out, 64);
	assert_false(multipart_init(&m, NULL, &events, &out));
	assert_false(multipart_init(&m, "", &events, &out));
	assert_false(multipart_init(&m, "ends with ", &events, &out));
	assert_false(multipart_init(&m, "a\"b", &events, &out));
	assert_false(multipart_init(&m,
	    "12345678901234567890123456789012345678901234567890123456789012345678901", &events,
	    &out));
	assert_non_null(m.error);
	assert_false(multipart_feed(&m, "--", 2));
	buf_free(&out);
}

static void
headers_have_an_end(void **state)
{
	struct multipart m;
	struct buf out;
	bool ok;

	(void)state;
	buf_init(&out, 64);
	assert_true(multipart_init(&m, "XyZ", &events, &out));
	ok = multipart_feed(&m, "--XyZ\r\nX: ", 10);
	for (int i = 0; ok && i < MULTIPART_HEADER_MAX; i++)
		ok = multipart_feed(&m, "x", 1);
	assert_false(ok);
	assert_non_null(m.error);
	buf_free(&out);
}

static void
an_event_can_end_it(void **state)
{
	static const struct multipart_events refusing = {on_begin, on_data_refused, on_end};
	struct multipart m;
	struct buf out;

	(void)state;
	buf_init(&out, 64);
	assert_true(multipart_init(&m, "XyZ", &refusing, &out));
	assert_false(multipart_feed(&m, "--XyZ\r\n" FILE_PART "x", 7 + sizeof(FILE_PART)));
	assert_null(m.error);
	assert_false(multipart_feed(&m, "\r\n--XyZ--", 9));
	assert_false(multipart_finished(&m));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(contents),
	    cmocka_unit_test(names),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(headers_have_an_end),
	    cmocka_unit_test(an_event_can_end_it),
	};

	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
