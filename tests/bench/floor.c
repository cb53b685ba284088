/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The floor: the smallest FastCGI program that verifies the token and runs the same statements in one pipeline, door
 * included. scripts/bench puts it behind the same nginx, on the socket of crm, and takes the ratio in one run. It routes
 * nothing, validates nothing and handles no error: what Pact costs above it is what the frame costs.
 *
 * Environment: PACT_DB, PACT_VERIFY_KEY, FLOOR_GET, FLOOR_LIST, FLOOR_CREATE (the statements of crm, from crm -Q).
 */
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/str.h"
#include "shared/crypt/token.h"

static PGconn *conn;
static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void
die(const char *what)
{
	(void)fprintf(stderr, "floor: %s: %s\n", what, conn != NULL ? PQerrorMessage(conn) : "");
	exit(1);
}

static void
prepare(const char *name, const char *sql)
{
	PGresult *res = sql != NULL ? PQprepare(conn, name, sql, 0, NULL) : NULL;

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		die(name);
	PQclear(res);
}

static PGresult *
next_result(void)
{
	PGresult *res = PQgetResult(conn), *end;

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		die("result");
	end = PQgetResult(conn);
	PQclear(end);
	return res;
}

/* One token is enough to remember: the load has one. Pact remembers 256. */
static int
verify(struct token_claims *c, const char *auth)
{
	static char seen[TOKEN_MAX];
	static struct token_claims claims;

	if (auth == NULL || strncmp(auth, "Bearer ", 7) != 0)
		return 0;
	if (strcmp(auth + 7, seen) != 0) {
		if (!token_check(&claims, auth + 7, strlen(auth + 7), (int64_t)time(NULL)))
			return 0;
		(void)snprintf(seen, sizeof seen, "%s", auth + 7);
	}
	*c = claims;
	return 1;
}

static void
pipeline(const struct token_claims *c, FCGX_Request *r, const char *name, const char *const *args,
    int n)
{
	char secret[2 * SECRET_LEN + 3] = "\\x";
	const char *door[] = {c->tenant, c->session, secret,
	    strcmp(name, "create") == 0 ? "contact.write" : "contact.read",
	    FCGX_GetParam("REMOTE_ADDR", r->envp), FCGX_GetParam("REQUEST_ID", r->envp),
	    strcmp(name, "create") == 0 ? "f" : "t"};
	PGresult *res;

	hex_encode(secret + 2, c->secret, SECRET_LEN);
	if (PQsendQueryPrepared(conn, "door", 7, door, NULL, NULL, 0) != 1 ||
	    PQsendQueryPrepared(conn, name, n, args, NULL, NULL, 0) != 1 ||
	    PQpipelineSync(conn) != 1)
		die("send");
	PQclear(next_result());
	res = next_result();
	FCGX_FPrintF(r->out, "Content-Type: application/json\r\n\r\n");
	for (int i = 0; i < PQntuples(res); i++)
		(void)FCGX_PutStr(PQgetvalue(res, i, 0), PQgetlength(res, i, 0), r->out);
	PQclear(res);
	res = PQgetResult(conn);
	PQclear(res);
}

static void
handle(FCGX_Request *r)
{
	const char *path = FCGX_GetParam("DOCUMENT_URI", r->envp),
	           *method = FCGX_GetParam("REQUEST_METHOD", r->envp);
	struct token_claims c;
	static char body[65536];

	if (!verify(&c, FCGX_GetParam("HTTP_AUTHORIZATION", r->envp))) {
		FCGX_FPrintF(r->out, "Status: 401\r\n\r\n");
	} else if (strcmp(method, "POST") == 0) {
		int n = FCGX_GetStr(body, (int)sizeof body - 1, r->in);

		body[n > 0 ? n : 0] = '\0';
		pipeline(&c, r, "create", (const char *[]){c.tenant, body}, 2);
	} else if (strlen(path) > 14) {
		pipeline(&c, r, "get", (const char *[]){c.tenant, path + 13}, 2);
	} else {
		pipeline(&c, r, "list",
		    (const char *[]){c.tenant, "51", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, 3);
	}
}

int
main(void)
{
	struct sigaction sa = {.sa_handler = on_term};
	FCGX_Request r;

	crypt_init();
	conn = PQconnectdb(getenv("PACT_DB"));
	if (PQstatus(conn) != CONNECTION_OK || !token_verify_key(getenv("PACT_VERIFY_KEY")))
		die("setup");
	PQclear(PQexec(conn, "SET plan_cache_mode = force_generic_plan"));
	prepare("door", "SELECT user_id, email FROM app.enter_session($1, $2, $3, $4, $5, $6, $7)");
	prepare("get", getenv("FLOOR_GET"));
	prepare("list", getenv("FLOOR_LIST"));
	prepare("create", getenv("FLOOR_CREATE"));
	if (PQenterPipelineMode(conn) != 1 || FCGX_Init() != 0 ||
	    FCGX_InitRequest(&r, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		die("setup");
	(void)sigaction(SIGTERM, &sa, NULL);
	while (!stop && FCGX_Accept_r(&r) == 0) {
		handle(&r);
		FCGX_Finish_r(&r);
	}
	return 0;
}
