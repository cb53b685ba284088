/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_TESTS_SAML_HELPER_H
#define PACT_TESTS_SAML_HELPER_H

/* A workspace and its identity provider, for the tests of SAML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fcgi/saml/metadata.h"
#include "fcgi/saml/server.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"
#include "tests/unit/saml_forge.h"

#define KEYS "tests/fixtures/saml"
#define NOW 1800000000
#define IDP "https://idp.example/metadata"
#define BASE "https://pact.example"

static struct arena *a;
static struct saml_sp sp;
static LassoServer *server;

static const char *
pem_body(const char *name)
{
	char path[256], pem[8192] = {0}, *from;
	FILE *f;

	(void)snprintf(path, sizeof path, KEYS "/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(pem, 1, sizeof pem - 1, f) > 0);
	(void)fclose(f);
	from = strstr(pem, "-----\n") + 6;
	return arena_strndup(a, from, (size_t)(strstr(from, "-----END") - from));
}

static json_t *
facts_of(const char *certificate)
{
	const char *problem = NULL, *text;
	json_t *facts;

	text = arena_printf(a,
	    "<md:EntityDescriptor xmlns:md=\"" NS_MD "\" xmlns:ds=\"" NS_DS "\" entityID=\"" IDP
	    "\">"
	    "<md:IDPSSODescriptor protocolSupportEnumeration=\"" NS_SAMLP
	    "\"><md:KeyDescriptor><ds:KeyInfo>"
	    "<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
	    "</md:KeyDescriptor><md:SingleSignOnService "
	    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
	    "Location=\"https://idp.example/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
	    pem_body(certificate));
	facts = saml_metadata(a, text, strlen(text), NOW, &problem);
	if (facts == NULL)
		fail_msg("%s", problem);
	return facts;
}

static int
setup(void **state)
{
	(void)state;
	/* with it lasso would take anything; saml_setup() must not let it */
	(void)setenv("LASSO_FLAG", "no-verify-signature", 1);
	crypt_init();
	a = arena_new();
	assert_true(saml_setup(KEYS "/sp.key", KEYS "/sp.pem"));
	sp = saml_sp(a, BASE, "nordlys");
	server = saml_server_new(a, &sp, facts_of("idp.pem"));
	assert_non_null(server);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	g_object_unref(server);
	arena_free(a);
	return 0;
}

static struct forge
forge(void)
{
	return (struct forge){.dir = KEYS,
	    .issuer = IDP,
	    .acs = sp.acs,
	    .audience = sp.entity_id,
	    .in_response_to = "_request",
	    .id = "0001",
	    .subject = "u-4711",
	    .email = "ada@nordlys.example",
	    .group = "sales",
	    .now = NOW};
}

#endif
