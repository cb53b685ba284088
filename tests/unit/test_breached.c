/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A1: what the operator's list of breached passwords holds is found in it, whatever its length, and nothing else is. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

#define MOST 300

static char path[] = "/tmp/pact-breached-XXXXXX";

static void
hash_of(char hex[static 41], int n)
{
	char password[32];
	uint8_t digest[EVP_MAX_MD_SIZE];

	(void)snprintf(password, sizeof password, "password %d", n);
	assert_int_equal(EVP_Digest(password, strlen(password), digest, NULL, EVP_sha1(), NULL), 1);
	hex_encode(hex, digest, 20);
}

static int
order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
write_file(const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* Every second password of 2n, with counts of many lengths: the ends of lines fall everywhere. */
static void
list_of(int n, const char *end, bool last_end)
{
	static char hashes[MOST][41];
	static char text[MOST * 64];
	size_t len = 0;

	for (int i = 0; i < n; i++)
		hash_of(hashes[i], 2 * i);
	qsort(hashes, (size_t)n, sizeof *hashes, order);
	/* either case, one order */
	for (int i = 0; i < n; i += 2)
		for (char *p = hashes[i]; *p != '\0'; p++)
			*p = (char)toupper((unsigned char)*p);
	for (int i = 0; i < n; i++) {
		const char *more[] = {"", ":1", ":1234567", ":12345678901234567890"};

		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", hashes[i],
		    more[i % 4], i < n - 1 || last_end ? end : "");
	}
	write_file(text, len);
	assert_true(breached_setup(path));
}

static void
each_is_found_and_no_other(void **state)
{
	static const int lengths[] = {1, 2, 3, 4, 7, 8, 9, 100, MOST};
	char password[32];

	(void)state;
	for (size_t k = 0; k < NELEMS(lengths); k++)
		for (unsigned form = 0; form < 4; form++) {
			list_of(lengths[k], (form & 1) != 0 ? "\r\n" : "\n", (form & 2) != 0);
			for (int i = 0; i < 2 * lengths[k]; i++) {
				(void)snprintf(password, sizeof password, "password %d", i);
				assert_int_equal(breached(password),
				    i % 2 == 0 ? BREACHED_YES : BREACHED_NO);
			}
		}
}

static void
without_a_file_nothing_is_known(void **state)
{
	(void)state;
	assert_true(breached_setup(NULL));
	assert_int_equal(breached("password 0"), BREACHED_NO);
	assert_true(breached_setup(""));
	assert_int_equal(breached("password 0"), BREACHED_NO);
}

static void
what_is_no_list_is_told(void **state)
{
	static const char good[] = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:1\n",
	                  bad[] =
	                      "6baa61e4c9b93f3f0682250b6cf8331b7ee68fd8:1 and so on without an end "
	                      "of the line, for longer than any line of such a list would be, and "
	                      "longer still, until nobody reads on\n";
	char both[sizeof good + sizeof bad];

	(void)state;
	assert_false(breached_setup("/nonexistent/list"));
	assert_false(breached_setup("/tmp"));
	write_file("", 0);
	assert_false(breached_setup(path));
	write_file("hello\n", 6);
	assert_false(breached_setup(path));
	write_file(bad, strlen(bad));
	assert_false(breached_setup(path));
	/* "password" is the first line; to find others the second has to be read */
	(void)snprintf(both, sizeof both, "%s%s", good, bad);
	write_file(both, strlen(both));
	assert_true(breached_setup(path));
	assert_int_equal(breached("another"), BREACHED_UNKNOWN);
}

static int
setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)breached_setup(NULL);
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_found_and_no_other),
	    cmocka_unit_test(without_a_file_nothing_is_known),
	    cmocka_unit_test(what_is_no_list_is_told),
	};

	return cmocka_run_group_tests_name("breached", tests, setup, teardown);
}
