/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prog -j: takes jobs of its own module from the queue, one at a time, and runs the ticks. */
#include <string.h>
#include <time.h>

#include "shared/app/private.h"
#include "shared/base/log.h"

#define POLL_MS 2000
#define LEASE_S 120
#define BACKOFF_MAX_S 3600
#define TICKS_MAX 16

struct tx *
job_tx(struct job *j)
{
	struct tx *tx = tx_begin(j->a, j->tenant);

	if (tx != NULL)
		tx_queue(tx, &q_enter_job, ARGS(j->tenant, j->id));
	return tx;
}

bool
job_extend(struct job *j, int lease_s)
{
	struct tx *tx = job_tx(j);

	if (tx == NULL)
		return false;
	tx_queue(tx, &q_job_extend, ARGS(j->id, arena_printf(j->a, "%d", lease_s)));
	return tx_commit(tx);
}

static const struct job_kind *
kind_find(const struct program *p, const char *kind)
{
	for (size_t i = 0; i < p->njobs; i++)
		if (strcmp(p->jobs[i].kind, kind) == 0)
			return &p->jobs[i];
	return NULL;
}

/* Reads the job through its door. False when it is gone or the database is. */
static bool
job_load(struct job *j)
{
	struct tx *tx = tx_begin(j->a, j->tenant);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_enter_job, ARGS(j->tenant, j->id))
	                                     : NULL;
	const char *payload, *why;
	int64_t n = 0;

	if (rows == NULL || rows_count(rows) == 0)
		return false;
	j->kind = rows_text(rows, 0, "kind");
	payload = rows_text(rows, 0, "payload");
	j->payload = payload != NULL ? json_read(j->a, payload, strlen(payload), &why) : NULL;
	(void)str_int64(rows_text(rows, 0, "attempts"), 0, INT32_MAX, &n);
	j->attempts = (int)n;
	(void)str_int64(rows_text(rows, 0, "max_attempts"), 0, INT32_MAX, &n);
	j->max_attempts = (int)n;
	return true;
}

static void
job_finish(struct job *j, const struct job_kind *k, enum job_result result)
{
	struct tx *tx = job_tx(j);
	int64_t wait = k != NULL && k->retry_s > 0 ? k->retry_s : 5;

	metrics_job(result == JOB_DONE);
	if (tx == NULL)
		return; /* the lease runs out and it is taken again */
	if (result == JOB_DONE) {
		tx_queue(tx, &q_job_done, ARGS(j->id));
	} else {
		for (int i = 1; i < j->attempts && wait < BACKOFF_MAX_S; i++)
			wait *= 2;
		/* no wait means never again */
		tx_queue(tx, &q_job_failed,
		    ARGS(j->id, j->error != NULL ? j->error : "failed",
		        result == JOB_DEAD
		            ? NULL
		            : arena_printf(j->a, "%lld",
		                  (long long)(wait < BACKOFF_MAX_S ? wait : BACKOFF_MAX_S))));
	}
	(void)tx_commit(tx);
}

/* One job, if there is one. */
static bool
work(struct arena *a, const struct program *p)
{
	struct tx *tx = tx_begin(a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_job_claim,
	                                           ARGS(p->name, arena_printf(a, "%d", LEASE_S)))
	                                     : NULL;
	struct job j = {.a = a};
	const struct job_kind *k;
	enum job_result result = JOB_DEAD;

	if (rows == NULL || rows_count(rows) == 0)
		return false;
	j.tenant = rows_text(rows, 0, "tenant_id");
	j.id = rows_text(rows, 0, "job_id");
	if (!job_load(&j))
		return true;
	log_request(j.id);
	k = kind_find(p, j.kind);
	if (k == NULL)
		j.error = "no handler for this kind";
	else
		result = k->handler(&j);
	/* a runner that is told to stop hands the job back as it is */
	if (!(http_stopping() && result == JOB_RETRY))
		job_finish(&j, k, result);
	log_fields(result == JOB_DONE ? LOG_INFO : LOG_WARN, "job",
	    arena_printf(a, "\"kind\":\"%s\",\"result\":\"%s\",\"attempt\":%d", j.kind,
	        result == JOB_DONE    ? "done"
	        : result == JOB_RETRY ? "retry"
	                              : "dead",
	        j.attempts));
	log_request(NULL);
	return true;
}

int
worker_run(const struct program *p)
{
	struct arena *a = arena_new();
	time_t due[TICKS_MAX] = {0};
	bool listening = false;

	while (!http_stopping()) {
		bool ready = db_ready();

		listening = ready && (listening || db_listen(p->name));
		for (size_t i = 0; ready && i < p->nticks && i < TICKS_MAX; i++) {
			if (time(NULL) < due[i])
				continue;
			due[i] = time(NULL) + p->ticks[i].every_s;
			p->ticks[i].fn(a);
			arena_reset(a);
		}
		if (!ready || p->njobs == 0 || !work(a, p)) {
			if (!ready)
				listening = false;
			db_wait(ready ? POLL_MS : 300);
		}
		arena_reset(a);
	}
	db_close();
	arena_free(a);
	return 0;
}
