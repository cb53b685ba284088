/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_REDIRECT_H
#define PACT_SAML_REDIRECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/saml/server.h"
#include "shared/base/arena.h"

/*
 * The HTTP-Redirect binding (SAML bindings §3.4): a deflated message and a signature over the query string. All that we send
 * goes this way, made here: small messages of our own, signed with RSA-SHA256, whose ids come from our random numbers.
 */

/* An id for a message: '_' and 128 random bits in hex, on the arena. */
const char *saml_message_id(struct arena *a);

/* The XML of what we say, on the arena. name_id: attributes of the NameID that the provider gave, or NULL. */
const char *saml_authn_request(struct arena *a, const char *id, const struct saml_sp *sp,
    const json_t *facts, const json_t *settings, int64_t now);
const char *
saml_logout_request(struct arena *a, const char *id, const struct saml_sp *sp, const json_t *facts,
    const char *subject, const json_t *name_id, const char *session, int64_t now);
const char *saml_logout_response(struct arena *a, const char *id, const struct saml_sp *sp,
    const json_t *facts, const char *in_response_to, int64_t now);

/* The address that a browser is sent to. name: SAMLRequest or SAMLResponse. relay: RelayState, or NULL. */
const char *saml_redirect(struct arena *a, const char *url, const char *name, const char *xml,
    const char *relay);

/*
 * A signed query string that came in (raw, as it was sent): the XML on the arena. NULL when its signature is by one of the
 * provider's certificates, else the reason.
 */
const char *saml_query(struct arena *a, const char *query, const char *name, const json_t *facts,
    const char **xml, size_t *len);

#endif
