/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * New keys for old (T3, T4), one workspace a transaction. A run that is killed has done a workspace or has not touched it; the
 * next run goes on. Nothing of a key is printed.
 *
 *   rekey master   wraps each data key by the next master key; while both are configured, `auth` opens under either
 *   rekey data     another data key, and everything sealed under the old one (app.sealed_column) is sealed under the new
 */
#include <stdio.h>
#include <string.h>

#include "fcgi/auth/operator.h"
#include "shared/base/str.h"

DOOR_QUERY(q_rekey_list, "SELECT slug, tenant_id FROM ops.rekey_list($1)");
DOOR_QUERY(q_rekey_open,
    "SELECT data_key, master_key_id, data_key_at FROM ops.rekey_open($1::uuid, $2, $3)");
DOOR_QUERY(q_rekey_wrap, "SELECT ops.rekey_wrap($1::bytea, $2)");
DOOR_QUERY(q_rekey_sealed,
    "SELECT place, name, purpose, sealed FROM ops.rekey_sealed($1::boolean)");
DOOR_QUERY(q_rekey_drop, "SELECT ops.rekey_drop()");
DOOR_QUERY(q_rekey_put, "SELECT n FROM ops.rekey_put($1::int, $2::bytea[], $3::bytea[])");
DOOR_QUERY(q_rekey_data, "SELECT ops.rekey_data($1::bytea, $2, $3::jsonb)");

#define TRIES 5    /* of a workspace whose rows somebody else holds */
#define BATCH 1000 /* values put back by one statement */

/* One workspace, in one transaction, on an arena of its own. */
struct work {
	struct arena *a;
	const struct op *o;
	struct tx *tx;
	const char *slug, *tenant;
	bool dry;
	uint8_t key[32], fresh[32]; /* data keys in clear: there and new */
	const char *why;            /* it failed */
	const char *note;           /* what was done, for the operator */
};
typedef bool step_fn(struct work *w);

static bool
fail(struct work *w, const char *why)
{
	w->why = why;
	return false;
}

/* Enters the workspace and opens its data key; NULL: failed. */
static const struct rows *
enter(struct work *w, const char *how, enum master *by)
{
	const struct rows *rows = tx_run(w->tx, &q_rekey_open,
	    ARGS(w->tenant, w->dry ? "look" : how, w->o->operator_name));

	if (rows == NULL || rows_count(rows) == 0)
		return NULL;
	*by = data_key_open_by(w->a, w->key, w->tenant, rows_text(rows, 0, "data_key"));
	if (*by != MASTER_NONE)
		return rows;
	w->why = arena_printf(w->a,
	    "its data key opens under no master key given here; it is under %s",
	    rows_text(rows, 0, "master_key_id"));
	return NULL;
}

static bool
finish(struct work *w, const char *note)
{
	w->note = note;
	return tx_commit(w->tx);
}

/* ── the master key ──────────────────────────────────────────────────────────────────────────────────────────────── */
static bool
rekey_master(struct work *w)
{
	uint8_t wrapped[WRAPPED_KEY_LEN];
	enum master by = MASTER_NONE;

	if (enter(w, "wrap", &by) == NULL)
		return false;
	if (by == MASTER_NEXT)
		return finish(w, "is under it already");
	if (w->dry)
		return finish(w, "is under the one in use");
	if (!data_key_wrap(wrapped, w->tenant, w->key))
		return fail(w, "the data key cannot be wrapped");
	tx_queue(w->tx, &q_rekey_wrap,
	    ARGS(db_bytea(w->a, wrapped, sizeof wrapped), master_key_id(w->a)));
	return finish(w, "done");
}

/* ── the data key ────────────────────────────────────────────────────────────────────────────────────────────────── */
/* Rows from..to are of one column: puts them back, sealed anew. */
static bool
put(struct work *w, const struct rows *rows, size_t from, size_t to)
{
	const char *old[BATCH], *fresh[BATCH];
	const struct rows *done;
	int64_t n = 0;

	for (size_t i = from; i < to; i++) {
		old[i - from] = rows_text(rows, i, "sealed");
		fresh[i - from] = reseal(w->a, w->tenant, w->key, w->fresh,
		    rows_text(rows, i, "purpose"), old[i - from]);
		if (fresh[i - from] == NULL)
			return fail(w, arena_printf(w->a, "a value of %s does not open",
			                   rows_text(rows, i, "name")));
	}
	done = tx_run(w->tx, &q_rekey_put,
	    ARGS(rows_text(rows, from, "place"), db_array(w->a, old, to - from),
	        db_array(w->a, fresh, to - from)));
	if (done == NULL)
		return false;
	return (str_int64(rows_text(done, 0, "n"), 0, BATCH, &n) && (size_t)n == to - from) ||
	       fail(w, arena_printf(w->a, "values of %s changed meanwhile",
	                   rows_text(rows, from, "name")));
}

/* All of them, column by column; counts: how many of which. */
static bool
put_all(struct work *w, const struct rows *rows, json_t *counts)
{
	size_t n = rows_count(rows), from = 0;

	for (size_t i = 1; n > 0 && i <= n; i++) {
		const char *name = rows_text(rows, from, "name");
		json_int_t before = json_integer_value(json_object_get(counts, name));

		if (i < n && i - from < BATCH && str_eq(rows_text(rows, i, "name"), name))
			continue;
		if (!w->dry && !put(w, rows, from, i))
			return false;
		(void)json_object_set_new(counts, name,
		    json_integer(before + (json_int_t)(i - from)));
		from = i;
	}
	return true;
}

/* Whether everything that the database holds now opens under key. */
static bool
all_open(struct work *w, const uint8_t key[static 32], const struct rows *rows)
{
	size_t bad = 0;
	const char *first = NULL;

	for (size_t i = 0; i < rows_count(rows); i++)
		if (reseal(w->a, w->tenant, key, key, rows_text(rows, i, "purpose"),
		        rows_text(rows, i, "sealed")) == NULL) {
			first = first != NULL ? first : rows_text(rows, i, "name");
			bad++;
		}
	return bad == 0 ||
	       fail(w, arena_printf(w->a, "%zu of %zu values do not open, the first of %s", bad,
	                   rows_count(rows), first));
}

static const char *
counted(struct work *w, const json_t *counts)
{
	const char *name, *out = "nothing is sealed";
	bool first = true;
	json_t *n;

	json_object_foreach((json_t *)(uintptr_t)counts, name, n) {
		out = arena_printf(w->a, "%s%s%s %lld", first ? "" : out, first ? "" : ", ", name,
		    (long long)json_integer_value(n));
		first = false;
	}
	return out;
}

static bool
rekey_data(struct work *w)
{
	json_t *counts = json_keep(w->a, json_object());
	uint8_t wrapped[WRAPPED_KEY_LEN];
	const struct rows *rows, *after;
	enum master by = MASTER_NONE;

	if (enter(w, "data", &by) == NULL)
		return false;
	if (!w->dry)
		tx_queue(w->tx, &q_rekey_drop, NO_ARGS);
	rows = tx_run(w->tx, &q_rekey_sealed, ARGS(w->dry ? "false" : "true"));
	if (rows == NULL || !all_open(w, w->key, rows))
		return false;
	random_bytes(w->fresh, sizeof w->fresh);
	if (!put_all(w, rows, counts))
		return false;
	if (w->dry)
		return finish(w, arena_printf(w->a, "opens: %s", counted(w, counts)));
	/* before anything is kept: what is there now opens under the new key */
	after = tx_run(w->tx, &q_rekey_sealed, ARGS("false"));
	if (after == NULL || !all_open(w, w->fresh, after))
		return false;
	if (!data_key_wrap(wrapped, w->tenant, w->fresh))
		return fail(w, "the data key cannot be wrapped");
	tx_queue(w->tx, &q_rekey_data,
	    ARGS(db_bytea(w->a, wrapped, sizeof wrapped), master_key_id(w->a),
	        json_text(w->a, counts)));
	return finish(w, arena_printf(w->a, "done: %s", counted(w, counts)));
}

/* ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────── */
/* Somebody else held a row, or the two waited for each other: nothing was kept, and it can be tried again. */
static bool
again(const struct work *w)
{
	const struct db_error *e = w->tx != NULL ? tx_error(w->tx) : NULL;

	return w->why == NULL && e != NULL && (e->code == DB_RETRY || e->code == DB_TIMEOUT);
}

static bool
one(const struct op *o, bool dry, const char *slug, const char *tenant, step_fn *step)
{
	bool ok = false;

	for (int i = 0; i < TRIES && !ok; i++) {
		struct work w = {.a = arena_new(),
		    .o = o,
		    .slug = slug,
		    .tenant = tenant,
		    .dry = dry};
		bool retry;

		w.tx = tx_begin(w.a, NULL);
		ok = w.tx != NULL && step(&w);
		retry = !ok && again(&w);
		if (ok)
			(void)printf("%s\t%s\n", slug, w.note);
		else if (!retry || i + 1 == TRIES)
			(void)fprintf(stderr, "pactctl: %s: %s\n", slug,
			    w.why != NULL ? w.why : op_why(w.tx));
		if (w.tx != NULL && !ok)
			tx_rollback(w.tx);
		wipe(w.key, sizeof w.key);
		wipe(w.fresh, sizeof w.fresh);
		arena_free(w.a);
		if (!retry)
			break;
	}
	(void)fflush(stdout);
	return ok;
}

static int
all(const struct op *o, bool dry, const char *slug, step_fn *step, size_t *n)
{
	struct tx *tx = tx_begin(o->a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_rekey_list, ARGS(slug)) : NULL;
	size_t bad = 0;

	if (rows == NULL)
		return say(op_why(tx));
	*n = rows_count(rows);
	for (size_t i = 0; i < *n; i++)
		if (!one(o, dry, rows_text(rows, i, "slug"), rows_text(rows, i, "tenant_id"), step))
			bad++;
	if (bad > 0)
		(void)fprintf(stderr, "pactctl: %zu of %zu workspaces %s\n", bad, *n,
		    dry ? "are not in order" : "are as they were; run it again");
	return bad == 0 ? 0 : 1;
}

static int
master(const struct op *o, bool dry, const char *file)
{
	size_t n = 0;
	int status;

	if (file != NULL && !master_key_next(file))
		return say(
		    "the file with the next master key does not hold 32 bytes, or cannot be read");
	if (file == NULL && config("PACT_MASTER_KEY_NEXT") == NULL)
		return say(
		    "name the file with the next master key, here or in PACT_MASTER_KEY_NEXT");
	if (!master_key_changes())
		return say("the next master key is the one in use");
	status = all(o, dry, NULL, rekey_master, &n);
	if (status == 0 && !dry)
		(void)printf(
		    "All %zu workspaces are under master key %s. Make its file PACT_MASTER_KEY "
		    "everywhere, and keep the old one for backups made until now.\n",
		    n, master_key_id(o->a));
	return status;
}

int
rekey(struct op *o)
{
	bool dry = false, everybody = false;
	const char *what = o->arg[0], *name = NULL;
	size_t n = 0;

	for (int i = 1; i < o->narg; i++) {
		if (strcmp(o->arg[i], "--dry-run") == 0 && !dry)
			dry = true;
		else if (strcmp(o->arg[i], "--all") == 0 && !everybody)
			everybody = true;
		else if (o->arg[i][0] != '-' && name == NULL)
			name = o->arg[i];
		else
			return 2;
	}
	if (strcmp(what, "master") == 0 && !everybody)
		return master(o, dry, name);
	if (strcmp(what, "data") == 0 && everybody == (name == NULL))
		return all(o, dry, name, rekey_data, &n);
	return 2;
}
