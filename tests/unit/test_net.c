/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A4: which addresses may be asked, whatever name leads there; what a name server's answer says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"
#include "shared/net/fetch.h"

static bool resolving;

static bool
may(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return fetch_allowed((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return fetch_allowed((const struct sockaddr *)&v6);
}

static void
test_A4_nothing_inside_is_asked(void **state)
{
	static const char *const inside[] = {
	    "127.0.0.1",
	    "127.255.255.254",
	    "10.0.0.1",
	    "10.255.255.255",
	    "172.16.0.1",
	    "172.31.255.255",
	    "192.168.0.1",
	    "169.254.169.254",
	    "100.64.0.1",
	    "100.127.255.255",
	    "0.0.0.0",
	    "0.1.2.3",
	    "224.0.0.1",
	    "239.255.255.255",
	    "240.0.0.1",
	    "255.255.255.255",
	    "198.18.0.1",
	    "192.0.0.1",
	    "192.0.2.1",
	    "203.0.113.5",
	    "::",
	    "::1",
	    "fe80::1",
	    "fc00::1",
	    "fd12:3456::1",
	    "ff02::1",
	    "fec0::1",
	    "::ffff:127.0.0.1",
	    "::ffff:10.1.2.3",
	    "::10.0.0.1",
	    "64:ff9b::10.0.0.1",
	    "64:ff9b::127.0.0.1",
	    "64:ff9b:1::1",
	    "2002:7f00:1::",
	    "2001:db8::1",
	    "2001::1",
	    "100::1",
	};
	static const char *const outside[] = {
	    "1.1.1.1",
	    "8.8.8.8",
	    "172.15.255.255",
	    "172.32.0.1",
	    "100.63.255.255",
	    "100.128.0.1",
	    "11.0.0.1",
	    "128.0.0.1",
	    "192.169.0.1",
	    "223.255.255.255",
	    "2606:4700:4700::1111",
	    "2a00:1450::1",
	    "::ffff:8.8.8.8",
	    "64:ff9b::8.8.8.8",
	};
	const struct sockaddr odd = {.sa_family = AF_UNIX};

	(void)state;
	assert_true(fetch_setup(NULL, NULL));
	for (size_t i = 0; i < NELEMS(inside); i++)
		if (may(inside[i]))
			fail_msg("%s may be asked", inside[i]);
	for (size_t i = 0; i < NELEMS(outside); i++)
		if (!may(outside[i]))
			fail_msg("%s may not be asked", outside[i]);
	assert_false(fetch_allowed(&odd));
}

static void
test_A4_what_an_operator_allows_and_no_more(void **state)
{
	(void)state;
	assert_true(fetch_setup("10.20.0.0/15,fd00:20::/32,192.168.7.7", NULL));
	assert_true(may("10.21.255.1"));
	assert_true(may("::ffff:10.20.0.1"));
	assert_true(may("fd00:20::1"));
	assert_true(may("192.168.7.7"));
	assert_false(may("10.22.0.1"));
	assert_false(may("192.168.7.8"));
	assert_false(may("fd00:21::1"));
	assert_true(fetch_setup("", NULL));
	assert_false(may("10.21.255.1"));
	for (const char *const *p =
	         (const char *const[]){"10.0.0.0/33", "10.0.0/8", "x", "10.0.0.0/8;", "10.0.0.0/",
	             "fd00::/129", ",", "10.0.0.0/-1", "10.0.0.0/8/8", NULL};
	     *p != NULL; p++)
		if (fetch_setup(*p, NULL))
			fail_msg("\"%s\" was taken", *p);
}

/* An answer of one TXT record for a.example, whose data is given. */
static size_t
answer(uint8_t *out, const uint8_t *data, size_t len)
{
	static const uint8_t head[] = {0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0,
	    0, /* one question, one answer */
	    1, 'a', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 16, 0, 1, 0xc0, 12, 0, 16, 0, 1, 0,
	    0, 0, 60};

	memcpy(out, head, sizeof head);
	out[sizeof head] = (uint8_t)(len >> 8);
	out[sizeof head + 1] = (uint8_t)len;
	memcpy(out + sizeof head + 2, data, len);
	return sizeof head + 2 + len;
}

/* A name server of whoever runs the provider, which lets everybody wait. libcurl calls this one: programs come first. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)out;
	resolving = true;
	(void)sleep(8);
	return EAI_AGAIN;
}

static void
test_A4_a_name_server_that_does_not_answer_is_not_waited_for(void **state)
{
	struct arena *a = arena_new();
	struct fetch_reply reply;
	struct timespec began, end;

	(void)state;
	assert_true(fetch_setup(NULL, NULL));
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	assert_false(fetch(a,
	    &(struct fetch_request){.url = "https://provider.example/", .max = 1024}, &reply));
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(resolving);
	assert_true(end.tv_sec - began.tv_sec <= 5);
	arena_free(a);
}

static void
test_A5_a_record_counts_when_it_is_the_whole_text(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		enum dns_found want;
	} rows[] = {
	    {"\x05hello", 6, DNS_FOUND},
	    {"\x02he\x03llo", 7, DNS_FOUND},
	    {"\x04hell", 5, DNS_MISSING},
	    {"\x06hello!", 7, DNS_MISSING},
	    {"\x05jello", 6, DNS_MISSING},
	    {"\x00", 1, DNS_MISSING},
	    {"\xffhello", 6, DNS_MISSING},
	    {"\x05hello\x05hello", 12, DNS_MISSING},
	};
	uint8_t m[512];

	(void)state;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		size_t len = answer(m, (const uint8_t *)rows[i].data, rows[i].len);

		if (dns_txt_answer(m, len, "hello") != rows[i].want)
			fail_msg("row %zu", i);
		/* cut anywhere it is no answer */
		for (size_t n = 0; n < len; n++)
			assert_int_not_equal(dns_txt_answer(m, n, "hello"), DNS_FOUND);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_A4_nothing_inside_is_asked),
	    cmocka_unit_test(test_A4_what_an_operator_allows_and_no_more),
	    cmocka_unit_test(test_A4_a_name_server_that_does_not_answer_is_not_waited_for),
	    cmocka_unit_test(test_A5_a_record_counts_when_it_is_the_whole_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
