/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_LOGOUT_H
#define PACT_SAML_LOGOUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/saml/server.h"
#include "shared/base/arena.h"

/* A LogoutRequest of the provider's: pure, as saml_accept() is. */
#define SAML_LOGOUT_AGE 300 /* seconds in which one may be on its way */

struct saml_logout {
	const char *id, *subject;
	const char **session; /* none: all of the subject's */
	size_t nsessions;
};

/* By redirect: the query string as it was sent. NULL and *out, else the reason. */
const char *saml_logout_query(struct arena *a, const char *query, const struct saml_sp *sp,
    const json_t *facts, int64_t now, struct saml_logout *out);
/* By POST: base64. */
const char *saml_logout_post(struct arena *a, const struct saml_provider *p, const char *base64,
    size_t len, int64_t now, struct saml_logout *out);

#endif
