/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second step of a login: a code from an authenticator, or a recovery code (A7). */
#include <string.h>
#include <time.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

DOOR_QUERY(q_mfa_begin,
    "SELECT user_id, secret, data_key, retry_after FROM app.mfa_begin($1::uuid, $2::uuid, $3::bytea, "
    "$4, $5)");
DOOR_QUERY(q_mfa_succeed,
    "SELECT body FROM app.mfa_succeed($1::uuid, $2::uuid, $3::bytea, $4::bigint, $5::bytea, $6::uuid, $7::bytea, "
    "$8::bytea, $9, $10, $11, $12)");

const struct field mfa_body[] = {
    {"challenge", F_SECRET, REQUIRED, .max = 200, .help = "What the login answered."},
    {"code", F_TEXT, REQUIRED, .max = 40,
        .help =
            "Six digits from the authenticator, or a recovery code; spaces and dashes do not matter."},
    {"session", F_ENUM, .choices = "cookie|bearer",
        .help = "Browsers get cookies, programs get tokens in the body."},
    {0},
};
static const struct field challenge_members[] = {
    {"mfa_required", F_BOOL, REQUIRED},
    {"challenge", F_TEXT, REQUIRED,
        .help = "To send with a code to /v1/auth/mfa, within ten minutes."},
    {"expires_in", F_INT, REQUIRED, .help = "Seconds that the challenge is good for."},
    {0},
};
const struct representation challenge_rep = {"mfa_challenge", challenge_members};

int
reply_challenge(struct req *r, const struct handle *challenge)
{
	return reply_json(r, 200,
	    json_pack("{s:b, s:s, s:i}", "mfa_required", 1, "challenge",
	        handle_text(r->a, challenge), "expires_in", 600));
}

/* The time step that a code is of, as text; NULL when it is none. */
static const char *
step_of(struct req *r, const char *tenant, const struct rows *found, const char *code)
{
	uint8_t secret[OTP_SECRET_LEN];
	int64_t step = 0;

	if (unseal(r->a, secret, sizeof secret, tenant, rows_text(found, 0, "data_key"),
	        arena_printf(r->a, "totp/%s", rows_text(found, 0, "user_id")),
	        rows_text(found, 0, "secret")))
		step = otp_step(secret, code, (int64_t)time(NULL));
	wipe(secret, sizeof secret);
	return step > 0 ? arena_printf(r->a, "%lld", (long long)step) : NULL;
}

int
mfa(struct req *r)
{
	const char *code = otp_normal(r->a, body_text(r, "code")), *sha, *step, *recovery = NULL;
	const char *user;
	const struct rows *rows;
	CLEANUP(handle_wipe) struct handle c;

	if (!handle_parse(&c, body_text(r, "challenge")))
		return problem(r, &P_SESSION_ENDED, NULL);
	sha = handle_sha256(r->a, &c);
	/* the try is counted and committed before the code is looked at */
	rows = tx_last(r->tx, &q_mfa_begin, ARGS(c.tenant, c.id, sha, r->http.ip, r->request_id));
	if (rows == NULL)
		return problem_db(r);
	if (rows_count(rows) == 0)
		return problem(r, &P_SESSION_ENDED, "This login has ended. Begin again.");
	if (rows_text(rows, 0, "retry_after") != NULL)
		return problem_throttled(r, rows_text(rows, 0, "retry_after"));
	user = rows_text(rows, 0, "user_id");
	step = step_of(r, c.tenant, rows, code);
	if (step == NULL && recovery_code_valid(code))
		recovery = recovery_code_sha256(r->a, code);
	if (step == NULL && recovery == NULL)
		return login_refused(r, c.tenant, user, "code", &P_WRONG_CODE);
	return session_start(r, &q_mfa_succeed, user, ARGS(c.tenant, c.id, sha, step, recovery));
}
