/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection, what is prepared on it, and what needs no transaction: checks and notifications. Transactions: db.c. */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/db/private.h"

#define RECONNECT_US 200000.0

struct connection db;

double
db_now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

void
db_init(const char *conninfo)
{
	db.conninfo = conninfo;
}

void
db_close(void)
{
	if (db.conn != NULL)
		PQfinish(db.conn);
	db.conn = NULL;
	for (size_t i = 0; i < db.nknown; i++)
		db.known[i].state = UNKNOWN;
}

void
db_stats_reset(void)
{
	db.trips = 0;
	db.wait_us = 0;
}

unsigned
db_trips(void)
{
	return db.trips;
}

double
db_wait_us(void)
{
	return db.wait_us;
}

static void
notice_ignored(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;
}

static bool
db_connect(void)
{
	double t = db_now_us();
	const char *keys[] = {"dbname", "connect_timeout", "client_encoding", "options", NULL};
	const char *values[] = {db.conninfo, "3", "UTF8",
	    "-c plan_cache_mode=force_generic_plan -c DateStyle=ISO", NULL};

	if (db.conninfo == NULL || (db.last_try > 0 && t - db.last_try < RECONNECT_US))
		return false;
	db.conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(db.conn) != CONNECTION_OK || PQenterPipelineMode(db.conn) != 1) {
		/* libpq's text may name hosts and roles, never data */
		log_msg(LOG_WARN, "no database: %s", PQerrorMessage(db.conn));
		db_close();
		db.last_try = db_now_us();
		return false;
	}
	(void)PQsetNoticeReceiver(db.conn, notice_ignored, NULL);
	db.last_try = 0;
	return true;
}

/*
 * An idle connection that has something to say was closed, or notifies. A server that stops says why before it closes, and
 * one read takes no more than that: so read until there is nothing left, or the next request would find out.
 */
static bool
alive(void)
{
	struct pollfd p = {.fd = PQsocket(db.conn), .events = POLLIN};

	while (p.fd >= 0 && poll(&p, 1, 0) > 0)
		if (PQconsumeInput(db.conn) != 1 || PQstatus(db.conn) != CONNECTION_OK)
			return false;
	return p.fd >= 0;
}

bool
db_ready(void)
{
	if (db.conn != NULL && !alive())
		db_close();
	return db.conn != NULL || db_connect();
}

enum prepared *
db_prepared(const struct query *q)
{
	for (size_t i = 0; i < db.nknown; i++)
		if (db.known[i].q == q)
			return &db.known[i].state;
	if (db.nknown == QUERIES_MAX)
		log_fatal("too many statements");
	db.known[db.nknown].q = q;
	db.known[db.nknown].state = UNKNOWN;
	return &db.known[db.nknown++].state;
}

void
db_sent_lost(void)
{
	for (size_t i = 0; i < db.nknown; i++)
		if (db.known[i].state == SENT)
			db.known[i].state = UNKNOWN;
}

const char *
db_check(struct arena *a, const struct query *q)
{
	const char *problem = NULL;
	struct buf sql;
	PGresult *res;
	int n;

	if (!db_ready() || PQexitPipelineMode(db.conn) != 1)
		return "no database";
	if (*db_prepared(q) != READY) {
		res = PQprepare(db.conn, q->name, q->sql, 0, NULL);
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			problem = arena_strdup(a, PQresultErrorMessage(res));
		PQclear(res);
	}
	if (problem == NULL) {
		res = PQdescribePrepared(db.conn, q->name);
		n = PQnparams(res);
		if (q->scope == SCOPE_TENANT && (n < 1 || PQparamtype(res, 0) != UUID_OID))
			problem = "$1 is not the tenant";
		PQclear(res);
	}
	if (problem == NULL) {
		buf_init(&sql, 65536);
		buf_printf(&sql, "EXPLAIN EXECUTE %s", q->name);
		for (int i = 0; i < n; i++)
			buf_str(&sql, i == 0 ? "(NULL" : ", NULL");
		buf_str(&sql, n > 0 ? ")" : "");
		res = PQexec(db.conn, sql.data);
		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			problem = arena_strdup(a, PQresultErrorMessage(res));
		PQclear(res);
		buf_free(&sql);
	}
	if (problem == NULL)
		*db_prepared(q) = READY;
	if (PQenterPipelineMode(db.conn) != 1)
		db_close();
	return problem;
}

bool
db_listen(const char *module)
{
	char sql[96];
	PGresult *res;
	bool ok;

	if (!db_ready() || strspn(module, "abcdefghijklmnopqrstuvwxyz") != strlen(module) ||
	    strlen(module) > 32 || PQexitPipelineMode(db.conn) != 1)
		return false;
	(void)snprintf(sql, sizeof sql, "LISTEN pact_job_%s", module);
	res = PQexec(db.conn, sql);
	ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	PQclear(res);
	return PQenterPipelineMode(db.conn) == 1 && ok;
}

void
db_wait(int ms)
{
	struct pollfd p = {.fd = db.conn != NULL ? PQsocket(db.conn) : -1, .events = POLLIN};
	PGnotify *n;
	bool any = false;

	while (db.conn != NULL && (n = PQnotifies(db.conn)) != NULL) {
		PQfreemem(n);
		any = true;
	}
	if (!any)
		(void)poll(&p, 1, ms);
}
