/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_ACCEPT_H
#define PACT_SAML_ACCEPT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/saml/server.h"
#include "shared/base/arena.h"

/*
 * From the bytes of a SAMLResponse to who it is, or why not: gate, signature (lasso), and what lasso leaves to us. Pure but
 * for the keys: no clock, no database, no environment. Whether the assertion was used before, and whose browser asked, is for
 * the caller to find out, from the claims.
 */
#define SAML_SKEW 60 /* seconds by which clocks may differ */

struct saml_expect {
	const struct saml_sp *sp;
	const char *idp;  /* the provider's entity id */
	int64_t now;      /* seconds since 1970 */
	bool sign_both;   /* the message and the assertion must be signed */
	bool force_authn; /* a login of before SAML_AUTHN_AGE does not do */
	/* as the owner has set them, or NULL for what common providers do */
	const char *nameid_format, *authn_context, *attribute_email, *attribute_name,
	    *attribute_groups;
};
#define SAML_AUTHN_AGE 900
/*
 * Seconds that an assertion may be on its way, whatever it says itself: as long as a login may take. So what was taken need
 * not be remembered for longer.
 */
#define SAML_ANSWER_AGE 900

struct saml_claims {
	const char *subject, *email, *name,
	    *session; /* email, name, session: NULL when not known */
	const char **groups;
	size_t ngroups;
	bool has_groups;            /* the provider says something of groups */
	const json_t *name_id;      /* the attributes of the NameID, for a logout */
	const char *in_response_to; /* NULL: nobody has asked for it */
	const char *assertion_id;
	int64_t
	    expires; /* from then on, and some skew, the assertion is refused whoever brings it */
	int64_t authn_at;
};

/* NULL and *out, on the arena; else the reason, a slug of its own for each check. */
const char *saml_accept(struct arena *a, const struct saml_provider *p, const char *base64,
    size_t len, const struct saml_expect *e, struct saml_claims *out);

/* attributes.c: what an assertion says of the person beside the subject. The same as saml_accept(). */
const char *saml_attributes(struct arena *a, const xmlNode *assertion, const struct saml_expect *e,
    struct saml_claims *out);

#endif
