/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One's own second factor: on, off, recovery codes (A7). */
#include <string.h>
#include <time.h>

#include "fcgi/auth/auth.h"
#include "shared/base/str.h"

DOOR_QUERY(q_totp_state, "SELECT body FROM app.totp_state()");
DOOR_QUERY(q_totp_begin, "SELECT data_key, email, workspace FROM app.totp_begin()");
DOOR_QUERY(q_totp_offer, "SELECT app.totp_offer($1::bytea)");
DOOR_QUERY(q_totp_offered, "SELECT data_key, secret, retry_after FROM app.totp_offered()");
DOOR_QUERY(q_totp_confirm, "SELECT app.totp_confirm($1::uuid, $2::bytea, $3::bigint, $4::bytea[])");
DOOR_QUERY(q_totp_remove, "SELECT app.totp_remove_own()");
DOOR_QUERY(q_recovery_codes, "SELECT app.recovery_codes_renew($1::bytea[])");

const struct field totp_confirm_body[] = {
    {"code", F_TEXT, REQUIRED, .max = 20, .help = "What the authenticator shows now."},
    {0},
};
const struct field password_only_body[] = {
    {"password", F_SECRET, REQUIRED, .max = 1024, .help = "Your own, once more."},
    {0},
};

static const struct field totp_state_members[] = {
    {"enabled", F_BOOL, REQUIRED},
    {"since", F_TIME, REQUIRED | NULLABLE},
    {"recovery_codes_left", F_INT, REQUIRED},
    {"required", F_BOOL, REQUIRED, .help = "Whether the workspace asks for it."},
    {0},
};
const struct representation totp_state_rep = {"totp", totp_state_members};
static const struct field totp_offer_members[] = {
    {"secret", F_TEXT, REQUIRED, .help = "Base32, to type in."},
    {"otpauth_uri", F_TEXT, REQUIRED},
    {"qr_svg", F_TEXT, REQUIRED},
    {0},
};
const struct representation totp_offer_rep = {"totp_offer", totp_offer_members};
static const struct field recovery_codes_members[] = {
    {"recovery_codes", F_TEXTS, REQUIRED, .help = "Ten; each can be used once instead of a code."},
    {0},
};
const struct representation recovery_codes_rep = {"recovery_codes", recovery_codes_members};

int
totp_state(struct req *r)
{
	return reply_query(r, &q_totp_state, NO_ARGS);
}

/* A new secret, sealed in the database, shown once. It counts when a code of it has come. */
int
totp_offer(struct req *r)
{
	const struct rows *rows = tx_run(r->tx, &q_totp_begin, NO_ARGS);
	uint8_t secret[OTP_SECRET_LEN];
	const char *sealed, *uri, *text, *svg;

	if (rows == NULL)
		return problem_db(r);
	random_bytes(secret, sizeof secret);
	sealed = seal(r->a, r->claims.tenant, rows_text(rows, 0, "data_key"),
	    arena_printf(r->a, "totp/%s", r->claims.user), secret, sizeof secret);
	uri = otp_uri(r->a, secret, rows_text(rows, 0, "workspace"), rows_text(rows, 0, "email"),
	    &text);
	wipe(secret, sizeof secret);
	svg = otp_svg(r->a, uri);
	if (sealed == NULL || svg == NULL)
		return problem(r, &P_INTERNAL, NULL);
	tx_queue(r->tx, &q_totp_offer, ARGS(sealed));
	if (!tx_commit(r->tx))
		return problem_db(r);
	return reply_json(r, 200,
	    json_pack("{s:s, s:s, s:s}", "secret", text, "otpauth_uri", uri, "qr_svg", svg));
}

int
totp_confirm(struct req *r)
{
	/* the try is committed before the code is looked at */
	const struct rows *rows = tx_last(r->tx, &q_totp_offered, NO_ARGS);
	const char *sealed, *hashes;
	uint8_t secret[OTP_SECRET_LEN];
	int64_t step = 0;
	json_t *codes;

	if (rows == NULL)
		return problem_db(r);
	if (rows_text(rows, 0, "retry_after") != NULL)
		return problem_throttled(r, rows_text(rows, 0, "retry_after"));
	sealed = rows_text(rows, 0, "secret");
	if (unseal(r->a, secret, sizeof secret, r->claims.tenant, rows_text(rows, 0, "data_key"),
	        arena_printf(r->a, "totp/%s", r->claims.user), sealed))
		step = otp_step(secret, otp_normal(r->a, body_text(r, "code")),
		    (int64_t)time(NULL));
	wipe(secret, sizeof secret);
	if (step == 0) {
		field_error_add(r->a, &r->errors, "/code",
		    "Is not what the authenticator shows now.");
		return problem_fields(r);
	}
	if (!reenter(r))
		return problem_db(r);
	codes = recovery_codes_new(r->a, &hashes);
	tx_queue(r->tx, &q_totp_confirm,
	    ARGS(r->claims.session, sealed, arena_printf(r->a, "%lld", (long long)step), hashes));
	if (!tx_commit(r->tx)) {
		json_decref(codes);
		return problem_db(r);
	}
	return reply_json(r, 200, json_pack("{s:o}", "recovery_codes", codes));
}

int
totp_remove(struct req *r)
{
	if (password_again(r, "password") == NULL)
		return r->status;
	if (!reenter(r))
		return problem_db(r);
	tx_queue(r->tx, &q_totp_remove, NO_ARGS);
	return tx_commit(r->tx) ? reply_empty(r, 204) : problem_db(r);
}

int
recovery_codes(struct req *r)
{
	const char *hashes;
	json_t *codes;

	if (password_again(r, "password") == NULL)
		return r->status;
	if (!reenter(r))
		return problem_db(r);
	codes = recovery_codes_new(r->a, &hashes);
	tx_queue(r->tx, &q_recovery_codes, ARGS(hashes));
	if (!tx_commit(r->tx)) {
		json_decref(codes);
		return problem_db(r);
	}
	return reply_json(r, 200, json_pack("{s:o}", "recovery_codes", codes));
}
