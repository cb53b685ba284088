/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_DB_DB_H
#define PACT_DB_DB_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/base/arena.h"

/*
 * The only way to the database. Statements are declared: no function takes SQL text, and every TENANT_QUERY gets the
 * tenant of the transaction bound as $1 by this library. A struct tx exists only behind a door.
 *
 * One transaction is one libpq pipeline up to its sync. What a handler queues is sent with the door; a result that is
 * needed before the end flushes a segment (one more round trip) and the pipeline goes on in the same transaction.
 */
enum plan {
	PLAN_GENERIC, /* prepared once, one plan: rows by key */
	PLAN_CUSTOM,  /* prepared once, planned with the values: search and filters */
};

enum scope {
	SCOPE_TENANT, /* $1 is the tenant, bound here */
	SCOPE_DOOR, /* doors, claims, health: all parameters are the caller's; shared/app and auth's login alone */
};

struct query {
	const char *name; /* unique in a program; the prepared statement's name */
	const char *sql;
	enum plan plan;
	enum scope scope;
};

/* The text must be a literal: "" x "" compiles for nothing else. */
#define TENANT_QUERY(id, planning, text) \
	const struct query id = {#id, "" text "", planning, SCOPE_TENANT}
#define DOOR_QUERY(id, text) const struct query id = {#id, "" text "", PLAN_GENERIC, SCOPE_DOOR}

enum db_err {
	DB_OK,
	DB_REFUSED,  /* PT000: a problem the database names; see struct db_error */
	DB_CONFLICT, /* 23505 and kin that no function turned into a refusal */
	DB_RETRY,    /* 40001, 40P01: run the whole transaction again */
	DB_TIMEOUT,  /* 57014, 55P03 */
	DB_DOWN,     /* no connection, or it broke; nothing was committed as far as is known */
	DB_INTERNAL, /* our fault */
};

struct db_error {
	enum db_err code;
	const char *sqlstate, *slug, *hint,
	    *detail;       /* slug, hint, detail: of a refusal; detail is JSON */
	const char *query; /* the statement that failed, for the log */
};

struct tx;
struct rows;

/* Arguments of a statement, text format; NULL is SQL NULL. */
#define ARGS(...) \
	((const char *const[]){__VA_ARGS__}), \
	    (sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define NO_ARGS NULL, 0

/* ── connection ──────────────────────────────────────────────────────────────────────────────────────────────────── */
/* conninfo is kept; nothing is connected yet. */
void db_init(const char *conninfo);
/* Connects if need be. False while PostgreSQL cannot be had; asks again at most every 200 ms. */
bool db_ready(void);
void db_close(void);
/* Round trips and microseconds spent waiting since db_stats_reset(). */
void db_stats_reset(void);
unsigned db_trips(void);
double db_wait_us(void);

/* ── transaction ─────────────────────────────────────────────────────────────────────────────────────────────────── */
/* tenant: canonical UUID, or NULL where only door statements will be run. The tx hangs on the arena. NULL: no database. */
struct tx *tx_begin(struct arena *a, const char *tenant);
/* From now on TENANT statements get this tenant (set by a door that found it out). */
void tx_tenant(struct tx *tx, const char *tenant);
/* Queues a statement whose result nobody needs; its failure fails the transaction. */
void tx_queue(struct tx *tx, const struct query *q, const char *const *args, size_t nargs);
/*
 * Queues a statement whose result is wanted together with a later one: *out is set when a following tx_run(), tx_last() or
 * tx_commit() has returned success, and costs no round trip of its own.
 */
void tx_keep(struct tx *tx, const struct query *q, const char *const *args, size_t nargs,
    struct rows **out);
/* Queues a statement, flushes the segment and waits for its result; NULL when the transaction has failed. */
struct rows *tx_run(struct tx *tx, const struct query *q, const char *const *args, size_t nargs);
/* As tx_run(), and commits in the same round trip: the result counts only when this returns it. */
struct rows *tx_last(struct tx *tx, const struct query *q, const char *const *args, size_t nargs);
/* Commits what was queued; false when anything failed, and then nothing stays. */
bool tx_commit(struct tx *tx);
/* Takes everything back. No-op after a commit or a failure. */
void tx_rollback(struct tx *tx);
/* Not yet committed, rolled back or lost. */
bool tx_open(const struct tx *tx);
/* NULL is a transaction that could not begin: DB_DOWN. */
const struct db_error *tx_error(const struct tx *tx);

/*
 * Streams a result of any size: each(ctx, rows) is called row by row in constant memory, with row 0 of rows valid until
 * it returns; false from it ends the stream. Commits at the end. False when the transaction failed.
 */
bool tx_stream(struct tx *tx, const struct query *q, const char *const *args, size_t nargs,
    bool (*each)(void *ctx, const struct rows *row), void *ctx);

/* ── results (on the arena) ──────────────────────────────────────────────────────────────────────────────────────── */
size_t rows_count(const struct rows *r);
/* Text of a cell, NULL for SQL NULL. The column must exist. */
const char *rows_text(const struct rows *r, size_t row, const char *column);
size_t rows_length(const struct rows *r, size_t row, const char *column);
/* As rows_text(), NULL also when the result has no such column. */
const char *rows_optional(const struct rows *r, size_t row, const char *column);
size_t rows_columns(const struct rows *r);
const char *rows_at(const struct rows *r, size_t row, size_t column, size_t *len);
const char *rows_column_name(const struct rows *r, size_t column);

/* bytea as a text parameter ("\x…"), on the arena. */
const char *db_bytea(struct arena *a, const void *data, size_t len);
/* A bytea cell back to bytes; false when it is none. *out is on the arena. */
bool db_unbytea(struct arena *a, const char *text, void **out, size_t *len);
/* A text[] parameter from n strings; NULL items become NULL. */
const char *db_array(struct arena *a, const char *const *items, size_t n);

/* ── checks and notifications ────────────────────────────────────────────────────────────────────────────────────── */
/*
 * Prepares q against the live schema and explains it with null arguments, as the program's role: parse errors, missing
 * grants and a $1 that is not uuid show here. NULL when all is well, else a sentence on the arena.
 */
const char *db_check(struct arena *a, const struct query *q);
/* LISTEN on pact_job_<module>. */
bool db_listen(const char *module);
/* Waits up to ms for a notification; returns at once when one is there. */
void db_wait(int ms);

#endif
