/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in with a password, and going on with a refresh token (A1, A6). */
#include <string.h>

#include "fcgi/auth/auth.h"

DOOR_QUERY(q_login_begin, "SELECT retry_after, tenant_id, user_id, password_hash, usable "
                          "FROM app.login_begin($1::bytea, $2, $3)");
DOOR_QUERY(q_login_succeed,
    "SELECT body FROM app.login_succeed($1::uuid, $2::uuid, $3::uuid, $4::bytea, $5::bytea, $6, $7, "
    "$8, $9, $10::bytea)");
DOOR_QUERY(q_login_refuse, "SELECT app.login_refuse($1::uuid, $2::uuid, $3, $4, $5)");
DOOR_QUERY(q_refresh,
    "SELECT outcome, user_id, transport, "
    "CASE WHEN outcome IN ('rotated', 'grace') THEN app.session_json($2::uuid) END AS body "
    "FROM app.refresh($1::uuid, $2::uuid, $3::bytea, $4::bytea, $5, $6)");

const struct field login_body[] = {
    {"email", F_EMAIL, REQUIRED, .help = "The address of the user."},
    {"password", F_SECRET, REQUIRED, .max = 1024},
    {"workspace", F_TEXT, NULLABLE, .max = 63,
        .help = "Its slug; without one, the workspace last used with this address."},
    {"session", F_ENUM, .choices = "cookie|bearer",
        .help = "Browsers get cookies, programs get tokens in the body."},
    {0},
};
const struct field refresh_body[] = {
    {"refresh_token", F_SECRET, .max = 200, .help = "For bearers; browsers send the cookie."},
    {0},
};

static const struct field session_user[] = {
    {"public_id", F_UUID, REQUIRED},
    {"email", F_EMAIL, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
static const struct field session_workspace[] = {
    {"slug", F_TEXT, REQUIRED},
    {"name", F_TEXT, REQUIRED},
    {0},
};
static const struct field session_members[] = {
    {"user", F_OBJECT, REQUIRED, .members = session_user},
    {"workspace", F_OBJECT, REQUIRED, .members = session_workspace},
    {"roles", F_TEXTS, REQUIRED},
    {"permissions", F_TEXTS, REQUIRED},
    {"method", F_ENUM, REQUIRED, .choices = "password|saml|oidc"},
    {"mfa", F_BOOL, REQUIRED},
    {0},
};
const struct representation session_rep = {"session", session_members};
static const struct field tokens_members[] = {
    {"access_token", F_TEXT, REQUIRED},
    {"token_type", F_ENUM, REQUIRED, .choices = "Bearer"},
    {"refresh_token", F_TEXT, REQUIRED},
    {"expires_in", F_INT, REQUIRED, .help = "Seconds that the access token is good for."},
    {0},
};
static const struct representation tokens_rep = {"tokens", tokens_members};
/* browsers get the session and cookies, programs get the tokens */
const struct representation begun_rep = {"session", session_members, &tokens_rep};

static int
throttled(struct req *r, const char *seconds)
{
	int64_t n = 60;

	(void)str_int64(seconds, 1, 86400, &n);
	reply_header(r, "Retry-After", arena_printf(r->a, "%lld", (long long)n));
	return problem_with(r, &P_THROTTLED,
	    "Too many tries with this address or from this network.",
	    json_pack("{s:I}", "retry_after", (json_int_t)n));
}

static int
refuse(struct req *r, const char *tenant, const char *user)
{
	r->tx = tx_begin(r->a, NULL);
	if (r->tx != NULL) {
		tx_queue(r->tx, &q_login_refuse,
		    ARGS(tenant, user, r->http.ip, r->request_id, "password"));
		(void)tx_commit(r->tx);
	}
	return problem(r, &P_WRONG_CREDENTIALS, NULL);
}

/* What the list of devices shows; a header may hold any bytes, the database takes text. */
static const char *
user_agent(const struct req *r)
{
	const char *s = r->http.user_agent;

	return s != NULL && utf8_valid(s, strlen(s)) ? s : NULL;
}

/* The session of a user whose password was right. */
static int
succeed(struct req *r, const char *tenant, const char *user, const uint8_t hmac[static SHA256_LEN])
{
	bool bearer = str_eq(body_text(r, "session"), "bearer");
	struct refresh_token t;
	uint8_t secret[SECRET_LEN], secret_sha[SHA256_LEN], refresh_sha[SHA256_LEN];
	const struct rows *rows;
	int status;

	memcpy(t.tenant, tenant, sizeof t.tenant);
	uuid7(t.session);
	random_bytes(t.secret, sizeof t.secret);
	session_secret(secret, t.session);
	sha256(secret_sha, secret, sizeof secret);
	wipe(secret, sizeof secret);
	refresh_sha256(refresh_sha, &t);
	r->tx = tx_begin(r->a, NULL);
	rows = r->tx == NULL ? NULL
	                     : tx_last(r->tx, &q_login_succeed,
	                           ARGS(tenant, user, t.session,
	                               db_bytea(r->a, secret_sha, sizeof secret_sha),
	                               db_bytea(r->a, refresh_sha, sizeof refresh_sha),
	                               bearer ? "bearer" : "cookie", r->http.ip, user_agent(r),
	                               r->request_id, db_bytea(r->a, hmac, SHA256_LEN)));
	if (rows == NULL || rows_count(rows) == 0)
		return problem_db(r);
	status = reply_tokens(r, user, &t, bearer, rows_text(rows, 0, "body"));
	wipe(&t, sizeof t);
	return status;
}

int
login(struct req *r)
{
	uint8_t hmac[SHA256_LEN];
	const struct rows *rows;
	const char *tenant, *user;
	bool right, usable;

	address_hmac(hmac, body_text(r, "email"));
	/* counted and committed before any hashing, so that a flood meets the throttle and not the processor */
	rows = tx_last(r->tx, &q_login_begin,
	    ARGS(db_bytea(r->a, hmac, sizeof hmac), r->http.ip, body_text(r, "workspace")));
	if (rows == NULL)
		return problem_db(r);
	if (rows_text(rows, 0, "retry_after") != NULL)
		return throttled(r, rows_text(rows, 0, "retry_after"));
	tenant = rows_text(rows, 0, "tenant_id");
	user = rows_text(rows, 0, "user_id");
	usable = str_eq(rows_text(rows, 0, "usable"), "t");
	/* one hash always, whoever asks */
	right = password_check(rows_text(rows, 0, "password_hash"), body_text(r, "password"));
	if (!right || !usable || tenant == NULL || user == NULL)
		return refuse(r, tenant, user);
	return succeed(r, tenant, user, hmac);
}

static int
ended(struct req *r, bool by_cookie)
{
	int status = problem(r, &P_SESSION_ENDED, NULL);

	if (by_cookie)
		clear_cookies(r);
	return status;
}

int
refresh(struct req *r)
{
	const char *given = body_text(r, "refresh_token");
	bool by_cookie = given == NULL;
	struct refresh_token t, next;
	uint8_t presented[SHA256_LEN], following[SHA256_LEN];
	const struct rows *rows;
	const char *outcome;
	int status;

	if (by_cookie)
		given = cookie_get(r->a, r->http.cookie, "__Secure-pact-refresh");
	if (given == NULL)
		return problem(r, &P_UNAUTHENTICATED, NULL);
	if (!refresh_parse(&t, given))
		return ended(r, by_cookie);
	refresh_sha256(presented, &t);
	next = t;
	refresh_next(next.secret, t.session, t.secret);
	refresh_sha256(following, &next);
	rows = tx_last(r->tx, &q_refresh,
	    ARGS(t.tenant, t.session, db_bytea(r->a, presented, sizeof presented),
	        db_bytea(r->a, following, sizeof following), r->http.ip, r->request_id));
	wipe(&t, sizeof t);
	if (rows == NULL)
		return problem_db(r);
	outcome = rows_count(rows) > 0 ? rows_text(rows, 0, "outcome") : NULL;
	if (!str_eq(outcome, "rotated") && !str_eq(outcome, "grace"))
		return ended(r, by_cookie);
	/* a session begun with cookies stays with cookies: a page's script cannot turn them into tokens it may read */
	if (str_eq(rows_text(rows, 0, "transport"), "bearer") == by_cookie)
		return ended(r, by_cookie);
	status = reply_tokens(r, rows_text(rows, 0, "user_id"), &next, !by_cookie,
	    rows_text(rows, 0, "body"));
	wipe(&next, sizeof next);
	return status;
}
