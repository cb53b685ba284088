/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prog -t: tables, configuration, schema and every declared statement; prog -Q: the statements themselves. */
#include <stdio.h>
#include <string.h>

#include "shared/app/private.h"

static int
bad(const struct program *p, const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s: %s\n", p->name, what, why);
	return 1;
}

/* What the compiler cannot see in a route table. */
static int
check_routes(const struct program *p)
{
	int errors = 0;

	for (size_t i = 0; i < p->nroutes; i++) {
		const struct route *rt = &p->routes[i];

		if (rt->door == DOOR_SESSION && rt->permission == NULL)
			errors += bad(p, rt->path, "a session route without a permission");
		if (rt->door == DOOR_SESSION && rt->tx == TX_NONE)
			errors += bad(p, rt->path,
			    "a session route without a transaction: nothing would check the session");
		/* an export is an event; a login at another server comes back by a navigation */
		if (strcmp(rt->method, "GET") == 0 && rt->tx == TX_RW &&
		    (rt->flags & (R_STREAM | R_REDIRECT)) == 0)
			errors += bad(p, rt->path, "GET changes nothing");
		if (rt->summary == NULL || rt->handler == NULL)
			errors += bad(p, rt->path, "no summary or no handler");
		for (size_t k = 0; k < i; k++)
			if (strcmp(rt->method, p->routes[k].method) == 0 &&
			    strcmp(rt->path, p->routes[k].path) == 0)
				errors += bad(p, rt->path, "declared twice");
	}
	for (size_t i = 0; i < p->nqueries; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->queries[i]->name, p->queries[k]->name) == 0)
				errors += bad(p, p->queries[i]->name, "two statements of one name");
	return errors;
}

static int
check_queries(struct arena *a, const struct program *p, const struct query *const *q, size_t n)
{
	int errors = 0;

	for (size_t i = 0; i < n; i++) {
		const char *why = db_check(a, q[i]);

		if (why != NULL)
			errors += bad(p, q[i]->name, why);
	}
	return errors;
}

/* The frame's own statements that this program can come to run. */
static size_t
frame_count(const struct program *p)
{
	for (size_t i = 0; i < p->nroutes; i++)
		if (p->routes[i].door == DOOR_SESSION)
			return nframe_queries;
	return nframe_queries_sessionless;
}

int
check_program(const struct program *p)
{
	struct arena *a = arena_new();
	int errors = check_routes(p);
	size_t nframe = frame_count(p);
	struct tx *tx = tx_begin(a, NULL);
	const struct rows *rows = tx != NULL ? tx_last(tx, &q_health, NO_ARGS) : NULL;
	int64_t version = 0;

	if (rows == NULL)
		errors += bad(p, "database", "cannot be reached");
	else if (!str_int64(rows_text(rows, 0, "version"), SCHEMA_VERSION, INT32_MAX, &version))
		errors += bad(p, "schema", "is older than this program; run scripts/migrate");
	if (rows != NULL)
		errors += check_queries(a, p, frame_queries, nframe) +
		          check_queries(a, p, p->queries, p->nqueries);
	if (errors == 0)
		(void)printf("%s: %zu routes, %zu statements, schema %lld: ok\n", p->name,
		    p->nroutes, p->nqueries + nframe, (long long)version);
	db_close();
	arena_free(a);
	return errors == 0 ? 0 : 1;
}

static void
add(json_t *out, const struct query *const *q, size_t n)
{
	static const char *const plan[] = {"generic", "custom"}, *const scope[] = {"tenant",
	                                                             "door"};

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(out,
		    json_pack("{s:s, s:s, s:s, s:s}", "name", q[i]->name, "sql", q[i]->sql, "plan",
		        plan[q[i]->plan], "scope", scope[q[i]->scope]));
}

int
queries_print(const struct program *p)
{
	json_t *out = json_array();

	add(out, frame_queries, frame_count(p));
	add(out, p->queries, p->nqueries);
	(void)json_dumpf(out, stdout, JSON_INDENT(1));
	(void)printf("\n");
	json_decref(out);
	return 0;
}
