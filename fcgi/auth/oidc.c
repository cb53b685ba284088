/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * OpenID Connect relying party (A4): code flow with PKCE (RFC 7636), state and nonce. What belongs to a login is derived from
 * its state with a key of ours, so nothing secret is kept between the two requests; the state is taken once, by the browser
 * that began it, before the provider is asked for anything.
 */
#include "fcgi/auth/oidc.h"

#include <string.h>
#include <time.h>

#include "fcgi/auth/jose.h"
#include "shared/base/str.h"

DOOR_QUERY(q_oidc_start,
    "SELECT " OIDC_WAY
    " FROM app.sso_start($1, 'oidc', $2::uuid, $3::bytea, $4::bytea, NULL, $5, $6::bytea, $7, $8)");
DOOR_QUERY(q_oidc_take,
    "SELECT " OIDC_WAY " FROM app.sso_take($1, 'oidc', $2::bytea, NULL, $3::bytea, $4, $5)");
DOOR_QUERY(q_oidc_prove, "SELECT app.sso_prove($1::uuid, $2::uuid, $3::jsonb)");
DOOR_QUERY(q_oidc_waited, "SELECT app.sso_waited($1::uuid, $2::uuid, $3::int)");

#define LONG_MS 1000 /* what a provider that is well does not take */

const struct field oidc_login_params[] = {
    {"return_to", F_SECRET, .max = 2000, .help = "A path of this server to go on at."},
    {"test", F_SECRET, .max = 200, .help = "Of the link that tests the connection."},
    {0},
};
const struct field oidc_callback_params[] = {
    {"code", F_SECRET, .max = 4096},
    {"state", F_SECRET, .max = 200},
    {"iss", F_SECRET, .max = 500},
    {"error", F_SECRET, .max = 200},
    {0},
};

bool
oidc_way(struct oidc *o, struct req *r, const char *slug, const struct rows *rows)
{
	const char *why, *settings = rows_text(rows, 0, "settings"),
	                 *facts = rows_text(rows, 0, "facts");

	*o = (struct oidc){
	    .r = r,
	    .slug = slug,
	    .tenant = rows_text(rows, 0, "tenant_id"),
	    .connection = rows_text(rows, 0, "connection_id"),
	    .login = rows_text(rows, 0, "login_id"),
	    .settings = json_read(r->a, settings, strlen(settings), &why),
	    .facts = json_read(r->a, facts, strlen(facts), &why),
	    .secret = rows_text(rows, 0, "secret"),
	    .data_key = rows_text(rows, 0, "data_key"),
	};
	return o->settings != NULL && o->facts != NULL;
}

const char *
oidc_fact(const struct oidc *o, const char *name)
{
	return json_string_value(json_object_get(o->facts, name));
}

const char *
oidc_setting(const struct oidc *o, const char *name)
{
	return json_string_value(json_object_get(o->settings, name));
}

const char *
oidc_redirect_uri(struct req *r, const char *slug)
{
	return arena_printf(r->a, "%s/v1/auth/oidc/%s/callback", config("PACT_BASE_URL"), slug);
}

const char *
oidc_param(struct arena *a, const char *url, const char *name, const char *value)
{
	char *encoded = arena_alloc(a, 3 * strlen(value) + 1);
	const char *sep = *url == '\0' ? "" : "&";

	/* an endpoint may have a query of its own (RFC 6749 3.1) */
	if (str_starts(url, "https:") && strchr(url, '?') == NULL)
		sep = "?";
	percent_encode(encoded, value);
	return arena_printf(a, "%s%s%s=%s", url, sep, name, encoded);
}

static const char *
sha256_bytea(struct arena *a, const char *text)
{
	uint8_t digest[SHA256_LEN];

	sha256(digest, text, strlen(text));
	return db_bytea(a, digest, sizeof digest);
}

static const char *
authorization_url(const struct oidc *o, const char *state)
{
	struct arena *a = o->r->a;
	const char *verifier = oidc_derive(a, "verifier", state),
	           *scopes = oidc_setting(o, "scopes"), *acr = oidc_setting(o, "acr_values");
	const char *url = oidc_fact(o, "authorization_endpoint");
	uint8_t digest[SHA256_LEN];
	char challenge[2 * SHA256_LEN];

	sha256(digest, verifier, strlen(verifier));
	(void)b64url_encode(challenge, digest, sizeof digest);
	url = oidc_param(a, url != NULL ? url : "", "response_type", "code");
	url = oidc_param(a, url, "client_id", oidc_setting(o, "client_id"));
	url = oidc_param(a, url, "redirect_uri", oidc_redirect_uri(o->r, o->slug));
	url = oidc_param(a, url, "scope",
	    arena_printf(a, "openid %s", scopes != NULL ? scopes : "email profile"));
	url = oidc_param(a, url, "state", state);
	url = oidc_param(a, url, "nonce", oidc_derive(a, "nonce", state));
	if (acr != NULL)
		url = oidc_param(a, url, "acr_values", acr);
	url = oidc_param(a, url, "code_challenge", challenge);
	return oidc_param(a, url, "code_challenge_method", "S256");
}

int
oidc_login(struct req *r)
{
	const char *slug = r->arg[0], *to = sso_return_to(param(r, "return_to")),
	           *test = param(r, "test"), *test_sha = NULL;
	uint8_t random[SECRET_LEN];
	char login[37], state[2 * SECRET_LEN];
	const struct rows *rows;
	CLEANUP(handle_wipe) struct handle t;
	struct oidc o;

	if (sso_asked_first(r, slug, to))
		return r->status;
	if (test != NULL) {
		if (!handle_parse(&t, test))
			return sso_refused(r, slug, NULL, "test-ended");
		test_sha = handle_sha256(r->a, &t);
	}
	uuid7(login);
	random_bytes(random, sizeof random);
	(void)b64url_encode(state, random, sizeof random);
	rows = tx_last(r->tx, &q_oidc_start,
	    ARGS(slug, login, sha256_bytea(r->a, state), sso_browser(r, true), to, test_sha,
	        r->http.ip, r->request_id));
	if (rows == NULL)
		return sso_refused_db(r, slug, NULL);
	if (!oidc_way(&o, r, slug, rows))
		return problem(r, &P_INTERNAL, NULL);
	return sso_redirect(r, authorization_url(&o, state));
}

/* What a claim says, by the name that the owner set or the usual one. */
static const json_t *
claim(const struct oidc *o, const json_t *claims, const char *setting, const char *usual)
{
	const char *name = oidc_setting(o, setting);

	return json_object_get(claims, name != NULL ? name : usual);
}

bool
oidc_groups_missing(const struct oidc *o, const json_t *claims)
{
	const char *named = oidc_setting(o, "claim_groups");

	return named != NULL && json_object_get(claims, named) == NULL &&
	       json_object_get(json_object_get(claims, "_claim_names"), named) == NULL;
}

/*
 * Groups are a list of texts, or one text; anything else is as if the provider said nothing of groups. Where the owner has
 * named the claim, that means none: of somebody who has left the last one most providers send no claim at all. Entra ID,
 * where there are too many for a token, says that they are elsewhere.
 */
static json_t *
groups(const struct oidc *o, const json_t *claims)
{
	const json_t *v = claim(o, claims, "claim_groups", "groups");
	bool none = oidc_groups_missing(o, claims);
	json_t *out;

	if (!json_is_array(v) && !json_is_string(v) && !none)
		return NULL;
	out = json_array();
	if (json_is_string(v))
		(void)json_array_append(out, (json_t *)(uintptr_t)v);
	for (size_t i = 0; i < json_array_size(v) && i < 1000; i++)
		if (json_is_string(json_array_get(v, i)))
			(void)json_array_append(out, json_array_get(v, i));
	return out;
}

/* As app.sso_prove() takes them. */
static const char *
proof(const struct oidc *o, const json_t *claims, const char *id_token)
{
	const json_t *name = claim(o, claims, "claim_name", "name");
	const json_t *email = claim(o, claims, "claim_email", "email");
	const json_t *sid = json_object_get(claims, "sid");
	const json_t *said = json_object_get(claims, "email_verified");
	/* it speaks of the claim email, and of no other that the owner has chosen; Cognito and Apple say it by a text */
	bool verified = email == json_object_get(claims, "email") &&
	                (json_is_true(said) || str_eq(json_string_value(said), "true"));
	const char *hint = seal(o->r->a, o->tenant, o->data_key, "sso-hint", id_token,
	    strlen(id_token));
	json_t *p = json_pack("{s:O, s:O*, s:b, s:O*, s:o*, s:O*, s:s*}", "subject",
	    json_object_get(claims, "sub"), "email", json_is_string(email) ? email : NULL,
	    "email_verified", verified, "name", json_is_string(name) ? name : NULL, "groups",
	    groups(o, claims), "session", json_is_string(sid) ? sid : NULL, "hint",
	    hint != NULL ? hint + 2 : NULL);

	return json_text(o->r->a, json_keep(o->r->a, p));
}

/* The answer's parameters; NULL when it can be gone on with, else the reason. */
static const char *
answer_refused(const struct oidc *o)
{
	const char *iss = param(o->r, "iss"), *error = param(o->r, "error");

	/* RFC 9207: an answer of another provider is sent to this one's address */
	if (iss != NULL ? !str_eq(iss, oidc_fact(o, "issuer"))
	                : json_is_true(json_object_get(o->facts, "iss_parameter")))
		return "iss";
	if (error != NULL)
		return strcmp(error, "access_denied") == 0 ? "denied" : "provider";
	return param(o->r, "code") == NULL ? "code" : NULL;
}

static int64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Who it is, by the provider's word for this code; NULL with *reason set. How long that took is noted where it was long. */
static json_t *
ask(struct oidc *o, const char *code, const char *state, const char **id_token, const char **reason)
{
	int64_t began = clock_ms(), ms;
	const char *access = NULL;
	const json_t *token = oidc_exchange(o, code, state, &access, id_token, reason);
	json_t *claims = NULL;

	if (token != NULL) {
		claims = json_keep(o->r->a, json_copy((json_t *)(uintptr_t)token));
		if (!oidc_userinfo(o, access, claims, reason))
			claims = NULL;
	}
	ms = clock_ms() - began;
	if (ms >= LONG_MS && (o->r->tx = tx_begin(o->r->a, NULL)) != NULL) {
		tx_queue(o->r->tx, &q_oidc_waited,
		    ARGS(o->tenant, o->connection,
		        arena_printf(o->r->a, "%lld", (long long)(ms < 60000 ? ms : 60000))));
		(void)tx_commit(o->r->tx);
	}
	return claims;
}

int
oidc_callback(struct req *r)
{
	const char *slug = r->arg[0], *state = param(r, "state"), *browser = sso_browser(r, false);
	const char *reason, *id_token = NULL, *email;
	const struct rows *rows;
	const json_t *claims;
	struct oidc o;

	if (state == NULL || browser == NULL)
		return sso_refused(r, slug, NULL, state == NULL ? "state" : "browser");
	rows = tx_last(r->tx, &q_oidc_take,
	    ARGS(slug, sha256_bytea(r->a, state), browser, r->http.ip, r->request_id));
	if (rows == NULL)
		return sso_refused_db(r, slug, NULL);
	if (!oidc_way(&o, r, slug, rows))
		return problem(r, &P_INTERNAL, NULL);
	reason = answer_refused(&o);
	if (reason != NULL)
		return sso_refused(r, slug, o.login, reason);
	claims = ask(&o, param(r, "code"), state, &id_token, &reason);
	if (claims == NULL)
		return sso_refused(r, slug, o.login, reason);
	email = json_string_value(claim(&o, claims, "claim_email", "email"));
	if (email != NULL && !email_plausible(email, strlen(email)))
		return sso_refused(r, slug, o.login, "email");
	r->tx = tx_begin(r->a, NULL);
	if (r->tx == NULL || tx_last(r->tx, &q_oidc_prove,
	                         ARGS(o.tenant, o.login, proof(&o, claims, id_token))) == NULL)
		return sso_refused_db(r, slug, o.login);
	return sso_complete(r, slug, o.tenant, o.login, browser, email);
}

const char *
oidc_logout_url(struct req *r, const struct rows *row)
{
	const char *facts = rows_text(row, 0, "facts"), *settings = rows_text(row, 0, "settings"),
	           *why, *hint, *url;
	const json_t *f = json_read(r->a, facts, strlen(facts), &why),
	             *s = json_read(r->a, settings, strlen(settings), &why);

	url = json_string_value(json_object_get(f, "end_session_endpoint"));
	if (url == NULL)
		return NULL;
	hint = unseal_text(r->a, r->claims.tenant, rows_text(row, 0, "data_key"), "sso-hint",
	    rows_text(row, 0, "hint"));
	url = oidc_param(r->a, url, "client_id",
	    json_string_value(json_object_get(s, "client_id")));
	if (hint != NULL)
		url = oidc_param(r->a, url, "id_token_hint", hint);
	return oidc_param(r->a, url, "post_logout_redirect_uri",
	    arena_printf(r->a, "%s/login", config("PACT_BASE_URL")));
}
