/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login by SAML: the browser goes to the provider with a signed question and comes back with a signed answer. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/redirect.h"
#include "fcgi/saml/saml.h"
#include "fcgi/saml/xml.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

#define FORM_MAX \
	786432U /* GATE_BASE64_MAX, percent-encoded, and a RelayState; nginx has the same */

DOOR_QUERY(q_saml_start,
    "SELECT tenant_id, connection_id, revision, settings::text AS settings, facts::text AS facts "
    "FROM app.saml_start($1, $2::uuid, $3::bytea, $4::bytea, $5, $6, $7::bytea, $8, $9)");
DOOR_QUERY(q_saml_connection,
    "SELECT tenant_id, connection_id, revision, settings::text AS settings, facts::text AS facts "
    "FROM app.saml_connection($1, $2, $3)");
DOOR_QUERY(q_saml_proved,
    "SELECT app.saml_proved($1, $2::uuid, $3::bigint, $4, $5::bytea, $6::bytea, $7::timestamptz, $8::timestamptz, "
    "$9::jsonb, $10, $11) AS login");
DOOR_QUERY(q_saml_unsolicited,
    "SELECT app.saml_unsolicited($1, $2::uuid, $3::bigint, $4::uuid, $5::bytea, $6::bytea, $7::timestamptz, "
    "$8::jsonb, $9, $10) AS login");

const struct field saml_login_params[] = {
    {"return_to", F_TEXT, .max = 2000, .help = "A path of this server to go to afterwards."},
    {"test", F_TEXT, .max = 200,
        .help = "From the settings page: try the connection without logging in."},
    {0},
};

/* ── what both ways need ─────────────────────────────────────────────────────────────────────────────────────────── */

struct saml_sp
saml_sp_here(struct req *r)
{
	return saml_sp(r->a, config("PACT_BASE_URL"), r->arg[0]);
}

static json_t *
object_at(struct req *r, const struct rows *row, const char *column)
{
	const char *text = rows_text(row, 0, column), *why;

	return json_read(r->a, text, strlen(text), &why);
}

bool
saml_way(struct req *r, const struct rows *row, struct saml_way *out)
{
	*out = (struct saml_way){.tenant = rows_text(row, 0, "tenant_id"),
	    .connection = rows_text(row, 0, "connection_id"),
	    .revision = rows_text(row, 0, "revision"),
	    .settings = object_at(r, row, "settings"),
	    .facts = object_at(r, row, "facts"),
	    .sp = saml_sp_here(r)};
	return json_object_get(out->facts, "entity_id") != NULL;
}

struct saml_provider
saml_provider(const struct saml_way *way)
{
	return (struct saml_provider){.connection = way->connection,
	    .revision = way->revision,
	    .sp = &way->sp,
	    .facts = way->facts};
}

/* Puts the value of one field where it belongs, once. */
static bool
form_take(const struct pair *p, struct saml_form *out)
{
	const char **place = strcmp(p->name, "SAMLRequest") == 0    ? &out->request
	                     : strcmp(p->name, "SAMLResponse") == 0 ? &out->response
	                     : strcmp(p->name, "RelayState") == 0   ? &out->relay
	                                                            : NULL;

	if (place == NULL)
		return true; /* a provider's own */
	if (*place != NULL)
		return false;
	*place = p->value;
	return true;
}

bool
saml_form(struct req *r, struct saml_form *out)
{
	struct pair *pairs = NULL;
	size_t n = 0, len = 0;
	const char *body;

	*out = (struct saml_form){0};
	if (!media_type_is(r->http.content_type, "application/x-www-form-urlencoded")) {
		(void)problem(r, &P_UNSUPPORTED_MEDIA_TYPE, "Send a form.");
		return false;
	}
	if ((body = body_read(r, FORM_MAX, &len)) == NULL)
		return false;
	if (form_parse(r->a, body, len, &pairs, &n)) {
		while (n > 0 && form_take(&pairs[n - 1], out))
			n--;
		if (n == 0 && (out->request == NULL) != (out->response == NULL))
			return true;
	}
	(void)problem(r, &P_BAD_REQUEST, "The form must hold one SAML message.");
	return false;
}

/* ── there ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

int
saml_metadata_get(struct req *r)
{
	const struct saml_sp sp = saml_sp_here(r);
	const char *text = saml_sp_metadata(r->a, &sp);

	return reply_text(r, 200, "application/samlmetadata+xml", text, strlen(text));
}

static const char *
text_sha256(struct req *r, const char *text)
{
	uint8_t digest[SHA256_LEN];

	sha256(digest, text, strlen(text));
	return db_bytea(r->a, digest, sizeof digest);
}

/*
 * No RelayState: the answer names the question, and the question is a row that knows where to go. So there is nothing that a
 * provider, or somebody in between, could lead astray with.
 */
int
saml_login(struct req *r)
{
	const char *slug = r->arg[0], *id = saml_message_id(r->a), *given = param(r, "test"),
	           *to = sso_return_to(param(r, "return_to")), *test = NULL;
	const struct rows *row;
	struct saml_way way;
	CLEANUP(handle_wipe) struct handle t;
	char login[37];

	if (sso_asked_first(r, slug, to))
		return r->status;
	if (given != NULL && !handle_parse(&t, given))
		return sso_refused(r, slug, NULL, "test-ended");
	if (given != NULL)
		test = handle_sha256(r->a, &t);
	uuid7(login);
	row = tx_last(r->tx, &q_saml_start,
	    ARGS(slug, login, text_sha256(r, id), sso_browser(r, true), id, to, test, r->http.ip,
	        r->request_id));
	if (row == NULL)
		return sso_refused_db(r, slug, NULL);
	if (!saml_way(r, row, &way))
		return sso_refused(r, slug, NULL, "unavailable");
	return sso_redirect(r,
	    saml_redirect(r->a, json_string_value(json_object_get(way.facts, "sso_url")),
	        "SAMLRequest",
	        saml_authn_request(r->a, id, &way.sp, way.facts, way.settings, time(NULL)), NULL));
}

/* ── and back ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const char *
claims_json(struct req *r, const struct saml_claims *c)
{
	const char *name_id = json_text(r->a, c->name_id);
	json_t *v = json_pack("{s:s, s:s*, s:s*, s:s*, s:s}", "subject", c->subject, "email",
	           c->email, "name", c->name, "session", c->session, "hint",
	           db_bytea(r->a, name_id, strlen(name_id)) + strlen("\\x")),
	       *groups;

	/* whoever says it has been shown to be the provider; whose address it may be is for auth to say */
	if (c->email != NULL)
		(void)json_object_set_new(v, "email_verified", json_true());
	if (c->has_groups) {
		groups = json_array();
		for (size_t i = 0; i < c->ngroups; i++)
			(void)json_array_append_new(groups, json_string(c->groups[i]));
		(void)json_object_set_new(v, "groups", groups);
	}
	return json_text(r->a, json_keep(r->a, v));
}

static const char *
setting(const struct saml_way *way, const char *name)
{
	return json_string_value(json_object_get(way->settings, name));
}

static bool
is_set(const struct saml_way *way, const char *name)
{
	return json_is_true(json_object_get(way->settings, name));
}

/* NULL and the claims, or the reason. */
static const char *
accept_here(struct req *r, const struct saml_way *way, const char *message, struct saml_claims *out)
{
	const struct saml_expect e = {.sp = &way->sp,
	    .idp = json_string_value(json_object_get(way->facts, "entity_id")),
	    .now = time(NULL),
	    .sign_both = is_set(way, "sign_both"),
	    .force_authn = is_set(way, "force_authn"),
	    .nameid_format = setting(way, "nameid_format"),
	    .authn_context = setting(way, "authn_context"),
	    .attribute_email = setting(way, "attribute_email"),
	    .attribute_name = setting(way, "attribute_name"),
	    .attribute_groups = setting(way, "attribute_groups")};
	const struct saml_provider p = saml_provider(way);

	return saml_accept(r->a, &p, message, strlen(message), &e, out);
}

static const char *
time_text(struct req *r, int64_t t)
{
	char *out = arena_alloc(r->a, 21);

	xml_time_text(out, t);
	return out;
}

/*
 * The login that was begun, or where nobody asked one of its own, is proved: in one statement, with the assertion taken once.
 * It is kept for as long as it would be accepted.
 */
static const struct rows *
prove(struct req *r, const struct saml_way *way, const struct saml_claims *c, const char *browser)
{
	const char *slug = r->arg[0], *once = text_sha256(r, c->assertion_id),
	           *until = time_text(r, c->expires + 2 * SAML_SKEW), *claims = claims_json(r, c);
	char login[37];

	if (c->in_response_to != NULL)
		return tx_last(r->tx, &q_saml_proved,
		    ARGS(slug, way->connection, way->revision, c->in_response_to, browser, once,
		        until, time_text(r, c->authn_at), claims, r->http.ip, r->request_id));
	uuid7(login);
	return tx_last(r->tx, &q_saml_unsolicited,
	    ARGS(slug, way->connection, way->revision, login, browser, once, until, claims,
	        r->http.ip, r->request_id));
}

int
saml_acs(struct req *r)
{
	const char *slug = r->arg[0], *why, *browser;
	const struct rows *row;
	struct saml_claims claims;
	struct saml_form form;
	struct saml_way way;

	if (!saml_form(r, &form))
		return r->status;
	if (form.response == NULL)
		return problem(r, &P_BAD_REQUEST, "Answers to logins are posted here.");
	row = tx_run(r->tx, &q_saml_connection, ARGS(slug, r->http.ip, r->request_id));
	if (row == NULL)
		return sso_refused_db(r, slug, NULL);
	why = saml_way(r, row, &way) ? accept_here(r, &way, form.response, &claims) : "unavailable";
	if (why != NULL)
		return sso_refused(r, slug, NULL, why);
	/* who was not asked for brings no cookie; the session is then bound to the browser that came */
	browser = sso_browser(r, claims.in_response_to == NULL);
	if (browser == NULL)
		return sso_refused(r, slug, NULL, "browser");
	row = prove(r, &way, &claims, browser);
	if (row == NULL)
		return sso_refused_db(r, slug, NULL);
	/* any page can have posted what nobody asked for: a page of ours asks whether it is meant */
	if (claims.in_response_to == NULL)
		return sso_redirect(r, arena_printf(r->a, "/login?workspace=%s&proved=%s", slug,
		                           rows_text(row, 0, "login")));
	return sso_redirect(r, arena_printf(r->a, "/v1/auth/sso/%s/finish?login=%s", slug,
	                           rows_text(row, 0, "login")));
}
