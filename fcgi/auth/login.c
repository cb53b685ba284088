/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in with a password, and going on with a refresh token (A1, A6). */
#include <string.h>

#include "fcgi/auth/auth.h"

DOOR_QUERY(q_login_begin,
    "SELECT retry_after, tenant_id, user_id, password_hash, usable, login_url "
    "FROM app.login_begin($1::bytea, $2, $3, $4::boolean)");
DOOR_QUERY(q_login_succeed,
    "SELECT body FROM app.login_succeed($1::uuid, $2::uuid, $3::bytea, $4::boolean, $5, $6::uuid, $7::bytea, "
    "$8::bytea, $9, $10, $11, $12)");
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
    {"break_glass", F_BOOL,
        .help =
            "An owner comes in although single sign-on is required: with a second factor, and all owners are told."},
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
    {"mfa_missing", F_BOOL, REQUIRED,
        .help = "The workspace asks for a second factor: nothing but setting one up is answered."},
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
static const struct representation tokens_rep = {"tokens", tokens_members, &challenge_rep};
/* browsers get the session and cookies, programs get the tokens, and who has a second factor is asked for it */
const struct representation begun_rep = {"session", session_members, &tokens_rep};

int
problem_throttled(struct req *r, const char *seconds)
{
	int64_t n = 60;

	(void)str_int64(seconds, 1, 86400, &n);
	reply_header(r, "Retry-After", arena_printf(r->a, "%lld", (long long)n));
	return problem_with(r, &P_THROTTLED,
	    "Too many tries with this address or from this network.",
	    json_pack("{s:I}", "retry_after", (json_int_t)n));
}

static void
note_refusal(struct req *r, const char *tenant, const char *user, const char *reason)
{
	r->tx = tx_begin(r->a, NULL);
	if (r->tx == NULL)
		return;
	tx_queue(r->tx, &q_login_refuse, ARGS(tenant, user, r->http.ip, r->request_id, reason));
	(void)tx_commit(r->tx);
}

int
login_refused(struct req *r, const char *tenant, const char *user, const char *reason,
    const struct problem_type *p)
{
	note_refusal(r, tenant, user, reason);
	return problem(r, p, NULL);
}

/* What the list of devices shows; a header may hold any bytes, the database takes text. */
static const char *
user_agent(const struct req *r)
{
	const char *s = r->http.user_agent;

	return s != NULL && utf8_valid(s, strlen(s)) ? s : NULL;
}

const struct rows *
session_open(struct req *r, const struct query *q, const char *const *own, size_t nown, bool bearer,
    struct handle *t)
{
	const char *args[SESSION_OWN_MAX + 7];
	uint8_t secret[SECRET_LEN], digest[SHA256_LEN];
	const struct rows *rows;

	memcpy(args, own, nown * sizeof *args);
	handle_new(t, own[0]);
	session_secret(secret, t->id);
	sha256(digest, secret, sizeof secret);
	wipe(secret, sizeof secret);
	memcpy(args + nown,
	    (const char *const[]){t->id, db_bytea(r->a, digest, sizeof digest),
	        handle_sha256(r->a, t), bearer ? "bearer" : "cookie", r->http.ip, user_agent(r),
	        r->request_id},
	    7 * sizeof *args);
	r->tx = tx_begin(r->a, NULL);
	rows = r->tx != NULL ? tx_last(r->tx, q, args, nown + 7) : NULL;
	return rows != NULL && rows_count(rows) > 0 ? rows : NULL;
}

/*
 * What the database alone knows: a code that was taken before, a workspace that is closed or takes no passwords, another
 * password or a suspension meanwhile. Whoever asks has shown what was asked for so far, and may hear it.
 */
static int
not_begun(struct req *r, const char *tenant, const char *user)
{
	int status = problem_db(r);

	if (status == 401 || status == 403) {
		const char *slug = tx_error(r->tx)->slug;

		note_refusal(r, tenant, user, str_eq(slug, P_WRONG_CODE.slug) ? "code" : slug);
	}
	return status;
}

int
session_start(struct req *r, const struct query *q, const char *user, const char *const *own,
    size_t nown)
{
	bool bearer = str_eq(body_text(r, "session"), "bearer");
	const struct rows *rows;
	CLEANUP(handle_wipe) struct handle t;
	const char *body;

	rows = session_open(r, q, own, nown, bearer, &t);
	if (rows == NULL)
		return not_begun(r, own[0], user);
	body = rows_text(rows, 0, "body");
	return body != NULL ? reply_tokens(r, user, &t, bearer, body) : reply_challenge(r, &t);
}

int
login(struct req *r)
{
	uint8_t digest[SHA256_LEN];
	const struct rows *rows;
	const char *tenant, *user, *hash, *hmac, *break_glass;
	bool right, usable;

	address_hmac(digest, body_text(r, "email"));
	hmac = db_bytea(r->a, digest, sizeof digest);
	break_glass = json_is_true(json_object_get(r->body, "break_glass")) ? "true" : "false";
	/* counted and committed before any hashing, so that a flood meets the throttle and not the processor */
	rows = tx_last(r->tx, &q_login_begin,
	    ARGS(hmac, r->http.ip, body_text(r, "workspace"), break_glass));
	if (rows == NULL)
		return problem_db(r);
	if (rows_text(rows, 0, "retry_after") != NULL)
		return problem_throttled(r, rows_text(rows, 0, "retry_after"));
	tenant = rows_text(rows, 0, "tenant_id");
	user = rows_text(rows, 0, "user_id");
	if (rows_text(rows, 0, "login_url") != NULL) {
		note_refusal(r, tenant, NULL, P_SSO_REQUIRED.slug);
		return problem_with(r, &P_SSO_REQUIRED, NULL,
		    json_pack("{s:s}", "login_url", rows_text(rows, 0, "login_url")));
	}
	usable = str_eq(rows_text(rows, 0, "usable"), "t");
	hash = rows_text(rows, 0, "password_hash");
	/* one hash always, whoever asks */
	right = password_check(hash, body_text(r, "password"));
	if (!right || !usable || tenant == NULL || user == NULL)
		return login_refused(r, tenant, user, "password", &P_WRONG_CREDENTIALS);
	return session_start(r, &q_login_succeed, user,
	    ARGS(tenant, user, hmac, break_glass, hash));
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
	CLEANUP(handle_wipe) struct handle t, next;
	const char *presented, *following, *outcome;
	const struct rows *rows;

	if (by_cookie)
		given = cookie_get(r->a, r->http.cookie, "__Secure-pact-refresh");
	if (given == NULL)
		return problem(r, &P_UNAUTHENTICATED, NULL);
	if (!handle_parse(&t, given))
		return ended(r, by_cookie);
	presented = handle_sha256(r->a, &t);
	next = t;
	refresh_next(next.secret, t.id, t.secret);
	following = handle_sha256(r->a, &next);
	rows = tx_last(r->tx, &q_refresh,
	    ARGS(t.tenant, t.id, presented, following, r->http.ip, r->request_id));
	if (rows == NULL)
		return problem_db(r);
	outcome = rows_count(rows) > 0 ? rows_text(rows, 0, "outcome") : NULL;
	if (!str_eq(outcome, "rotated") && !str_eq(outcome, "grace"))
		return ended(r, by_cookie);
	/* a session begun with cookies stays with cookies: a page's script cannot turn them into tokens it may read */
	if (str_eq(rows_text(rows, 0, "transport"), "bearer") == by_cookie)
		return ended(r, by_cookie);
	return reply_tokens(r, rows_text(rows, 0, "user_id"), &next, !by_cookie,
	    rows_text(rows, 0, "body"));
}
