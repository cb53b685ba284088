/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing one's own password: the old one first, and every other session ends. */
#include <string.h>

#include "fcgi/auth/auth.h"

DOOR_QUERY(q_password_hash, "SELECT app.password_hash() AS hash");
DOOR_QUERY(q_password_set, "SELECT app.password_set($1, $2::uuid)");

const struct field password_body[] = {
    {"current_password", F_SECRET, REQUIRED, .max = 1024},
    {"new_password", F_SECRET, REQUIRED, .min = 10, .max = 256,
        .help = "10 to 256 bytes; every character counts."},
    {0},
};

int
password_change(struct req *r)
{
	const struct rows *rows = tx_last(r->tx, &q_password_hash, NO_ARGS);
	const char *hash, *fresh = body_text(r, "new_password");

	if (rows == NULL)
		return problem_db(r);
	/* hashing happens between two transactions: none is held open meanwhile */
	if (!password_check(rows_text(rows, 0, "hash"), body_text(r, "current_password"))) {
		field_error_add(r->a, &r->errors, "/current_password",
		    "Is not your current password.");
		return problem_fields(r);
	}
	if (strcmp(fresh, body_text(r, "current_password")) == 0) {
		field_error_add(r->a, &r->errors, "/new_password", "Is the one you have now.");
		return problem_fields(r);
	}
	hash = password_hash(r->a, fresh);
	if (hash == NULL)
		return problem(r, &P_INTERNAL, NULL);
	if (!reenter(r))
		return problem_db(r);
	tx_queue(r->tx, &q_password_set, ARGS(hash, r->claims.session));
	return tx_commit(r->tx) ? reply_empty(r, 204) : problem_db(r);
}
