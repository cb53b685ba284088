/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arena, buffers and strict text forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

static int order[3], norder;

static void
note(void *p)
{
	order[norder++] = *(int *)p;
}

static void
arena_defers_last_in_first_out(void **state)
{
	struct arena *a = arena_new();
	int one = 1, two = 2;

	(void)state;
	norder = 0;
	arena_defer(a, note, &one);
	arena_defer(a, note, &two);
	arena_reset(a);
	assert_int_equal(norder, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
	arena_free(a);
	assert_int_equal(norder, 2);
}

/* Of the memory that stays: what is given back to the system cannot be looked at. */
static void
arena_wipes_what_it_held(void **state)
{
	struct arena *a = arena_new();
	char *p = arena_strdup(a, "a password in a body that was no JSON");
	size_t left = 0;

	(void)state;
	(void)arena_alloc(a, 100000);
	arena_reset(a);
	for (size_t i = 0; i < 37; i++)
		left += p[i] != 0;
	assert_int_equal(left, 0);
	arena_free(a);
}

static void
arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
	struct arena *a = arena_new();
	const size_t sizes[] = {0, 1, 7, 4096, 100000};

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < NELEMS(sizes); i++) {
			unsigned char *p = arena_alloc(a, sizes[i]);

			assert_int_equal((uintptr_t)p % 16, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xff, sizes[i]);
		}
		arena_reset(a);
	}
	assert_string_equal(arena_printf(a, "%s-%d", "x", 12), "x-12");
	assert_string_equal(arena_strndup(a, "abc", 2), "ab");
	arena_free(a);
}

static void
a_listed_word_is_a_whole_one(void **state)
{
	(void)state;
	assert_true(str_listed("one", "one"));
	assert_true(str_listed("one  two three", "two"));
	assert_true(str_listed("one two", "two"));
	assert_false(str_listed("one two", "tw"));
	assert_false(str_listed("one two", "twos"));
	assert_false(str_listed("one two", "one two"));
	assert_false(str_listed("one  two", ""));
	assert_false(str_listed("", ""));
	assert_false(str_listed("one", NULL));
	assert_false(str_listed(NULL, "one"));
}

static void
buf_stops_at_its_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(b.data, "");
	buf_str(&b, "12345");
	buf_printf(&b, "%d", 678);
	assert_string_equal(b.data, "12345678");
	assert_false(b.overflow);
	buf_str(&b, "901");
	assert_true(b.overflow);
	assert_string_equal(b.data, "12345678");
	buf_clear(&b);
	buf_str(&b, "1234567890");
	assert_false(b.overflow);
	buf_free(&b);
}

static void
buf_json_escapes_and_repairs(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_json(&b, "a\"\\\n\xc3\xa5\xff", 7);
	assert_string_equal(b.data, "\"a\\\"\\\\\\u000a\xc3\xa5\xef\xbf\xbd\"");
	buf_free(&b);
}

static void
utf8_follows_rfc_3629(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} row[] = {
	    {"plain", true},
	    {"\xc3\xa5", true},
	    {"\xe2\x82\xac", true},
	    {"\xf0\x9f\x98\x80", true},
	    {"\xc0\xaf", false},         /* overlong */
	    {"\xe0\x80\xaf", false},     /* overlong */
	    {"\xed\xa0\x80", false},     /* surrogate */
	    {"\xf4\x90\x80\x80", false}, /* past U+10FFFF */
	    {"\xc3", false},
	    {"\x80", false},
	    {"\xf5\x80\x80\x80", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++)
		assert_int_equal(utf8_valid(row[i].s, strlen(row[i].s)), row[i].ok);
	assert_int_equal(utf8_length("\xc3\xa5x", 3), 2);
}

static void
integers_are_whole_and_in_range(void **state)
{
	int64_t n = -1;

	(void)state;
	assert_true(str_int64("200", 1, 200, &n));
	assert_int_equal(n, 200);
	assert_true(str_int64("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
	assert_true(n == INT64_MIN);
	assert_true(str_int64("9223372036854775807", INT64_MIN, INT64_MAX, &n));
	n = 7;
	assert_false(str_int64("9223372036854775808", INT64_MIN, INT64_MAX, &n));
	assert_false(str_int64("201", 1, 200, &n));
	assert_false(str_int64("", 0, 9, &n));
	assert_false(str_int64("-", -9, 9, &n));
	assert_false(str_int64("1x", 0, 9, &n));
	assert_false(str_int64(" 1", 0, 9, &n));
	assert_false(str_int64("+1", 0, 9, &n));
	assert_false(str_int64(NULL, 0, 9, &n));
	assert_int_equal(n, 7);
}

static void
uuid_has_one_form(void **state)
{
	char id[37];

	(void)state;
	uuid7(id);
	assert_true(uuid_valid(id));
	assert_int_equal(id[14], '7');
	assert_false(uuid_valid("019AB000-0000-7000-8000-000000000000"));
	assert_false(uuid_valid("019ab000-0000-7000-8000-00000000000"));
	assert_false(uuid_valid("019ab00000000-7000-8000-0000000000000"));
	assert_false(uuid_valid(NULL));
}

static void
uuid7_sorts_by_time(void **state)
{
	char a[37], b[37];

	(void)state;
	uuid7(a);
	for (volatile int i = 0; i < 1000000; i++)
		;
	uuid7(b);
	assert_true(strcmp(a, b) < 0);
}

static void
base64url_has_one_form(void **state)
{
	static const char *const bad[] = {"A", "AB=", "A+==", "A/", "AB", "AAB"};
	unsigned char raw[8], back[8];
	char text[16];
	size_t n, len;

	(void)state;
	for (size_t k = 0; k <= sizeof raw; k++) {
		memset(raw, (int)(0xa5 + k), sizeof raw);
		n = b64url_encode(text, raw, k);
		assert_int_equal(n, strlen(text));
		assert_true(b64url_decode(back, sizeof back, &len, text, n));
		assert_int_equal(len, k);
		assert_memory_equal(raw, back, k);
	}
	/* leftover bits that are not zero, padding, the other alphabet */
	for (size_t i = 0; i < NELEMS(bad); i++)
		assert_false(b64url_decode(back, sizeof back, &len, bad[i], strlen(bad[i])));
	assert_false(b64url_decode(back, 2, &len, "AAAA", 4));
}

static void
percent_encoding_leaves_the_unreserved_alone(void **state)
{
	char out[64];

	(void)state;
	percent_encode(out, "aZ09-._~");
	assert_string_equal(out, "aZ09-._~");
	percent_encode(out, "a b&c=d/ø?%");
	assert_string_equal(out, "a%20b%26c%3Dd%2F%C3%B8%3F%25");
	percent_encode(out, "");
	assert_string_equal(out, "");
}

static void
hex_takes_exactly_its_length(void **state)
{
	unsigned char out[2];
	char text[5];

	(void)state;
	assert_true(hex_decode(out, "aBfF", 2));
	hex_encode(text, out, 2);
	assert_string_equal(text, "abff");
	assert_false(hex_decode(out, "abf", 2));
	assert_false(hex_decode(out, "abfg", 2));
	assert_false(hex_decode(out, "abffa", 2));
}

static void
addresses_are_plausible_or_not(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} row[] = {
	    {"a@b.example", true},
	    {"first.last+tag@sub.example.com", true},
	    {"\xc3\xa5se@norge.example", true},
	    {"a@localhost", true},
	    {"a", false},
	    {"@b.example", false},
	    {"a@", false},
	    {"a b@c.example", false},
	    {"a@b@c.example", false},
	    {"\"=HYPERLINK(1)\"@x.example", false},
	    {"a@b..example", false},
	    {".a@b.example", false},
	    {"a.@b.example", false},
	    {"a@-b.example", false},
	    {"a@b.example.", false},
	    {"a@b\r\nBcc: x@y", false},
	    {"<a@b.example>", false},
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(row); i++)
		if (email_plausible(row[i].s, strlen(row[i].s)) != row[i].ok)
			fail_msg("%s", row[i].s);
}

static void
null_equals_nothing(void **state)
{
	(void)state;
	assert_true(str_eq("a", "a"));
	assert_false(str_eq("a", "b"));
	assert_false(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(arena_defers_last_in_first_out),
	    cmocka_unit_test(arena_wipes_what_it_held),
	    cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
	    cmocka_unit_test(a_listed_word_is_a_whole_one),
	    cmocka_unit_test(buf_stops_at_its_maximum),
	    cmocka_unit_test(buf_json_escapes_and_repairs),
	    cmocka_unit_test(utf8_follows_rfc_3629),
	    cmocka_unit_test(integers_are_whole_and_in_range),
	    cmocka_unit_test(uuid_has_one_form),
	    cmocka_unit_test(uuid7_sorts_by_time),
	    cmocka_unit_test(base64url_has_one_form),
	    cmocka_unit_test(percent_encoding_leaves_the_unreserved_alone),
	    cmocka_unit_test(hex_takes_exactly_its_length),
	    cmocka_unit_test(addresses_are_plausible_or_not),
	    cmocka_unit_test(null_equals_nothing),
	};

	crypt_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
