/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a workspace asks of everybody who logs in: a second factor (A8), its identity provider (A3, A4, A5). The rules are in
 * sql/api/sso_settings.sql; here the client's secret is sealed before it reaches the database (T4).
 */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

DOOR_QUERY(q_security, "SELECT body, etag FROM app.security_json()");
DOOR_QUERY(q_security_patch,
    "SELECT body, etag FROM app.security_patch($1::uuid, $2::bigint, $3::jsonb, $4::uuid, $5::bytea)");
DOOR_QUERY(q_sso_seal_begin,
    "SELECT connection_id, data_key FROM app.sso_seal_begin($1::jsonb, $2::uuid)");
DOOR_QUERY(q_sso_test_begin, "SELECT url FROM app.sso_test_begin($1::uuid, $2::bytea)");

static const struct field mapping_body[] = {
    {"group", F_TEXT, REQUIRED, .min = 1, .max = 256},
    {"role", F_TEXT, REQUIRED, .min = 1, .max = 60},
    {0},
};
static const struct field sso_body[] = {
    {"type", F_ENUM, .choices = "saml|oidc"},
    {"name", F_TEXT, .min = 1, .max = 100, .help = "What the login page calls it."},
    {"metadata", F_MULTILINE, .min = 1, .max = 524288,
        .help = "SAML: the provider's metadata, XML."},
    {"metadata_url", F_TEXT, NULLABLE, .max = 2000,
        .help = "SAML: where its metadata is; read again each day."},
    {"sign_both", F_BOOL, .help = "SAML: both the response and the assertion must be signed."},
    {"force_authn", F_BOOL, .help = "SAML: the provider asks for the password each time."},
    {"idp_initiated", F_BOOL,
        .help = "SAML: people may begin at the provider. Weaker: off unless asked for."},
    {"nameid_format", F_TEXT, NULLABLE, .max = 200, .help = "SAML: the name format asked for."},
    {"authn_context", F_TEXT, NULLABLE, .max = 500,
        .help =
            "SAML: authentication contexts, apart by spaces; people must have logged in by one."},
    {"attribute_email", F_TEXT, NULLABLE, .max = 200,
        .help = "SAML: attribute with the address; the usual ones are known."},
    {"attribute_name", F_TEXT, NULLABLE, .max = 200},
    {"attribute_groups", F_TEXT, NULLABLE, .max = 200,
        .help =
            "SAML: who comes without it is in no group; left out, such a person keeps all roles."},
    {"issuer", F_TEXT, .min = 1, .max = 500, .help = "OpenID Connect: the provider's issuer."},
    {"client_id", F_TEXT, .min = 1, .max = 500},
    {"client_secret", F_SECRET, NULLABLE, .min = 1, .max = 2000,
        .help = "Written only; null takes it away."},
    {"scopes", F_TEXT, NULLABLE, .max = 500,
        .help = "OpenID Connect: asked for besides openid; email profile when left out."},
    {"acr_values", F_TEXT, NULLABLE, .max = 500,
        .help = "OpenID Connect: the same; the ID token's acr must be one of them."},
    {"claim_email", F_TEXT, NULLABLE, .max = 200},
    {"claim_name", F_TEXT, NULLABLE, .max = 200},
    {"claim_groups", F_TEXT, NULLABLE, .max = 200, .help = "OpenID Connect: the same."},
    {"trust_email", F_BOOL,
        .help =
            "OpenID Connect: take addresses that the provider does not call verified, as Entra ID does not."},
    {"jit", F_BOOL, .help = "Whoever the provider lets in gets an account at the first login."},
    {"role_mapping", F_LIST, NULLABLE, .max = 200, .members = mapping_body,
        .help = "Roles by the provider's groups; these roles follow the groups at each login."},
    {"default_roles", F_TEXTS, NULLABLE, .max = 20,
        .help = "Roles of who is in none of those groups."},
    {0},
};
const struct field security_body[] = {
    {"require_mfa", F_BOOL,
        .help = "Whoever has no second factor is led to set one up before anything else."},
    {"sso", F_OBJECT, NULLABLE, .members = sso_body, .help = "null: no single sign-on."},
    {"sso_enforced", F_BOOL,
        .help = "Passwords are not taken any more, but from an owner in need."},
    {0},
};

static const struct field sso_members[] = {
    {"type", F_ENUM, REQUIRED, .choices = "saml|oidc"},
    {"name", F_TEXT, REQUIRED},
    {"status", F_ENUM, REQUIRED, .choices = "checking|ready|refused"},
    {"problem", F_TEXT, REQUIRED | NULLABLE},
    {"checked_at", F_TIME, REQUIRED | NULLABLE},
    {"settings", F_ANY, REQUIRED,
        .help = "The members that were set, but for the secret and the metadata."},
    {"secret_set", F_BOOL, REQUIRED},
    {"metadata_set", F_BOOL, REQUIRED},
    {"facts", F_ANY, REQUIRED,
        .help = "What the provider says of itself: endpoints, certificates."},
    {"tested_at", F_TIME, REQUIRED | NULLABLE},
    {"test_result", F_ANY, REQUIRED | NULLABLE},
    {"role_mapping", F_LIST, REQUIRED, .members = mapping_body},
    {"default_roles", F_TEXTS, REQUIRED},
    {"people", F_INT, REQUIRED, .help = "How many have come by it."},
    {0},
};
static const struct field security_members[] = {
    {"require_mfa", F_BOOL, REQUIRED},
    {"users", F_INT, REQUIRED},
    {"users_without_mfa", F_INT, REQUIRED},
    {"sso", F_OBJECT, REQUIRED | NULLABLE, .members = sso_members},
    {"sso_enforced", F_BOOL, REQUIRED},
    {"login_url", F_TEXT, REQUIRED | NULLABLE, .help = "Where a login by single sign-on begins."},
    {"break_glass", F_TEXTS, REQUIRED,
        .help = "Owners who can come in by password and second factor when it is required."},
    {0},
};
const struct representation security_rep = {"security_settings", security_members};
static const struct field sso_test_members[] = {
    {"url", F_TEXT, REQUIRED, .help = "To open in the browser, once, within 15 minutes."},
    {0},
};
const struct representation sso_test_rep = {"sso_test", sso_test_members};

int
security_get(struct req *r)
{
	return reply_query(r, &q_security, NO_ARGS);
}

/* The secret of the body, sealed; the body holds `true` in its place from here on. False with the answer given. */
static bool
seal_secret(struct req *r, const char *connection, const char **sealed)
{
	json_t *sso = json_object_get(r->body, "sso");
	const char *secret = json_string_value(json_object_get(sso, "client_secret"));
	const struct rows *rows;

	*sealed = NULL;
	if (secret == NULL)
		return true;
	rows = tx_run(r->tx, &q_sso_seal_begin,
	    ARGS(json_text(r->a,
	             json_keep(r->a, json_pack("{s:O*, s:O*}", "type", json_object_get(sso, "type"),
	                                 "issuer", json_object_get(sso, "issuer")))),
	        connection));
	if (rows == NULL || rows_count(rows) == 0) {
		(void)problem_db(r);
		return false;
	}
	*sealed = seal(r->a, r->claims.tenant, rows_text(rows, 0, "data_key"),
	    arena_printf(r->a, "sso/%s", rows_text(rows, 0, "connection_id")), secret,
	    strlen(secret));
	(void)json_object_set_new(sso, "client_secret", json_true());
	r->body_text = json_text(r->a, r->body);
	if (*sealed == NULL)
		(void)problem(r, &P_INTERNAL, NULL);
	return *sealed != NULL;
}

int
security_patch(struct req *r)
{
	char connection[37];
	const char *sealed;

	uuid7(connection);
	if (!seal_secret(r, connection, &sealed))
		return r->status;
	return reply_query(r, &q_security_patch,
	    ARGS(r->claims.session, r->if_match, r->body_text, connection, sealed));
}

int
sso_test(struct req *r)
{
	CLEANUP(handle_wipe) struct handle t;
	const struct rows *rows;
	const char *url;

	handle_new(&t, r->claims.tenant);
	rows = tx_last(r->tx, &q_sso_test_begin, ARGS(t.id, handle_sha256(r->a, &t)));
	if (rows == NULL)
		return problem_db(r);
	url = arena_printf(r->a, "%s?test=%s", rows_text(rows, 0, "url"), handle_text(r->a, &t));
	return reply_json(r, 201, json_pack("{s:s}", "url", url));
}
