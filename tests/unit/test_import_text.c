/* SPDX-License-Identifier: GPL-3.0-or-later */
/* C8: files come in the encodings that Excel, Outlook and the rest write, and all become UTF-8. */
#include "import_helper.h"

#define TEXT(s) (s), sizeof(s) - 1

/* Converts in chunks of one size and checks the result; every size must give the same. */
static void
converts(enum import_encoding encoding, const char *in, size_t len, const char *expected,
    uint64_t guessed)
{
	for (size_t chunk = 1; chunk <= len + 1; chunk++) {
		struct import_text t;
		struct buf out;

		import_text_init(&t, encoding);
		buf_init(&out, 4096);
		for (size_t at = 0; at < len; at += chunk)
			import_text_convert(&t, in + at, len - at < chunk ? len - at : chunk, false,
			    &out);
		import_text_convert(&t, "", 0, true, &out);
		assert_string_equal(out.data, expected);
		assert_int_equal(t.guessed, guessed);
		buf_free(&out);
	}
}

static void
c8_utf8_passes_through_in_chunks_of_any_size(void **state)
{
	(void)state;
	converts(IMPORT_UTF_8, TEXT("plain, Zoë, 北京, 😀 and plain again"),
	    "plain, Zoë, 北京, 😀 and plain again", 0);
}

static void
c8_a_byte_order_mark_is_left_out_once(void **state)
{
	(void)state;
	converts(IMPORT_UTF_8,
	    TEXT("\xef\xbb\xbf"
	         "a\xef\xbb\xbf"),
	    "a\xef\xbb\xbf", 0);
	converts(IMPORT_UTF_16LE,
	    TEXT("\xff\xfe"
	         "a\0\xff\xfe"),
	    "a\xef\xbb\xbf", 0);
	converts(IMPORT_UTF_16BE, TEXT("\xfe\xff\0a"), "a", 0);
	converts(IMPORT_UTF_8, TEXT("a"), "a", 0);
}

static void
c8_windows_1252_has_curly_quotes_and_the_euro(void **state)
{
	(void)state;
	converts(IMPORT_WINDOWS_1252, TEXT("J\xfcrgen \x93O\x92Neil\x94 \x80"), "Jürgen “O’Neil” €",
	    0);
	/* five bytes have no meaning */
	converts(IMPORT_WINDOWS_1252, TEXT("a\x81z"), "a\xef\xbf\xbdz", 1);
}

static void
c8_a_stray_byte_in_utf8_is_read_as_windows_1252_and_counted(void **state)
{
	(void)state;
	converts(IMPORT_UTF_8, TEXT("Zoë J\xfcrgen \xe2\x82"), "Zoë Jürgen â‚", 3);
	/* overlong forms and surrogates are no UTF-8 */
	converts(IMPORT_UTF_8, TEXT("\xc0\xaf"), "À¯", 2);
	converts(IMPORT_UTF_8, TEXT("\xed\xa0\x80"), "í\xc2\xa0€", 3);
}

static void
c8_utf16_has_surrogate_pairs_and_lonely_ones_are_replaced(void **state)
{
	(void)state;
	converts(IMPORT_UTF_16LE, TEXT("\x3d\xd8\x00\xde!\0"), "😀!", 0);
	converts(IMPORT_UTF_16BE, TEXT("\xd8\x3d\xde\x00\0!"), "😀!", 0);
	converts(IMPORT_UTF_16LE, TEXT("\x3d\xd8!\0"), "\xef\xbf\xbd!", 1);
	converts(IMPORT_UTF_16LE, TEXT("\x00\xde!\0"), "\xef\xbf\xbd!", 1);
	converts(IMPORT_UTF_16LE, TEXT("a\0\x3d\xd8"), "a\xef\xbf\xbd", 1);
	converts(IMPORT_UTF_16LE, TEXT("a\0b"), "a\xef\xbf\xbd", 1);
}

static void
c8_the_encoding_is_recognised_from_the_first_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum import_encoding encoding;
	} files[] = {
	    {TEXT(""), IMPORT_UTF_8},
	    {TEXT("Email,Name\n"), IMPORT_UTF_8},
	    {TEXT("\xef\xbb\xbf"
	          "Email\xff"),
	        IMPORT_UTF_8},
	    {TEXT("\xff\xfe"
	          "E\0"),
	        IMPORT_UTF_16LE},
	    {TEXT("\xfe\xff\0E"), IMPORT_UTF_16BE},
	    {TEXT("\xff\xfe\x17\x53\xac\x4e"), IMPORT_UTF_16LE},
	    {TEXT("\xfe\xff\x53\x17\x4e\xac"), IMPORT_UTF_16BE},
	    {TEXT("E\0m\0a\0i\0l\0,\0N\0"), IMPORT_UTF_16LE},
	    {TEXT("\0E\0m\0a\0i\0l\0,\0N"), IMPORT_UTF_16BE},
	    /* Latin separators between Chinese names */
	    {TEXT("E\0m\0a\0i\0l\0,\0\x17\x53\xac\x4e\x0a\0"), IMPORT_UTF_16LE},
	    {TEXT("Zo\xeb;J\xfcrgen\n"), IMPORT_WINDOWS_1252},
	    {TEXT("Zo\xc3\xab;Zo\xc3\xab;J\xfcrgen\n"), IMPORT_UTF_8},
	    /* a character cut by the end of the sample is not wrong */
	    {TEXT("Zoe \xe5\x8c"), IMPORT_UTF_8},
	    /* zeroes of a damaged file, in even and odd places */
	    {TEXT("Email,Name\n\0\0\0\0\0\0\0\0\0\0"), IMPORT_UTF_8},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(files); i++)
		assert_int_equal(import_text_detect(files[i].text, files[i].len),
		    files[i].encoding);
}

static void
encodings_have_names_and_aliases(void **state)
{
	enum import_encoding e = IMPORT_UTF_16BE;

	(void)state;
	assert_string_equal(import_encoding_name(IMPORT_WINDOWS_1252), "windows-1252");
	assert_true(import_encoding_parse("ISO-8859-1", &e));
	assert_int_equal(e, IMPORT_WINDOWS_1252);
	assert_true(import_encoding_parse("utf-8", &e));
	assert_int_equal(e, IMPORT_UTF_8);
	assert_false(import_encoding_parse("EBCDIC", &e));
	assert_false(import_encoding_parse(NULL, &e));
	assert_int_equal(e, IMPORT_UTF_8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(c8_utf8_passes_through_in_chunks_of_any_size),
	    cmocka_unit_test(c8_a_byte_order_mark_is_left_out_once),
	    cmocka_unit_test(c8_windows_1252_has_curly_quotes_and_the_euro),
	    cmocka_unit_test(c8_a_stray_byte_in_utf8_is_read_as_windows_1252_and_counted),
	    cmocka_unit_test(c8_utf16_has_surrogate_pairs_and_lonely_ones_are_replaced),
	    cmocka_unit_test(c8_the_encoding_is_recognised_from_the_first_bytes),
	    cmocka_unit_test(encodings_have_names_and_aliases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
