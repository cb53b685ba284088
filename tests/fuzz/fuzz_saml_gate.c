/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An answer to a login, as XML: gate, lasso, and all that is checked behind them. Whatever the bytes, nobody comes in but the
 * one person that the corpus has signatures for, and the message of a logout is no login.
 */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/gate.h"
#include "fcgi/saml/metadata.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "tests/fuzz/saml_idp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *kept; /* the strings of sp are on it */
static struct saml_sp sp;
static LassoServer *server;

static void
start(void)
{
	const char *problem;
	json_t *facts;

	kept = arena_new();
	crypt_init();
	if (!saml_setup("tests/fixtures/saml/sp.key", "tests/fixtures/saml/sp.pem"))
		abort();
	sp = saml_sp(kept, "https://pact.example", "nordlys");
	facts = saml_metadata(kept, saml_fuzz_idp, strlen(saml_fuzz_idp), 1800000000, &problem);
	if (facts == NULL || (server = saml_server_new(kept, &sp, facts)) == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saml_expect e = {.sp = &sp,
	    .idp = "https://idp.example/metadata",
	    .now = 1800000000};
	struct saml_claims c;
	struct arena *a;
	unsigned char *b64;
	xmlDoc *doc = NULL;
	int len;

	if (server == NULL)
		start();
	if (size > GATE_XML_MAX)
		return 0;
	a = arena_new();
	b64 = arena_alloc(a, (size + 2) / 3 * 4 + 1);
	len = EVP_EncodeBlock(b64, data, (int)size);
	if (saml_accept(a, &(struct saml_provider){.server = server}, (const char *)b64,
	        (size_t)len, &e, &c) == NULL &&
	    (!str_eq(c.subject, "u-4711") && !str_eq(c.subject, "ada@nordlys.example")))
		abort();
	if (gate_read(a, arena_strndup(a, (const char *)data, size), size, GATE_XML_MAX, false,
	        &doc) == NULL &&
	    gate_response(a, doc) == NULL && gate_logout(a, doc) == NULL)
		abort();
	arena_free(a);
	return 0;
}
