/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_METADATA_H
#define PACT_SAML_METADATA_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"

/*
 * Metadata of an identity provider (SAML metadata §2): UTF-8 text with a NUL behind it, to facts:
 *
 *     {"entity_id", "sso_url", "slo_url"?, "slo_response_url"?,
 *      "certificates": [{"sha256", "subject", "not_before", "not_after", "x509"}]}
 *
 * Only what is here is ever used of it; x509 is the certificate in base64. The certificates are those that the provider may
 * sign with, so the one to come is known before it is used. Hangs on the arena. NULL with a sentence for the administrator
 * in *problem.
 */
json_t *
saml_metadata(struct arena *a, const char *text, size_t len, int64_t now, const char **problem);

/* What an administrator should know of them by now, a sentence; NULL when there is nothing. */
const char *saml_metadata_warning(struct arena *a, const json_t *facts, int64_t now);

#endif
