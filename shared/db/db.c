/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transactions as pipelines. The connection: connection.c; results and text forms: rows.c. */
#include "shared/db/db.h"

#include <string.h>

#include "shared/base/log.h"
#include "shared/db/private.h"

/* What the server still owes us, in order. */
struct expect {
	const struct query *q;
	bool prepare;
	struct rows **keep; /* of tx_keep() */
};

struct tx {
	struct arena *a;
	const char *tenant;
	struct expect *owed;
	size_t nowed, cap, next;
	bool custom, ended;
	struct db_error err;
};

/* A search or filter is planned with its values; everything else keeps one plan (connection.c). */
static DOOR_QUERY(q_custom_plans,
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)");
/* Always fails, so that the implicit transaction of the pipeline rolls back. */
static DOOR_QUERY(q_rollback, "SELECT app.rollback()");

struct tx *
tx_begin(struct arena *a, const char *tenant)
{
	struct tx *tx;

	if (!db_ready())
		return NULL;
	tx = arena_alloc(a, sizeof *tx);
	tx->a = a;
	tx->tenant = tenant;
	tx->cap = 16;
	tx->owed = arena_array(a, tx->cap, sizeof *tx->owed);
	return tx;
}

void
tx_tenant(struct tx *tx, const char *tenant)
{
	tx->tenant = tenant;
}

bool
tx_open(const struct tx *tx)
{
	return !tx->ended;
}

const struct db_error *
tx_error(const struct tx *tx)
{
	static const struct db_error none = {.code = DB_DOWN, .query = "connection"};

	return tx != NULL ? &tx->err : &none;
}

static void
fail(struct tx *tx, enum db_err code, const struct query *q)
{
	if (tx->err.code != DB_OK)
		return;
	tx->err.code = code;
	tx->err.query = q != NULL ? q->name : "connection";
}

static void
lost(struct tx *tx)
{
	if (db.conn != NULL)
		log_msg(LOG_WARN, "database connection lost: %s", PQerrorMessage(db.conn));
	db_close();
	tx->ended = true;
	fail(tx, DB_DOWN, NULL);
}

static void
owe(struct tx *tx, const struct query *q, bool prepare)
{
	if (tx->nowed == tx->cap) {
		struct expect *more = arena_array(tx->a, 2 * tx->cap, sizeof *more);

		memcpy(more, tx->owed, tx->nowed * sizeof *more);
		tx->owed = more;
		tx->cap *= 2;
	}
	tx->owed[tx->nowed++] = (struct expect){q, prepare, NULL};
}

static bool
send_one(struct tx *tx, const struct query *q, const char *const *args, size_t nargs)
{
	enum prepared *state = db_prepared(q);

	if (*state == UNKNOWN) {
		if (PQsendPrepare(db.conn, q->name, q->sql, 0, NULL) != 1)
			return false;
		*state = SENT;
		owe(tx, q, true);
	}
	if (PQsendQueryPrepared(db.conn, q->name, (int)nargs, args, NULL, NULL, 0) != 1)
		return false;
	owe(tx, q, false);
	return true;
}

void
tx_queue(struct tx *tx, const struct query *q, const char *const *args, size_t nargs)
{
	const char **bound;

	if (tx->ended || tx->err.code != DB_OK)
		return;
	if (q->plan == PLAN_CUSTOM && !tx->custom) {
		tx->custom = true;
		if (!send_one(tx, &q_custom_plans, NULL, 0)) {
			lost(tx);
			return;
		}
	}
	if (q->scope == SCOPE_TENANT) {
		/* the tenant comes from the door, never from a caller: a statement without one does not run */
		if (tx->tenant == NULL)
			log_fatal("tenant statement outside a door");
		bound = arena_array(tx->a, nargs + 1, sizeof *bound);
		bound[0] = tx->tenant;
		for (size_t i = 0; i < nargs; i++)
			bound[i + 1] = args[i];
		args = bound;
		nargs++;
	}
	if (!send_one(tx, q, args, nargs))
		lost(tx);
}

void
tx_keep(struct tx *tx, const struct query *q, const char *const *args, size_t nargs,
    struct rows **out)
{
	*out = NULL;
	tx_queue(tx, q, args, nargs);
	if (!tx->ended && tx->err.code == DB_OK)
		tx->owed[tx->nowed - 1].keep = out;
}

static enum db_err
classify(const char *s)
{
	if (strcmp(s, "PT000") == 0)
		return DB_REFUSED;
	if (strcmp(s, "40001") == 0 || strcmp(s, "40P01") == 0)
		return DB_RETRY;
	if (strcmp(s, "57014") == 0 || strcmp(s, "55P03") == 0)
		return DB_TIMEOUT;
	if (strcmp(s, "23505") == 0)
		return DB_CONFLICT;
	if (strncmp(s, "08", 2) == 0 || strncmp(s, "57P", 3) == 0 || strncmp(s, "53", 2) == 0)
		return DB_DOWN;
	return DB_INTERNAL;
}

static const char *
diag(struct tx *tx, const PGresult *res, int field)
{
	const char *s = PQresultErrorField(res, field);

	return s != NULL ? arena_strdup(tx->a, s) : NULL;
}

static void
keep_error(struct tx *tx, const struct query *q, const PGresult *res)
{
	const char *state = diag(tx, res, PG_DIAG_SQLSTATE);

	if (tx->err.code != DB_OK)
		return;
	if (state == NULL) {
		fail(tx, DB_DOWN, q);
		return;
	}
	fail(tx, classify(state), q);
	tx->err.sqlstate = state;
	if (tx->err.code == DB_REFUSED) {
		tx->err.slug = diag(tx, res, PG_DIAG_MESSAGE_PRIMARY);
		tx->err.hint = diag(tx, res, PG_DIAG_MESSAGE_HINT);
		tx->err.detail = diag(tx, res, PG_DIAG_MESSAGE_DETAIL);
	} else if (tx->err.code == DB_INTERNAL) {
		/* the primary message of an unexpected error may quote a value: constraint and place say enough */
		const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
		const char *table = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
		const char *context = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);

		log_msg(LOG_ERROR, "statement %s: SQLSTATE %s, table %s, constraint %s, in %s",
		    q->name, state, table != NULL ? table : "-",
		    constraint != NULL ? constraint : "-", context != NULL ? context : "-");
	}
}

/* The result of the next thing owed, not yet its closing NULL. False when the connection broke. */
static bool
receive(struct tx *tx, PGresult **out)
{
	struct expect e = tx->owed[tx->next];
	PGresult *res = PQgetResult(db.conn);

	*out = NULL;
	if (res == NULL)
		return false;
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
		if (e.prepare)
			*db_prepared(e.q) = READY;
		*out = res;
		return true;
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		*out = res;
		return true;
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
		keep_error(tx, e.q, res);
		break;
	}
	PQclear(res);
	return PQstatus(db.conn) == CONNECTION_OK;
}

/* Takes one whole answer; the result (or NULL) goes to *out. */
static bool
take(struct tx *tx, PGresult **out)
{
	PGresult *res;

	if (!receive(tx, out))
		return false;
	tx->next++;
	/* a statement's answer ends with a NULL */
	res = PQgetResult(db.conn);
	if (res != NULL) {
		PQclear(res);
		PQclear(*out);
		*out = NULL;
		return false;
	}
	return true;
}

/* Everything owed, but the last answer, which *out gets when it is wanted. */
static bool
take_all(struct tx *tx, PGresult **out)
{
	while (tx->next < tx->nowed) {
		PGresult *res;

		if (!take(tx, &res))
			return false;
		if (tx->owed[tx->next - 1].keep != NULL)
			*tx->owed[tx->next - 1].keep = rows_wrap(tx->a, res);
		else if (out != NULL && tx->next == tx->nowed)
			*out = res;
		else
			PQclear(res);
	}
	return true;
}

/* Sends the sync, takes what is owed and the sync's own answer. */
static bool
finish(struct tx *tx, PGresult **out)
{
	double start = db_now_us();
	PGresult *res;
	bool ok;

	tx->ended = true;
	db.trips++;
	if (PQpipelineSync(db.conn) != 1 || !take_all(tx, out)) {
		lost(tx);
		return false;
	}
	res = PQgetResult(db.conn);
	ok = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
	/* a commit that fails (deferred constraint, serialisation) is told before the sync */
	while (!ok && res != NULL && PQstatus(db.conn) == CONNECTION_OK) {
		keep_error(tx, &q_rollback, res);
		PQclear(res);
		res = PQgetResult(db.conn);
		ok = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
	}
	PQclear(res);
	db.wait_us += db_now_us() - start;
	db_sent_lost();
	if (!ok)
		lost(tx);
	return ok && tx->err.code == DB_OK;
}

struct rows *
tx_run(struct tx *tx, const struct query *q, const char *const *args, size_t nargs)
{
	PGresult *res = NULL;
	struct rows *rows;
	double start;

	tx_queue(tx, q, args, nargs);
	if (tx->ended || tx->err.code != DB_OK)
		return NULL;
	start = db_now_us();
	db.trips++;
	if (PQsendFlushRequest(db.conn) != 1 || PQflush(db.conn) < 0 || !take_all(tx, &res)) {
		PQclear(res);
		lost(tx);
		return NULL;
	}
	db.wait_us += db_now_us() - start;
	rows = rows_wrap(tx->a, res);
	return tx->err.code == DB_OK ? rows : NULL;
}

struct rows *
tx_last(struct tx *tx, const struct query *q, const char *const *args, size_t nargs)
{
	PGresult *res = NULL;
	struct rows *rows;
	bool ok;

	tx_queue(tx, q, args, nargs);
	if (tx->ended)
		return NULL;
	ok = finish(tx, &res);
	rows = rows_wrap(tx->a, res);
	return ok ? rows : NULL;
}

bool
tx_commit(struct tx *tx)
{
	return !tx->ended && finish(tx, NULL);
}

void
tx_rollback(struct tx *tx)
{
	if (tx == NULL || tx->ended)
		return;
	if (tx->err.code == DB_OK) {
		tx_queue(tx, &q_rollback, NULL, 0);
		if (tx->ended)
			return;
	}
	(void)finish(tx, NULL);
}

bool
tx_stream(struct tx *tx, const struct query *q, const char *const *args, size_t nargs,
    bool (*each)(void *ctx, const struct rows *row), void *ctx)
{
	bool going = true, clear = true;
	PGresult *res;

	tx_queue(tx, q, args, nargs);
	if (tx->ended || tx->err.code != DB_OK)
		return false;
	db.trips++;
	if (PQsendFlushRequest(db.conn) != 1 || PQflush(db.conn) < 0) {
		lost(tx);
		return false;
	}
	/* all but the stream itself */
	while (clear && tx->next + 1 < tx->nowed) {
		clear = take(tx, &res);
		PQclear(res);
	}
	if (!clear) {
		lost(tx);
		return false;
	}
	if (tx->err.code == DB_OK)
		(void)PQsetSingleRowMode(db.conn);
	while (receive(tx, &res) && res != NULL && PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
		struct rows row = {.res = res};

		if (going && !each(ctx, &row)) {
			/* the reader has gone: the server need not go on */
			PGcancel *cancel = PQgetCancel(db.conn);
			char why[64];

			going = false;
			if (cancel != NULL)
				(void)PQcancel(cancel, why, sizeof why);
			PQfreeCancel(cancel);
		}
		PQclear(res);
	}
	PQclear(res);
	if (PQstatus(db.conn) != CONNECTION_OK) {
		lost(tx);
		return false;
	}
	tx->next++;
	res = PQgetResult(db.conn);
	PQclear(res);
	return finish(tx, NULL) && going;
}
