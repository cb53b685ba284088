/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The runner of an import (`crm -j`). It reads the file from the database chunk by chunk, once to count the rows and once
 * to apply them in batches, each in a transaction that also says how far it came: whoever takes over goes on there.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "fcgi/crm/crm.h"
#include "fcgi/crm/import_batch.h"
#include "fcgi/crm/import_setup.h"
#include "shared/base/log.h"

/* A runner that dies is replaced after this; said again in time by one that lives. */
#define LEASE_S 45
#define TRIES 5

TENANT_QUERY(q_import_run, PLAN_GENERIC,
    "SELECT dry_run, filename, mapping, options, rows_total, rows_done, cancel FROM "
    "app.import_run($1::uuid, $2::uuid, $3::uuid)");
TENANT_QUERY(q_import_read, PLAN_GENERIC,
    "SELECT c.data FROM pact.import_chunk c WHERE c.tenant_id = $1::uuid AND c.import_id = "
    "$2::uuid AND c.seq = $3::int");
TENANT_QUERY(q_import_total, PLAN_GENERIC,
    "UPDATE pact.import i SET rows_total = $3::bigint WHERE i.tenant_id = $1::uuid AND i.id = "
    "$2::uuid");
TENANT_QUERY(q_import_apply, PLAN_GENERIC,
    "SELECT app.import_apply($1::uuid, $2::uuid, $3::bigint, $4::bigint, $5::uuid[], $6::bigint[], "
    "$7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], "
    "$14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::text[], $19::bigint, "
    "$20::bigint[], $21::int[], $22::text[], $23::text[], $24::text[]) AS cancel");
TENANT_QUERY(q_import_finish, PLAN_GENERIC, "SELECT app.import_finish($1::uuid, $2::uuid, $3, $4)");

enum state { GOING, CANCELLED, LOST };

struct run {
	struct job *j;
	const char *import;
	struct import_setup setup;
	struct batch *batch;
	struct arena *row, *step; /* what one row, one transaction needs */
	uint64_t done;
	time_t leased;
	enum state state;
};

static bool
truth(const char *s)
{
	return str_eq(s, "t");
}

/* A transaction of the job whose memory goes with the next one. */
static struct tx *
step_tx(struct run *x)
{
	struct job j = *x->j;

	arena_reset(x->step);
	j.a = x->step;
	return job_tx(&j);
}

static bool
lease(struct run *x)
{
	time_t now = time(NULL);
	struct job j = *x->j;

	if (now - x->leased < LEASE_S / 4)
		return true;
	arena_reset(x->step);
	j.a = x->step;
	if (!job_extend(&j, LEASE_S))
		return false;
	x->leased = now;
	return true;
}

/* ── rows to the database ────────────────────────────────────────────────────────────────────────────────────────── */

/* Rows from..to of the batch; what became of it. */
static enum db_err
send_rows(struct run *x, size_t from, size_t to)
{
	const char *args[BATCH_ARGS + 2] = {x->import};
	const struct rows *rows;
	struct tx *tx = step_tx(x);

	if (tx == NULL)
		return DB_DOWN;
	args[1] = arena_printf(x->step, "%" PRIu64, x->done);
	batch_args(x->batch, from, to, args + 2);
	rows = tx_last(tx, &q_import_apply, args, NELEMS(args));
	batch_restore(x->batch);
	if (rows == NULL)
		return tx_error(tx)->code;
	x->done += to - from;
	if (truth(rows_text(rows, 0, "cancel")))
		x->state = CANCELLED;
	return DB_OK;
}

/* Again when somebody else was in the way. */
static enum db_err
send_patiently(struct run *x, size_t from, size_t to)
{
	enum db_err e = DB_RETRY;

	for (int i = 0; i < TRIES && (e == DB_RETRY || e == DB_CONFLICT); i++) {
		if (i > 0)
			(void)nanosleep(&(struct timespec){.tv_nsec = 50000000L * i}, NULL);
		e = send_rows(x, from, to);
	}
	return e;
}

/* One row that the database refuses for a reason the reader cannot know: an error like others, and the rest goes on. */
static enum db_err
send_refused(struct run *x, size_t i)
{
	struct import_issue issue = {"", "", "The row could not be stored."};
	struct import_row row = {.number = x->done + 1,
	    .line = batch_line(x->batch, i),
	    .errors = &issue,
	    .nerrors = 1};
	struct batch *whole = x->batch;
	enum db_err e;

	x->batch = batch_new();
	(void)batch_add(x->batch, &row);
	e = send_patiently(x, 0, 1);
	batch_free(x->batch);
	x->batch = whole;
	return e;
}

/* Halves what is refused until it is one row. False: the run cannot go on, x->state says why. */
static bool
apply(struct run *x, size_t from, size_t to)
{
	enum db_err e = lease(x) ? send_patiently(x, from, to) : DB_DOWN;

	if (e != DB_OK && e != DB_DOWN && e != DB_REFUSED) {
		log_msg(LOG_WARN, "import: %zu rows were refused, trying fewer", to - from);
		if (to - from > 1) {
			size_t half = from + (to - from) / 2;

			return apply(x, from, half) && apply(x, half, to);
		}
		e = send_refused(x, from);
	}
	if (e != DB_OK)
		x->state = LOST;
	return x->state == GOING;
}

static bool
flush(struct run *x)
{
	size_t n = batch_rows(x->batch);
	bool go = n == 0 || apply(x, 0, n);

	batch_clear(x->batch);
	if (go && http_stopping()) {
		x->state = LOST;
		go = false;
	}
	return go;
}

static bool
on_record(void *arg, const struct import_record *rec)
{
	struct run *x = arg;
	struct import_row row;

	arena_reset(x->row);
	import_map_row(x->setup.map, x->row, rec, &row);
	if (!batch_add(x->batch, &row)) {
		struct import_issue issue = {"", "", "The row is too large."};

		row.errors = &issue;
		row.nerrors = 1;
		(void)batch_add(x->batch, &row);
	}
	return !batch_full(x->batch) || flush(x);
}

/* ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Chunk seq; *len 0 behind the last one. False: no database. The bytes hold until the next transaction. */
static bool
chunk_read(struct run *x, int seq, const char **data, size_t *len)
{
	struct tx *tx = step_tx(x);
	const struct rows *rows = tx != NULL
	                              ? tx_last(tx, &q_import_read,
	                                    ARGS(x->import, arena_printf(x->step, "%d", seq)))
	                              : NULL;
	void *bytes;

	*data = "";
	*len = 0;
	if (rows == NULL)
		return false;
	if (rows_count(rows) == 0)
		return true;
	if (!db_unbytea(x->step, rows_text(rows, 0, "data"), &bytes, len))
		return false;
	*data = bytes;
	return true;
}

/* The whole file through a reader; false when it stopped before its end. */
static bool
read_all(struct run *x, struct import_reader *r)
{
	struct arena *keep = arena_new();
	bool go = true;

	for (int seq = 0; go; seq++) {
		const char *data;
		size_t len;

		arena_reset(keep);
		go = lease(x) && chunk_read(x, seq, &data, &len);
		if (!go)
			x->state = LOST;
		else if (len == 0)
			break;
		else /* rows are applied while it is read: the chunk must outlive their transactions */
			go = import_reader_feed(r, arena_strndup(keep, data, len), len);
	}
	arena_free(keep);
	return go && import_reader_end(r);
}

static bool
count(struct run *x)
{
	struct import_reader *r = import_reader_new(&x->setup.layout, NULL, NULL);
	bool ok = read_all(x, r);
	uint64_t n = import_reader_rows(r);
	struct tx *tx;

	import_reader_free(r);
	if (!ok)
		return false;
	tx = step_tx(x);
	if (tx != NULL)
		tx_queue(tx, &q_import_total,
		    ARGS(x->import, arena_printf(x->step, "%" PRIu64, n)));
	ok = tx != NULL && tx_commit(tx);
	if (!ok)
		x->state = LOST;
	return ok;
}

static bool
apply_all(struct run *x)
{
	struct import_reader *r = import_reader_new(&x->setup.layout, on_record, x);
	bool ok;

	x->batch = batch_new();
	import_reader_skip(r, x->done);
	ok = read_all(x, r) && flush(x);
	import_reader_free(r);
	batch_free(x->batch);
	return ok;
}

/* ── the job ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static enum job_result
finish(struct run *x, const char *status, const char *problem)
{
	struct tx *tx = step_tx(x);

	if (tx != NULL)
		tx_queue(tx, &q_import_finish, ARGS(x->import, status, problem));
	return tx != NULL && tx_commit(tx) ? JOB_DONE : JOB_RETRY;
}

/* What the file looks like is judged again from its first bytes: the same bytes give the same answer. */
static const char *
prepare(struct run *x, const struct rows *row)
{
	const char *data, *why, *mapping = rows_text(row, 0, "mapping"),
	                        *options = rows_text(row, 0, "options");
	json_t *o = json_read(x->j->a, options, strlen(options), &why),
	       *m = json_loads(mapping, 0, NULL);
	size_t len;

	if (m != NULL)
		(void)json_keep(x->j->a, m);
	if (!chunk_read(x, 0, &data, &len)) {
		x->state = LOST;
		return NULL;
	}
	if (len == 0)
		return "The file is no longer kept. Upload it again.";
	return import_setup(x->j->a, data, len < IMPORT_SAMPLE_MAX ? len : IMPORT_SAMPLE_MAX,
	    len <= IMPORT_SAMPLE_MAX, rows_text(row, 0, "filename"), m, o, &x->setup);
}

static enum job_result
run(struct run *x)
{
	struct tx *tx = job_tx(x->j);
	const struct rows *row = tx != NULL ? tx_last(tx, &q_import_run, ARGS(x->import, x->j->id))
	                                    : NULL;
	const char *problem;
	int64_t total = 0, done = 0;

	if (row == NULL)
		return JOB_RETRY;
	if (rows_count(row) == 0)
		return JOB_DONE;
	if (!lease(x))
		return JOB_RETRY;
	problem = prepare(x, row);
	(void)str_int64(rows_text(row, 0, "rows_total"), 0, INT64_MAX, &total);
	(void)str_int64(rows_text(row, 0, "rows_done"), 0, INT64_MAX, &done);
	x->done = (uint64_t)done;
	if (truth(rows_text(row, 0, "cancel")))
		x->state = CANCELLED;
	if (problem != NULL)
		return finish(x, "failed", problem);
	if (x->state == GOING && (total > 0 || count(x)) && apply_all(x))
		return finish(x, "done", NULL);
	return x->state == CANCELLED ? finish(x, "cancelled", NULL) : JOB_RETRY;
}

enum job_result
import_job(struct job *j)
{
	struct run x = {.j = j,
	    .import = json_string_value(json_object_get(j->payload, "import")),
	    .row = arena_new(),
	    .step = arena_new()};
	enum job_result result = JOB_DEAD;

	j->error = "the payload names no import";
	if (x.import != NULL) {
		j->error = "interrupted";
		result = run(&x);
	}
	arena_free(x.row);
	arena_free(x.step);
	return result;
}
