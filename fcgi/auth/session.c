/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session in use and the user's other devices. Ending one works at once: every door asks the database. */
#include "fcgi/auth/auth.h"

DOOR_QUERY(q_session, "SELECT app.session_json($1::uuid) AS body");
DOOR_QUERY(q_sso_logout_begin,
    "SELECT type, slug, facts::text AS facts, settings::text AS settings, hint, data_key "
    "FROM app.sso_logout_begin($1::uuid, $2::uuid, $3::bytea)");
DOOR_QUERY(q_session_end, "SELECT app.session_end($1::uuid, 'logout')");
TENANT_QUERY(q_sessions, PLAN_GENERIC,
    "SELECT json_build_object('public_id', s.id, 'current', s.id = $3::uuid, 'method', s.method, 'transport', s.transport, 'ip', s.ip, "
    "'user_agent', s.user_agent, 'created_at', app.rfc3339(s.created_at), 'last_seen_at', app.rfc3339(s.last_seen_at), "
    "'expires_at', app.rfc3339(s.expires_at)) AS item, s.id::text AS cursor "
    "FROM pact.session s WHERE s.tenant_id = $1::uuid AND s.user_id = $2::uuid AND s.ended_at IS NULL AND s.expires_at > now() "
    "AND s.id < coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY s.id DESC LIMIT $5::int");
TENANT_QUERY(q_sessions_count, PLAN_GENERIC,
    COUNT_TO_10000(
        "pact.session s WHERE s.tenant_id = $1::uuid AND s.user_id = $2::uuid AND s.ended_at IS NULL "
        "AND s.expires_at > now()"));
DOOR_QUERY(q_session_end_own, "SELECT app.session_end($1::uuid, 'ended by the user') AS body");
DOOR_QUERY(q_sessions_end, "SELECT ended FROM app.sessions_end($1::uuid, $2::uuid)");

static const struct field device_members[] = {
    {"public_id", F_UUID, REQUIRED},
    {"current", F_BOOL, REQUIRED},
    {"method", F_TEXT, REQUIRED},
    {"transport", F_ENUM, REQUIRED, .choices = "cookie|bearer"},
    {"ip", F_TEXT, REQUIRED | NULLABLE},
    {"user_agent", F_TEXT, REQUIRED | NULLABLE},
    {"created_at", F_TIME, REQUIRED},
    {"last_seen_at", F_TIME, REQUIRED},
    {"expires_at", F_TIME, REQUIRED},
    {0},
};
const struct representation device_rep = {"device", device_members};

static const struct field logged_out_members[] = {
    {"logout_url", F_TEXT, REQUIRED | NULLABLE,
        .help = "Where the browser goes on, to log out at the identity provider too."},
    {0},
};
const struct representation logged_out_rep = {"logged_out", logged_out_members};

int
session_get(struct req *r)
{
	return reply_query(r, &q_session, ARGS(r->claims.session));
}

static const char *
logout_url(struct req *r, const struct rows *row, const struct handle *t)
{
	if (rows_count(row) == 0)
		return NULL;
	if (str_eq(rows_text(row, 0, "type"), "oidc"))
		return oidc_logout_url(r, row);
	return arena_printf(r->a, "/v1/auth/saml/%s/slo?handle=%s", rows_text(row, 0, "slug"),
	    handle_text(r->a, t));
}

int
logout(struct req *r)
{
	struct rows *row = NULL;
	CLEANUP(handle_wipe) struct handle t;

	handle_new(&t, r->claims.tenant);
	tx_keep(r->tx, &q_sso_logout_begin, ARGS(r->claims.session, t.id, handle_sha256(r->a, &t)),
	    &row);
	tx_queue(r->tx, &q_session_end, ARGS(r->claims.session));
	if (!tx_commit(r->tx))
		return problem_db(r);
	clear_cookies(r);
	return reply_json(r, 200, json_pack("{s:s?}", "logout_url", logout_url(r, row, &t)));
}

int
session_list(struct req *r)
{
	const char *after;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_sessions_count, ARGS(r->claims.user));
	return reply_list(r, &q_sessions,
	    ARGS(r->claims.user, r->claims.session, after, page_limit(r)));
}

int
user_session_list(struct req *r)
{
	const char *after;
	struct rows *page;
	const struct rows *user;

	if (!cursor_id(r, &after))
		return problem_fields(r);
	list_total(r, &q_sessions_count, ARGS(r->arg[0]));
	tx_keep(r->tx, &q_sessions, ARGS(r->arg[0], r->claims.session, after, page_limit(r)),
	    &page);
	user = tx_last(r->tx, &q_user_get, ARGS(r->arg[0]));
	if (user == NULL)
		return problem_db(r);
	return rows_count(user) > 0 ? reply_page(r, page) : problem(r, &P_NOT_FOUND, NULL);
}

int
user_session_delete(struct req *r)
{
	return reply_query(r, &q_sessions_end, ARGS(r->arg[0], r->claims.session));
}

int
session_delete(struct req *r)
{
	return reply_query(r, &q_session_end_own, ARGS(r->arg[0]));
}

int
session_delete_others(struct req *r)
{
	return reply_query(r, &q_sessions_end, ARGS(r->claims.user, r->claims.session));
}
