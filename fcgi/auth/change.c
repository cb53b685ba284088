/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing one's own password: the old one first, and every other session ends. */
#include <string.h>

#include "fcgi/auth/auth.h"

DOOR_QUERY(q_password_hash, "SELECT hash, email, workspace, retry_after FROM app.password_hash()");
DOOR_QUERY(q_password_refused,
    "SELECT app.audit('auth.password_refused', 'user', $1::uuid, NULL, NULL)");
DOOR_QUERY(q_password_set, "SELECT app.password_set($1, $2::uuid)");

const struct field password_body[] = {
    {"current_password", F_SECRET, REQUIRED, .max = 1024},
    {"new_password", F_SECRET, REQUIRED, .min = 10, .max = 256,
        .help = "10 characters to 256 bytes; every byte counts."},
    {0},
};

const struct rows *
password_again(struct req *r, const char *member)
{
	/* the try is counted and committed before it is hashed */
	const struct rows *rows = tx_last(r->tx, &q_password_hash, NO_ARGS);

	if (rows == NULL) {
		(void)problem_db(r);
		return NULL;
	}
	if (rows_text(rows, 0, "retry_after") != NULL) {
		(void)problem_throttled(r, rows_text(rows, 0, "retry_after"));
		return NULL;
	}
	if (password_check(rows_text(rows, 0, "hash"), body_text(r, member)))
		return rows;
	/* whoever has the session may not be whose it is */
	if (reenter(r)) {
		tx_queue(r->tx, &q_password_refused, ARGS(r->claims.user));
		(void)tx_commit(r->tx);
	}
	field_error_add(r->a, &r->errors, arena_printf(r->a, "/%s", member),
	    "Is not your current password.");
	(void)problem_fields(r);
	return NULL;
}

int
password_change(struct req *r)
{
	const char *hash, *fresh = body_text(r, "new_password");
	const struct rows *rows = password_again(r, "current_password");

	if (rows == NULL)
		return r->status;
	if (strcmp(fresh, body_text(r, "current_password")) == 0) {
		field_error_add(r->a, &r->errors, "/new_password", "Is the one you have now.");
		return problem_fields(r);
	}
	if (!password_fit(r, "/new_password", fresh, rows_text(rows, 0, "email"),
	        rows_text(rows, 0, "workspace")))
		return problem_fields(r);
	hash = password_hash(r->a, fresh);
	if (hash == NULL)
		return problem(r, &P_INTERNAL, NULL);
	if (!reenter(r))
		return problem_db(r);
	tx_queue(r->tx, &q_password_set, ARGS(hash, r->claims.session));
	return tx_commit(r->tx) ? reply_empty(r, 204) : problem_db(r);
}
