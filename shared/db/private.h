/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_DB_PRIVATE_H
#define PACT_DB_PRIVATE_H

#include <libpq-fe.h>
#include <stdio.h>

#include "shared/base/buf.h"
#include "shared/db/db.h"

/* pg_type.oid of uuid; fixed since PostgreSQL 8.3 */
#define UUID_OID 2950

#define QUERIES_MAX 256

/* Of a statement on this connection: SENT while its transaction is under way, for nobody knows yet. */
enum prepared { UNKNOWN, SENT, READY };

/* connection.c: the one connection of the process. */
struct connection {
	const char *conninfo;
	PGconn *conn;
	struct {
		const struct query *q;
		enum prepared state;
	} known[QUERIES_MAX];
	size_t nknown;
	double last_try, wait_us;
	unsigned trips;
};
extern struct connection db;
double db_now_us(void); /* of the monotonic clock */
enum prepared *db_prepared(const struct query *q);
/* A transaction has ended: what was sent with it and not confirmed is not there. */
void db_sent_lost(void);

/* rows.c */
struct rows {
	PGresult *res;
};

/* Takes the result over: cleared with the arena. NULL for a NULL result. */
struct rows *rows_wrap(struct arena *a, PGresult *res);

#endif
