/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_OIDC_H
#define PACT_AUTH_OIDC_H

#include <jansson.h>

#include "fcgi/auth/auth.h"

/* A connection, and a login on its way through it: a row of app.sso_way. */
struct oidc {
	struct req *r;
	const char *slug, *tenant, *connection, *login;
	const json_t *settings;
	json_t *facts;
	const char *secret, *data_key; /* sealed, as the database gave them */
};

/* The columns that oidc_way() reads. */
#define OIDC_WAY \
	"tenant_id, connection_id, login_id, settings::text AS settings, facts::text AS facts, secret, data_key"
bool oidc_way(struct oidc *o, struct req *r, const char *slug, const struct rows *rows);
/* A text member of what the provider says of itself, or of what the owner set; NULL without one. */
const char *oidc_fact(const struct oidc *o, const char *name);
const char *oidc_setting(const struct oidc *o, const char *name);
const char *oidc_redirect_uri(struct req *r, const char *slug);
/* Adds name=value, percent-encoded, behind `sep`. */
const char *oidc_param(struct arena *a, const char *url, const char *name, const char *value);

/* oidc_token.c: the ID token of a code, checked (OpenID Connect Core 3.1.3.7). NULL with *reason set. */
const json_t *oidc_exchange(struct oidc *o, const char *code, const char *state,
    const char **access, const char **id_token, const char **reason);
/* A signed token of the provider; newer keys are fetched once when its key is unknown. NULL with *reason set. */
const json_t *oidc_verify(struct oidc *o, const char *token, const char *type, const char **reason);
/* iss, aud, exp, iat, nbf of a token of the provider for this client. NULL when they hold, else the reason. */
const char *oidc_common(const struct oidc *o, const json_t *claims);
/* The owner has named a claim of groups, and the provider neither says it nor that it is elsewhere. */
bool oidc_groups_missing(const struct oidc *o, const json_t *claims);
/*
 * Adds what the userinfo endpoint says (5.3): all of it where `claims` has no address, else the groups where they are missing;
 * false with *reason set.
 */
bool oidc_userinfo(struct oidc *o, const char *access, json_t *claims, const char **reason);

#endif
