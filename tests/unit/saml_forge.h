/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_TESTS_SAML_FORGE_H
#define PACT_TESTS_SAML_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An identity provider that lies on demand: answers to logins, good ones and one of each attack known on SAML. Keys are files
 * (tests/fixtures/saml). Used by the unit tests, the corpora of the fuzz targets, the bench, and as a tool by the HTTP tests.
 */

/* How an answer is signed. */
#define S_ASSERTION 1U
#define S_RESPONSE 2U
#define S_BOTH 4U
#define S_ENCRYPTED 8U       /* the assertion, signed before */
#define S_ENCRYPTED_BOTH 16U /* and the message around it signed */
#define S_PLAIN (S_ASSERTION | S_RESPONSE | S_BOTH)
#define S_ALL 31U
#define S_ENCRYPTED_RESPONSE 32U /* the message alone is signed, around an assertion that is not */

/* With what, where it is not the right one. */
#define K_SHA1 1U
#define K_SHA384 2U
#define K_SHA512 4U
#define K_HMAC 8U /* by the certificate, which everybody has */
#define K_FOREIGN 16U
#define K_KEY_INFO 32U /* and says so in the message */
#define K_NONE 64U     /* not at all */
#define K_RAW 128U     /* XML, not base64 */
#define K_RSA15 256U
#define K_GCM 512U
#define K_URI_EMPTY 1024U
#define K_C14N_COMMENTS 2048U
#define K_SHA1_DIGEST 4096U
#define K_BESIDE 16384U  /* an encrypted key beside the data */
#define K_OAEP11 32768U  /* RSA-OAEP with SHA-256, as XML Encryption 1.1 has it */
#define K_PREFIXES 8192U /* exclusive canonicalisation with a list of prefixes */

/* What the workspace asks for beside. */
#define X_SIGN_BOTH 1U
#define X_FORCE_AUTHN 2U
#define X_FORMAT 4U     /* persistent */
#define X_ATTRIBUTES 8U /* e-mail and groups by other names */
#define X_CONTEXT 16U   /* by a password over TLS, or a second factor */

struct forge {
	const char *dir; /* of the keys */
	const char *issuer, *acs, *audience, *in_response_to, *id, *subject, *email, *group;
	int64_t now;
	const char *template;       /* NULL: an answer to a login */
	const char *sp_certificate; /* PEM file; NULL: that of the fixtures */
	const char *idp_key;        /* the same */
};

struct vector {
	const char *name;
	const char *reason; /* NULL: is accepted */
	unsigned styles, keys, expect;
	const char *find,
	    *replace; /* in the template, before it is filled and signed; "" at the end */
	const char *find_after, *replace_after; /* in the text that was signed */
	void (*tree)(void *doc);                /* on the document that was signed */
};
extern const struct vector saml_vectors[];
extern const size_t nsaml_vectors;
/* The same for a LogoutRequest; acs is where it goes. */
extern const char saml_logout_template[];
extern const struct vector saml_logout_vectors[];
extern const size_t nsaml_logout_vectors;
const struct vector *saml_vector(const char *name);

/* The SAMLResponse; free() it. Fails the process when the vector does not do what it says. */
char *saml_forge(const struct forge *f, const struct vector *v, unsigned style);

#endif
