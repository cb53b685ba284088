/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a program and of a request. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/app/private.h"
#include "shared/base/log.h"
#include "shared/crypt/crypt.h"

#define RETRIES 2
#ifndef PACT_VERSION
#define PACT_VERSION "0"
#endif

const char *
config(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0' ? v : NULL;
}

const char *
config_required(const char *name)
{
	const char *v = config(name);

	if (v == NULL)
		log_msg(LOG_ERROR, "%s is not set", name);
	return v;
}

int
config_int(const char *name, int fallback, int min, int max)
{
	const char *v = config(name);
	int64_t n;

	if (v == NULL)
		return fallback;
	if (str_int64(v, min, max, &n))
		return (int)n;
	log_msg(LOG_WARN, "%s must be a number from %d to %d; using %d", name, min, max, fallback);
	return fallback;
}

static void
on_signal(int sig)
{
	(void)sig;
	http_stop();
	/* a signal that comes just before a runner waits would be lost: ask again each second until the loop has seen it */
	(void)alarm(1);
}

static void
signals(void)
{
	struct sigaction sa = {
	    .sa_handler = on_signal}; /* no SA_RESTART: what waits must be interrupted */

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGUSR1, &sa, NULL); /* how multiwatch asks */
	(void)sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
}

/* n plus up to a quarter of it, so that processes started together do not retire together */
static unsigned
jittered(int n)
{
	uint32_t r;

	random_bytes(&r, sizeof r);
	return (unsigned)n + r % ((unsigned)n / 4 + 1);
}

static double
now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ── dispatch ────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* HEAD is GET without the body (RFC 9110 §9.3.2). */
static const char *
routed_method(const struct req *r)
{
	return strcmp(r->http.method, "HEAD") == 0 ? "GET" : r->http.method;
}

static bool
find_route(struct req *r)
{
	const char *arg[ROUTE_ARGS] = {NULL}, *allow = NULL;

	for (size_t i = 0; i < r->program->nroutes; i++) {
		const struct route *rt = &r->program->routes[i];

		if (!route_match(r->a, rt->path, r->http.path, arg))
			continue;
		if (strcmp(rt->method, routed_method(r)) == 0) {
			r->route = rt;
			memcpy(r->arg, arg, sizeof arg);
			return true;
		}
		allow = allow == NULL ? arena_strdup(r->a, rt->method)
		                      : arena_printf(r->a, "%s, %s", allow, rt->method);
		if (strcmp(rt->method, "GET") == 0)
			allow = arena_printf(r->a, "%s, HEAD", allow);
	}
	if (allow == NULL) {
		(void)problem(r, &P_NOT_FOUND, NULL);
		return false;
	}
	reply_header(r, "Allow", allow);
	(void)problem(r, &P_METHOD_NOT_ALLOWED, NULL);
	return false;
}

/* Refusals of the door roll everything back, so that they were refused is written in a transaction of its own. */
static void
audit_refusal(struct req *r)
{
	struct tx *tx = tx_begin(r->a, r->claims.tenant);

	if (tx == NULL)
		return;
	r->tx = tx;
	session_refused(r);
	(void)tx_commit(tx);
}

bool
reenter(struct req *r)
{
	r->tx = tx_begin(r->a, r->claims.tenant);
	if (r->tx != NULL)
		session_enter(r, r->route->permission, r->route->tx == TX_RO);
	return r->tx != NULL;
}

static enum db_err
attempt(struct req *r)
{
	const struct db_error *e;

	if (r->route->tx != TX_NONE) {
		r->tx = tx_begin(r->a, r->route->door == DOOR_SESSION ? r->claims.tenant : NULL);
		if (r->tx == NULL) {
			(void)problem(r, &P_UNAVAILABLE, NULL);
			return DB_DOWN;
		}
		if (r->route->door == DOOR_SESSION) {
			session_enter(r, r->route->permission, r->route->tx == TX_RO);
			idempotency_claim(r);
		}
	}
	(void)r->route->handler(r);
	if (r->tx == NULL)
		return DB_OK;
	e = tx_error(r->tx);
	if (tx_open(r->tx) && e->code == DB_OK && r->status < 400) {
		if (r->idempotent)
			idempotency_store(r);
		if (!tx_commit(r->tx))
			(void)problem_db(r);
	}
	tx_rollback(r->tx);
	/* a handler that refused before the door was asked: the door's refusal comes first, as in run_door_alone() */
	if (e->code == DB_REFUSED && r->status >= 400 && session_failed(r, e)) {
		reply_reset(r);
		(void)problem_db(r);
	}
	return e->code;
}

/* A refusal comes before a complaint about the input: who may not do a thing need not be told how. */
static void
run_door_alone(struct req *r)
{
	struct req answer = *r;

	r->tx = tx_begin(r->a, r->claims.tenant);
	if (r->tx == NULL)
		return;
	session_enter(r, r->route->permission, true);
	if (tx_commit(r->tx))
		return;
	reply_reset(r);
	(void)problem_db(r);
	if (r->status == 403)
		audit_refusal(r);
	else if (r->status != 401)
		*r = answer;
}

static void
run(struct req *r)
{
	enum db_err e = DB_OK;

	for (int i = 0; i <= RETRIES; i++) {
		reply_reset(r);
		e = attempt(r);
		if (e != DB_RETRY || r->streaming || (r->route->flags & R_RAW) != 0)
			break;
	}
	if (e != DB_REFUSED)
		return;
	if (str_eq(tx_error(r->tx)->slug, "idempotency-replay")) {
		reply_reset(r);
		(void)idempotency_replay(r);
	} else if (r->status == 403 && session_failed(r, tx_error(r->tx))) {
		audit_refusal(r);
	}
}

/* ── health, metrics ─────────────────────────────────────────────────────────────────────────────────────────────── */

/* The schema must be at least the one this build was made for; a newer one is fine (old and new code run together). */
static bool
schema_known(struct arena *a, int64_t *version)
{
	struct tx *tx = tx_begin(a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_health, NO_ARGS) : NULL;

	return rows != NULL && str_int64(rows_text(rows, 0, "version"), 0, INT32_MAX, version) &&
	       *version >= SCHEMA_VERSION;
}

static int
health(struct req *r)
{
	int64_t version = 0;
	bool ok = schema_known(r->a, &version);

	return reply_json(r, ok ? 200 : 503,
	    json_pack("{s:s, s:s, s:s, s:I}", "status", ok ? "ok" : "unavailable", "module",
	        r->program->name, "version", PACT_VERSION, "schema", (json_int_t)version));
}

static bool
operator_path(struct req *r)
{
	const char *p = r->http.path;

	if (strcmp(routed_method(r), "GET") != 0)
		return false;
	if (str_starts(p, "/healthz/") && strcmp(p + 9, r->program->name) == 0) {
		(void)health(r);
		return true;
	}
	if (str_starts(p, "/metrics/") && strcmp(p + 9, r->program->name) == 0) {
		const char *text = metrics_text(r->a);

		(void)reply_text(r, 200, "text/plain; version=0.0.4", text, strlen(text));
		return true;
	}
	return false;
}

/* ── one request ─────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool
hex_id(const char *s)
{
	return s != NULL && strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

static void
handle(struct req *r)
{
	static bool schema_ok;
	int64_t version;

	if (operator_path(r) || !find_route(r))
		return;
	if (!schema_ok && r->route->tx != TX_NONE)
		schema_ok = schema_known(r->a, &version);
	if (!schema_ok && r->route->tx != TX_NONE) {
		(void)problem(r, &P_UNAVAILABLE, NULL);
		return;
	}
	if (r->route->door == DOOR_SESSION && !session_authenticate(r))
		return;
	if (!session_same_origin(r))
		return;
	if (input_read(r))
		run(r);
	else if (r->route->door == DOOR_SESSION)
		run_door_alone(r);
}

static void
serve_one(struct req *r, struct arena *a, const struct program *p)
{
	double start = now();
	unsigned us, db_us;
	struct http_request http = r->http;
	size_t index;
	char fresh[37];

	*r = (struct req){.a = a, .program = p, .http = http, .request_id = http.request_id};
	if (!hex_id(r->request_id)) {
		uuid7(fresh);
		r->request_id = fresh;
	}
	/* the log line is written after nginx has its answer, when the request's own strings are gone */
	r->request_id = arena_strdup(a, r->request_id);
	log_request(r->request_id);
	db_stats_reset();
	handle(r);
	us = (unsigned)((now() - start) * 1e6);
	db_us = (unsigned)db_wait_us() < us ? (unsigned)db_wait_us() : us;
	if (!r->streaming)
		reply_send(r,
		    arena_printf(a, "db;dur=%u.%03u;desc=\"%u\", app;dur=%u.%03u", db_us / 1000,
		        db_us % 1000, db_trips(), (us - db_us) / 1000, (us - db_us) % 1000));
	if (r->streaming && r->tx != NULL && tx_error(r->tx)->code != DB_OK)
		http_cut();
	else
		http_finish();
	index = r->route != NULL ? (size_t)(r->route - p->routes) : p->nroutes;
	metrics_count(r, index, now() - start);
	/* the pattern, not the path: a path can hold a token */
	log_fields(r->status >= 500 ? LOG_ERROR : LOG_INFO, "request",
	    arena_printf(a,
	        "\"method\":\"%.10s\",\"route\":\"%s\",\"status\":%d,\"us\":%u,\"db_us\":%u,\"trips\":%u",
	        r->route != NULL ? r->route->method : "-", r->route != NULL ? r->route->path : "-",
	        r->status, us, db_us, db_trips()));
	log_request(NULL);
	wipe(&r->claims, sizeof r->claims);
}

static int
serve_loop(const struct program *p)
{
	unsigned left = jittered(config_int("PACT_MAX_REQUESTS", 100000, 1, 100000000));
	struct arena *a = arena_new();
	struct req r = {0};

	if (!http_init()) {
		log_msg(LOG_ERROR,
		    "fd 0 is not a listening socket; start it under spawn-fcgi or systemd");
		return 1;
	}
	signals();
	(void)alarm(jittered(config_int("PACT_MAX_SECONDS", 3600, 1, 864000)));
	while (left-- > 0 && http_accept(&r.http)) {
		serve_one(&r, a, p);
		arena_reset(a);
	}
	db_close();
	arena_free(a);
	return 0;
}

static bool
setup(const struct program *p)
{
	const char *base = config_required("PACT_BASE_URL"), *conninfo = config_required("PACT_DB");
	bool ok = base != NULL && conninfo != NULL;

	if (!token_verify_key(config("PACT_VERIFY_KEY"))) {
		log_msg(LOG_ERROR,
		    "PACT_VERIFY_KEY does not name a PEM file with an Ed25519 public key");
		ok = false;
	}
	db_init(conninfo);
	session_setup(base);
	metrics_init(p, config("PACT_METRICS"));
	return (p->setup == NULL || p->setup()) && ok;
}

static int
usage(const struct program *p)
{
	(void)fprintf(stderr, "usage: %s [-j | -t | -R | -Q | -V%s]\n", p->name,
	    p->command != NULL ? " | -o command …" : "");
	return 2;
}

int
serve(int argc, char **argv, const struct program *p)
{
	int opt = getopt(argc, argv, "jtRQVo");

	crypt_init();
	json_setup();
	log_init(p->name, config("PACT_POOL"), config("PACT_DEBUG") != NULL ? LOG_DEBUG : LOG_INFO);
	switch (opt) {
	case 'R':
		return openapi_print(p);
	case 'Q':
		return queries_print(p);
	case 'V':
		return printf("%s %s\n", p->name, PACT_VERSION) < 0;
	case -1:
	case 'j':
	case 't':
	case 'o':
		break;
	default:
		return usage(p);
	}
	if (opt == 'o' && p->command == NULL)
		return usage(p);
	if (!setup(p))
		return 1;
	if (opt == 't')
		return check_program(p);
	if (opt == 'o')
		return p->command(argc - optind, argv + optind);
	if (opt == 'j') {
		signals();
		return worker_run(p);
	}
	return serve_loop(p);
}
