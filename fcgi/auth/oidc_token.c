/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the provider answers: the code's tokens, the keys they are signed with, userinfo, and back-channel logout. */
#include <string.h>
#include <time.h>

#include "fcgi/auth/jose.h"
#include "fcgi/auth/oidc.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/net/fetch.h"

#define ANSWER_MAX 131072U
#define SKEW 60
#define LOGOUT_SECONDS 600
#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

DOOR_QUERY(q_oidc_failed, "SELECT app.sso_failed($1::uuid, $2::uuid)");
DOOR_QUERY(q_oidc_keys_claim, "SELECT app.oidc_keys_claim($1::uuid, $2::uuid) AS may");
DOOR_QUERY(q_oidc_keys_set, "SELECT app.oidc_keys_set($1::uuid, $2::uuid, $3::jsonb)");
DOOR_QUERY(q_oidc_connection, "SELECT " OIDC_WAY " FROM app.sso_connection($1, 'oidc', $2, $3)");
DOOR_QUERY(q_oidc_logout,
    "SELECT app.oidc_logout($1, $2::uuid, $3::bytea, $4, $5, $6, $7) AS ended");

/* A whole number of seconds since the epoch; false for anything else, such as a fraction or text. */
static bool
seconds(const json_t *claims, const char *name, int64_t *out)
{
	const json_t *v = json_object_get(claims, name);

	if (json_is_real(v) && json_real_value(v) > 0 && json_real_value(v) < 1e12)
		*out = (int64_t)json_real_value(v);
	else if (json_is_integer(v))
		*out = (int64_t)json_integer_value(v);
	else
		return false;
	return *out > 0 && *out < INT64_C(1000000000000);
}

static bool
audience_holds(const json_t *aud, const char *client)
{
	if (json_is_string(aud))
		return str_eq(json_string_value(aud), client);
	for (size_t i = 0; i < json_array_size(aud); i++)
		if (str_eq(json_string_value(json_array_get(aud, i)), client))
			return true;
	return false;
}

const char *
oidc_common(const struct oidc *o, const json_t *claims)
{
	const char *client = oidc_setting(o, "client_id"), *azp;
	const json_t *aud = json_object_get(claims, "aud");
	int64_t now = (int64_t)time(NULL), at;

	if (!str_eq(json_string_value(json_object_get(claims, "iss")), oidc_fact(o, "issuer")))
		return "token-iss";
	if (!audience_holds(aud, client))
		return "token-aud";
	/* for several, or made for somebody: then it must be us (3.1.3.7, 4 and 5) */
	azp = json_string_value(json_object_get(claims, "azp"));
	if (json_object_get(claims, "azp") != NULL ? !str_eq(azp, client)
	                                           : json_array_size(aud) > 1)
		return "token-azp";
	if (!seconds(claims, "iat", &at) || at > now + SKEW)
		return "token-iat";
	if (json_object_get(claims, "nbf") != NULL &&
	    (!seconds(claims, "nbf", &at) || at > now + SKEW))
		return "token-nbf";
	return NULL;
}

/* The provider did not answer: nobody is sent there for half a minute. */
static const char *
unavailable(struct oidc *o)
{
	o->r->tx = tx_begin(o->r->a, NULL);
	if (o->r->tx != NULL) {
		tx_queue(o->r->tx, &q_oidc_failed, ARGS(o->tenant, o->connection));
		(void)tx_commit(o->r->tx);
	}
	return "unavailable";
}

/*
 * Keys that came since: once a minute for a connection, whoever sends tokens with unknown keys. The old ones stay when there
 * is no answer.
 */
static bool
newer_keys(struct oidc *o)
{
	struct arena *a = o->r->a;
	const struct rows *rows;
	struct fetch_reply reply;
	json_t *keys;

	o->r->tx = tx_begin(a, NULL);
	rows = o->r->tx != NULL
	           ? tx_last(o->r->tx, &q_oidc_keys_claim, ARGS(o->tenant, o->connection))
	           : NULL;
	if (rows == NULL || !str_eq(rows_text(rows, 0, "may"), "t") ||
	    oidc_fact(o, "jwks_uri") == NULL)
		return false;
	if (!fetch(a, &(struct fetch_request){.url = oidc_fact(o, "jwks_uri"), .max = JWKS_MAX},
	        &reply) ||
	    reply.status != 200)
		return false;
	keys = jwks_read(a, reply.body, reply.len);
	if (keys == NULL)
		return false;
	(void)json_object_set(o->facts, "jwks", keys);
	o->r->tx = tx_begin(a, NULL);
	return o->r->tx != NULL && tx_last(o->r->tx, &q_oidc_keys_set,
	                               ARGS(o->tenant, o->connection, json_text(a, keys))) != NULL;
}

const json_t *
oidc_verify(struct oidc *o, const char *token, const char *type, const char **reason)
{
	const char *algs = oidc_fact(o, "algs");
	json_t *claims = NULL;
	enum jws_result result = jws_verify(o->r->a, token, json_object_get(o->facts, "jwks"), algs,
	    type, &claims);

	if (result == JWS_KEY_UNKNOWN && newer_keys(o))
		result = jws_verify(o->r->a, token, json_object_get(o->facts, "jwks"), algs, type,
		    &claims);
	*reason = jws_reason(result);
	return claims;
}

static const char *
id_token_refused(const struct oidc *o, const json_t *claims, const char *state, const char *token,
    const char *access)
{
	const char *sub = json_string_value(json_object_get(claims, "sub")),
	           *acr = oidc_setting(o, "acr_values"), *reason = oidc_common(o, claims), *half;
	const json_t *at_hash = json_object_get(claims, "at_hash");
	int64_t at;

	if (reason != NULL)
		return reason;
	if (!seconds(claims, "exp", &at) || at <= (int64_t)time(NULL) - SKEW)
		return "token-exp";
	if (!str_eq(json_string_value(json_object_get(claims, "nonce")),
	        oidc_derive(o->r->a, "nonce", state)))
		return "token-nonce";
	if (sub == NULL || *sub == '\0' || strlen(sub) > 255)
		return "token-sub";
	/* how people must have logged in there, where the owner says so */
	if (acr != NULL && !str_listed(acr, json_string_value(json_object_get(claims, "acr"))))
		return "token-acr";
	if (at_hash != NULL) {
		half = access != NULL ? jose_half_hash(o->r->a, jws_alg(o->r->a, token), access)
		                      : NULL;
		if (!str_eq(json_string_value(at_hash), half))
			return "token-at-hash";
	}
	return NULL;
}

/* The body of the token request, and how the client says who it is. NULL: its secret does not open. */
static const char *
token_form(const struct oidc *o, const char *code, const char *state, struct fetch_request *q)
{
	struct arena *a = o->r->a;
	const char *form = oidc_param(a, "", "grant_type", "authorization_code");
	const char *client = oidc_setting(o, "client_id");
	char *secret = NULL, *user, *password;

	form = oidc_param(a, form, "code", code);
	form = oidc_param(a, form, "redirect_uri", oidc_redirect_uri(o->r, o->slug));
	form = oidc_param(a, form, "code_verifier", oidc_derive(a, "verifier", state));
	if (o->secret == NULL)
		return oidc_param(a, form, "client_id", client);
	secret = unseal_text(a, o->tenant, o->data_key, arena_printf(a, "sso/%s", o->connection),
	    o->secret);
	if (secret == NULL)
		return NULL;
	if (str_eq(oidc_fact(o, "token_auth"), "client_secret_post"))
		return oidc_param(a, oidc_param(a, form, "client_id", client), "client_secret",
		    secret);
	/* RFC 6749 2.3.1: both are form-encoded before they become Basic */
	user = arena_alloc(a, 3 * strlen(client) + 1);
	password = arena_alloc(a, 3 * strlen(secret) + 1);
	percent_encode(user, client);
	percent_encode(password, secret);
	q->user = user;
	q->password = password;
	return form;
}

const json_t *
oidc_exchange(struct oidc *o, const char *code, const char *state, const char **access,
    const char **id_token, const char **reason)
{
	struct fetch_request q = {.url = oidc_fact(o, "token_endpoint"), .max = ANSWER_MAX};
	struct fetch_reply reply;
	const json_t *answer, *claims;
	const char *why;

	q.form = token_form(o, code, state, &q);
	*reason = "secret";
	if (q.form == NULL)
		return NULL;
	if (!fetch(o->r->a, &q, &reply) || reply.status >= 500) {
		log_msg(LOG_WARN, "token endpoint: %s",
		    reply.error != NULL ? reply.error : "an error of its own");
		*reason = unavailable(o);
		return NULL;
	}
	answer = reply.status == 200 ? json_read(o->r->a, reply.body, reply.len, &why) : NULL;
	*access = json_string_value(json_object_get(answer, "access_token"));
	*id_token = json_string_value(json_object_get(answer, "id_token"));
	*reason = reply.status == 200 ? "token-missing" : "code";
	if (*id_token == NULL)
		return NULL;
	claims = oidc_verify(o, *id_token, NULL, reason);
	if (claims == NULL)
		return NULL;
	*reason = id_token_refused(o, claims, state, *id_token, *access);
	return *reason == NULL ? claims : NULL;
}

bool
oidc_userinfo(struct oidc *o, const char *access, json_t *claims, const char **reason)
{
	const char *url = oidc_fact(o, "userinfo_endpoint"), *why,
	           *named = oidc_setting(o, "claim_email"), *groups;
	bool address = json_object_get(claims, named != NULL ? named : "email") != NULL;
	struct fetch_reply reply;
	json_t *info;

	if ((address && !oidc_groups_missing(o, claims)) || url == NULL || access == NULL)
		return true;
	/* a moment's silence does not say that somebody is in no group */
	if (!fetch(o->r->a,
	        &(struct fetch_request){.url = url, .bearer = access, .max = ANSWER_MAX}, &reply) ||
	    reply.status >= 500) {
		*reason = unavailable(o);
		return false;
	}
	*reason = "userinfo";
	info = reply.status == 200 && media_type_is(reply.type, "application/json")
	           ? json_read(o->r->a, reply.body, reply.len, &why)
	           : NULL;
	/* not every provider says something there; what the token says is enough to come in */
	if (info == NULL)
		return address;
	*reason = "userinfo-sub";
	/* somebody else's answer would be taken for this person's (5.3.2) */
	if (!str_eq(json_string_value(json_object_get(info, "sub")),
	        json_string_value(json_object_get(claims, "sub"))))
		return false;
	groups = oidc_setting(o, "claim_groups");
	/* the token's address is not for another answer to vouch for */
	if (!address)
		(void)json_object_update_missing(claims, info);
	else if (json_object_get(info, groups) != NULL)
		(void)json_object_set(claims, groups, json_object_get(info, groups));
	return true;
}

/* ── back-channel logout (OpenID Connect Back-Channel Logout 1.0) ────────────────────────────────────────────────── */

static const char *
logout_refused(const struct oidc *o, const json_t *claims)
{
	const char *reason = oidc_common(o, claims);
	int64_t at = 0, now = (int64_t)time(NULL);

	if (reason != NULL)
		return reason;
	(void)seconds(claims, "iat", &at);
	if (at < now - LOGOUT_SECONDS)
		return "token-iat";
	if (json_object_get(claims, "exp") != NULL &&
	    (!seconds(claims, "exp", &at) || at <= now - SKEW))
		return "token-exp";
	if (!json_is_object(json_object_get(json_object_get(claims, "events"), LOGOUT_EVENT)))
		return "token-events";
	if (json_object_get(claims, "nonce") != NULL)
		return "token-nonce";
	if (json_string_length(json_object_get(claims, "jti")) == 0)
		return "token-jti";
	return json_is_string(json_object_get(claims, "sub")) ||
	               json_is_string(json_object_get(claims, "sid"))
	           ? NULL
	           : "token-sub";
}

static const char *
form_value(struct req *r, const char *name)
{
	size_t len = 0, n = 0;
	const char *body = body_read(r, 65536, &len), *found = NULL;
	struct pair *pairs;

	if (body == NULL || !form_parse(r->a, body, len, &pairs, &n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(pairs[i].name, name) != 0)
			continue;
		if (found != NULL)
			return NULL; /* there twice */
		found = pairs[i].value;
	}
	return found;
}

int
oidc_backchannel(struct req *r)
{
	const char *slug = r->arg[0], *token = form_value(r, "logout_token"),
	           *reason = "token-missing", *jti;
	const json_t *claims = NULL;
	uint8_t digest[SHA256_LEN];
	const struct rows *rows;
	struct oidc o;

	rows = tx_last(r->tx, &q_oidc_connection, ARGS(slug, r->http.ip, r->request_id));
	if (rows == NULL)
		return problem_db(r);
	if (!oidc_way(&o, r, slug, rows))
		return problem(r, &P_INTERNAL, NULL);
	if (token != NULL)
		claims = oidc_verify(&o, token, "logout+jwt", &reason);
	if (claims != NULL)
		reason = logout_refused(&o, claims);
	if (claims == NULL || reason != NULL) {
		(void)sso_refused(r, slug, NULL, reason);
		return problem(r, &P_BAD_REQUEST, "The logout token was not accepted.");
	}
	jti = json_string_value(json_object_get(claims, "jti"));
	sha256(digest, jti, strlen(jti));
	r->tx = tx_begin(r->a, NULL);
	rows = r->tx != NULL ? tx_last(r->tx, &q_oidc_logout,
	                           ARGS(slug, o.connection, db_bytea(r->a, digest, sizeof digest),
	                               json_string_value(json_object_get(claims, "sub")),
	                               json_string_value(json_object_get(claims, "sid")),
	                               r->http.ip, r->request_id))
	                     : NULL;
	if (rows == NULL) {
		if (tx_error(r->tx)->code != DB_REFUSED)
			return problem_db(r);
		(void)sso_refused(r, slug, NULL, "replay");
		return problem(r, &P_BAD_REQUEST, "The logout token was used before.");
	}
	return reply_empty(r, 200);
}
