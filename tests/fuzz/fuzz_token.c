/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Access tokens: without a key nothing may pass, whatever the bytes. The key is set to a fixed one here. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/crypt/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
key(void)
{
	/* the public key of RFC 8032 §7.1 TEST 1, as SubjectPublicKeyInfo */
	static const char pem[] =
	    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
	    "-----END PUBLIC KEY-----\n";
	char path[] = "/tmp/pact-fuzz-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, pem, sizeof pem - 1) != (ssize_t)sizeof pem - 1 ||
	    !token_verify_key(path))
		abort();
	(void)close(fd);
	(void)unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct token_claims c;

	if (!ready) {
		crypt_init();
		key();
		ready = true;
	}
	if (token_check(&c, (const char *)data, size, 0))
		abort();
	return 0;
}
