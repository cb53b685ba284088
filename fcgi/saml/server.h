/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_SERVER_H
#define PACT_SAML_SERVER_H

#include <jansson.h>
#include <lasso/lasso.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

/*
 * lasso, and the two parties. lasso reads no metadata of a stranger's: both descriptions that it gets are written here, from
 * what metadata.c has checked. It verifies and decrypts; what we send is made by redirect.c.
 */

/* Who we are to one identity provider: addresses of one workspace. On the arena. */
struct saml_sp {
	const char *entity_id, *acs, *slo;
};
struct saml_sp saml_sp(struct arena *a, const char *base_url, const char *workspace);

/*
 * Once per process. key: PEM, RSA with 3072 bits or more; certificate: PEM of the same key. Both are read and kept. False,
 * with a line in the log, when they are no good.
 */
bool saml_setup(const char *key_path, const char *certificate_path);

/* RSA with SHA-256 by our key: bytes on the arena. */
const char *saml_sign(struct arena *a, const void *data, size_t len, size_t *siglen);

/* Our metadata (XML text, on the arena). */
const char *saml_sp_metadata(struct arena *a, const struct saml_sp *sp);

/* The facts of an identity provider (metadata.h) as lasso is told of them. */
const char *saml_idp_metadata(struct arena *a, const json_t *facts);

/* A server with exactly one identity provider; NULL when lasso does not take it. 65 ms. */
LassoServer *saml_server_new(struct arena *a, const struct saml_sp *sp, const json_t *facts);

/*
 * The same from a cache of the process, by connection and revision; the cache keeps it. The server that was used longest
 * ago makes room. To be asked for when a message has passed the gate, not before: making one is what costs most here.
 */
#define SAML_SERVERS 64
struct saml_provider {
	const char *connection, *revision;
	const struct saml_sp *sp;
	const json_t *facts;
	LassoServer *server; /* one that is at hand, instead of the cache's */
};
LassoServer *saml_server(struct arena *a, const struct saml_provider *p);

#endif
