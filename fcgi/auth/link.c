/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links in mails (A2): a new password, and the first one of somebody invited. What a link carries stands behind its '#',
 * which no server, log or Referer ever sees; the page posts it.
 */
#include <string.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

DOOR_QUERY(q_reset_ask, "SELECT retry_after FROM app.reset_ask($1::bytea, $2, $3, $4)");
DOOR_QUERY(q_reset_take, "SELECT tenant_id, user_id, ip, request_id FROM app.reset_take()");
DOOR_QUERY(q_reset_issue,
    "SELECT app.reset_issue($1::uuid, $2::uuid, $3::uuid, $4::bytea, $5, $6, $7)");
DOOR_QUERY(q_link_look,
    "SELECT body, purpose, email, workspace FROM app.link_look($1::uuid, $2::uuid, $3::bytea)");
DOOR_QUERY(q_link_use, "SELECT app.link_use($1::uuid, $2::uuid, $3::bytea, $4, $5, $6, $7, $8)");

#define LINK_TOKEN \
	{ \
		"token", F_SECRET, REQUIRED, .max = 200, \
		                             .help = "What stands behind the # of the link." \
	}
#define LINK_PASSWORD \
	{ \
		"password", F_SECRET, REQUIRED, \
		    .min = 10, .max = 256, \
		    .help = "10 characters to 256 bytes; every byte counts." \
	}
const struct field forgot_body[] = {
    {"email", F_EMAIL, REQUIRED},
    {"workspace", F_TEXT, NULLABLE, .max = 63,
        .help = "Its slug; without one, a mail for each workspace."},
    {0},
};
const struct field link_body[] = {LINK_TOKEN, {0}};
const struct field reset_body[] = {LINK_TOKEN, LINK_PASSWORD, {0}};
const struct field invited_body[] = {
    LINK_TOKEN,
    LINK_PASSWORD,
    {"name", F_TEXT, NULLABLE, .max = 200},
    {0},
};

static const struct field link_workspace[] = {
    {"slug", F_TEXT, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
static const struct field link_members[] = {
    {"purpose", F_ENUM, REQUIRED, .choices = "reset|invite"},
    {"email", F_EMAIL, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {"workspace", F_OBJECT, REQUIRED, .members = link_workspace},
    {"expires_at", F_TIME, REQUIRED},
    {0},
};
const struct representation link_rep = {"mail_link", link_members};

const char *
link_text(struct arena *a, const char *page, const struct handle *t)
{
	return arena_printf(a, "%s/%s#%s", config("PACT_BASE_URL"), page, handle_text(a, t));
}

int
password_forgot(struct req *r)
{
	uint8_t hmac[SHA256_LEN];
	const struct rows *rows;

	address_hmac(hmac, body_text(r, "email"));
	rows = tx_last(r->tx, &q_reset_ask,
	    ARGS(db_bytea(r->a, hmac, sizeof hmac), body_text(r, "workspace"), r->http.ip,
	        r->request_id));
	if (rows == NULL)
		return problem_db(r);
	if (rows_text(rows, 0, "retry_after") != NULL)
		return problem_throttled(r, rows_text(rows, 0, "retry_after"));
	return reply_empty(r, 204);
}

void
resets(struct arena *a)
{
	struct tx *tx = tx_begin(a, NULL);
	const struct rows *rows = tx != NULL ? tx_run(tx, &q_reset_take, NO_ARGS) : NULL;

	for (size_t i = 0; rows != NULL && i < rows_count(rows); i++) {
		CLEANUP(handle_wipe) struct handle t;

		handle_new(&t, rows_text(rows, i, "tenant_id"));
		tx_queue(tx, &q_reset_issue,
		    ARGS(t.tenant, rows_text(rows, i, "user_id"), t.id, handle_sha256(a, &t),
		        link_text(a, "reset", &t), rows_text(rows, i, "ip"),
		        rows_text(rows, i, "request_id")));
	}
	/* taken and sent in one transaction: a runner that dies has taken nothing */
	if (rows != NULL && tx_commit(tx))
		return;
	tx_rollback(tx);
	log_msg(LOG_WARN, "password resets: not done, will be tried again");
}

/* What the link of the body is for; NULL with the answer given when it is not good. */
static const struct rows *
look(struct req *r, struct handle *t)
{
	const struct rows *rows = NULL;

	if (handle_parse(t, body_text(r, "token"))) {
		rows = tx_last(r->tx, &q_link_look, ARGS(t->tenant, t->id, handle_sha256(r->a, t)));
		if (rows == NULL) {
			(void)problem_db(r);
			return NULL;
		}
	}
	if (rows == NULL || rows_count(rows) == 0) {
		(void)problem(r, &P_LINK_ENDED, NULL);
		return NULL;
	}
	return rows;
}

int
link_look(struct req *r)
{
	CLEANUP(handle_wipe) struct handle t;
	const struct rows *rows = look(r, &t);

	return rows != NULL ? reply_row(r, rows) : r->status;
}

static int
use(struct req *r, const char *purpose, const char *name)
{
	CLEANUP(handle_wipe) struct handle t;
	const struct rows *rows = look(r, &t);
	const char *hash, *password = body_text(r, "password");

	if (rows == NULL)
		return r->status;
	if (!str_eq(rows_text(rows, 0, "purpose"), purpose))
		return problem(r, &P_LINK_ENDED, NULL);
	if (!password_fit(r, "/password", password, rows_text(rows, 0, "email"),
	        rows_text(rows, 0, "workspace")))
		return problem_fields(r);
	hash = password_hash(r->a, password);
	if (hash == NULL)
		return problem(r, &P_INTERNAL, NULL);
	/* no transaction was open while it was hashed; whether the link is still good is asked again */
	r->tx = tx_begin(r->a, NULL);
	if (r->tx == NULL)
		return problem_db(r);
	tx_queue(r->tx, &q_link_use,
	    ARGS(t.tenant, t.id, handle_sha256(r->a, &t), purpose, hash, name, r->http.ip,
	        r->request_id));
	return tx_commit(r->tx) ? reply_empty(r, 204) : problem_db(r);
}

int
password_reset(struct req *r)
{
	return use(r, "reset", NULL);
}

int
invitation_accept(struct req *r)
{
	return use(r, "invite", body_text(r, "name"));
}
