/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an operator may do, called by scripts/pactctl with the role pact_operator, which can run the ops functions and
 * nothing else. Every use is audited in the workspace it touches (L5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/auth/operator.h"

DOOR_QUERY(q_workspace_create,
    "SELECT ops.workspace_create($1::uuid, $2, $3, $4::bytea, $5, $6, $7, $8, $9::bytea, $10) AS id");
DOOR_QUERY(q_user_add, "SELECT ops.user_add($1, $2, $3, $4, $5, $6::bytea, $7) AS id");
DOOR_QUERY(q_workspace_list, "SELECT * FROM ops.workspace_list($1)");
DOOR_QUERY(q_workspace_plan, "SELECT ops.workspace_plan($1, $2, $3)");
DOOR_QUERY(q_plan_requests, "SELECT * FROM ops.plan_requests($1)");
DOOR_QUERY(q_workspace_suspend, "SELECT ops.workspace_suspend($1, $2::boolean, $3)");

int
say(const char *what)
{
	(void)fprintf(stderr, "pactctl: %s\n", what);
	return 1;
}

const char *
op_why(const struct tx *tx)
{
	const struct db_error *e = tx_error(tx);

	if (e->code == DB_REFUSED)
		return e->hint != NULL ? e->hint : e->slug;
	return e->code == DB_DOWN ? "no database" : "the database refused; its log says why";
}

/* One line from standard input, without its end; never from the command line, which others can see. */
static const char *
read_password(struct op *o)
{
	char line[1026];
	const char *copy;
	size_t n;

	if (isatty(STDIN_FILENO))
		(void)fprintf(stderr, "Password (at least 10 characters): ");
	if (fgets(line, sizeof line, stdin) == NULL)
		return NULL;
	n = strcspn(line, "\r\n");
	copy = utf8_length(line, n) >= 10 && n <= 256 ? arena_strndup(o->a, line, n) : NULL;
	wipe(line, sizeof line);
	return copy;
}

static int
run(struct op *o, const struct query *q, const char *const *args, size_t nargs, bool print)
{
	struct tx *tx = tx_begin(o->a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, q, args, nargs) : NULL;

	if (rows == NULL)
		return say(op_why(tx));
	for (size_t i = 0; print && i < rows_count(rows); i++)
		for (size_t c = 0; c < rows_columns(rows); c++)
			(void)printf("%s%c",
			    rows_at(rows, i, c, NULL) != NULL ? rows_at(rows, i, c, NULL) : "-",
			    c + 1 < rows_columns(rows) ? '\t' : '\n');
	return 0;
}

/* Address, password from standard input, and the directory's hash of the address. False when one is no good. */
static bool
credentials(struct op *o, const char *email, const char **hash, const char **hmac)
{
	uint8_t mac[SHA256_LEN];
	const char *password;

	if (!email_plausible(email, strlen(email)))
		return say("that is not an e-mail address") == 0;
	password = read_password(o);
	if (password == NULL)
		return say("a password of 10 characters to 256 bytes is expected on standard input") ==
		       0;
	*hash = password_hash(o->a, password);
	address_hmac(mac, email);
	*hmac = db_bytea(o->a, mac, sizeof mac);
	return *hash != NULL;
}

static int
workspace_create(struct op *o)
{
	uint8_t wrapped[WRAPPED_KEY_LEN];
	const char *hash, *hmac;
	char tenant[37];

	uuid7(tenant);
	if (!data_key_new(wrapped, tenant))
		return say("the data key cannot be made");
	if (!credentials(o, o->arg[2], &hash, &hmac))
		return 1;
	return run(o, &q_workspace_create,
	    ARGS(tenant, o->arg[0], o->arg[1], db_bytea(o->a, wrapped, sizeof wrapped),
	        master_key_id(o->a), o->arg[2], o->arg[3], hash, hmac, o->operator_name),
	    true);
}

static int
user_add(struct op *o)
{
	const char *hash, *hmac;

	if (!credentials(o, o->arg[1], &hash, &hmac))
		return 1;
	return run(o, &q_user_add,
	    ARGS(o->arg[0], o->arg[1], o->arg[2], o->arg[3], hash, hmac, o->operator_name), true);
}

static int
workspace_list(struct op *o)
{
	return run(o, &q_workspace_list, ARGS(o->operator_name), true);
}

static int
workspace_suspend(struct op *o)
{
	return run(o, &q_workspace_suspend, ARGS(o->arg[0], "true", o->operator_name), false);
}

static int
workspace_resume(struct op *o)
{
	return run(o, &q_workspace_suspend, ARGS(o->arg[0], "false", o->operator_name), false);
}

static int
workspace_plan(struct op *o)
{
	return run(o, &q_workspace_plan, ARGS(o->arg[0], o->arg[1], o->operator_name), false);
}

static int
plan_requests(struct op *o)
{
	return run(o, &q_plan_requests, ARGS(o->operator_name), true);
}

static const struct {
	const char *name, *usage;
	int least, most; /* arguments */
	int (*fn)(struct op *o);
} commands[] = {
    {"workspace-create", "SLUG NAME OWNER_EMAIL OWNER_NAME", 4, 4, workspace_create},
    {"workspace-list", "", 0, 0, workspace_list},
    {"workspace-suspend", "SLUG", 1, 1, workspace_suspend},
    {"workspace-resume", "SLUG", 1, 1, workspace_resume},
    {"workspace-plan", "SLUG standard|enterprise", 2, 2, workspace_plan},
    {"plan-requests", "", 0, 0, plan_requests},
    {"user-add", "SLUG EMAIL NAME ROLE", 4, 4, user_add},
    {"rekey", "master [--dry-run] [FILE] | data SLUG|--all [--dry-run]", 1, 3, rekey},
};

int
operator_command(int argc, char **argv)
{
	struct op o = {.a = arena_new(),
	    .operator_name = config("PACT_OPERATOR"),
	    .arg = argv + 1,
	    .narg = argc - 1};
	int status = 2;

	if (o.operator_name == NULL)
		o.operator_name = config("SUDO_USER") != NULL ? config("SUDO_USER")
		                                              : config("USER");
	if (o.operator_name == NULL)
		o.operator_name = "operator";
	for (size_t i = 0; i < NELEMS(commands) && argc > 0; i++)
		if (strcmp(argv[0], commands[i].name) == 0 && o.narg >= commands[i].least &&
		    o.narg <= commands[i].most)
			status = commands[i].fn(&o);
	if (status == 2) {
		(void)fprintf(stderr, "usage: pactctl COMMAND …\n");
		for (size_t i = 0; i < NELEMS(commands); i++)
			(void)fprintf(stderr, "  %s %s\n", commands[i].name, commands[i].usage);
		(void)fprintf(stderr, "A password is read from standard input.\n");
	}
	db_close();
	arena_free(o.a);
	return status;
}
