/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counters in a file mapped by all processes of a program: the programs share nothing else, and a scrape meets any one. */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/app/private.h"
#include "shared/base/buf.h"
#include "shared/base/log.h"

#define ROUTES_MAX 128
static const double bound[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};

struct counters {
	_Atomic uint64_t status[ROUTES_MAX][6]; /* by class: 1xx…5xx; 0: none */
	_Atomic uint64_t bucket[NELEMS(bound) + 1], micros, db_micros, trips, jobs_ok, jobs_failed,
	    starts;
};

static struct counters *shared;
static struct counters own; /* without a file: this process alone */
static const struct program *program;

void
metrics_init(const struct program *p, const char *file)
{
	int fd = file != NULL ? open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;

	program = p;
	shared = &own;
	if (fd >= 0 && ftruncate(fd, sizeof *shared) == 0) {
		void *m = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (m != MAP_FAILED)
			shared = m;
	}
	if (file != NULL && shared == &own)
		log_msg(LOG_WARN, "metrics file cannot be used; counting this process alone");
	if (fd >= 0)
		(void)close(fd);
	shared->starts++;
}

/* One more slot than routes: what matched none. */
void
metrics_count(const struct req *r, size_t route, double seconds)
{
	size_t b = 0, class = r->status >= 100 && r->status < 600 ? (size_t)r->status / 100 : 0;

	if (route >= ROUTES_MAX)
		route = ROUTES_MAX - 1;
	while (b < NELEMS(bound) && seconds > bound[b])
		b++;
	shared->status[route][class]++;
	shared->bucket[b]++;
	shared->micros += (uint64_t)(seconds * 1e6);
	shared->db_micros += (uint64_t)db_wait_us();
	shared->trips += db_trips();
}

void
metrics_job(bool ok)
{
	if (ok)
		shared->jobs_ok++;
	else
		shared->jobs_failed++;
}

static void
buf_release(void *b)
{
	buf_free(b);
}

const char *
metrics_text(struct arena *a)
{
	struct buf *b = arena_alloc(a, sizeof *b);
	const char *m = program->name;
	uint64_t sum = 0;

	buf_init(b, 1 << 20);
	arena_defer(a, buf_release, b);
	buf_str(b,
	    "# HELP pact_requests_total Answers by route and status class.\n# TYPE pact_requests_total counter\n");
	for (size_t i = 0; i <= program->nroutes && i < ROUTES_MAX; i++) {
		for (size_t c = 0; c < 6; c++) {
			uint64_t n = shared->status[i][c];

			if (n == 0)
				continue;
			if (i < program->nroutes)
				buf_printf(b,
				    "pact_requests_total{module=\"%s\",method=\"%s\",route=\"%s\",status=\"%zuxx\"} %llu\n",
				    m, program->routes[i].method, program->routes[i].path, c,
				    (unsigned long long)n);
			else
				buf_printf(b,
				    "pact_requests_total{module=\"%s\",method=\"\",route=\"none\",status=\"%zuxx\"} %llu\n",
				    m, c, (unsigned long long)n);
		}
	}
	buf_str(b,
	    "# HELP pact_request_seconds Time to answer.\n# TYPE pact_request_seconds histogram\n");
	for (size_t i = 0; i <= NELEMS(bound); i++) {
		sum += shared->bucket[i];
		if (i < NELEMS(bound))
			buf_printf(b, "pact_request_seconds_bucket{module=\"%s\",le=\"%g\"} %llu\n",
			    m, bound[i], (unsigned long long)sum);
		else
			buf_printf(b,
			    "pact_request_seconds_bucket{module=\"%s\",le=\"+Inf\"} %llu\n", m,
			    (unsigned long long)sum);
	}
	buf_printf(b,
	    "pact_request_seconds_sum{module=\"%s\"} %.6f\npact_request_seconds_count{module=\"%s\"} %llu\n",
	    m, (double)shared->micros / 1e6, m, (unsigned long long)sum);
	buf_printf(b,
	    "# HELP pact_db_seconds_total Time spent waiting for PostgreSQL.\n# TYPE pact_db_seconds_total counter\n"
	    "pact_db_seconds_total{module=\"%s\"} %.6f\n"
	    "# HELP pact_db_round_trips_total Round trips to PostgreSQL.\n# TYPE pact_db_round_trips_total counter\n"
	    "pact_db_round_trips_total{module=\"%s\"} %llu\n"
	    "# HELP pact_jobs_total Jobs by outcome.\n# TYPE pact_jobs_total counter\n"
	    "pact_jobs_total{module=\"%s\",outcome=\"done\"} %llu\npact_jobs_total{module=\"%s\",outcome=\"failed\"} %llu\n"
	    "# HELP pact_process_starts_total Processes started.\n# TYPE pact_process_starts_total counter\n"
	    "pact_process_starts_total{module=\"%s\"} %llu\n",
	    m, (double)shared->db_micros / 1e6, m, (unsigned long long)shared->trips, m,
	    (unsigned long long)shared->jobs_ok, m, (unsigned long long)shared->jobs_failed, m,
	    (unsigned long long)shared->starts);
	return b->data;
}
