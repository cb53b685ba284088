/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a provider says of itself (OpenID Connect Discovery 1.0), looked at by the runner: endpoints, algorithms, keys. */
#include <string.h>

#include "fcgi/auth/jose.h"
#include "fcgi/auth/oidc.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/net/fetch.h"

#define DOCUMENT_MAX 131072U

DOOR_QUERY(q_oidc_to_check,
    "SELECT revision, settings::text AS settings, secret IS NOT NULL AS has_secret FROM app.sso_to_check($1::uuid)");
DOOR_QUERY(q_oidc_checked,
    "SELECT app.sso_checked($1::uuid, $2::bigint, NULL, $3::jsonb, $4) AS heard");
DOOR_QUERY(q_oidc_refresh_due, "SELECT app.sso_refresh_due('oidc', interval '1 day') AS n");

/* Those that this relying party verifies, best known first; what else a provider offers is not taken. */
static const char *const algs[] = {"RS256", "ES256", "PS256", "EdDSA", "RS384", "RS512", "ES384",
    "ES512", "PS384", "PS512"};

static bool
listed(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(json_string_value(json_array_get(list, i)), name))
			return true;
	return false;
}

static const char *
algs_offered(struct arena *a, const json_t *document)
{
	const json_t *list = json_object_get(document, "id_token_signing_alg_values_supported");
	const char *out = "";

	for (size_t i = 0; i < NELEMS(algs); i++)
		if (listed(list, algs[i]))
			out = arena_printf(a, "%s%s%s", out, *out != '\0' ? " " : "", algs[i]);
	return out;
}

/* A member that is an https address, NULL when it is missing or another kind of thing. */
static const char *
endpoint(const json_t *document, const char *name)
{
	const char *s = json_string_value(json_object_get(document, name));

	if (s == NULL || !str_starts(s, "https://") || strlen(s) > 2000 || strchr(s, '#') != NULL)
		return NULL;
	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return NULL;
	return s;
}

static json_t *
get_json(struct arena *a, const char *url, const char *what, size_t max, struct fetch_reply *reply,
    const char **problem)
{
	const char *why;
	json_t *v = NULL;

	if (!fetch(a, &(struct fetch_request){.url = url, .max = max}, reply) ||
	    reply->status != 200)
		*problem = arena_printf(a, "%s cannot be read at %s. %s", what, url, reply->error);
	else if ((v = json_read(a, reply->body, reply->len, &why)) == NULL)
		*problem = arena_printf(a, "%s at %s is no JSON.", what, url);
	return v;
}

/* The beginning of a text, at most max bytes of it, with its last character whole: the database takes nothing else. */
static const char *
beginning(struct arena *a, const char *s, size_t max)
{
	size_t len = strlen(s), n = 0, k;

	while ((k = utf8_sequence(s + n, len - n)) > 0 && n + k <= max)
		n += k;
	return arena_strndup(a, s, n);
}

static const char *
document_problem(const json_t *d, const char *issuer, struct arena *a)
{
	const char *says = json_string_value(json_object_get(d, "issuer"));

	/* Entra ID's addresses "common" and "organizations": who came by them could be of any company */
	if (says != NULL && strchr(says, '{') != NULL)
		return "The provider's document is for all of its tenants. Enter the issuer of your own tenant: "
		       "the address with the ID of your tenant (directory) in it.";
	if (!str_eq(says, issuer))
		return arena_printf(a,
		    "The provider calls itself %s. Enter exactly that as its issuer, if it is the one you mean.",
		    says != NULL ? beginning(a, says, 300) : "nothing");
	if (endpoint(d, "authorization_endpoint") == NULL ||
	    endpoint(d, "token_endpoint") == NULL || endpoint(d, "jwks_uri") == NULL)
		return "The provider's document names no authorization, token and key addresses that begin with https://.";
	if (*algs_offered(a, d) == '\0')
		return "The provider signs ID tokens in no way that is accepted here (RS, PS, ES or EdDSA).";
	if (json_object_get(d, "code_challenge_methods_supported") != NULL &&
	    !listed(json_object_get(d, "code_challenge_methods_supported"), "S256"))
		return "The provider does not offer PKCE with S256.";
	return NULL;
}

/* How the client shows who it is: Basic where it is offered or nothing is said (the default of RFC 8414). */
static const char *
token_auth(const json_t *d, bool has_secret, const char **problem)
{
	const json_t *list = json_object_get(d, "token_endpoint_auth_methods_supported");

	if (!has_secret)
		return "none";
	if (list == NULL || listed(list, "client_secret_basic"))
		return "client_secret_basic";
	if (listed(list, "client_secret_post"))
		return "client_secret_post";
	*problem = "The provider takes a client secret neither by Basic nor by post.";
	return NULL;
}

/* The facts, or NULL with a sentence for the owner. */
static const char *
facts(struct arena *a, const char *issuer, bool has_secret, const char **problem)
{
	size_t len = strlen(issuer);
	const char *auth, *url = arena_printf(a, "%.*s/.well-known/openid-configuration",
	                      (int)(len - (issuer[len - 1] == '/')), issuer);
	struct fetch_reply reply;
	json_t *d = get_json(a, url, "The provider's document", DOCUMENT_MAX, &reply, problem),
	       *keys;

	if (d == NULL)
		return NULL;
	*problem = document_problem(d, issuer, a);
	auth = *problem == NULL ? token_auth(d, has_secret, problem) : NULL;
	if (*problem != NULL || get_json(a, endpoint(d, "jwks_uri"), "The provider's keys",
	                            JWKS_MAX, &reply, problem) == NULL)
		return NULL;
	keys = jwks_read(a, reply.body, reply.len);
	if (keys == NULL) {
		*problem = "The provider publishes no key that tokens can be checked with.";
		return NULL;
	}
	return json_text(a,
	    json_keep(a,
	        json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:b, s:s, s:s, s:O}", "issuer", issuer,
	            "authorization_endpoint", endpoint(d, "authorization_endpoint"),
	            "token_endpoint", endpoint(d, "token_endpoint"), "jwks_uri",
	            endpoint(d, "jwks_uri"), "userinfo_endpoint", endpoint(d, "userinfo_endpoint"),
	            "end_session_endpoint", endpoint(d, "end_session_endpoint"), "iss_parameter",
	            json_is_true(
	                json_object_get(d, "authorization_response_iss_parameter_supported")),
	            "algs", algs_offered(a, d), "token_auth", auth, "jwks", keys)));
}

enum job_result
oidc_check(struct job *j)
{
	const char *id = json_string_value(json_object_get(j->payload, "connection")),
	           *problem = NULL, *found, *why, *text;
	struct tx *tx = job_tx(j);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_oidc_to_check, ARGS(id)) : NULL;
	const json_t *settings;

	if (rows == NULL)
		return JOB_RETRY;
	if (rows_count(rows) == 0)
		return JOB_DONE; /* it is gone */
	text = rows_text(rows, 0, "settings");
	settings = json_read(j->a, text, strlen(text), &why);
	text = json_string_value(json_object_get(settings, "issuer"));
	found = text != NULL && *text != '\0'
	            ? facts(j->a, text, str_eq(rows_text(rows, 0, "has_secret"), "t"), &problem)
	            : NULL;
	tx = job_tx(j);
	if (tx == NULL)
		return JOB_RETRY;
	return tx_last(tx, &q_oidc_checked,
	           ARGS(id, rows_text(rows, 0, "revision"), found, problem)) != NULL
	           ? JOB_DONE
	           : JOB_RETRY;
}

void
oidc_refresh(struct arena *a)
{
	struct tx *tx = tx_begin(a, NULL);

	if (tx == NULL || tx_last(tx, &q_oidc_refresh_due, NO_ARGS) == NULL)
		log_msg(LOG_WARN, "providers: not looked at, will be tried again");
}
