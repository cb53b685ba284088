/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Single logout. Begun here: the session has ended before the browser comes with its link, and goes on to the provider; what
 * that answers changes nothing and is not read. Begun there: a signed LogoutRequest ends the sessions at once.
 */
#include <string.h>
#include <time.h>

#include "fcgi/saml/accept.h"
#include "fcgi/saml/logout.h"
#include "fcgi/saml/redirect.h"
#include "fcgi/saml/saml.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

#define RELAY_MAX 512U

DOOR_QUERY(q_saml_logout_take,
    "SELECT tenant_id, connection_id, revision, settings::text AS settings, facts::text AS facts, "
    "claims ->> 'subject' AS subject, claims ->> 'session' AS session, claims ->> 'name_id' AS name_id "
    "FROM app.sso_logout_take($1, $2::bytea, $3, $4)");
DOOR_QUERY(q_saml_logout,
    "SELECT app.saml_logout($1, $2::uuid, $3, $4::text[], $5::bytea, $6, $7) AS ended");

/* The message itself is read from the query string as it was sent: its signature is over those bytes. */
const struct field saml_slo_params[] = {
    {"handle", F_TEXT, .max = 200, .help = "From the end of a session here."},
    {"SAMLRequest", F_TEXT, .max = 16384, .help = "Deflated, base64."},
    {"SAMLResponse", F_TEXT, .max = 16384},
    {"RelayState", F_TEXT, .max = RELAY_MAX},
    {"SigAlg", F_TEXT, .max = 200},
    {"Signature", F_TEXT, .max = 2000},
    {0},
};

static const char *
fact(const struct saml_way *way, const char *name)
{
	return json_string_value(json_object_get(way->facts, name));
}

/* ── begun here ──────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A session that began before they were kept, or whose hint went with a data key, has none. */
static const json_t *
name_id_of(struct req *r, const struct rows *row)
{
	const char *text = rows_text(row, 0, "name_id"), *why;

	return text != NULL ? json_read(r->a, text, strlen(text), &why) : NULL;
}

static int
go_to_provider(struct req *r, const char *given)
{
	const struct rows *row;
	struct saml_way way;
	CLEANUP(handle_wipe) struct handle t;
	const char *xml;

	if (!handle_parse(&t, given))
		return sso_redirect(r, "/login");
	row = tx_last(r->tx, &q_saml_logout_take,
	    ARGS(r->arg[0], handle_sha256(r->a, &t), r->http.ip, r->request_id));
	/* used, too old, or no provider any more: logged out here is what they are in any case */
	if (row == NULL)
		return tx_error(r->tx)->code == DB_REFUSED ? sso_redirect(r, "/login")
		                                           : problem_db(r);
	if (!saml_way(r, row, &way) || fact(&way, "slo_url") == NULL)
		return sso_redirect(r, "/login");
	xml = saml_logout_request(r->a, saml_message_id(r->a), &way.sp, way.facts,
	    rows_text(row, 0, "subject"), name_id_of(r, row), rows_text(row, 0, "session"),
	    time(NULL));
	return sso_redirect(r,
	    saml_redirect(r->a, fact(&way, "slo_url"), "SAMLRequest", xml, NULL));
}

/* ── begun there ─────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A refusal of a logout, by a reason that says so. */
static int
refused(struct req *r, const char *why)
{
	return sso_refused(r, r->arg[0], NULL, arena_printf(r->a, "logout-%s", why));
}

static int
end_sessions(struct req *r, const struct saml_way *way, const struct saml_logout *l,
    const char *relay)
{
	const char *to = fact(way, "slo_response_url") != NULL ? fact(way, "slo_response_url")
	                                                       : fact(way, "slo_url");
	uint8_t digest[SHA256_LEN];

	sha256(digest, l->id, strlen(l->id));
	if (tx_last(r->tx, &q_saml_logout,
	        ARGS(r->arg[0], way->connection, l->subject,
	            db_array(r->a, l->session, l->nsessions), db_bytea(r->a, digest, sizeof digest),
	            r->http.ip, r->request_id)) == NULL) {
		const struct db_error *e = tx_error(r->tx);

		return e->code == DB_REFUSED && e->hint != NULL ? refused(r, e->hint)
		                                                : problem_db(r);
	}
	if (to == NULL)
		return sso_redirect(r, "/login");
	return sso_redirect(r, saml_redirect(r->a, to, "SAMLResponse",
	                           saml_logout_response(r->a, saml_message_id(r->a), &way->sp,
	                               way->facts, l->id, time(NULL)),
	                           relay));
}

/* message: base64 of a post; NULL: it is in the query string. */
static int
logout_asked(struct req *r, const char *message, const char *relay)
{
	const struct rows *row = tx_run(r->tx, &q_saml_connection,
	    ARGS(r->arg[0], r->http.ip, r->request_id));
	struct saml_logout l;
	struct saml_way way;
	struct saml_provider p;
	const char *why;

	if (row == NULL)
		return sso_refused_db(r, r->arg[0], NULL);
	if (!saml_way(r, row, &way))
		return refused(r, "unavailable");
	p = saml_provider(&way);
	why = message == NULL
	          ? saml_logout_query(r->a, r->http.query, &way.sp, way.facts, time(NULL), &l)
	          : saml_logout_post(r->a, &p, message, strlen(message), time(NULL), &l);
	if (why != NULL)
		return refused(r, why);
	return end_sessions(r, &way, &l, relay);
}

int
saml_slo_get(struct req *r)
{
	if (param(r, "handle") != NULL)
		return go_to_provider(r, param(r, "handle"));
	if (param(r, "SAMLRequest") != NULL)
		return logout_asked(r, NULL, param(r, "RelayState"));
	if (param(r, "SAMLResponse") != NULL)
		return sso_redirect(r, "/login");
	return problem(r, &P_BAD_REQUEST, "Messages about logouts come here.");
}

int
saml_slo_post(struct req *r)
{
	struct saml_form form;

	if (!saml_form(r, &form))
		return r->status;
	if (form.request == NULL)
		return sso_redirect(r, "/login");
	if (form.relay != NULL && strlen(form.relay) > RELAY_MAX)
		return problem(r, &P_BAD_REQUEST, "The RelayState is too long.");
	return logout_asked(r, form.request, form.relay);
}
