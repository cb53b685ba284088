/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Processor time of knowing who asks, in microseconds, medians of rounds:
 *
 *   check token PRIVATE PUBLIC        of a token that was not seen before (PEM files)
 *   check door CONNINFO TENANT SESSION SECRET
 *                                     of the database for a transaction with the door in it, less one with SELECT 1; it is
 *                                     sent as programs send it, prepared, in one pipeline
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/crypt/token.h"

#define ROUNDS 9
#define CHECKS 4000

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
token_cost(const char *private, const char *public)
{
	const struct token_claims claims = {
	    .tenant = "019ab000-0000-7000-8000-000000000001",
	    .session = "019ab000-0000-7000-8000-000000000002",
	    .user = "019ab000-0000-7000-8000-000000000003",
	    .issued = 1,
	    .expires = 3601,
	};
	struct token_claims out;
	double took[ROUNDS];
	char token[TOKEN_MAX];

	if (!token_sign_key(private) || !token_verify_key(public))
		return 1;
	token_make(token, &claims);
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = cpu_us();

		for (size_t k = 0; k < CHECKS; k++)
			if (!token_check(&out, token, strlen(token), 2))
				return 1;
		took[i] = (cpu_us() - start) / CHECKS;
	}
	qsort(took, ROUNDS, sizeof *took, by_size);
	(void)printf("%.2f\n", took[ROUNDS / 2]);
	return 0;
}

/* What a process has used, in microseconds, to the nanosecond (schedstat). */
static double
used_us(int pid)
{
	char name[64], text[128] = {0};
	FILE *f;

	(void)snprintf(name, sizeof name, "/proc/%d/schedstat", pid);
	f = fopen(name, "r");
	if (f == NULL || fgets(text, sizeof text, f) == NULL)
		exit(1);
	(void)fclose(f);
	return strtod(text, NULL) / 1e3;
}

/* One transaction in one pipeline; its middle statement has n parameters. */
static void
transaction(PGconn *conn, const char *middle, int n, const char *const *values)
{
	if (PQsendQueryPrepared(conn, "begin", 0, NULL, NULL, NULL, 0) != 1 ||
	    PQsendQueryPrepared(conn, middle, n, values, NULL, NULL, 0) != 1 ||
	    PQsendQueryPrepared(conn, "commit", 0, NULL, NULL, NULL, 0) != 1 ||
	    PQpipelineSync(conn) != 1)
		exit(1);
	for (bool more = true; more;) {
		PGresult *res = PQgetResult(conn);
		ExecStatusType status = PQresultStatus(res);

		if (res != NULL && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		    status != PGRES_PIPELINE_SYNC) {
			(void)fputs(PQerrorMessage(conn), stderr);
			exit(1);
		}
		more = status != PGRES_PIPELINE_SYNC;
		PQclear(res);
	}
}

static int
door_cost(char **argv)
{
	const char *values[] = {argv[1], argv[2], argv[3], "contact.read", "127.0.0.1", "bench",
	    "true"};
	PGconn *conn = PQconnectdb(argv[0]);
	int pid = PQbackendPID(conn);
	double took[ROUNDS];

	PQclear(PQexec(conn, "SET plan_cache_mode = force_generic_plan"));
	PQclear(PQprepare(conn, "begin", "BEGIN READ ONLY", 0, NULL));
	PQclear(PQprepare(conn, "commit", "COMMIT", 0, NULL));
	PQclear(PQprepare(conn, "nothing", "SELECT 1", 0, NULL));
	PQclear(PQprepare(conn, "door",
	    "SELECT * FROM app.enter_session($1::uuid, $2::uuid, $3::bytea, $4, $5, $6, $7::boolean)",
	    0, NULL));
	if (PQstatus(conn) != CONNECTION_OK || PQenterPipelineMode(conn) != 1)
		return 1;
	for (size_t i = 0; i < ROUNDS; i++) {
		double start = used_us(pid), middle;

		for (size_t k = 0; k < CHECKS; k++)
			transaction(conn, "door", 7, values);
		middle = used_us(pid);
		for (size_t k = 0; k < CHECKS; k++)
			transaction(conn, "nothing", 0, NULL);
		took[i] = (middle - start - (used_us(pid) - middle)) / CHECKS;
	}
	qsort(took, ROUNDS, sizeof *took, by_size);
	(void)printf("%.2f\n", took[ROUNDS / 2]);
	PQfinish(conn);
	return 0;
}

int
main(int argc, char **argv)
{
	crypt_init();
	if (argc == 4 && strcmp(argv[1], "token") == 0)
		return token_cost(argv[2], argv[3]);
	return argc == 6 && strcmp(argv[1], "door") == 0 ? door_cost(argv + 2) : 1;
}
